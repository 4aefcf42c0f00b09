"""How a payment is shared between what a family owes (domain.md §7)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from guichet.rules.money import share_largest_remainder


@dataclass(frozen=True)
class Due:
    """What is left to pay of one charge, in cents; negative for a reduction not yet set against anything."""

    charge_id: int
    left: int


@dataclass(frozen=True)
class Debt:
    """A document still owed, charges in the order of its lines; a charge not invoiced stands alone."""

    dated: date
    number: str
    dues: tuple[Due, ...] = field(default=())

    @property
    def left(self) -> int:
        """What is left to pay of the whole document, reductions deducted."""
        return sum(due.left for due in self.dues)


@dataclass(frozen=True)
class Share:
    """Cents of a payment given to one charge."""

    charge_id: int
    amount: int


def natural_key(number: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key of a document number in which AL-9 comes before AL-10."""
    pieces = re.findall(r"\d+|\D+", number)
    return tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces)


def oldest_first(debts: Iterable[Debt]) -> list[Debt]:
    """Debts by date, equal dates by document number."""
    return sorted(debts, key=lambda debt: (debt.dated, natural_key(debt.number)))


def share_document(amount: int, dues: Sequence[Due]) -> list[Share]:
    """Share `amount` cents between the charges of one document, pro rata to what is left of each.

    Largest remainder, ties to the earlier line, never more than what is left of a charge. Reductions
    (negative charges) are settled first and whole: what they free is shared with the rest.
    Raises ValueError when the amount is negative or more than the document is owed.
    """
    reductions = [Share(due.charge_id, due.left) for due in dues if due.left < 0]
    owed = [due for due in dues if due.left > 0]
    left = sum(due.left for due in dues)
    if amount < 0 or amount > max(left, 0):
        raise ValueError("a document takes no more than what is left to pay")
    if amount == 0:
        return []
    freed = -sum(share.amount for share in reductions)
    parts = share_largest_remainder(amount + freed, [due.left for due in owed])
    return reductions + [Share(due.charge_id, part) for due, part in zip(owed, parts, strict=True) if part]


def allocate(amount: int, debts: Sequence[Debt]) -> list[Share]:
    """Spend `amount` cents on the debts in the order given, each in full before the next.

    What is left when all is paid stays unallocated: it is the family's credit (see `credit_left`).
    """
    shares: list[Share] = []
    remaining = amount
    for debt in debts:
        taken = min(remaining, max(debt.left, 0))
        shares += share_document(taken, debt.dues)
        remaining -= taken
    return shares


def credit_left(amount: int, shares: Iterable[Share]) -> int:
    """Part of a payment that no charge took."""
    return amount - sum(share.amount for share in shares)
