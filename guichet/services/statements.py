"""A family's statement of account, by school year or calendar year (seed 002), and its two balances."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import Invoice, InvoiceKind, Payment, Regie, TreasuryTitle
from guichet.models.settings import SchoolYear
from guichet.reports import printing
from guichet.reports import statement as printed
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.statement import (
    Account,
    Operation,
    describe_cancellation,
    describe_credit_note,
    describe_invoice,
    describe_payment,
    describe_transfer,
    draw_up,
)
from guichet.rules.text import paris_day
from guichet.services.balances import Balances, family_balances
from guichet.services.identities import holders, letterhead
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class StatementQuery:
    """A family's account over a school year by its label (« 2014-2015 »), or over a calendar year."""

    family_id: int
    school_year: str = ""
    year: int | None = None


@dataclass(frozen=True)
class StatementView:
    """The account of a period, beside the family's balances of today."""

    family_id: int
    family_number: str
    title: str
    account: Account
    balances: Balances


@needs(Permission.READ_BILLING)
def statement(session: Session, context: Context, query: StatementQuery) -> StatementView:
    """The account of the period, newest operation first. Raises UserError for an unknown school year or family."""
    title, start, end = _period(session, query)
    people = holders(session, [query.family_id])
    if query.family_id not in people:
        raise UserError("Cette famille n’existe plus : relancez la recherche.", field="family")
    return StatementView(
        family_id=query.family_id,
        family_number=people[query.family_id].family_number,
        title=title,
        account=draw_up(_operations(session, query.family_id, end), start, end),
        balances=family_balances(session, query.family_id),
    )


@needs(Permission.READ_BILLING)
def document(session: Session, context: Context, query: StatementQuery) -> printed.Statement:
    """All that the statement prints."""
    view = statement(session, context, query)
    holder = holders(session, [query.family_id])[query.family_id]
    account = view.account
    return printed.Statement(
        letterhead=letterhead(session),
        title=view.title,
        period_start=account.period_start,
        period_end=account.period_end,
        issued_on=paris_day(context.now),
        family_number=view.family_number,
        holder=holder.address,
        previous_balance=account.previous_balance,
        lines=tuple(
            printed.StatementLine(
                number=operation.number,
                on=operation.dated,
                description=operation.description,
                regie=operation.regie,
                debit=operation.debit or None,
                credit=operation.credit or None,
            )
            for operation in account.operations
        ),
        total_debit=account.total_debit,
        total_credit=account.total_credit,
        balance=account.balance,
        uninvoiced=view.balances.uninvoiced,
    )


@needs(Permission.READ_BILLING)
def pdf(session: Session, context: Context, query: StatementQuery) -> bytes:
    """The statement as a PDF."""
    return printing.statement_pdf(document(session, context, query))


@needs(Permission.READ_BILLING)
def balances_of(session: Session, context: Context, family_id: int) -> Balances:
    """Both balances of a family today."""
    return family_balances(session, family_id)


@needs(Permission.READ_BILLING)
def school_years(session: Session, context: Context) -> tuple[str, ...]:
    """The school years an account can be drawn up for, latest first."""
    rows = session.execute(select(SchoolYear.label).order_by(SchoolYear.starts_on.desc()))
    return tuple(rows.scalars())


def _period(session: Session, query: StatementQuery) -> tuple[str, date, date]:
    if query.year is not None:
        if not 1900 <= query.year <= 9998:
            raise UserError("Cette année n’est pas lisible : écrivez par exemple 2026.", field="year")
        return str(query.year), date(query.year, 1, 1), date(query.year, 12, 31)
    row = session.execute(
        select(SchoolYear.label, SchoolYear.starts_on, SchoolYear.ends_on).where(
            SchoolYear.label == query.school_year.strip()
        )
    ).first()
    if row is None:
        known = session.execute(select(SchoolYear.label).order_by(SchoolYear.starts_on)).scalars().all()
        raise UserError(
            f"L’année scolaire « {query.school_year} » n’est pas au calendrier. "
            f"Années connues : {', '.join(known) or 'aucune'}.",
            field="school_year",
        )
    return f"Année scolaire {row.label}", row.starts_on, row.ends_on


def _operations(session: Session, family_id: int, until: date) -> list[Operation]:
    return [
        *_invoices(session, family_id, until),
        *_payments(session, family_id, until),
        *_titles(session, family_id, until),
    ]


def _invoices(session: Session, family_id: int, until: date) -> list[Operation]:
    origin = aliased(Invoice)
    rows = session.execute(
        select(
            Invoice.label,
            Invoice.kind,
            Invoice.issued_on,
            Invoice.period_start,
            Invoice.period_end,
            Invoice.total_cents,
            Regie.name,
            origin.label.label("refers_to"),
        )
        .join(Regie, Regie.id == Invoice.regie_id)
        .outerjoin(origin, origin.id == Invoice.refers_to_id)
        .where(Invoice.family_id == family_id, Invoice.issued_on <= until)
    )
    found = []
    for row in rows:
        if row.kind is InvoiceKind.CREDIT_NOTE:
            description = describe_credit_note(row.refers_to or "")
            found.append(Operation(row.label, row.issued_on, description, row.name, credit=row.total_cents))
        else:
            description = describe_invoice(row.period_start, row.period_end)
            found.append(Operation(row.label, row.issued_on, description, row.name, debit=row.total_cents))
    return found


def _payments(session: Session, family_id: int, until: date) -> list[Operation]:
    cancelled = aliased(Payment)
    rows = session.execute(
        select(
            Payment.label,
            Payment.received_on,
            Payment.mode_label,
            Payment.amount_cents,
            Regie.name,
            cancelled.label.label("cancels"),
        )
        .join(Regie, Regie.id == Payment.regie_id)
        .outerjoin(cancelled, cancelled.id == Payment.cancels_id)
        .where(Payment.family_id == family_id, Payment.received_on <= until)
    )
    found = []
    for row in rows:
        description = (
            describe_cancellation(row.mode_label, row.cancels)
            if row.cancels
            else describe_payment(row.mode_label)
        )
        amount = row.amount_cents
        found.append(
            Operation(
                row.label,
                row.received_on,
                description,
                row.name,
                debit=max(-amount, 0),
                credit=max(amount, 0),
            )
        )
    return found


def _titles(session: Session, family_id: int, until: date) -> list[Operation]:
    rows = session.execute(
        select(TreasuryTitle.ormc_number, TreasuryTitle.issued_on, TreasuryTitle.amount_cents, Regie.name)
        .join(Invoice, Invoice.id == TreasuryTitle.invoice_id)
        .join(Regie, Regie.id == Invoice.regie_id)
        .where(Invoice.family_id == family_id, TreasuryTitle.issued_on <= until)
    )
    return [
        Operation(
            row.ormc_number,
            row.issued_on,
            describe_transfer(row.ormc_number),
            row.name,
            credit=row.amount_cents,
        )
        for row in rows
    ]
