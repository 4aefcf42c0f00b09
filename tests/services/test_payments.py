"""Payments: recorded, allocated to the cent, kept as credit, cancelled by a contra-entry, seen on the account."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from guichet.models.database import Database
from guichet.models.money import Allocation, Charge, Payment, PaymentMode, TreasuryTitle
from guichet.models.settings import SchoolYear
from guichet.rules.errors import AlreadyApplied, PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services import (
    invoice_documents,
    invoices,
    numbering,
    payments,
    pricing,
    statements,
    transaction,
    verify_money,
)
from guichet.services.invoices import IssueInvoices
from guichet.services.payment_targets import Target
from guichet.services.payments import (
    AllocateCredit,
    CancelPayment,
    PaymentQuery,
    PaymentResult,
    RecordPayment,
)
from guichet.services.statements import StatementQuery, StatementView
from guichet.services.transaction import Context
from tests.services.billing_town import found


def _on(context: Context, day: date) -> Context:
    return replace(context, now=datetime(day.year, day.month, day.day, 10, tzinfo=UTC))


def _pay(database: Database, context: Context, cents: int, **fields: object) -> PaymentResult:
    values: dict[str, object] = {
        "family_id": 1,
        "regie_id": 1,
        "mode": PaymentMode.CHEQUE,
        "received_on": date(2026, 3, 18),
        **fields,
    }
    command = RecordPayment(amount_cents=cents, **values)  # type: ignore[arg-type]
    return transaction.run(database, context, payments.record, command)


def _left(database: Database) -> dict[int, int]:
    """What is left to pay of each charge, by rank."""
    with database.reading() as session:
        rows = session.execute(
            text(
                "SELECT c.amount_cents - coalesce((SELECT sum(a.amount_cents) FROM allocation a"
                " WHERE a.charge_id = c.id), 0) FROM charge c ORDER BY c.id"
            )
        ).scalars()
        return {rank: int(left) for rank, left in enumerate(rows)}


def _findings(database: Database, context: Context) -> list[str]:
    with database.reading() as session:
        return [
            finding.sentence for check in verify_money.CHECKS.values() for finding in check(session, context)
        ]


def _february_and_march(database: Database, context: Context) -> None:
    """AL-1 for February: 10,00 + 10,00 + 4,00. AL-2 for March: 10,00."""
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        town.single(town.canteen, 400)
        family = town.family()
        child = town.child(family)
        alsh = town.enrol(family, child, town.alsh)
        town.book(alsh, town.journee, date(2026, 2, 4), date(2026, 2, 11), date(2026, 3, 4))
        town.book(town.enrol(family, child, town.canteen), town.repas, date(2026, 2, 4))
    for start, end, day in (
        (date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 2)),
        (date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 16)),
    ):
        transaction.run(database, _on(context, day), invoices.issue, IssueInvoices(start, end))


def test_the_oldest_invoice_is_paid_first_pro_rata_to_its_lines(database: Database, context: Context) -> None:
    _february_and_march(database, context)
    result = _pay(database, context, 1000)
    assert (result.number, result.credit_cents) == ("AL-1", 0)
    # 10,00 € over 10,00 + 10,00 + 4,00: 4,1667 + 4,1667 + 1,6667; three equal remainders for the two cents
    # left, which go to the earlier lines.
    assert [share.amount for share in result.shares] == [417, 417, 166]
    _pay(database, context, 1500)
    assert _left(database) == {0: 0, 1: 0, 2: 0, 3: 900}
    assert _findings(database, context) == []


def test_the_agents_choice_comes_before_age(database: Database, context: Context) -> None:
    _february_and_march(database, context)
    result = _pay(database, context, 1200, targets=(Target(invoice_id=2),))
    assert [share.amount for share in result.shares] == [1000]
    assert result.credit_cents == 200  # the agent chose: what is left is not given to AL-1 by itself
    assert sum(_left(database).values()) == 2400


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cents": 0}, "amount"),
        ({"cents": -5}, "amount"),
        ({"received_on": date(2026, 3, 19)}, "received_on"),
        ({"mode": PaymentMode.CESU}, "mode"),
        ({"targets": (Target(invoice_id=2, amount=1001),)}, "targets"),
        ({"targets": (Target(invoice_id=2), Target(invoice_id=2))}, "targets"),
        ({"targets": (Target(invoice_id=99),)}, "targets"),
        ({"targets": (Target(charge_id=1),)}, "targets"),
        ({"targets": (Target(),)}, "targets"),
        ({"family_id": 99}, "family"),
        ({"regie_id": 99}, "regie"),
        ({"payer_id": 999}, "payer"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    sqlite_database: Database, context: Context, fields: dict[str, object], field: str
) -> None:
    _february_and_march(sqlite_database, context)
    with pytest.raises(UserError) as refused:
        _pay(sqlite_database, context, **{"cents": 2000, **fields})  # type: ignore[arg-type]
    assert refused.value.field == field
    with sqlite_database.reading() as session:
        assert session.execute(select(Payment.id)).all() == []


def test_an_agent_of_the_counter_may_not_record_money(sqlite_database: Database, context: Context) -> None:
    agent = replace(context, actor=replace(context.actor, roles=frozenset({Role.AGENT})))
    with pytest.raises(PermissionDenied):
        _pay(sqlite_database, agent, 100)


def test_an_overpayment_waits_and_pays_the_next_invoice_by_itself(
    database: Database, context: Context
) -> None:
    _february_and_march(database, context)
    paid = _pay(database, context, 5000)
    assert paid.credit_cents == 1600
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO booking (enrolment_id, child_id, family_id, activity_id, slot_id, date, starts_at, state,"
                " attendance) SELECT id, child_id, family_id, activity_id, 1, '2026-04-01', '00:00:00.000000',"
                " 'booked', 'present' FROM enrolment WHERE id = 1"
            )
        )
    april = IssueInvoices(date(2026, 4, 1), date(2026, 4, 30))
    issued = transaction.run(database, _on(context, date(2026, 4, 30)), invoices.issue, april)
    assert [row.total_cents for row in issued.invoices] == [1000]
    assert _left(database)[4] == 0
    with database.reading() as session:
        last = session.execute(
            select(Allocation.payment_id).order_by(Allocation.id.desc()).limit(1)
        ).scalar_one()
    assert last == paid.payment_id  # the payment keeps its day
    assert _findings(database, context) == []


def test_a_credit_is_spent_where_the_agent_says(database: Database, context: Context) -> None:
    _february_and_march(database, context)
    paid = _pay(database, context, 1200, targets=(Target(invoice_id=2),))
    command = AllocateCredit(paid.payment_id)
    assert transaction.run(database, context, payments.allocate_credit, command).credit_cents == 0
    assert sum(_left(database).values()) == 2200
    with pytest.raises(UserError) as refused:
        transaction.run(database, context, payments.allocate_credit, command)
    assert refused.value.code == "no_credit"


def test_a_charge_paid_at_once_shows_as_received_on_its_invoice(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        family = town.family()
        town.book(
            town.enrol(family, town.child(family), town.alsh),
            town.journee,
            date(2026, 3, 4),
            date(2026, 3, 11),
        )
    month = (date(2026, 3, 1), date(2026, 3, 31))
    transaction.run(database, context, pricing.price_period, pricing.PricePeriod(*month))
    with database.reading() as session:
        charge_id = session.execute(select(Charge.id).order_by(Charge.id).limit(1)).scalar_one()
    _pay(database, context, 1000, targets=(Target(charge_id=charge_id),))
    issued = transaction.run(database, context, invoices.issue, IssueInvoices(*month))
    [sheet] = transaction.read(
        database, context, invoice_documents.documents, (issued.invoices[0].invoice_id,)
    )
    assert (sheet.total, sheet.payments, sheet.previous_balance, sheet.balance_due) == (2000, 1000, 0, 1000)


def test_what_already_pays_next_month_is_no_credit_on_this_months_invoice(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        family = town.family()
        enrolment = town.enrol(family, town.child(family), town.alsh)
        town.book(enrolment, town.journee, date(2026, 3, 4), date(2026, 4, 1))
    spring = pricing.PricePeriod(date(2026, 3, 1), date(2026, 4, 30))
    transaction.run(database, context, pricing.price_period, spring)
    _pay(database, context, 1000, targets=(Target(charge_id=2),))  # April, paid when it was booked
    _pay(database, context, 300, targets=(Target(charge_id=1),))  # an instalment on March
    [march] = transaction.run(
        database, context, invoices.issue, IssueInvoices(date(2026, 3, 1), date(2026, 3, 31))
    ).invoices
    [april] = transaction.run(
        database, context, invoices.issue, IssueInvoices(date(2026, 4, 1), date(2026, 4, 30))
    ).invoices
    sheets = transaction.read(
        database, context, invoice_documents.documents, (march.invoice_id, april.invoice_id)
    )
    assert [(sheet.previous_balance, sheet.total, sheet.payments, sheet.balance_due) for sheet in sheets] == [
        (0, 1000, 300, 700),
        (700, 1000, 1000, 700),
    ]


def test_cancelling_is_a_contra_entry_that_frees_what_was_paid(database: Database, context: Context) -> None:
    _february_and_march(database, context)
    paid = _pay(database, context, 3400)
    later = _on(context, date(2026, 4, 2))
    contra = transaction.run(
        database, later, payments.cancel, CancelPayment(paid.payment_id, "Chèque sans provision")
    )
    assert (contra.number, contra.amount_cents) == ("AL-2", -3400)
    assert sum(_left(database).values()) == 3400
    [undone, original] = transaction.read(database, context, payments.search, PaymentQuery()).rows
    assert (undone.number, undone.cancels, undone.received_on) == ("AL-2", "AL-1", date(2026, 4, 2))
    assert (original.cancelled_by, original.allocated_cents) == ("AL-2", 0)
    with database.reading() as session:
        holders = set(session.execute(select(Allocation.payment_id)).scalars())
    assert holders == {paid.payment_id}  # the counter-rows keep the payment, hence its day
    again = _pay(database, later, 3400, received_on=date(2026, 4, 2))
    assert again.credit_cents == 0
    assert _findings(database, context) == []


def test_a_charge_whose_payment_was_undone_is_owed_no_more_once_its_day_is_excused(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        family = town.family()
        town.book(town.enrol(family, town.child(family), town.alsh), town.journee, date(2026, 3, 4))
    month = pricing.PricePeriod(date(2026, 3, 1), date(2026, 3, 31))
    transaction.run(database, context, pricing.price_period, month)
    paid = _pay(database, context, 1000, targets=(Target(charge_id=1),))
    transaction.run(database, context, payments.cancel, CancelPayment(paid.payment_id, "Erreur"))
    with database.writing() as session:
        session.execute(text("UPDATE booking SET attendance = 'absent_excused'"))
    assert transaction.run(database, context, pricing.price_period, month).deleted == 1
    assert not transaction.run(database, context, pricing.price_period, month).changed
    balances = transaction.read(database, context, statements.balances_of, 1)
    assert (balances.account, balances.uninvoiced) == (0, 0)
    with database.writing() as session:
        session.execute(text("UPDATE booking SET attendance = 'present'"))
    issue = IssueInvoices(month.start, month.end)
    issued = transaction.run(database, context, invoices.issue, issue)
    assert [row.total_cents for row in issued.invoices] == [1000]
    assert _findings(database, context) == []


def test_what_may_not_be_cancelled(database: Database, context: Context) -> None:
    _february_and_march(database, context)
    paid = _pay(database, context, 3400)

    def cancel(payment_id: int, reason: str = "Erreur") -> UserError:
        with pytest.raises(UserError) as refused:
            transaction.run(database, context, payments.cancel, CancelPayment(payment_id, reason))
        return refused.value

    assert cancel(paid.payment_id, " ").field == "reason"
    assert cancel(99).code == "payment_unknown"
    with database.writing() as session:
        session.execute(
            text("INSERT INTO deposit (id, regie_id, name, deposited_on) VALUES (1, 1, 'B1', '2026-03-18')")
        )
        session.execute(
            text("INSERT INTO deposit_payment (deposit_id, payment_id) VALUES (1, :id)"),
            {"id": paid.payment_id},
        )
    assert cancel(paid.payment_id).code == "deposited"
    other = _pay(database, context, 100)
    contra = transaction.run(database, context, payments.cancel, CancelPayment(other.payment_id, "Erreur"))
    assert cancel(other.payment_id).code == "cancelled"
    assert "annulation" in cancel(contra.payment_id).message


def test_the_same_command_twice_pays_once(database: Database, context: Context) -> None:
    _february_and_march(database, context)
    _pay(database, context, 1000, command_id="c-1")
    with pytest.raises(AlreadyApplied):
        _pay(database, context, 1000, command_id="c-1")
    assert transaction.read(database, context, payments.search, PaymentQuery()).total == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE payment SET amount_cents = 1", "DELETE FROM allocation", "UPDATE allocation SET charge_id = 1"],
)
def test_money_received_refuses_raw_sql(database: Database, context: Context, statement: str) -> None:
    _february_and_march(database, context)
    _pay(database, context, 1000)
    with pytest.raises(DBAPIError, match="guichet:frozen"), database.writing() as session:
        session.execute(text(statement))


def _dupont(database: Database, context: Context) -> int:
    """Seed 002: AL-12 243,20 for February and March paid by cheque AL-228, AL-36 120,60 for April, all on 08/04/2015."""
    context = _on(context, date(2015, 4, 8))
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 12_160)
        town.single(town.canteen, 12_060)
        family = town.family("Dupont", "1001001818331")
        child = town.child(family)
        dates = {"starts_on": date(2014, 7, 5), "ends_on": date(2015, 7, 3)}
        alsh = town.enrol(family, child, town.alsh, **dates)
        town.book(alsh, town.journee, date(2015, 2, 4), date(2015, 3, 4))
        canteen = town.enrol(family, child, town.canteen, **dates)
        town.book(canteen, town.repas, date(2015, 4, 1))
        session.add_all(
            SchoolYear(label=label, starts_on=start, ends_on=end)
            for label, start, end in (
                ("2013-2014", date(2013, 7, 6), date(2014, 7, 4)),
                ("2014-2015", date(2014, 7, 5), date(2015, 7, 3)),
                ("2015-2016", date(2015, 7, 4), date(2016, 7, 5)),
            )
        )
        numbering.start_at(session, "AL", "invoice", 12)
        numbering.start_at(session, "AL", "payment", 228)
        family_id = family.id
    first = IssueInvoices(date(2015, 2, 1), date(2015, 3, 31))
    transaction.run(database, context, invoices.issue, first)
    _pay(database, context, 24_320, family_id=family_id, received_on=date(2015, 4, 8))
    with database.writing() as session:
        numbering.take(session, "AL", "invoice", 23)  # the other families' invoices of the day
    april = IssueInvoices(date(2015, 4, 1), date(2015, 4, 30), due_on=date(2015, 4, 30))
    transaction.run(database, context, invoices.issue, april)
    return family_id


def _statement(database: Database, context: Context, **query: object) -> StatementView:
    return transaction.read(database, context, statements.statement, StatementQuery(**query))  # type: ignore[arg-type]


def test_the_statement_of_seed_002_to_the_cent(database: Database, context: Context) -> None:
    family_id = _dupont(database, context)
    view = _statement(database, context, family_id=family_id, school_year="2014-2015")
    assert [
        (row.number, row.dated, row.description, row.regie, row.debit, row.credit)
        for row in view.account.operations
    ] == [
        ("AL-36", date(2015, 4, 8), "Facture : 01/04/2015 - 30/04/2015", "Régie garderie ALSH", 12_060, 0),
        ("AL-228", date(2015, 4, 8), "Règlement : Chèque", "Régie garderie ALSH", 0, 24_320),
        ("AL-12", date(2015, 4, 8), "Facture : 01/02/2015 - 31/03/2015", "Régie garderie ALSH", 24_320, 0),
    ]
    account = view.account
    assert (account.previous_balance, account.total_debit, account.total_credit) == (0, 36_380, 24_320)
    assert account.balance == view.balances.account == 12_060
    sheet = transaction.read(
        database, context, statements.document, StatementQuery(family_id, school_year="2014-2015")
    )
    assert (sheet.family_number, sheet.title) == ("1001001818331", "Année scolaire 2014-2015")


def test_years_follow_one_another(database: Database, context: Context) -> None:
    family_id = _dupont(database, context)
    _pay(database, context, 12_060, family_id=family_id, received_on=date(2015, 7, 15))
    before = _statement(database, context, family_id=family_id, school_year="2013-2014").account
    same = _statement(database, context, family_id=family_id, school_year="2014-2015").account
    after = _statement(database, context, family_id=family_id, school_year="2015-2016").account
    civil = _statement(database, context, family_id=family_id, year=2015).account
    assert (before.balance, same.balance, after.previous_balance, after.balance) == (0, 12_060, 12_060, 0)
    assert (civil.previous_balance, civil.balance, len(civil.operations)) == (0, 0, 4)
    with pytest.raises(UserError) as refused:
        _statement(database, context, family_id=family_id, school_year="2020-2021")
    assert refused.value.field == "school_year"
    assert "2014-2015" in refused.value.message


def test_what_is_not_invoiced_yet_is_never_in_the_account_balance(
    database: Database, context: Context
) -> None:
    family_id = _dupont(database, context)
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO booking (enrolment_id, child_id, family_id, activity_id, slot_id, date, starts_at, state,"
                " attendance) SELECT id, child_id, family_id, activity_id, 1, '2015-05-06', '00:00:00.000000',"
                " 'booked', 'present' FROM enrolment WHERE id = 1"
            )
        )
    may = pricing.PricePeriod(date(2015, 5, 1), date(2015, 5, 31))
    transaction.run(database, context, pricing.price_period, may)
    balances = _statement(database, context, family_id=family_id, year=2015).balances
    assert (balances.account, balances.uninvoiced, balances.with_uninvoiced) == (12_060, 12_160, 24_220)


def test_an_invoice_passed_to_the_tresor_is_credited_and_waits_for_nothing(
    database: Database, context: Context
) -> None:
    family_id = _dupont(database, context)
    with database.writing() as session:
        session.add(
            TreasuryTitle(invoice_id=2, ormc_number="7", issued_on=date(2015, 6, 1), amount_cents=12_060)
        )
    account = _statement(database, context, family_id=family_id, school_year="2014-2015").account
    assert (account.operations[0].description, account.balance) == ("Titre émis (ORMC n°7)", 0)
    with pytest.raises(UserError) as refused:
        _pay(database, context, 12_060, family_id=family_id, targets=(Target(invoice_id=2),))
    assert "n’attend plus de règlement" in refused.value.message
    assert _pay(database, context, 12_060, family_id=family_id).credit_cents == 12_060
