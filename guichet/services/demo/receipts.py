"""A day's receipts at once: the same numbers, shares and rows as the payment service's, in a fixed number of queries.

Recording them one by one would take a minute for the town's winter.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from guichet.models.money import Allocation, Payment, PaymentMode, Regie
from guichet.rules.allocation import Debt, Due, Share, allocate
from guichet.rules.money import format_euros
from guichet.rules.typography import count
from guichet.services import journal, numbering
from guichet.services.allocations import Account, open_debts
from guichet.services.identities import holders
from guichet.services.payment_modes import MODE_LABELS
from guichet.services.transaction import Context


@dataclass(frozen=True)
class Receipt:
    """Money a family brings; `shares` says what it pays, else the oldest invoices first."""

    family_id: int
    mode: PaymentMode
    cents: int
    shares: tuple[Share, ...] = ()


def record_receipts(
    session: Session, context: Context, regie_code: str, day: date, receipts: Sequence[Receipt]
) -> int:
    """Number the receipts of one day in the order given, allocate them, and return how many there were."""
    regie = session.execute(select(Regie).where(Regie.code == regie_code).with_for_update()).scalar_one()
    families = {receipt.family_id for receipt in receipts}
    payers = holders(session, families)
    debts = open_debts(session, [(family_id, regie.id) for family_id in sorted(families)])
    first = numbering.take(session, regie.series, "payment", len(receipts))
    rows = [
        {
            "regie_id": regie.id,
            "series": regie.series,
            "number": number,
            "label": numbering.document_label(regie.series, number),
            "family_id": receipt.family_id,
            "payer_id": payers[receipt.family_id].payer_id,
            "payer_name": payers[receipt.family_id].address.name,
            "mode": receipt.mode,
            "mode_label": MODE_LABELS[receipt.mode],
            "received_on": day,
            "amount_cents": receipt.cents,
        }
        for number, receipt in enumerate(receipts, start=first)
    ]
    ids = session.scalars(insert(Payment).returning(Payment.id, sort_by_parameter_order=True), rows).all()
    allocations = [
        {"payment_id": payment_id, "charge_id": share.charge_id, "amount_cents": share.amount}
        for payment_id, receipt in zip(ids, receipts, strict=True)
        for share in _shares(receipt, (receipt.family_id, regie.id), debts)
    ]
    if allocations:
        session.execute(insert(Allocation), allocations)
    total = sum(receipt.cents for receipt in receipts)
    journal.record(
        session,
        context,
        action="payment.record",
        subject=("payment", None),
        summary=f"{count(len(receipts), 'règlement')} à partir de {rows[0]['label']} : {format_euros(total)}",
        detail={"payments": list(ids)},
    )
    return len(receipts)


def _shares(receipt: Receipt, account: Account, debts: dict[Account, list[Debt]]) -> list[Share]:
    """What a receipt pays; what it pays is no longer owed to the next one of the day."""
    if receipt.shares:
        return list(receipt.shares)
    shares = allocate(receipt.cents, debts.get(account, []))
    given: dict[int, int] = defaultdict(int)
    for share in shares:
        given[share.charge_id] += share.amount
    debts[account] = [
        Debt(
            debt.dated,
            debt.number,
            tuple(Due(due.charge_id, due.left - given[due.charge_id]) for due in debt.dues),
        )
        for debt in debts.get(account, [])
    ]
    return shares
