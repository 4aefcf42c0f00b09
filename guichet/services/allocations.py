"""What a family owes, what its payments have left to give, and the rows that bring the two together."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from guichet.models.money import (
    Allocation,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Payment,
    TreasuryTitle,
)
from guichet.rules.allocation import Debt, Due, Share, allocate, natural_key, oldest_first
from guichet.services.balances import allocated

Account = tuple[int, int]
"""A family and a régie: a régie's money pays that régie's invoices and no other's."""


_BATCH = 5000
"""Accounts in one query: SQLite takes 32,766 parameters at most."""


@dataclass(frozen=True)
class Credit:
    """What a payment has left to give, in cents."""

    payment_id: int
    received_on: date
    number: str
    left: int


def open_debts(session: Session, accounts: Collection[Account]) -> dict[Account, list[Debt]]:
    """Invoices still owed by each account, oldest first, in one query.

    Credited invoices and those passed to the Trésor are left out: nothing is received here for them any more.
    """
    found: dict[Account, dict[tuple[date, str], list[Due]]] = defaultdict(lambda: defaultdict(list))
    for row in session.execute(_owed_lines(), {"accounts": list(accounts)}):
        if row.left:
            dues = found[row.family_id, row.regie_id][row.issued_on, row.label]
            dues.append(Due(row.charge_id, row.left))
    return {
        account: oldest_first(
            Debt(issued_on, label, tuple(dues)) for (issued_on, label), dues in invoices.items()
        )
        for account, invoices in found.items()
    }


@cache
def _owed_lines() -> Select[*tuple[Any, ...]]:
    note, credited = aliased(Invoice), aliased(InvoiceLine)
    is_credited = (
        select(literal(1))
        .select_from(credited)
        .join(note, note.id == credited.invoice_id)
        .where(credited.charge_id == InvoiceLine.charge_id, note.kind == InvoiceKind.CREDIT_NOTE)
        .exists()
    )
    is_at_the_tresor = select(literal(1)).where(TreasuryTitle.invoice_id == Invoice.id).exists()
    return (
        select(
            Invoice.family_id,
            Invoice.regie_id,
            Invoice.issued_on,
            Invoice.label,
            InvoiceLine.charge_id,
            (InvoiceLine.amount_cents - allocated(InvoiceLine.charge_id)).label("left"),
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.kind == InvoiceKind.INVOICE,
            tuple_(Invoice.family_id, Invoice.regie_id).in_(bindparam("accounts", expanding=True)),
            ~is_credited,
            ~is_at_the_tresor,
        )
        .order_by(Invoice.id, InvoiceLine.position)
    )


def write_shares(session: Session, payment_id: int, shares: Sequence[Share]) -> None:
    """Write what a payment gives to each charge; the caller holds the account's lock and has checked the amounts."""
    rows = [
        {"payment_id": payment_id, "charge_id": share.charge_id, "amount_cents": share.amount}
        for share in shares
        if share.amount
    ]
    if rows:
        session.execute(insert(Allocation), rows)


def credits_of(session: Session, accounts: Collection[Account]) -> dict[Account, list[Credit]]:
    """Payments of each account with something left to give, oldest first.

    Together they give no more than the account's net credit: money since given back is not spent twice.
    """
    left: dict[Account, int] = defaultdict(int)
    givers: dict[Account, list[Credit]] = defaultdict(list)
    for row in session.execute(_unspent(), {"accounts": list(accounts)}):
        account = (row.family_id, row.regie_id)
        left[account] += row.left
        if row.left > 0:
            givers[account].append(Credit(row.id, row.received_on, row.label, row.left))
    return {
        account: _within(
            left[account], sorted(some, key=lambda one: (one.received_on, natural_key(one.number)))
        )
        for account, some in givers.items()
        if left[account] > 0
    }


@cache
def _unspent() -> Select[*tuple[Any, ...]]:
    given = (
        select(func.coalesce(func.sum(Allocation.amount_cents), 0))
        .where(Allocation.payment_id == Payment.id)
        .scalar_subquery()
    )
    return select(
        Payment.id,
        Payment.family_id,
        Payment.regie_id,
        Payment.received_on,
        Payment.label,
        (Payment.amount_cents - given).label("left"),
    ).where(
        tuple_(Payment.family_id, Payment.regie_id).in_(bindparam("accounts", expanding=True)),
        Payment.amount_cents != given,
    )


def _within(limit: int, givers: list[Credit]) -> list[Credit]:
    kept = []
    for giver in givers:
        left = min(giver.left, limit)
        if left:
            kept.append(Credit(giver.payment_id, giver.received_on, giver.number, left))
        limit -= left
    return kept


def allocate_credits(session: Session, accounts: Sequence[Account]) -> int:
    """Spend what earlier payments have left on the invoices still owed, oldest on oldest; returns the cents spent.

    The payments keep their day. The caller holds the billing or the accounts' lock.
    """
    batches = (accounts[start : start + _BATCH] for start in range(0, len(accounts), _BATCH))
    return sum(_allocate_credits(session, batch) for batch in batches)


def _allocate_credits(session: Session, accounts: Sequence[Account]) -> int:
    givers = credits_of(session, accounts)
    debts = open_debts(session, givers.keys()) if givers else {}
    spent = 0
    for account, some in givers.items():
        owed = debts.get(account, [])
        for giver in some:
            shares = allocate(giver.left, owed)
            write_shares(session, giver.payment_id, shares)
            owed = _less(owed, shares)
            spent += sum(share.amount for share in shares)
    return spent


def _less(debts: Sequence[Debt], shares: Sequence[Share]) -> list[Debt]:
    """The debts once the shares are paid."""
    paid = {share.charge_id: share.amount for share in shares}
    rest = []
    for debt in debts:
        dues = (Due(due.charge_id, due.left - paid.get(due.charge_id, 0)) for due in debt.dues)
        rest.append(Debt(debt.dated, debt.number, tuple(due for due in dues if due.left)))
    return rest
