"""What is still due on invoices, and what is past its date."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import (
    Allocation,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    TreasuryTitle,
)


def _due_on_invoices() -> Select[int, int]:
    """(family_id, cents) still due on each invoice not passed to the Trésor: its total less what paid its charges and
    what credit notes took off. Grouped by invoice.
    """
    correction = aliased(Invoice)
    credited = (
        select(func.coalesce(func.sum(correction.total_cents), 0))
        .where(correction.refers_to_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )
    paid = func.coalesce(func.sum(Allocation.amount_cents), 0)
    return (
        select(Invoice.family_id, (Invoice.total_cents - paid - credited).label("due"))
        .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .outerjoin(Allocation, Allocation.charge_id == InvoiceLine.charge_id)
        .where(Invoice.kind == InvoiceKind.INVOICE, ~exists().where(TreasuryTitle.invoice_id == Invoice.id))
        .group_by(Invoice.id)
    )


# Built once: composing it costs more than running it, and every decision asks.
_OVERDUE = _due_on_invoices().where(
    Invoice.family_id.in_(bindparam("families", expanding=True)), Invoice.due_on < bindparam("today")
)


def overdue(session: Session, family_ids: Collection[int], today: date) -> dict[int, int]:
    """Cents still due on each family's invoices past their due date, passed to the Trésor left out."""
    rows = session.execute(_OVERDUE, {"families": list(family_ids), "today": today})
    found: dict[int, int] = defaultdict(int)
    for family_id, due in rows:
        found[family_id] += max(due, 0)
    return {family_id: due for family_id, due in found.items() if due}
