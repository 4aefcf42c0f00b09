"""Places left, and why; doubles of a child (domain.md §9, model.md « Offer », « Enrolments and bookings »)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True)
class PoolCount:
    """What is counted of one capacity pool; `size` None means no limit. `ahead` are those waiting before the one who asks."""

    pool_id: int
    size: int | None
    booked: int = 0
    held: int = 0
    ahead: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        if (self.size is not None and self.size < 0) or min(self.booked, self.held, self.ahead) < 0:
            raise ValueError("a capacity counts from zero")


@dataclass(frozen=True, slots=True)
class PlacesLeft:
    """Places left for a booking that consumes one place of every pool of its slot; `left` None means no limit.

    `left` never falls under zero; `surplus` says by how many the tightest pool is overfull.
    """

    left: int | None
    surplus: int
    why: str

    @property
    def is_free(self) -> bool:
        return self.left is None or self.left > 0


UNLIMITED = PlacesLeft(None, 0, "capacité non limitée")


def places_left(pools: Sequence[PoolCount]) -> PlacesLeft:
    """size − booked − held offers − waiting ahead, in the tightest of the pools, with the reckoning in French."""
    limited = [
        (pool.size - pool.booked - pool.held - pool.ahead, pool) for pool in pools if pool.size is not None
    ]
    if not limited:
        return UNLIMITED
    balance, pool = min(limited, key=lambda pair: (pair[0], pair[1].pool_id))
    return PlacesLeft(max(balance, 0), max(-balance, 0), _reckoning(pool))


def _reckoning(pool: PoolCount) -> str:
    parts = [f"capacité {pool.size}", f"{pool.booked} {_plural('réservé', pool.booked)}"]
    if pool.held:
        parts.append(f"{pool.held} {_plural('offre', pool.held)} en cours")
    if pool.ahead:
        parts.append(f"{pool.ahead} en attente avant")
    prefix = f"{pool.label} : " if pool.label else ""
    return prefix + ", ".join(parts)


def _plural(word: str, count: int) -> str:
    return f"{word}s" if count > 1 else word


@dataclass(frozen=True, slots=True)
class LiveBooking:
    """A booking of the child that counts (booked or waiting), whichever family made it."""

    booking_id: int
    family_id: int
    slot_id: int
    day: date
    start: time | None = None
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Double:
    """What the child already has at that moment: the same slot, or one that excludes it."""

    booking: LiveBooking
    same_slot: bool


def find_doubles(
    slot_id: int,
    day: date,
    start: time | None,
    existing: Iterable[LiveBooking],
    exclusive: Mapping[int, frozenset[int]],
) -> tuple[Double, ...]:
    """The child's live bookings that bar another one: same slot, date and start, or a slot exclusive with it that day.

    `exclusive` may be entered in one direction only: both are looked at. Hourly slots double only at the same start.
    """
    barred = exclusive.get(slot_id, frozenset())
    found = []
    for booking in existing:
        if booking.day != day:
            continue
        if booking.slot_id == slot_id:
            if booking.start == start:
                found.append(Double(booking, same_slot=True))
        elif booking.slot_id in barred or slot_id in exclusive.get(booking.slot_id, frozenset()):
            found.append(Double(booking, same_slot=False))
    return tuple(found)
