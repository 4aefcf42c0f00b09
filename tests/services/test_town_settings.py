"""The town's identity and its desk's rules: checked, journalled, never overwritten by who read an older state."""

import json
from dataclasses import asdict, replace

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import identities, settings, town_settings, transaction
from guichet.services.settings import Town
from guichet.services.town_settings import ChangeDeskRules, ChangeTown, DeskRules
from guichet.services.transaction import Actor, Context

VALMONT = Town(
    name="Commune de Valmont",
    service="Guichet unique enfance-jeunesse",
    address="1 place de la Mairie\nBP 12",
    postcode="73200",
    town="Valmont",
    phone="04 79 00 00 01",
    email="guichet@valmont.example",
    siret="213 109 903 00012",
    signatory="Dominique Sarrazin",
    signatory_title="La maire",
)


def read(database: Database, context: Context) -> Town:
    return transaction.read(database, context, town_settings.read_town, None)


def rules(database: Database, context: Context) -> DeskRules:
    return transaction.read(database, context, town_settings.read_desk_rules, None)


def change(database: Database, context: Context, town: Town) -> Town:
    return transaction.run(
        database, context, town_settings.change_town, ChangeTown(town, read(database, context))
    )


def test_the_town_is_kept_and_heads_the_documents(database: Database, context: Context) -> None:
    change(database, context, replace(VALMONT, name="  Commune   de Valmont "))
    kept = read(database, context)
    assert kept == replace(VALMONT, siret="21310990300012")
    with database.reading() as session:
        head = identities.letterhead(session)
    assert (head.town, head.address) == (VALMONT.name, ("1 place de la Mairie", "BP 12", "73200 Valmont"))
    assert town_settings.letterhead_lines(kept) == (
        "Commune de Valmont",
        "Guichet unique enfance-jeunesse",
        "1 place de la Mairie",
        "BP 12",
        "73200 Valmont",
        "04 79 00 00 01 · guichet@valmont.example",
        "SIRET 213\u00a0109\u00a0903\u00a000012",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 241),
        ("postcode", "7320"),
        ("postcode", "7320A"),
        ("phone", "demain"),
        ("email", "guichet@"),
        ("siret", "21310990300013"),
        ("siret", "2131099030001"),
    ],
)
def test_what_cannot_be_right_is_refused_beside_its_field(
    database: Database, context: Context, field: str, value: str
) -> None:
    before = read(database, context)
    with pytest.raises(UserError) as refusal:
        change(database, context, replace(VALMONT, **{field: value}))
    assert refusal.value.field == field
    assert read(database, context) == before


def test_a_town_may_leave_blank_what_it_has_not(database: Database, context: Context) -> None:
    bare = Town("Valmont", "", "", "", "", "", "", "", "", "")
    assert change(database, context, bare) == bare


def test_only_what_changed_is_journalled_with_its_former_value(database: Database, context: Context) -> None:
    change(database, context, VALMONT)
    change(database, context, replace(VALMONT, phone="04 79 00 00 02"))
    change(database, context, replace(VALMONT, phone="0479000002"))
    with database.reading() as session:
        details = [
            json.loads(detail)
            for detail in session.scalars(
                select(JournalDetail.detail)
                .join(Journal, Journal.id == JournalDetail.journal_id)
                .where(Journal.action == "setting.change")
                .order_by(Journal.id)
            )
        ]
    assert len(details) == 2
    assert details[1] == {
        "before": {"town.phone": "04 79 00 00 01"},
        "after": {"town.phone": "04 79 00 00 02"},
    }


def test_the_second_of_two_administrators_is_told(database: Database, context: Context) -> None:
    seen = read(database, context)
    transaction.run(database, context, town_settings.change_town, ChangeTown(VALMONT, seen))
    other = replace(VALMONT, name="Valmont-le-Haut")
    with pytest.raises(StaleVersion, match="admin, le 18/03/2026 à 09:00"):
        transaction.run(database, context, town_settings.change_town, ChangeTown(other, seen))
    assert read(database, context).name == VALMONT.name


def test_the_desk_starts_from_the_program_s_rules(database: Database, context: Context) -> None:
    start = rules(database, context)
    assert (start.answer_days, start.undo_seconds, start.overdue_blocks) == (2, 30, True)
    assert start.field_policies == {}


def test_the_desk_s_rules_are_kept_and_used(database: Database, context: Context) -> None:
    start = rules(database, context)
    wanted = replace(
        start,
        answer_days=5,
        overdue_blocks=False,
        prepaid_floor_cents=-2000,
        field_policies={"responsable.email": "counter", "responsable.phone_mobile": "automatic"},
        care_label="Accueil  de loisirs",
    )
    command = ChangeDeskRules(wanted, start)
    kept = transaction.run(database, context, town_settings.change_desk_rules, command)
    assert kept == rules(database, context)
    assert (kept.field_policies, kept.care_label) == ({"responsable.email": "counter"}, "Accueil de loisirs")
    with database.reading() as session:
        assert settings.get(session, "requests.answer_days") == 5
        assert settings.get(session, "requests.prepaid_floor_cents") == -2000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("answer_days", -1),
        ("answer_days", 61),
        ("undo_seconds", -1),
        ("undo_seconds", 3601),
        ("care_label", " "),
        ("field_policies", {"responsable.shoe_size": "automatic"}),
        ("field_policies", {"responsable.email": "nobody"}),
    ],
)
def test_a_rule_out_of_bounds_is_refused(
    database: Database, context: Context, field: str, value: object
) -> None:
    start = rules(database, context)
    wanted = DeskRules(**{**asdict(start), field: value})
    with pytest.raises(UserError) as refusal:
        transaction.run(database, context, town_settings.change_desk_rules, ChangeDeskRules(wanted, start))
    assert refusal.value.field == field
    assert rules(database, context) == start


def test_only_an_administrator_changes_settings(database: Database, context: Context) -> None:
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT, Role.FINANCE})), context.now)
    with pytest.raises(PermissionDenied):
        change(database, agent, VALMONT)
    start = rules(database, context)
    with pytest.raises(PermissionDenied):
        transaction.run(database, agent, town_settings.change_desk_rules, ChangeDeskRules(start, start))
