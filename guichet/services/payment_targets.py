"""What a payment pays: the agent's choice, else the oldest first (domain.md §7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.money import Charge, Invoice
from guichet.rules.allocation import Debt, Due, Share, allocate, share_document
from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.text import format_date
from guichet.services.allocations import Account, open_debts
from guichet.services.balances import allocated, is_on_a_document


@dataclass(frozen=True)
class Target:
    """What an agent chose to pay: an invoice, or a charge not invoiced yet; `amount` None pays all that it can."""

    invoice_id: int | None = None
    charge_id: int | None = None
    amount: int | None = None


def shares_of(session: Session, account: Account, amount: int, targets: Sequence[Target]) -> list[Share]:
    """How `amount` cents are shared: by the agent's choice when there is one, else the oldest invoices first.

    The caller holds the account's lock. Raises UserError for a target of another account, one that waits for no
    payment, one chosen twice, or one that owes less than it is given.
    """
    debts = open_debts(session, [account]).get(account, [])
    if not targets:
        return allocate(amount, debts)
    shares: list[Share] = []
    for target in targets:
        taken = sum(share.amount for share in shares)
        debt = _chosen(session, account, debts, target)
        paid = {share.charge_id for share in shares}
        if any(due.charge_id in paid for due in debt.dues):
            raise UserError(f"{debt.number} est choisi deux fois : gardez une seule ligne.", field="targets")
        wanted = min(debt.left, amount - taken) if target.amount is None else target.amount
        if wanted > debt.left or wanted > amount - taken or wanted < 0:
            raise UserError(
                f"{debt.number} : on ne peut y affecter que {format_euros(min(debt.left, amount - taken))}.",
                field="targets",
            )
        shares += share_document(wanted, debt.dues)
    return shares


def _chosen(session: Session, account: Account, debts: Sequence[Debt], target: Target) -> Debt:
    if target.invoice_id is not None:
        label = session.execute(
            select(Invoice.label).where(
                Invoice.id == target.invoice_id,
                Invoice.family_id == account[0],
                Invoice.regie_id == account[1],
            )
        ).scalar_one_or_none()
        if label is None:
            raise UserError("Cette facture n’est pas à ce compte : choisissez-en une autre.", field="targets")
        for debt in debts:
            if debt.number == label:
                return debt
        raise UserError(f"La facture {label} n’attend plus de règlement.", field="targets")
    if target.charge_id is not None:
        return _chosen_charge(session, account, target.charge_id)
    raise UserError("Choisissez une facture ou une prestation à régler.", field="targets")


def _chosen_charge(session: Session, account: Account, charge_id: int) -> Debt:
    row = session.execute(
        select(
            Charge.date,
            Charge.label,
            (Charge.amount_cents - allocated(Charge.id)).label("left"),
            is_on_a_document(Charge.id).label("invoiced"),
        ).where(
            Charge.id == charge_id,
            Charge.family_id == account[0],
            func.coalesce(Charge.regie_id, account[1]) == account[1],
        )
    ).first()
    if row is None:
        raise UserError("Cette prestation n’est pas à ce compte : choisissez-en une autre.", field="targets")
    if row.invoiced:
        raise UserError("Cette prestation est facturée : choisissez sa facture.", field="targets")
    return Debt(row.date, f"{row.label} du {format_date(row.date)}", (Due(charge_id, row.left),))
