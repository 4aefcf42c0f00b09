"""What issuing invoices would bill: charges of some days that are on no document yet, by family and régie."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    Select,
    func,
    select,
)

from guichet.models.money import Charge
from guichet.models.people import Family
from guichet.services.balances import allocated, is_on_a_document


@dataclass(frozen=True)
class Held:
    """A family that a run leaves out, and why: its charges wait for the next one."""

    family_id: int
    reason: str


def to_bill(
    start: date, end: date, regie_ids: Sequence[int] = (), held: Sequence[Held] = ()
) -> Select[*tuple[Any, ...]]:
    """One row per invoice that issuing would make: family, régie, lines, total, what was paid beforehand.

    In the order of the numbers they will take: régie, then family by name. The families held out have none.
    """
    return (
        amounts_to_bill(start, end, regie_ids)
        .add_columns(func.sum(allocated(Charge.id)).label("paid_cents"))
        .join(Family, Family.id == Charge.family_id)
        .where(Charge.family_id.not_in([one.family_id for one in held]))
        .group_by(Family.sort_key)
        .order_by(Charge.regie_id, Family.sort_key, Charge.family_id)
    )


def amounts_to_bill(start: date, end: date, regie_ids: Sequence[int] = ()) -> Select[*tuple[Any, ...]]:
    """The same rows without what was paid, nor any order: family, régie, lines, total."""
    return (
        select(
            Charge.family_id,
            Charge.regie_id,
            func.count().label("lines"),
            func.sum(Charge.amount_cents).label("total_cents"),
        )
        .where(*charges_to_bill(start, end, regie_ids))
        .group_by(Charge.family_id, Charge.regie_id)
        .having(func.sum(Charge.amount_cents) > 0)
    )


def charges_to_bill(start: date, end: date, regie_ids: Sequence[int]) -> list[Any]:
    """What makes a charge one that issuing these days would bill."""
    conditions = [
        Charge.date.between(start, end),
        Charge.regie_id.is_not(None),
        ~is_on_a_document(Charge.id),
    ]
    return [*conditions, Charge.regie_id.in_(regie_ids)] if regie_ids else conditions
