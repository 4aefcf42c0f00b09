"""Issued invoices: finding them, and printing exactly what was issued."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Case, Exists, Row, ScalarSelect, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import Invoice, InvoiceKind, InvoiceLine, TreasuryTitle
from guichet.models.people import Family
from guichet.reports import invoice as printed
from guichet.reports import printing
from guichet.reports.letterhead import Letterhead, PostalAddress
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import fold, paris_day
from guichet.services.balances import SIGN, allocated
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs


class Standing(StrEnum):
    """Where a document stands, by what was paid of it and by the day."""

    DUE = "due"
    PARTLY_PAID = "partly_paid"
    OVERDUE = "overdue"
    PAID = "paid"
    TREASURY = "treasury"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True)
class InvoiceQuery(PageQuery):
    """Which issued documents: of a family, a régie, a period they touch, still owed; newest first by default.

    `standing` keeps one standing (an overdue invoice may be partly paid, it counts as overdue), `invoice_id` a single
    document.
    """

    invoice_id: int | None = None
    family_id: int | None = None
    regie_id: int | None = None
    start: date | None = None
    end: date | None = None
    text: str = ""
    unpaid: bool = False
    standing: Standing | None = None
    sort: str = "issued_on"
    descending: bool = True


@dataclass(frozen=True)
class InvoiceRow:
    """An issued document in a list; `paid_cents` is what payments gave to its lines, `credited_cents` what credit notes
    took off, `in_treasury` whether the Trésor collects it.
    """

    invoice_id: int
    number: str
    kind: InvoiceKind
    family_id: int
    family_number: str
    family_label: str
    issued_on: date
    due_on: date
    period_start: date
    period_end: date
    total_cents: int
    paid_cents: int
    credited_cents: int = 0
    in_treasury: bool = False

    @property
    def left_cents(self) -> int:
        """What the town is still owed of it; nothing for a credit note, nor for what the Trésor collects."""
        if self.kind is not InvoiceKind.INVOICE or self.in_treasury:
            return 0
        return self.total_cents - self.paid_cents - self.credited_cents

    def late_days(self, today: date) -> int:
        """Days since it should have been paid; 0 while it is not late."""
        return max(0, (today - self.due_on).days) if self.left_cents > 0 else 0

    def standing(self, today: date) -> Standing:
        """Where it stands on a day."""
        if self.kind is not InvoiceKind.INVOICE:
            return Standing.CREDIT_NOTE
        if self.in_treasury:
            return Standing.TREASURY
        if self.left_cents <= 0:
            return Standing.PAID
        if self.due_on < today:
            return Standing.OVERDUE
        return Standing.PARTLY_PAID if self.paid_cents else Standing.DUE


@dataclass(frozen=True)
class InvoiceTotals:
    """Sums over a list of documents, in cents: invoices less credit notes, and what is still owed."""

    documents: int
    total_cents: int
    left_cents: int


@dataclass(frozen=True)
class ExportInvoices:
    """Write PDF files in a folder: one per invoice named by its number, and one with them all when `merged`."""

    invoice_ids: tuple[int, ...]
    folder: Path
    merged: bool = True


@needs(Permission.READ_BILLING)
def search(session: Session, context: Context, query: InvoiceQuery) -> Page[InvoiceRow]:
    """Issued documents, filtered, sorted and paged in SQL: two queries.

    What was paid on each is summed for the rows of the page alone: asked with the list, SQLite sums for every row it
    skips or sorts.
    """
    listed = _filtered(select(Invoice.id), query, context)
    total = session.execute(select(func.count()).select_from(listed.subquery())).scalar_one()
    sorts = {
        "issued_on": (Invoice.issued_on, Invoice.number),
        "number": (Invoice.series, Invoice.number),
        "family": (Family.sort_key,),
        "total": (SIGN * Invoice.total_cents,),
        "left": (_left(),),
        "due_on": (Invoice.due_on,),
        "period": (Invoice.period_start, Invoice.period_end),
    }
    keys = (*sorts.get(query.sort, sorts["issued_on"]), Invoice.id)
    order = tuple(key.desc() if query.descending else key for key in keys)
    page = listed.order_by(*order).limit(query.size).offset(query.offset).subquery()
    rows = session.execute(
        select(
            Invoice,
            Family.number,
            Family.label.label("family"),
            _paid().label("paid"),
            _credited().label("credited"),
            _in_treasury().label("in_treasury"),
        )
        .join(page, page.c.id == Invoice.id)
        .join(Family, Family.id == Invoice.family_id)
        .order_by(*order)
    )
    return Page(tuple(_row(row) for row in rows), total, query.offset)


@needs(Permission.READ_BILLING)
def totals(session: Session, context: Context, query: InvoiceQuery) -> InvoiceTotals:
    """The sums of a list whatever the page, in one query."""
    rows = _filtered(
        select((SIGN * Invoice.total_cents).label("signed"), _left().label("owed")), query, context
    ).subquery()
    row = session.execute(
        select(
            func.count(), func.coalesce(func.sum(rows.c.signed), 0), func.coalesce(func.sum(rows.c.owed), 0)
        ).select_from(rows)
    ).one()
    return InvoiceTotals(*(int(value) for value in row))


def _paid() -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(allocated(InvoiceLine.charge_id)), 0))
        .where(InvoiceLine.invoice_id == Invoice.id)
        .scalar_subquery()
    )


def _credited() -> ScalarSelect[Any]:
    correction = aliased(Invoice)
    return (
        select(func.coalesce(func.sum(correction.total_cents), 0))
        .where(correction.refers_to_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )


def _in_treasury() -> Exists:
    return exists().where(TreasuryTitle.invoice_id == Invoice.id)


def _left() -> Case[int]:
    """The same as `InvoiceRow.left_cents`, asked of SQL."""
    owed_to_the_town = and_(Invoice.kind == InvoiceKind.INVOICE, ~_in_treasury())
    return case((owed_to_the_town, Invoice.total_cents - _paid() - _credited()), else_=0)


def _filtered(
    statement: Select[*tuple[Any, ...]], query: InvoiceQuery, context: Context
) -> Select[*tuple[Any, ...]]:
    statement = statement.join(Family, Family.id == Invoice.family_id)
    if query.invoice_id is not None:
        statement = statement.where(Invoice.id == query.invoice_id)
    if query.family_id is not None:
        statement = statement.where(Invoice.family_id == query.family_id)
    if query.regie_id is not None:
        statement = statement.where(Invoice.regie_id == query.regie_id)
    if query.start is not None:
        statement = statement.where(Invoice.period_end >= query.start)
    if query.end is not None:
        statement = statement.where(Invoice.period_start <= query.end)
    if query.text.strip():
        words = fold(query.text).split()
        typed = query.text.strip().upper()
        by_name = [Family.search_key.contains(word, autoescape=True) for word in words]
        statement = statement.where(
            func.upper(Invoice.label).startswith(typed, autoescape=True)
            | (Family.number == query.text.strip())
            | (and_(*by_name) if by_name else Invoice.label == typed)
        )
    if query.unpaid:
        statement = statement.where(_owed())
    if query.standing is not None:
        statement = statement.where(_stands(query.standing, paris_day(context.now)))
    return statement


def _owed() -> Any:
    return and_(Invoice.kind == InvoiceKind.INVOICE, _left() > 0)


def _stands(standing: Standing, today: date) -> Any:
    """The same as `InvoiceRow.standing`, asked of SQL."""
    match standing:
        case Standing.CREDIT_NOTE:
            return Invoice.kind == InvoiceKind.CREDIT_NOTE
        case Standing.TREASURY:
            return and_(Invoice.kind == InvoiceKind.INVOICE, _in_treasury())
        case Standing.PAID:
            return and_(Invoice.kind == InvoiceKind.INVOICE, ~_in_treasury(), _left() <= 0)
        case Standing.OVERDUE:
            return and_(_owed(), Invoice.due_on < today)
        case Standing.PARTLY_PAID:
            return and_(_owed(), Invoice.due_on >= today, _paid() != 0)
        case Standing.DUE:
            return and_(_owed(), Invoice.due_on >= today, _paid() == 0)


def _row(row: Row[Any]) -> InvoiceRow:
    invoice: Invoice = row[0]
    return InvoiceRow(
        invoice_id=invoice.id,
        number=invoice.label,
        kind=invoice.kind,
        family_id=invoice.family_id,
        family_number=row.number,
        family_label=row.family,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        total_cents=invoice.total_cents,
        paid_cents=int(row.paid),
        credited_cents=int(row.credited),
        in_treasury=bool(row.in_treasury),
    )


@needs(Permission.READ_BILLING)
def documents(session: Session, context: Context, invoice_ids: Sequence[int]) -> tuple[printed.Invoice, ...]:
    """All that each document prints, in the order asked, in two queries. Raises UserError for an unknown one."""
    origin = aliased(Invoice)
    found = {
        invoice.id: (invoice, label)
        for invoice, label in session.execute(
            select(Invoice, origin.label)
            .outerjoin(origin, origin.id == Invoice.refers_to_id)
            .where(Invoice.id.in_(invoice_ids))
        )
    }
    if len(found) < len(set(invoice_ids)):
        raise UserError("Cette facture n’existe pas : relancez la recherche.", code="invoice_unknown")
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in session.execute(
        select(InvoiceLine)
        .where(InvoiceLine.invoice_id.in_(invoice_ids))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    ).scalars():
        lines[line.invoice_id].append(line)
    return tuple(_document(*found[invoice_id], lines[invoice_id]) for invoice_id in invoice_ids)


@needs(Permission.READ_BILLING)
def pdf(session: Session, context: Context, invoice_ids: Sequence[int]) -> bytes:
    """One PDF of these documents, in the order asked, each beginning on its own page."""
    return printing.invoices_pdf(documents(session, context, invoice_ids))


@needs(Permission.READ_BILLING)
def export(session: Session, context: Context, command: ExportInvoices) -> tuple[Path, ...]:
    """Write the files and return their paths, the merged one last. Raises EnvironmentProblem when it cannot."""
    sheets = documents(session, context, command.invoice_ids)
    contents = [(f"{sheet.number}.pdf", printing.invoice_pdf(sheet)) for sheet in sheets]
    if command.merged and sheets:
        contents.append(("factures.pdf", printing.invoices_pdf(sheets)))
    return write_files(command.folder, contents)


def write_files(folder: Path, contents: Iterable[tuple[str, bytes]]) -> tuple[Path, ...]:
    """Write named files in a folder made if need be. Raises EnvironmentProblem when the disk refuses."""
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents:
            path = folder / name
            path.write_bytes(content)
            paths.append(path)
    except OSError as failure:
        raise EnvironmentProblem(
            f"Impossible d’écrire dans « {folder} » : vérifiez la place et les droits, puis réessayez.",
            code="disk",
        ) from failure
    return tuple(paths)


def _document(invoice: Invoice, refers_to: str | None, lines: Sequence[InvoiceLine]) -> printed.Invoice:
    sheet = invoice.printed
    name, *address = invoice.debtor.splitlines() or [""]
    head = sheet["letterhead"]
    return printed.Invoice(
        letterhead=Letterhead(**{**head, "address": tuple(head["address"])}),
        number=invoice.label,
        issued_on=invoice.issued_on,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        family_number=sheet["family_number"],
        debtor=PostalAddress(name, tuple(address)),
        lines=tuple(_grouped(lines)),
        total=invoice.total_cents,
        balance_due=sheet["balance_due"],
        due_on=invoice.due_on,
        kind="credit_note" if invoice.kind is InvoiceKind.CREDIT_NOTE else "invoice",
        refers_to=refers_to or "",
        previous_balance=sheet["previous_balance"],
        payments=sheet["payments"],
        payment_means=tuple(sheet["payment_means"]),
        payee=sheet["payee"],
        qr_payload=sheet["qr_payload"],
        notes=tuple(sheet["notes"]),
    )


def _grouped(lines: Sequence[InvoiceLine]) -> list[printed.InvoiceLine]:
    """One printed line per child, activity and unit price: quantities and amounts add up, days are listed."""
    ranked = sorted(lines, key=lambda line: (_heading(line), line.position))
    order = {_heading(line): rank for rank, line in reversed(list(enumerate(lines)))}
    groups = [list(group) for _, group in groupby(ranked, key=_heading)]
    groups.sort(key=lambda group: order[_heading(group[0])])
    return [_printed_line(group) for group in groups]


def _heading(line: InvoiceLine) -> tuple[str, str, str, int, int, date, str]:
    quotient = -1 if line.quotient_used is None else line.quotient_used
    return (
        line.child_name or "",
        line.activity_name or "",
        line.label,
        line.unit_cents,
        quotient,
        line.quotient_since or date.min,
        line.explanation,
    )


def _printed_line(group: Sequence[InvoiceLine]) -> printed.InvoiceLine:
    first = group[0]
    return printed.InvoiceLine(
        child=first.child_name or "",
        activity=first.activity_name or first.label,
        label=first.label,
        quantity=Decimal(sum(line.quantity for line in group)),
        unit_price=first.unit_cents,
        amount=sum(line.amount_cents for line in group),
        dates=list_days(sorted({line.date for line in group})),
        quotient=first.quotient_used,
        quotient_since=first.quotient_since,
        note=first.explanation,
    )


def list_days(days: Sequence[date]) -> str:
    """« 04, 11, 18/03 ; 01/04 »: days by month; the document's period gives the year."""
    months = groupby(days, key=lambda day: (day.year, day.month))
    return " ; ".join(
        ", ".join(f"{day.day:02d}" for day in group) + f"/{month:02d}" for (_, month), group in months
    )
