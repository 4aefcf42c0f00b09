"""The two balances of a family, never confused: what was invoiced, and what was consumed (model.md)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    ScalarSelect,
    Select,
    case,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from guichet.models.money import (
    Allocation,
    Charge,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Payment,
    TreasuryTitle,
)

SIGN = case((Invoice.kind == InvoiceKind.CREDIT_NOTE, -1), else_=1)
"""How a document counts on the account: an invoice adds to what is owed, a credit note takes off."""


@dataclass(frozen=True)
class Balances:
    """Cents owed by a family (negative: in its favour).

    `account` = invoices − credit notes − payments − titles passed to the Trésor; `uninvoiced` is what was priced and
    not invoiced yet; `with_uninvoiced` their sum, which is charges − payments.
    """

    account: int
    uninvoiced: int

    @property
    def with_uninvoiced(self) -> int:
        """All that was consumed, less what was paid."""
        return self.account + self.uninvoiced


def operations() -> CompoundSelect[int, int, date, int]:
    """Every document that moves an account: (family_id, regie_id, dated, cents), positive when the family owes more."""
    return union_all(
        select(
            Invoice.family_id,
            Invoice.regie_id,
            Invoice.issued_on.label("dated"),
            (SIGN * Invoice.total_cents).label("cents"),
        ),
        select(Payment.family_id, Payment.regie_id, Payment.received_on, -Payment.amount_cents),
        select(
            Invoice.family_id, Invoice.regie_id, TreasuryTitle.issued_on, -TreasuryTitle.amount_cents
        ).join(Invoice, Invoice.id == TreasuryTitle.invoice_id),
    )


def uninvoiced_charges() -> Select[int, int]:
    """(family_id, cents) of every charge that no document carries."""
    return select(Charge.family_id, Charge.amount_cents.label("cents")).where(~is_on_a_document(Charge.id))


def is_on_a_document(charge_id: Any) -> Any:
    """Whether an invoice, even credited since, carries the charge: it is then never invoiced again."""
    return select(literal(1)).where(InvoiceLine.charge_id == charge_id).exists()


def allocated(charge_id: Any) -> ScalarSelect[Any]:
    """Cents that payments gave to a charge, counter-rows deducted."""
    return (
        select(func.coalesce(func.sum(Allocation.amount_cents), 0))
        .where(Allocation.charge_id == charge_id)
        .scalar_subquery()
    )


def balances(session: Session, family_ids: Collection[int] | None = None) -> dict[int, Balances]:
    """Both balances of each family that has any, in two queries. `family_ids` None: every family."""
    account = _sums(session, operations(), family_ids)
    uninvoiced = _sums(session, uninvoiced_charges(), family_ids)
    return {
        family_id: Balances(account.get(family_id, 0), uninvoiced.get(family_id, 0))
        for family_id in account.keys() | uninvoiced.keys()
    }


def family_balances(session: Session, family_id: int) -> Balances:
    """Both balances of one family; zero for a family without any document."""
    return balances(session, [family_id]).get(family_id, Balances(0, 0))


def owed_by_regie(session: Session, family_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """What each family owes each régie for its documents so far, free credit deducted (negative: credit only).

    Money that already pays what is not invoiced yet is neither owed nor free: it is left out.
    """
    kept = (
        select(Payment.family_id, Payment.regie_id, Payment.received_on, Allocation.amount_cents)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Charge, Charge.id == Allocation.charge_id)
        .where(~is_on_a_document(Charge.id))
    )
    moves = union_all(*operations().selects, kept).subquery()
    statement = (
        select(moves.c.family_id, moves.c.regie_id, func.sum(moves.c.cents).label("cents"))
        .where(moves.c.family_id.in_(family_ids))
        .group_by(moves.c.family_id, moves.c.regie_id)
    )
    return {(row.family_id, row.regie_id): int(row.cents) for row in session.execute(statement)}


def _sums(
    session: Session,
    moves: CompoundSelect[*tuple[Any, ...]] | Select[*tuple[Any, ...]],
    family_ids: Collection[int] | None,
) -> dict[int, int]:
    rows = moves.subquery()
    statement = select(rows.c.family_id, func.sum(rows.c.cents).label("cents")).group_by(rows.c.family_id)
    if family_ids is not None:
        statement = statement.where(rows.c.family_id.in_(family_ids))
    return {row.family_id: int(row.cents) for row in session.execute(statement)}
