"""Fiscal attestations by domain.md §8: what was paid in the year, for whom, once, and anew after a correction."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from guichet.models.database import Database
from guichet.models.money import Payment, PaymentMode
from guichet.models.people import MemberRole
from guichet.rules.errors import UserError
from guichet.services import (
    attestation_register,
    attestations,
    invoices,
    payments,
    settings,
    transaction,
    verify_money,
)
from guichet.services.attestation_register import AttestationQuery, AttestationRow
from guichet.services.attestations import AttestationsResult, IssueAttestations
from guichet.services.invoices import IssueInvoices
from guichet.services.payments import CancelPayment, PaymentResult, RecordPayment
from guichet.services.transaction import Context
from tests.services.billing_town import Town, found

NEXT_YEAR = date(2026, 6, 15)


def _on(context: Context, day: date) -> Context:
    return replace(context, now=datetime(day.year, day.month, day.day, 10, tzinfo=UTC))


def _town(session: object) -> Town:
    """ALSH at 10,00 € a day, all of it eligible; canteen at 4,00 €, nothing of it."""
    town = found(session)  # type: ignore[arg-type]
    town.single(town.alsh, 1000)
    town.single(town.canteen, 400, eligible_mode="none")
    return town


def _bill(database: Database, context: Context, start: date, end: date, issued: date) -> None:
    transaction.run(database, _on(context, issued), invoices.issue, IssueInvoices(start, end))


def _pay(
    database: Database, context: Context, family_id: int, cents: int, day: date, **fields: object
) -> PaymentResult:
    command = RecordPayment(family_id, 1, PaymentMode.CHEQUE, cents, day, **fields)  # type: ignore[arg-type]
    return transaction.run(database, _on(context, day), payments.record, command)


def _attest(database: Database, context: Context, year: int = 2025, **fields: int) -> AttestationsResult:
    command = IssueAttestations(year, **fields)
    return transaction.run(database, _on(context, NEXT_YEAR), attestations.issue, command)


def _facts(rows: tuple[AttestationRow, ...]) -> list[tuple[str, int, int, int]]:
    return [(row.number, row.version, row.amount_cents, row.excluded_cents) for row in rows]


def _one_family(database: Database, context: Context, birth_date: date = date(2020, 5, 2)) -> int:
    """Three days of ALSH and one meal in November and December 2025, invoiced in December and January."""
    with database.writing() as session:
        town = _town(session)
        family = town.family()
        child = town.child(family, birth_date=birth_date)
        alsh = town.enrol(family, child, town.alsh)
        town.book(alsh, town.journee, date(2025, 11, 5), date(2025, 11, 12), date(2025, 12, 10))
        town.book(town.enrol(family, child, town.canteen), town.repas, date(2025, 11, 5))
        family_id = family.id
    _bill(database, context, date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 1))
    _bill(database, context, date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 2))
    return family_id


def test_what_is_paid_in_the_year_counts_without_meals(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    _pay(database, context, family_id, 2400, date(2025, 12, 15))
    result = _attest(database, context)
    assert _facts(result.attestations) == [("AF-1", 1, 2000, 400)]
    [sheet] = transaction.read(
        database, context, attestation_register.documents, (result.attestations[0].attestation_id,)
    )
    assert (sheet.child_name, sheet.child_birth_date) == ("Léa MARTIN", date(2020, 5, 2))
    assert sheet.payer.name == "Madame Jeanne MARTIN"
    assert [(line.activity, line.amount) for line in sheet.details] == [("ALSH mercredi", 2000)]
    assert (sheet.amount, sheet.year, sheet.issued_on) == (2000, 2025, NEXT_YEAR)


def test_december_care_paid_in_january_belongs_to_januarys_year(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    _pay(database, context, family_id, 3400, date(2026, 1, 5))
    assert _attest(database, context, 2025).attestations == ()
    assert _facts(_attest(database, context, 2026).attestations) == [("AF-1", 1, 3000, 400)]


def test_a_partial_payment_counts_its_share_and_the_rest_completes_it(
    database: Database, context: Context
) -> None:
    family_id = _one_family(database, context)
    _pay(
        database, context, family_id, 1000, date(2025, 12, 15)
    )  # of 24,00: 4,17 + 4,17 of ALSH, 1,66 of meal
    _pay(database, context, family_id, 1400, date(2026, 1, 8))
    assert _facts(_attest(database, context, 2025).attestations) == [("AF-1", 1, 834, 166)]
    assert _facts(_attest(database, context, 2026).attestations) == [("AF-2", 1, 1166, 234)]


@pytest.mark.parametrize(
    ("birth_date", "included", "count"),
    [
        (date(2018, 12, 31), True, 0),
        (date(2019, 1, 1), True, 1),  # six years old on 1 January 2025: in by the setting
        (date(2019, 1, 1), False, 0),
        (date(2019, 1, 2), False, 1),
    ],
)
def test_a_child_under_six_on_the_first_of_january(
    sqlite_database: Database, context: Context, birth_date: date, included: bool, count: int
) -> None:
    family_id = _one_family(sqlite_database, context, birth_date)
    transaction.run(
        sqlite_database, context, settings.change, {"attestation.sixth_birthday_included": included}
    )
    _pay(sqlite_database, context, family_id, 2400, date(2025, 12, 15))
    assert len(_attest(sqlite_database, context).attestations) == count


def test_asked_again_the_same_comes_out_to_the_byte(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    _pay(database, context, family_id, 2400, date(2025, 12, 15))
    first = _attest(database, context)
    ids = tuple(row.attestation_id for row in first.attestations)
    paper = transaction.read(database, context, attestation_register.pdf, ids)
    with database.writing() as session:
        session.execute(text("UPDATE person SET last_name = 'Dupuis', first_name = 'Zoé'"))
        session.execute(text("UPDATE family SET address = 'Ailleurs'"))
        session.execute(text("UPDATE activity SET name = 'Autre nom'"))
    later = _on(context, date(2026, 9, 1))
    again = transaction.run(database, later, attestations.issue, IssueAttestations(2025))
    assert [row.new for row in first.attestations] == [True]
    assert [row.new for row in again.attestations] == [False]
    assert [(row.number, row.version, row.sha256) for row in again.attestations] == [
        (row.number, row.version, row.sha256) for row in first.attestations
    ]
    assert transaction.read(database, context, attestation_register.pdf, ids) == paper


def test_a_payment_cancelled_later_makes_a_version_that_names_the_old(
    database: Database, context: Context
) -> None:
    family_id = _one_family(database, context)
    kept = _pay(database, context, family_id, 1200, date(2025, 12, 15))
    bounced = _pay(database, context, family_id, 1200, date(2025, 12, 20))
    assert _facts(_attest(database, context).attestations) == [("AF-1", 1, 2000, 400)]
    cancel = CancelPayment(bounced.payment_id, "Chèque sans provision")
    transaction.run(database, _on(context, date(2026, 2, 1)), payments.cancel, cancel)
    [corrected] = _attest(database, context).attestations
    assert (corrected.number, corrected.version, corrected.replaces) == ("AF-2", 2, "AF-1")
    assert (corrected.amount_cents, corrected.excluded_cents) == (1000, 200)
    [sheet] = transaction.read(database, context, attestation_register.documents, (corrected.attestation_id,))
    assert (sheet.replaces, sheet.replaced_on) == ("AF-1", NEXT_YEAR)

    transaction.run(
        database, _on(context, date(2026, 3, 1)), payments.cancel, CancelPayment(kept.payment_id, "Idem")
    )
    assert _facts(_attest(database, context).attestations) == [("AF-3", 3, 0, 0)]
    assert _facts(_attest(database, context).attestations) == [("AF-3", 3, 0, 0)]
    everything = transaction.read(database, context, attestation_register.search, AttestationQuery(year=2025))
    assert [row.number for row in everything.rows] == ["AF-3", "AF-2", "AF-1"]
    latest = AttestationQuery(year=2025, latest=True)
    assert transaction.read(database, context, attestation_register.search, latest).total == 1


def test_each_parent_of_a_shared_child_gets_what_each_paid(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = _town(session)
        mother, father = town.family("Martin"), town.family("Petit")
        child = town.child(mother)
        town.member(father, child, MemberRole.CHILD)
        town.book(town.enrol(mother, child, town.alsh), town.journee, date(2025, 11, 5), date(2025, 11, 19))
        town.book(town.enrol(father, child, town.alsh), town.journee, date(2025, 11, 12))
        ids = (mother.id, father.id)
    _bill(database, context, date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 1))
    _pay(database, context, ids[0], 2000, date(2025, 12, 10))
    _pay(database, context, ids[1], 1000, date(2025, 12, 10))
    result = _attest(database, context)
    assert [(row.payer, row.amount_cents) for row in result.attestations] == [
        ("Madame Jeanne MARTIN", 2000),
        ("Madame Jeanne PETIT", 1000),
    ]
    alone = _attest(database, context, family_id=ids[1])
    assert [row.number for row in alone.attestations] == ["AF-2"]


def test_two_payers_of_one_family_get_one_each(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    with database.writing() as session:
        town = Town(session, *[None] * 5)  # type: ignore[arg-type]
        father = town.person(
            "Jean", "Martin", civility="Monsieur", address="3 place Haute", town="Saint-Jean"
        )
        father_id = father.id
    _pay(database, context, family_id, 1200, date(2025, 12, 15))
    _pay(database, context, family_id, 1200, date(2025, 12, 16), payer_id=father_id)
    rows = _attest(database, context).attestations
    assert [(row.payer, row.amount_cents) for row in rows] == [
        ("Madame Jeanne MARTIN", 1000),
        ("Monsieur Jean MARTIN", 1000),
    ]
    sheets = transaction.read(
        database, context, attestation_register.documents, tuple(row.attestation_id for row in rows)
    )
    assert sheets[1].payer.lines == ("3 place Haute", "Saint-Jean")


def test_what_is_missing_is_explained(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    [why] = _attest(database, context, family_id=family_id).problems
    assert "Rien à attester pour 2025" in why
    with pytest.raises(UserError) as refused:
        _attest(database, context, 2027)
    assert refused.value.field == "year"


def test_money_of_another_program_that_pays_what_is_not_invoiced_counts(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = _town(session)
        family = town.family()
        child = town.child(family)
        session.execute(
            text(
                "INSERT INTO charge (id, family_id, child_id, activity_id, regie_id, date, label, quantity, unit_cents,"
                " amount_cents, eligible_cents, trace, origin) VALUES (1, :family, :child, 1, 1, '2025-03-05',"
                " 'Journée', 1, 1001, 1001, 501, '{}', 'imported')"
            ),
            {"family": family.id, "child": child.id},
        )
        session.add(
            Payment(
                id=1,
                regie_id=1,
                series="NOE",
                number=1,
                label="NOE-1",
                origin="imported",
                family_id=family.id,
                payer_name="Jeanne",
                mode=PaymentMode.CASH,
                mode_label="Espèces",
                received_on=date(2025, 4, 1),
                amount_cents=500,
            )
        )
        session.flush()
        session.execute(
            text("INSERT INTO allocation (payment_id, charge_id, amount_cents) VALUES (1, 1, 500)")
        )
    # 501 × 500 ÷ 1001 = 250,25
    assert _facts(_attest(database, context).attestations) == [("AF-1", 1, 250, 250)]


def test_the_register_refuses_raw_sql(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    _pay(database, context, family_id, 2400, date(2025, 12, 15))
    _attest(database, context)
    with pytest.raises(DBAPIError, match="guichet:frozen"), database.writing() as session:
        session.execute(text("UPDATE attestation SET amount_cents = 1"))


def test_verify_finds_nothing_to_say_of_all_this(database: Database, context: Context) -> None:
    family_id = _one_family(database, context)
    paid = _pay(database, context, family_id, 1200, date(2025, 12, 15))
    _attest(database, context)
    transaction.run(database, context, payments.cancel, CancelPayment(paid.payment_id, "Erreur"))
    _pay(database, context, family_id, 2400, date(2025, 12, 16))
    _attest(database, context)
    with database.reading() as session:
        assert [list(check(session, context)) for check in verify_money.CHECKS.values()] == [
            [] for _ in verify_money.CHECKS
        ]
