"""Fiscal attestation for child care (CGI art. 200 quater B, domain.md §8): who is covered, what counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

AGE_LIMIT = 6


def is_eligible(birth_date: date, year: int, *, include_first_january: bool = True) -> bool:
    """Whether a child is under 6 on 1 January of the income year.

    A child born on 1 January of (year − 6) is 6 that very day: `include_first_january`, a setting, decides.
    """
    limit = date(year - AGE_LIMIT, 1, 1)
    return birth_date > limit or (include_first_january and birth_date == limit)


def eligible_part(eligible: int, allocated: int, charge: int) -> int:
    """Cents that count out of `allocated`, paid on a charge of `charge` cents of which `eligible` count.

    Half-up to the cent; a fully paid charge gives exactly its eligible part, a charge of zero nothing.
    """
    if charge == 0:
        return 0
    numerator, denominator = eligible * allocated, charge
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    half_up = (2 * abs(numerator) + denominator) // (2 * denominator)
    return half_up if numerator >= 0 else -half_up


@dataclass(frozen=True)
class Paid:
    """What one payment gave to one charge, counter-rows deducted; `order` ranks payments of the same day."""

    charge_id: int
    received_on: date
    order: int
    amount: int
    charge_amount: int
    eligible_amount: int


@dataclass(frozen=True)
class Counted:
    """A payment's share of a charge with the part of it that an attestation counts, in cents."""

    paid: Paid
    eligible: int

    @property
    def excluded(self) -> int:
        """What was paid and does not count: meals, penalties, surcharges."""
        return self.paid.amount - self.eligible


def count_eligible(movements: Iterable[Paid]) -> list[Counted]:
    """Part of each payment that counts: eligible part of all paid so far less what was already counted.

    Charge by charge, payments are taken by the day they were received: the result depends on the facts, not
    on the order in which a clerk recorded them; the parts of a paid charge add up to its eligible amount.
    """
    counted = []
    so_far: dict[int, int] = {}
    for paid in sorted(movements, key=lambda paid: (paid.charge_id, paid.received_on, paid.order)):
        before = so_far.get(paid.charge_id, 0)
        after = before + paid.amount
        so_far[paid.charge_id] = after
        gained = eligible_part(paid.eligible_amount, after, paid.charge_amount) - eligible_part(
            paid.eligible_amount, before, paid.charge_amount
        )
        counted.append(Counted(paid, gained))
    return counted
