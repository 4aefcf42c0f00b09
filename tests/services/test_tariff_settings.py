"""Tariffs as data: whole, alone, without a hole; what has priced something is followed, never rewritten."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.money import Charge
from guichet.models.offer import Activity
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.rules.tariff_checks import examples
from guichet.rules.tariffs import EligibleMode, Price, Service, TariffMethod
from guichet.services import price_list, tariff_list, tariff_settings, transaction
from guichet.services.tariff_list import TariffRow, TariffsView, TariffValues
from guichet.services.tariff_settings import NewVersion, SaveTariff
from guichet.services.transaction import Actor, Context
from tests.builders import add_activity, add_family, slot_of

START = date(2025, 9, 1)
EFFORT = {"method": TariffMethod.EFFORT_RATE, "rate": Decimal("0.01")}


@pytest.fixture
def activity_id(database: Database) -> int:
    with database.writing() as session:
        return add_activity(session, "MERC", slots=("matin", "journee")).id


def single(activity_id: int, cents: int = 415, **others: object) -> TariffValues:
    values = TariffValues("Mercredi", activity_id, TariffMethod.SINGLE, START, amount_cents=cents)
    return replace(values, **others)  # type: ignore[arg-type]


def view(database: Database, context: Context) -> TariffsView:
    return transaction.read(database, context, tariff_list.list_tariffs, None)


def row_of(database: Database, context: Context, tariff_id: int) -> TariffRow:
    return next(row for row in view(database, context).tariffs if row.tariff_id == tariff_id)


def save(database: Database, context: Context, values: TariffValues) -> int:
    return transaction.run(database, context, tariff_settings.save_tariff, SaveTariff(values))


def price_on(database: Database, activity_id: int, day: date, slot: str = "journee") -> Price:
    with database.reading() as session:
        slot_id = slot_of(session, session.get_one(Activity, activity_id), slot).id
        found = price_list.load_price_list(session, day, day).price(
            Service(activity_id, slot_id, None, day), 1, 1
        )
    assert isinstance(found, Price), found
    return found


def charge(database: Database, tariff_id: int, activity_id: int, day: date) -> None:
    with database.writing() as session:
        family = add_family(session)
        session.add(
            Charge(
                family_id=family.id,
                activity_id=activity_id,
                tariff_id=tariff_id,
                date=day,
                label="Journée",
                unit_cents=415,
                amount_cents=415,
                eligible_cents=415,
                trace={},
            )
        )


def test_a_new_tariff_prices_from_its_first_day(
    database: Database, context: Context, activity_id: int
) -> None:
    tariff_id = save(database, context, single(activity_id, name="  Mercredi   plein "))
    row = row_of(database, context, tariff_id)
    assert (row.code, row.values.name, row.used) == ("MERC-2025", "Mercredi plein", False)
    assert price_on(database, activity_id, START).amount == 415


def test_brackets_are_kept_in_order_and_price_each_quotient(
    database: Database, context: Context, activity_id: int
) -> None:
    grid = ((800, None, 900), (0, 400, 250), (400, 800, 500))
    values = single(activity_id, method=TariffMethod.QF_BRACKETS, brackets=grid)
    row = row_of(database, context, save(database, context, values))
    assert row.values.brackets == ((0, 400, 250), (400, 800, 500), (800, None, 900))
    assert row.values.amount_cents is None
    assert [line.split(".")[0] for line in examples(row.values.as_rule())] == [
        "QF 300 : 2,50\u00a0€",
        "QF 800 : 9,00\u00a0€",
        "Sans quotient : 9,00\u00a0€",
    ]


def test_a_rate_is_clamped_and_rounded(database: Database, context: Context, activity_id: int) -> None:
    values = single(
        activity_id,
        method=TariffMethod.EFFORT_RATE,
        rate=Decimal("0.0125"),
        minimum_cents=400,
        maximum_cents=950,
    )
    row = row_of(database, context, save(database, context, values))
    assert row.values.rate == Decimal("0.0125")
    said = examples(row.values.as_rule(), (300, 615, 800, None))
    assert [line.split(".")[0] for line in said] == [
        "QF 300 : 4,00\u00a0€",
        "QF 615 : 7,69\u00a0€",
        "QF 800 : 9,50\u00a0€",
        "Sans quotient : 9,50\u00a0€",
    ]
    assert "ramené au plancher" in said[0]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": " "}, "name", "nom"),
        ({"amount_cents": None}, "amount", "prix"),
        ({"amount_cents": -1}, "amount", "négatif"),
        ({"valid_until": date(2025, 8, 31)}, "valid_until", "avant le début"),
        ({"activity_id": 99_999}, "activity", "activité"),
        ({"slot_id": 99_999}, "slot", "créneau"),
        ({"group_id": 99_999}, "group", "groupe"),
        ({"method": TariffMethod.QF_BRACKETS}, "brackets", "au moins une tranche"),
        ({"method": TariffMethod.QF_BRACKETS, "brackets": ((100, None, 5),)}, "brackets", "0 à moins de 100"),
        ({"method": TariffMethod.QF_BRACKETS, "brackets": ((0, 400, 5), (500, None, 9))}, "brackets", "400 à moins de 500"),
        ({"method": TariffMethod.QF_BRACKETS, "brackets": ((0, 500, 5), (400, None, 9))}, "brackets", "chevauchent"),
        ({"method": TariffMethod.QF_BRACKETS, "brackets": ((0, None, 5), (400, None, 9))}, "brackets", "chevauchent"),
        ({"method": TariffMethod.QF_BRACKETS, "brackets": ((0, 400, 5),)}, "brackets", "400 et plus"),
        ({"method": TariffMethod.EFFORT_RATE}, "rate", "taux"),
        ({**EFFORT, "minimum_cents": 9, "maximum_cents": 5}, "minimum", "dépasse"),
        ({**EFFORT, "minimum_cents": 9}, "maximum", "maximum"),
        ({"method": TariffMethod.QF_BRACKETS, "brackets": ((0, 0, 5), (0, None, 9))}, "brackets", "finit avant"),
        ({"eligible_mode": EligibleMode.AMOUNT}, "eligible_value", "attestation"),
        ({"eligible_mode": EligibleMode.PERCENTAGE, "eligible_value": 10_001}, "eligible_value", "100"),
    ],
)  # fmt: skip
def test_a_tariff_that_would_not_price_every_family_is_refused_beside_its_field(
    database: Database, context: Context, activity_id: int, changes: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(UserError, match=words) as refusal:
        save(database, context, replace(single(activity_id), **changes))  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert view(database, context).tariffs == ()


def test_two_tariffs_never_price_the_same_service_on_the_same_day(
    database: Database, context: Context, activity_id: int
) -> None:
    save(database, context, single(activity_id, valid_until=date(2026, 8, 31)))
    with pytest.raises(UserError, match="«\u00a0Mercredi\u00a0» s’applique déjà") as refusal:
        save(database, context, single(activity_id, valid_from=date(2026, 8, 31)))
    assert (refusal.value.field, refusal.value.code) == ("valid_from", "tariff_overlap")
    save(database, context, single(activity_id, valid_from=date(2026, 9, 1)))


def test_a_condition_left_open_meets_every_value(
    database: Database, context: Context, activity_id: int
) -> None:
    slots = {one.name: one.row_id for one in view(database, context).slots}
    save(database, context, single(activity_id, slot_id=slots["Matin"]))
    save(database, context, single(activity_id, slot_id=slots["Journee"], cents=900))
    with pytest.raises(UserError) as refusal:
        save(database, context, single(activity_id))
    assert refusal.value.code == "tariff_overlap"
    assert price_on(database, activity_id, START, "matin").amount == 415


def test_residents_and_others_may_have_a_tariff_each(
    database: Database, context: Context, activity_id: int
) -> None:
    save(database, context, single(activity_id, resident=True))
    save(database, context, single(activity_id, resident=False, cents=900))
    with pytest.raises(UserError):
        save(database, context, single(activity_id, resident=True))


def test_days_without_a_price_are_refused(database: Database, context: Context, activity_id: int) -> None:
    save(database, context, single(activity_id, valid_until=date(2026, 6, 30)))
    with pytest.raises(UserError, match="Du 01/07/2026 au 31/08/2026, aucun tarif") as refusal:
        save(database, context, single(activity_id, valid_from=date(2026, 9, 1)))
    assert (refusal.value.field, refusal.value.code) == ("valid_from", "tariff_gap")


def test_an_unused_tariff_is_corrected(database: Database, context: Context, activity_id: int) -> None:
    row = row_of(database, context, save(database, context, single(activity_id)))
    command = SaveTariff(single(activity_id, cents=420), row.tariff_id, row.version)
    transaction.run(database, context, tariff_settings.save_tariff, command)
    assert price_on(database, activity_id, START).amount == 420
    with pytest.raises(StaleVersion, match="admin, le 18/03/2026"):
        transaction.run(database, context, tariff_settings.save_tariff, command)


def test_a_tariff_that_priced_something_is_followed_not_rewritten(
    database: Database, context: Context, activity_id: int
) -> None:
    tariff_id = save(database, context, single(activity_id))
    charge(database, tariff_id, activity_id, date(2026, 3, 4))
    row = row_of(database, context, tariff_id)
    assert (row.used, row.last_priced_on) == (True, date(2026, 3, 4))
    command = SaveTariff(single(activity_id, cents=1), tariff_id, row.version)
    with pytest.raises(UserError) as rewriting:
        transaction.run(database, context, tariff_settings.save_tariff, command)
    assert rewriting.value.code == "tariff_used"
    too_early = NewVersion(
        tariff_id, row.version, single(activity_id, cents=450, valid_from=date(2026, 3, 4))
    )
    with pytest.raises(UserError, match="déjà tarifées jusqu’au 04/03/2026"):
        transaction.run(database, context, tariff_settings.follow_tariff, too_early)
    following = NewVersion(
        tariff_id, row.version, single(activity_id, cents=450, valid_from=date(2026, 3, 5))
    )
    new_id = transaction.run(database, context, tariff_settings.follow_tariff, following)
    former = row_of(database, context, tariff_id)
    assert (former.values.amount_cents, former.values.valid_until) == (415, date(2026, 3, 4))
    assert row_of(database, context, new_id).code == "MERC-2026"
    assert [price_on(database, activity_id, day).amount for day in (date(2026, 3, 4), date(2026, 3, 5))] == [
        415,
        450,
    ]


@pytest.mark.parametrize(("day", "code"), [(START, "user_error"), (date(2026, 9, 2), "tariff_gap")])
def test_a_new_version_starts_after_the_former_one_and_leaves_no_day_without_price(
    database: Database, context: Context, activity_id: int, day: date, code: str
) -> None:
    tariff_id = save(database, context, single(activity_id, valid_until=date(2026, 8, 31)))
    before = row_of(database, context, tariff_id)
    command = NewVersion(tariff_id, before.version, single(activity_id, valid_from=day))
    with pytest.raises(UserError) as refusal:
        transaction.run(database, context, tariff_settings.follow_tariff, command)
    assert (refusal.value.field, refusal.value.code) == ("valid_from", code)
    assert row_of(database, context, tariff_id) == before


def test_the_next_year_follows_a_tariff_that_ends(
    database: Database, context: Context, activity_id: int
) -> None:
    tariff_id = save(database, context, single(activity_id, valid_until=date(2026, 8, 31)))
    before = row_of(database, context, tariff_id)
    following = single(activity_id, cents=450, valid_from=date(2026, 9, 1))
    transaction.run(
        database, context, tariff_settings.follow_tariff, NewVersion(tariff_id, before.version, following)
    )
    assert row_of(database, context, tariff_id).values == before.values
    assert price_on(database, activity_id, date(2026, 8, 31)).amount == 415
    assert price_on(database, activity_id, date(2026, 9, 1)).amount == 450


def test_a_refused_new_version_leaves_the_former_one_whole(
    database: Database, context: Context, activity_id: int
) -> None:
    tariff_id = save(database, context, single(activity_id))
    before = row_of(database, context, tariff_id)
    wrong = single(activity_id, valid_from=date(2026, 9, 1), amount_cents=None)
    with pytest.raises(UserError):
        transaction.run(
            database, context, tariff_settings.follow_tariff, NewVersion(tariff_id, before.version, wrong)
        )
    assert row_of(database, context, tariff_id) == before


def test_each_act_is_journalled_with_before_and_after(
    database: Database, context: Context, activity_id: int
) -> None:
    row = row_of(database, context, save(database, context, single(activity_id)))
    command = SaveTariff(single(activity_id, cents=420), row.tariff_id, row.version)
    transaction.run(database, context, tariff_settings.save_tariff, command)
    with database.reading() as session:
        details = session.scalars(
            select(JournalDetail.detail)
            .join(Journal, Journal.id == JournalDetail.journal_id)
            .where(Journal.action == "tariff.save")
            .order_by(Journal.id)
        ).all()
    changed = json.loads(details[1])
    assert (changed["before"]["amount_cents"], changed["after"]["amount_cents"]) == (415, 420)


def test_only_an_administrator_changes_tariffs(
    database: Database, context: Context, activity_id: int
) -> None:
    clerk = Context(Actor("zoe", "Zoé", frozenset({Role.FINANCE})), context.now)
    with pytest.raises(PermissionDenied):
        save(database, clerk, single(activity_id))
