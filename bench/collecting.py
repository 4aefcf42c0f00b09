"""Payments recorded one by one, and the year's attestations with their PDFs."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench import town
from bench.measure import hand_over, timed
from guichet.models.database import Database
from guichet.models.money import Invoice, PaymentMode
from guichet.services import attestation_register, attestations, invoices, payments, transaction
from guichet.services.attestations import IssueAttestations
from guichet.services.payments import RecordPayment
from guichet.services.transaction import Context


def collecting(database: Database) -> None:
    """Pay a month's invoices of 2,000 families of a child under six, then attest their year."""
    town.build(database, families=2000, months=1, bookings_a_month=20)
    who = town.context()
    transaction.run(database, who, invoices.issue, invoices.IssueInvoices(*town.month(0)))
    day = who.now.date()
    with timed("record and allocate 2,000 payments", 2000, "payments") as measure:
        transaction.run(database, who, _pay_all, day)
    hand_over(measure)
    with timed("attest the year, 2,000 families", 2000, "attestations") as issued:
        result = transaction.run(database, who, attestations.issue, IssueAttestations(day.year))
    hand_over(issued)
    ids = tuple(row.attestation_id for row in result.attestations)
    assert len(ids) == 2000
    with timed("their PDFs in one file", len(ids), "pages") as printed:
        transaction.read(database, who, attestation_register.pdf, ids)
    hand_over(printed)
    with timed("attest again, nothing new", 2000, "attestations") as again:
        transaction.run(database, who, attestations.issue, IssueAttestations(day.year))
    hand_over(again)


def _pay_all(session: Session, who: Context, day: date) -> None:
    owed = select(Invoice.family_id, Invoice.total_cents).order_by(Invoice.id)
    regie_id = session.execute(select(func.min(Invoice.regie_id))).scalar_one()
    for family_id, cents in session.execute(owed).all():
        payments.record(session, who, RecordPayment(family_id, regie_id, PaymentMode.CHEQUE, cents, day))
