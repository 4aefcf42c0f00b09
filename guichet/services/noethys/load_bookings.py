"""Writing enrolments and bookings, and marking the days that came in overfull."""

from collections.abc import Iterable, Iterator
from datetime import date, time
from itertools import islice
from typing import Any

from sqlalchemy import and_, func, select, update

from guichet.models.bookings import Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.offer import CapacityPool, PoolDay, PoolSlot
from guichet.rules.text import format_date
from guichet.services.noethys.drafts import Draft
from guichet.services.noethys.load import CHUNK, Loader
from guichet.services.noethys.map_bookings import BookingValue, Enrolments, EnrolmentValue
from guichet.services.noethys.report import OverfullDay
from guichet.services.places import DRAWS_ON_POOL


def load_enrolments(loader: Loader, enrolments: Enrolments) -> None:
    """Enrolments; one that overlaps another of the same child, family and activity already here is made one with it."""
    present: dict[tuple[int, int, int], list[tuple[int, date, date]]] = {}
    statement = select(
        Enrolment.id,
        Enrolment.child_id,
        Enrolment.family_id,
        Enrolment.activity_id,
        Enrolment.starts_on,
        Enrolment.ends_on,
    ).where(Enrolment.state != EnrolmentState.CANCELLED)
    for row_id, child, family, activity, starts_on, ends_on in loader.session.execute(statement):
        present.setdefault((child, family, activity), []).append((row_id, starts_on, ends_on))
    fresh = []
    for value in enrolments.values.values():
        same = None if loader.known("inscriptions", value.key) else _same(loader, value, present)
        if same is None:
            fresh.append(_enrolment_draft(value))
        else:
            loader.adopt("inscriptions", value.key, same, value.digest)
            loader.tally.note(
                "inscriptions", value.key, "chevauche une inscription de Guichet : réunie avec elle"
            )
    loader.add(Enrolment, fresh)
    loader.merge(enrolments.merged)


def _same(
    loader: Loader, value: EnrolmentValue, present: dict[tuple[int, int, int], list[tuple[int, date, date]]]
) -> int | None:
    if value.state is EnrolmentState.CANCELLED:
        return None
    who = (
        loader.row_id("individus", value.child),
        loader.row_id("familles", value.family),
        loader.row_id("activites", value.activity),
    )
    for row_id, starts_on, ends_on in present.get(who, []):
        if starts_on <= value.ends_on and value.starts_on <= ends_on:
            return row_id
    return None


def _enrolment_draft(value: EnrolmentValue) -> Draft:
    return Draft(
        "inscriptions",
        value.key,
        {
            "starts_on": value.starts_on,
            "ends_on": value.ends_on,
            "state": value.state,
            "tariff_category": value.category,
        },
        {
            "child_id": ("individus", value.child),
            "family_id": ("familles", value.family),
            "activity_id": ("activites", value.activity),
            "group_id": ("groupes", value.group) if value.group else None,
        },
        value.digest,
    )


def load_bookings(loader: Loader, values: Iterator[BookingValue], total: int) -> dict[str, str]:
    """Bookings, a chunk at a time; returns what bills each: booking key → charge key."""
    live = _live(loader)
    billed: dict[str, str] = {}
    while chunk := list(islice(values, CHUNK)):
        loader.add(Booking, [_booking_draft(value) for value in chunk if not _is_taken(loader, value, live)])
        billed.update({value.key: value.charge for value in chunk if value.charge is not None})
        loader.progress("Consommations", loader.tally.imported["consommations"], total)
    return billed


def _live(loader: Loader) -> set[tuple[int, int, date, time]]:
    """What the children of the base already have."""
    statement = select(Booking.child_id, Booking.slot_id, Booking.date, Booking.starts_at).where(
        Booking.state != BookingState.CANCELLED
    )
    return set(loader.session.execute(statement))


def _is_taken(loader: Loader, value: BookingValue, live: set[tuple[int, int, date, time]]) -> bool:
    if value.state is BookingState.CANCELLED or loader.known("consommations", value.key):
        return False
    child = loader.row_id("individus", value.enrolment.child)
    if (child, loader.row_id("unites", value.slot), value.day, value.starts_at) not in live:
        return False
    loader.tally.leave_out("consommations", value.key, "l’enfant a déjà cette unité ce jour-là dans Guichet")
    return True


def _booking_draft(value: BookingValue) -> Draft:
    enrolment = value.enrolment
    columns: dict[str, Any] = {
        "date": value.day,
        "starts_at": value.starts_at,
        "ends_at": value.ends_at,
        "quantity": value.quantity,
        "state": value.state,
        "attendance": value.attendance,
        "requested_at": value.requested_at,
        "arrived_at": value.arrived_at,
        "left_at": value.left_at,
        "note": value.note,
    }
    refs = {
        "enrolment_id": ("inscriptions", enrolment.key),
        "child_id": ("individus", enrolment.child),
        "family_id": ("familles", enrolment.family),
        "activity_id": ("activites", enrolment.activity),
        "slot_id": ("unites", value.slot),
        "group_id": ("groupes", value.group) if value.group else None,
    }
    return Draft("consommations", value.key, columns, refs, value.digest)


def mark_overfull(loader: Loader, pools: Iterable[str]) -> tuple[OverfullDay, ...]:
    """Mark and list the days of these pools that hold more than their size."""
    ids = [row_id for pool in pools if (row_id := loader.find("remplissage.pool", pool)) is not None]
    taken = func.sum(Booking.quantity)
    found: list[tuple[int, str, date, int, int]] = []
    for start in range(0, len(ids), CHUNK):
        statement = (
            select(PoolDay.id, CapacityPool.name, PoolDay.date, PoolDay.size, taken)
            .join(CapacityPool, CapacityPool.id == PoolDay.pool_id)
            .join(PoolSlot, PoolSlot.pool_id == CapacityPool.id)
            .join(Booking, and_(DRAWS_ON_POOL, Booking.date == PoolDay.date))
            .where(CapacityPool.id.in_(ids[start : start + CHUNK]), Booking.state == BookingState.BOOKED)
            .group_by(PoolDay.id, CapacityPool.name, PoolDay.date, PoolDay.size)
            .having(taken > PoolDay.size)
            .order_by(PoolDay.date, CapacityPool.name, PoolDay.id)
        )
        found += loader.session.execute(statement).all()
    loader.session.execute(
        update(PoolDay)
        .where(PoolDay.id.in_([row[0] for row in found]), ~PoolDay.overfull)
        .values(overfull=True)
    )
    return tuple(OverfullDay(name, format_date(day), size, int(count)) for _, name, day, size, count in found)
