"""What the billing screens read: the régies, and a draft family by family beside the month before."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Integer, Select, func, select
from sqlalchemy.orm import Session

from guichet.models.money import Invoice, InvoiceKind, PaymentMode, Regie
from guichet.models.people import Family
from guichet.rules.permissions import Permission
from guichet.services.invoices import to_bill
from guichet.services.paging import Page, PageQuery
from guichet.services.payment_modes import MODE_LABELS
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class RegieView:
    """A régie and the means of payment of its founding act, each with its French name."""

    regie_id: int
    name: str
    series: str
    collects: bool
    modes: tuple[tuple[PaymentMode, str], ...]


@dataclass(frozen=True)
class PreviewQuery(PageQuery):
    """The invoices that issuing these days would make, by family name; both days included."""

    start: date = date.min
    end: date = date.max
    regie_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class PreviewRow:
    """An invoice to be: cents, and what the same family and régie were invoiced for the month before (None: nothing)."""

    family_id: int
    family_number: str
    family_label: str
    regie: str
    lines: int
    total_cents: int
    paid_cents: int
    before_cents: int | None


@needs(Permission.READ_BILLING)
def regies(session: Session, context: Context, query: None = None) -> tuple[RegieView, ...]:
    """Every régie, by name."""
    rows = session.execute(select(Regie).order_by(Regie.name, Regie.id)).scalars()
    return tuple(
        RegieView(
            row.id,
            row.name,
            row.series,
            row.collects,
            tuple((PaymentMode(mode), MODE_LABELS[PaymentMode(mode)]) for mode in row.modes),
        )
        for row in rows
    )


@needs(Permission.READ_BILLING)
def preview(session: Session, context: Context, query: PreviewQuery) -> Page[PreviewRow]:
    """The invoices to be, as the last pricing left the charges, paged in SQL: two queries."""
    drafted = to_bill(query.start, query.end, query.regie_ids).subquery()
    total = session.execute(select(func.count()).select_from(drafted)).scalar_one()
    before = _invoiced_before(query.start).subquery()
    statement = (
        select(
            drafted,
            Family.number.label("number"),
            Family.label.label("family"),
            Regie.name.label("regie"),
            before.c.total.label("before"),
        )
        .join(Family, Family.id == drafted.c.family_id)
        .join(Regie, Regie.id == drafted.c.regie_id)
        .outerjoin(
            before, (before.c.family_id == drafted.c.family_id) & (before.c.regie_id == drafted.c.regie_id)
        )
    )
    order = {
        "total": drafted.c.total_cents,
        "lines": drafted.c.lines,
        "regie": Regie.name,
    }.get(query.sort, Family.sort_key)
    rows = session.execute(
        statement.order_by(order.desc() if query.descending else order, Family.sort_key, drafted.c.regie_id)
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(
        tuple(
            PreviewRow(
                family_id=row.family_id,
                family_number=row.number,
                family_label=row.family,
                regie=row.regie,
                lines=row.lines,
                total_cents=row.total_cents,
                paid_cents=row.paid_cents,
                before_cents=None if row.before is None else int(row.before),
            )
            for row in rows
        ),
        total,
        query.offset,
    )


def _invoiced_before(start: date) -> Select[int, int, int]:
    """What each family and régie were invoiced for periods that end in the month before `start`."""
    last = start.replace(day=1) - timedelta(days=1)
    return (
        select(
            Invoice.family_id,
            Invoice.regie_id,
            func.sum(Invoice.total_cents).cast(Integer).label("total"),
        )
        .where(Invoice.kind == InvoiceKind.INVOICE, Invoice.period_end.between(last.replace(day=1), last))
        .group_by(Invoice.family_id, Invoice.regie_id)
    )
