"""A family's charges of some days, each with why it costs what it costs."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.money import Charge, Day, Invoice, InvoiceKind, InvoiceLine
from guichet.models.offer import Activity
from guichet.models.people import Person
from guichet.rules.permissions import Permission
from guichet.rules.tariffs import tell
from guichet.services.balances import allocated, is_on_a_document
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class ChargeQuery(PageQuery):
    """Charges of a family between two days, both included; `uninvoiced` leaves out what a document carries."""

    family_id: int = 0
    start: date = date.min
    end: date = date.max
    regie_id: int | None = None
    uninvoiced: bool = False


@dataclass(frozen=True)
class ChargeRow:
    """A charge: cents, what was paid of it, its invoice's number (empty: none yet), its price in one sentence and,
    as `story`, in as many as it takes.
    """

    charge_id: int
    child: str
    activity: str
    date: date
    label: str
    quantity: int
    unit_cents: int
    amount_cents: int
    paid_cents: int
    quotient: int | None
    quotient_since: Day | None
    invoice: str
    explanation: str
    story: tuple[str, ...]


@needs(Permission.READ_BILLING)
def search(session: Session, context: Context, query: ChargeQuery) -> Page[ChargeRow]:
    """Charges by child, activity and day, paged in SQL: two queries."""
    invoice = (
        select(func.max(Invoice.label))
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(InvoiceLine.charge_id == Charge.id, Invoice.kind == InvoiceKind.INVOICE)
        .scalar_subquery()
    )
    statement = (
        select(
            Charge,
            Person.first_name,
            Activity.name.label("activity"),
            invoice.label("invoice"),
            allocated(Charge.id).label("paid"),
        )
        .outerjoin(Person, Person.id == Charge.child_id)
        .outerjoin(Activity, Activity.id == Charge.activity_id)
        .where(Charge.family_id == query.family_id, Charge.date.between(query.start, query.end))
    )
    if query.regie_id is not None:
        statement = statement.where(Charge.regie_id == query.regie_id)
    if query.uninvoiced:
        statement = statement.where(~is_on_a_document(Charge.id))
    total = session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    rows = session.execute(
        statement.order_by(Person.sort_key, Charge.child_id, Activity.name, Charge.date, Charge.id)
        .limit(query.size)
        .offset(query.offset)
    )
    found = []
    for charge, first_name, activity, label, paid in rows:
        quotient = charge.trace.get("quotient") or {}
        found.append(
            ChargeRow(
                charge_id=charge.id,
                child=first_name or "",
                activity=activity or "",
                date=charge.date,
                label=charge.label,
                quantity=charge.quantity,
                unit_cents=charge.unit_cents,
                amount_cents=charge.amount_cents,
                paid_cents=int(paid),
                quotient=quotient.get("value"),
                quotient_since=date.fromisoformat(quotient["since"]) if quotient.get("since") else None,
                invoice=label or "",
                explanation=charge.trace.get("sentence", ""),
                story=tell(charge.trace, charge.quantity, charge.amount_cents),
            )
        )
    return Page(tuple(found), total, query.offset)
