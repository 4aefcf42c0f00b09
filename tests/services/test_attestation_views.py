"""What the attestations screen reads of a year."""

from datetime import date

from guichet.models.database import Database
from guichet.models.money import PaymentMode
from guichet.services import attestation_views, attestations, invoices, payments, transaction
from guichet.services.attestation_views import Standing, YearRow
from guichet.services.attestations import IssueAttestations
from guichet.services.invoices import IssueInvoices
from guichet.services.payments import CancelPayment, RecordPayment
from guichet.services.transaction import Context
from tests.services.billing_town import found

FEBRUARY = IssueInvoices(date(2026, 2, 1), date(2026, 2, 28))
WEDNESDAYS = [date(2026, 2, day) for day in (4, 11)]


def _pay(database: Database, context: Context) -> int:
    """Zola pays 20 € in March 2026 for the February of Léa, under six; Nerval's child is too old. The payment's id."""
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        families = []
        for name, born in (("Zola", date(2021, 5, 2)), ("Nerval", date(2015, 5, 2))):
            family = town.family(name)
            town.book(
                town.enrol(family, town.child(family, birth_date=born), town.alsh), town.journee, *WEDNESDAYS
            )
            families.append(family.id)
        regie_id = town.regie.id
    transaction.run(database, context, invoices.issue, FEBRUARY)
    for family_id in families:
        command = RecordPayment(family_id, regie_id, PaymentMode.CHEQUE, 2000, date(2026, 3, 16))
        result = transaction.run(database, context, payments.record, command)
        if family_id == families[0]:
            zola = result.payment_id
    return zola


def _rows(database: Database, context: Context, year: int = 2026) -> list[tuple[str, int, Standing]]:
    rows: tuple[YearRow, ...] = transaction.read(database, context, attestation_views.of_year, year)
    return [(row.family_label, row.eligible_cents, row.standing) for row in rows]


def test_only_what_was_paid_that_year_for_a_young_child_is_to_attest(
    database: Database, context: Context
) -> None:
    _pay(database, context)
    assert _rows(database, context) == [("Zola", 2000, Standing.TO_ISSUE)]
    assert _rows(database, context, 2025) == []


def test_an_issued_attestation_is_shown_and_a_cancelled_payment_asks_for_a_new_version(
    database: Database, context: Context
) -> None:
    payment_id = _pay(database, context)
    transaction.run(database, context, attestations.issue, IssueAttestations(2026))
    assert _rows(database, context) == [("Zola", 2000, Standing.ISSUED)]
    transaction.run(database, context, payments.cancel, CancelPayment(payment_id, "chèque sans provision"))
    assert _rows(database, context) == [("Zola", 0, Standing.CHANGED)]
