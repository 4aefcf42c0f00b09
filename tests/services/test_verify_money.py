"""`guichet verify` on money: silent on a sound base, and naming each figure that somebody tampered with."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from guichet.models.database import Database
from guichet.models.money import PaymentMode
from guichet.services import attestations, invoices, payments, transaction, verify_money
from guichet.services.attestations import IssueAttestations
from guichet.services.invoices import IssueInvoices
from guichet.services.payments import CancelPayment, RecordPayment
from guichet.services.transaction import Context
from tests.services.billing_town import found


def _codes(database: Database, context: Context) -> dict[str, str]:
    with database.reading() as session:
        return {
            finding.code: finding.subject
            for check in verify_money.CHECKS.values()
            for finding in check(session, context)
        }


@pytest.fixture
def town(sqlite_database: Database, context: Context) -> Database:
    """An invoice of 30,00 € (AL-1) paid by AL-1, a second payment cancelled, an attestation AF-1."""
    december = replace(context, now=datetime(2025, 12, 20, 9, tzinfo=UTC))
    with sqlite_database.writing() as session:
        built = found(session)
        built.single(built.alsh, 1000)
        family = built.family()
        enrolment = built.enrol(family, built.child(family), built.alsh)
        built.book(enrolment, built.journee, *(date(2025, 11, day) for day in (5, 12, 19)))
    november = IssueInvoices(date(2025, 11, 1), date(2025, 11, 30))
    transaction.run(sqlite_database, december, invoices.issue, november)
    for cents in (3000, 700):
        command = RecordPayment(1, 1, PaymentMode.CASH, cents, date(2025, 12, 20))
        result = transaction.run(sqlite_database, december, payments.record, command)
    transaction.run(sqlite_database, context, payments.cancel, CancelPayment(result.payment_id, "Erreur"))
    transaction.run(sqlite_database, context, attestations.issue, IssueAttestations(2025))
    return sqlite_database


def test_a_sound_base_has_nothing_to_say(town: Database, context: Context) -> None:
    assert _codes(town, context) == {}


@pytest.mark.parametrize(
    ("tampering", "code", "subject"),
    [
        ("UPDATE invoice SET total_cents = 2999", "invoice_total", "invoice:1"),
        ("DELETE FROM invoice_line WHERE id = 1", "invoice_total", "invoice:1"),
        ("UPDATE invoice_line SET amount_cents = 999 WHERE id = 2", "line_charge", "invoice_line:2"),
        ("UPDATE charge SET unit_cents = 1, amount_cents = 1 WHERE id = 3", "line_charge", "invoice_line:3"),
        ("UPDATE allocation SET amount_cents = 1001 WHERE id = 1", "payment_allocations", "payment:1"),
        ("UPDATE allocation SET amount_cents = 1001 WHERE id = 1", "charge_allocations", "charge:1"),
        ("UPDATE allocation SET payment_id = 2 WHERE id = 1", "payment_allocations", "payment:2"),
        ("UPDATE payment SET amount_cents = 2900 WHERE id = 1", "payment_allocations", "payment:1"),
        ("UPDATE payment SET amount_cents = -600 WHERE id = 3", "cancellation", "payment:3"),
        ("UPDATE invoice SET total_cents = total_cents - 1", "balances", "family:1"),
        ("UPDATE invoice SET number = 2", "number_gap", "counter:1"),
        (
            "UPDATE counter SET next_number = next_number + 1 WHERE kind = 'payment'",
            "number_gap",
            "counter:2",
        ),
        ("UPDATE counter SET start_number = 0 WHERE kind = 'invoice'", "number_gap", "counter:1"),
        ("UPDATE attestation SET amount_cents = 1", "attestation_altered", "attestation:1"),
        (
            "UPDATE attestation SET content = replace(content, '3000', '3001')",
            "attestation_altered",
            "attestation:1",
        ),
        ("UPDATE payment SET received_on = '2024-12-31' WHERE id = 1", "attestation_sum", "attestation:1"),
        ("UPDATE charge SET eligible_cents = 500 WHERE id = 2", "attestation_sum", "attestation:1"),
    ],
)
def test_what_was_tampered_with_is_named(
    town: Database, context: Context, tampering: str, code: str, subject: str
) -> None:
    with town.writing() as session:
        triggers = (
            session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        )
        for trigger in triggers:
            session.execute(text(f'DROP TRIGGER "{trigger}"'))
        session.execute(text(tampering))
    assert _codes(town, context).get(code) == subject


def test_a_charge_billed_twice_and_money_of_another_family_are_named(
    town: Database, context: Context
) -> None:
    with town.writing() as session:
        triggers = (
            session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        )
        for trigger in triggers:
            session.execute(text(f'DROP TRIGGER "{trigger}"'))
        session.execute(
            text(
                "INSERT INTO invoice (kind, regie_id, series, number, label, family_id, debtor, period_start, period_end,"
                " issued_on, due_on, total_cents, line_count, printed) SELECT kind, regie_id, series, 2, 'AL-2', family_id,"
                " debtor, period_start, period_end, issued_on, due_on, 1000, 1, printed FROM invoice"
            )
        )
        session.execute(
            text(
                "INSERT INTO invoice_line (invoice_id, charge_id, position, date, label, quantity, unit_cents,"
                " amount_cents, eligible_cents) SELECT 2, charge_id, 1, date, label, 1, 1000, 1000, 0"
                " FROM invoice_line WHERE id = 1"
            )
        )
        session.execute(
            text(
                "INSERT INTO family (id, number, label, search_key, sort_key) VALUES (9, 'F9', 'Autre', 'autre', 'autre')"
            )
        )
        session.execute(text("UPDATE payment SET family_id = 9 WHERE id = 1"))
    codes = _codes(town, context)
    assert codes["charge_billed_twice"] == "charge:1"
    assert codes["allocation_family"].startswith("allocation:")


def test_a_credit_note_above_its_invoice_is_named(town: Database, context: Context) -> None:
    with town.writing() as session:
        session.execute(
            text(
                "INSERT INTO invoice (kind, regie_id, series, number, label, refers_to_id, family_id, debtor, period_start,"
                " period_end, issued_on, due_on, total_cents, line_count, printed) SELECT 'credit_note', regie_id, series,"
                " 1, 'AL-A1', id, family_id, debtor, period_start, period_end, issued_on, due_on, 3001, 0, printed"
                " FROM invoice"
            )
        )
    assert _codes(town, context)["credit_notes"] == "invoice:1"
