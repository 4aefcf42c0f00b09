"""A payment in full: what it paid, line by line, and whether it can still be cancelled."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import (
    Allocation,
    Charge,
    Deposit,
    DepositPayment,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Payment,
    Regie,
)
from guichet.models.offer import Activity
from guichet.models.people import Family, Person
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class AllocationRow:
    """Cents of a payment that pay a charge; negative where an earlier share was taken back."""

    allocation_id: int
    invoice_id: int | None
    invoice: str
    child: str
    activity: str
    day: date
    label: str
    amount_cents: int


@dataclass(frozen=True)
class PaymentDetail:
    """A payment with its allocations, in cents. `credit_cents` is what pays nothing yet; `deposit` names its remittance.

    `cancels` and `cancelled_by` are the numbers of the other side of a cancellation.
    """

    payment_id: int
    number: str
    family_id: int
    family_label: str
    payer_name: str
    regie: str
    mode_label: str
    received_on: date
    amount_cents: int
    reference: str
    note: str
    deposit: str
    cancels: str
    cancelled_by: str
    allocations: tuple[AllocationRow, ...]

    @property
    def credit_cents(self) -> int:
        """What is left of it on the account."""
        if self.cancels or self.cancelled_by:
            return 0
        return self.amount_cents - sum(row.amount_cents for row in self.allocations)

    @property
    def cancellable(self) -> bool:
        """Whether a contra-entry may still undo it: neither cancelled, a contra-entry, nor handed to the bank."""
        return self.amount_cents > 0 and not (self.cancels or self.cancelled_by or self.deposit)


@needs(Permission.READ_BILLING)
def detail(session: Session, context: Context, payment_id: int) -> PaymentDetail:
    """A payment and what it paid, in two queries. Raises UserError for an unknown one."""
    undone, contra = aliased(Payment), aliased(Payment)
    row = session.execute(
        select(
            Payment,
            Family.label,
            Regie.name,
            undone.label.label("cancels"),
            contra.label.label("cancelled_by"),
            Deposit.name.label("deposit"),
        )
        .join(Family, Family.id == Payment.family_id)
        .join(Regie, Regie.id == Payment.regie_id)
        .outerjoin(undone, undone.id == Payment.cancels_id)
        .outerjoin(contra, contra.cancels_id == Payment.id)
        .outerjoin(DepositPayment, DepositPayment.payment_id == Payment.id)
        .outerjoin(Deposit, Deposit.id == DepositPayment.deposit_id)
        .where(Payment.id == payment_id)
    ).first()
    if row is None:
        raise UserError("Ce règlement n’existe pas : relancez la recherche.", code="payment_unknown")
    payment: Payment = row[0]
    return PaymentDetail(
        payment_id=payment.id,
        number=payment.label,
        family_id=payment.family_id,
        family_label=row.label,
        payer_name=payment.payer_name,
        regie=row.name,
        mode_label=payment.mode_label,
        received_on=payment.received_on,
        amount_cents=payment.amount_cents,
        reference=payment.reference or "",
        note=payment.note or "",
        deposit=row.deposit or "",
        cancels=row.cancels or "",
        cancelled_by=row.cancelled_by or "",
        allocations=_allocations(session, payment_id),
    )


def _allocations(session: Session, payment_id: int) -> tuple[AllocationRow, ...]:
    # A charge credited and billed again is on several documents: the payment is shown on the latest.
    invoice_id = (
        select(func.max(Invoice.id))
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(InvoiceLine.charge_id == Charge.id, Invoice.kind == InvoiceKind.INVOICE)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Allocation.id,
            Allocation.amount_cents,
            Invoice.id.label("invoice_id"),
            Invoice.label.label("invoice"),
            Person.first_name,
            Activity.name.label("activity"),
            Charge.date,
            Charge.label,
        )
        .join(Charge, Charge.id == Allocation.charge_id)
        .outerjoin(Invoice, Invoice.id == invoice_id)
        .outerjoin(Person, Person.id == Charge.child_id)
        .outerjoin(Activity, Activity.id == Charge.activity_id)
        .where(Allocation.payment_id == payment_id)
        .order_by(Charge.date, Allocation.id)
    )
    return tuple(
        AllocationRow(
            row.id,
            row.invoice_id,
            row.invoice or "",
            row.first_name or "",
            row.activity or "",
            row.date,
            row.label,
            row.amount_cents,
        )
        for row in rows
    )
