"""The lines of an issued invoice, each with why it costs what it costs."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.money import Charge, InvoiceLine
from guichet.rules.permissions import Permission
from guichet.rules.tariffs import tell
from guichet.services.balances import allocated
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class InvoiceLineRow:
    """A line as frozen on the document, in cents, with what payments gave to it; `story` says why, in sentences."""

    line_id: int
    child: str
    activity: str
    day: date
    label: str
    quantity: int
    unit_cents: int
    amount_cents: int
    paid_cents: int
    quotient: int | None
    quotient_since: date | None
    story: tuple[str, ...]


@needs(Permission.READ_BILLING)
def of_invoice(session: Session, context: Context, invoice_id: int) -> tuple[InvoiceLineRow, ...]:
    """The lines of a document in the order they were copied, in one query."""
    rows = session.execute(
        select(InvoiceLine, Charge.trace, allocated(InvoiceLine.charge_id).label("paid"))
        .join(Charge, Charge.id == InvoiceLine.charge_id)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    )
    return tuple(
        InvoiceLineRow(
            line_id=line.id,
            child=line.child_name or "",
            activity=line.activity_name or "",
            day=line.date,
            label=line.label,
            quantity=line.quantity,
            unit_cents=line.unit_cents,
            amount_cents=line.amount_cents,
            paid_cents=int(paid),
            quotient=line.quotient_used,
            quotient_since=line.quotient_since,
            story=tell(trace, line.quantity, line.amount_cents),
        )
        for line, trace, paid in rows
    )
