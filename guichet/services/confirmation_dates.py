"""Confirming many requests made of dates at once: each whole or not at all, in the order given, in few statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from sqlalchemy import Table, bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from guichet.models.bookings import Attendance, Booking, BookingState
from guichet.models.requests import ItemDecision, Request, RequestItem, RequestKind, RequestState
from guichet.portal.wire import AnswerItem
from guichet.rules.requests import Act, next_state
from guichet.services import bookings, facts_reading, journal, outbox, transitions, waiting
from guichet.services.bookings import Order
from guichet.services.catalogue import Catalogue
from guichet.services.effects.dates import Absence
from guichet.services.proposal_records import Proposed, ProposedItem
from guichet.services.transaction import Context

_REQUEST: Table = Request.__table__  # type: ignore[assignment]
_ITEM: Table = RequestItem.__table__  # type: ignore[assignment]
_BOOKING: Table = Booking.__table__  # type: ignore[assignment]
_MIDNIGHT = time(0, 0)

Key = tuple[int, int, int, date, time]


@dataclass(frozen=True)
class _Done:
    """A request carried out: what each item did (as undoing it needs), and a sentence for the family."""

    proposed: Proposed
    traces: list[dict[str, Any]]
    notes: list[str]


@dataclass
class _Changes:
    """What is about to be written on bookings."""

    cancelled: list[dict[str, Any]] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    absent: list[dict[str, Any]] = field(default_factory=list)


def confirm_bookings(
    session: Session, context: Context, proposed: Sequence[Proposed], offer: Catalogue, by: str
) -> tuple[list[int], list[int]]:
    """Book what these pending requests ask; returns the ids of those accepted, and of those that no longer fit."""
    rows = _held(session, proposed)
    pending = [one for one in proposed if one.request_id in rows]
    groups = [[_order(rows[one.request_id], item) for item in one.items] for one in pending]
    outcomes = bookings.book_together(session, context, groups, offer)
    done = [
        _Done(
            one,
            [{"booking": outcome.booking_id, "was": None} for outcome in found],
            [_cancel_note(item) for item in one.items],
        )
        for one, found in zip(pending, outcomes, strict=True)
        if all(outcome.is_done for outcome in found)
    ]
    return _write(session, context, done, pending, rows, offer, by)


def confirm_changes(
    session: Session, context: Context, proposed: Sequence[Proposed], offer: Catalogue, by: str
) -> tuple[list[int], list[int]]:
    """The same for cancellations and absences: each booking is looked at again once it is held."""
    rows = _held(session, proposed)
    pending = [one for one in proposed if one.request_id in rows]
    known = _bookings(session, [(rows[one.request_id], item) for one in pending for item in one.items])
    invoiced, _ = facts_reading.billed(session, [row.id for row in known.values()])
    changes = _Changes()
    done = []
    for one in pending:
        request = rows[one.request_id]
        found = [known.get(_key(request, item)) for item in one.items]
        if all(booking is not None and _may_change(one.kind, booking, invoiced) for booking in found):
            done.append(_change(changes, context, one, request, found))
            for item in one.items:
                del known[_key(request, item)]  # what is changed once is not found a second time in the night
    _update(session, changes)
    waiting.give_up(session, context, changes.given_up)
    return _write(session, context, done, pending, rows, offer, by)


def _held(session: Session, proposed: Sequence[Proposed]) -> dict[int, Any]:
    """The requests among these that still are pending, held in id order."""
    statement = (
        select(
            Request.id,
            Request.portal,
            Request.external_id,
            Request.revision,
            Request.child_id,
            Request.family_id,
            Request.submitted_at,
            Request.payment_reference,
            Request.payload,
        )
        .where(Request.id.in_([one.request_id for one in proposed]), Request.state == RequestState.PENDING)
        .order_by(Request.id)
        .with_for_update()
    )
    return {row.id: row for row in session.execute(statement)}


def _order(request: Any, item: ProposedItem) -> Order:
    if item.draft.slot_id is None or item.draft.day is None:
        raise ValueError("a booking is asked for a slot and a date")
    return Order(
        child_id=request.child_id,
        family_id=request.family_id,
        slot_id=item.draft.slot_id,
        day=item.draft.day,
        start=item.draft.start,
        requested_at=request.submitted_at,
        item_id=item.item_id,
        payment_reference=request.payment_reference,
    )


def _key(request: Any, item: ProposedItem) -> Key:
    if item.draft.slot_id is None or item.draft.day is None:
        raise ValueError("a booking is named by a slot and a date")
    start = item.draft.start or _MIDNIGHT
    return request.child_id, request.family_id, item.draft.slot_id, item.draft.day, start


def _bookings(session: Session, named: Sequence[tuple[Any, ProposedItem]]) -> dict[Key, Any]:
    """The live bookings that these items name, held in id order."""
    keys = [_key(request, item) for request, item in named]
    if not keys:
        return {}
    statement = (
        select(_BOOKING)
        .where(
            _BOOKING.c.child_id.in_({key[0] for key in keys}),
            tuple_(_BOOKING.c.child_id, _BOOKING.c.date).in_({(key[0], key[3]) for key in keys}),
            facts_reading.IS_LIVE,
        )
        .order_by(_BOOKING.c.id)
        .with_for_update()
    )
    found = {
        (row.child_id, row.family_id, row.slot_id, row.date, row.starts_at): row
        for row in session.execute(statement)
    }
    return {key: found[key] for key in dict.fromkeys(keys) if key in found}


def _may_change(kind: RequestKind, booking: Any, invoiced: set[int]) -> bool:
    is_untouched = booking.attendance is Attendance.UNKNOWN and booking.id not in invoiced
    return is_untouched and (kind is RequestKind.CANCELLATIONS or booking.state is BookingState.BOOKED)


def _change(changes: _Changes, context: Context, one: Proposed, request: Any, found: Sequence[Any]) -> _Done:
    if one.kind is RequestKind.CANCELLATIONS:
        changes.cancelled += [{"row": booking.id, "at": context.now} for booking in found]
        changes.given_up += [
            booking.request_item_id
            for booking in found
            if booking.state is BookingState.WAITING and booking.request_item_id is not None
        ]
        traces = [{"booking": booking.id, "was": booking.state.value} for booking in found]
        return _Done(one, traces, ["" for _ in found])
    absence = Absence.of(request.payload)
    changes.absent += [
        {"row": booking.id, "attendance": absence.attendance, "reason": absence.reason} for booking in found
    ]
    traces = [
        {"booking": booking.id, "was": booking.attendance.value, "reason": booking.absence_reason}
        for booking in found
    ]
    return _Done(one, traces, [absence.note for _ in found])


def _update(session: Session, changes: _Changes) -> None:
    connection = session.connection()
    base = update(_BOOKING).where(_BOOKING.c.id == bindparam("row"))
    version = _BOOKING.c.version + 1
    if changes.cancelled:
        connection.execute(
            base.values(state=BookingState.CANCELLED, cancelled_at=bindparam("at"), version=version),
            changes.cancelled,
        )
    if changes.absent:
        connection.execute(
            base.values(
                attendance=bindparam("attendance"), absence_reason=bindparam("reason"), version=version
            ),
            changes.absent,
        )


def _write(
    session: Session,
    context: Context,
    done: Sequence[_Done],
    pending: Sequence[Proposed],
    rows: dict[int, Any],
    offer: Catalogue,
    by: str,
) -> tuple[list[int], list[int]]:
    accepted = {one.proposed.request_id for one in done}
    left = [one.request_id for one in pending if one.request_id not in accepted]
    if not done:
        return [], left
    state = next_state(RequestState.PENDING, Act.DECIDE, toward=RequestState.ACCEPTED)
    decided = {"decided_at": context.now, "decided_by": by}
    session.connection().execute(
        update(_ITEM)
        .where(_ITEM.c.id == bindparam("row"))
        .values(decision=ItemDecision.ACCEPTED, version=_ITEM.c.version + 1, **decided),
        [{"row": item.item_id} for one in done for item in one.proposed.items],
    )
    session.connection().execute(
        update(_REQUEST)
        .where(_REQUEST.c.id == bindparam("row"))
        .values(state=state, version=_REQUEST.c.version + 1, **decided),
        [{"row": one.proposed.request_id} for one in done],
    )
    session.expire_all()  # what the session holds of these rows was written past it
    entries = journal.record_many(session, context, [_entry(one, state) for one in done])
    answers = [
        transitions.publication(
            context,
            _answered(rows[one.proposed.request_id]),
            state.value,
            [
                _answer_item(item, note, offer)
                for item, note in zip(one.proposed.items, one.notes, strict=True)
            ],
            entry=entry,
        )
        for one, entry in zip(done, entries, strict=True)
    ]
    outbox.queue_many(session, context, answers)
    return sorted(accepted), left


def _entry(one: _Done, state: RequestState) -> journal.Entry:
    written = [
        {"item": item.item_id, "before": None, "after": ItemDecision.ACCEPTED.value, "effect": trace}
        for item, trace in zip(one.proposed.items, one.traces, strict=True)
    ]
    return journal.Entry(
        "request.decide",
        ("request", one.proposed.request_id),
        "Demande acceptée par les règles",
        {"state": [RequestState.PENDING.value, state.value], "items": written},
    )


def _answered(row: Any) -> transitions.Answered:
    return transitions.Answered(row.id, row.portal, row.external_id, row.revision)


def _cancel_note(item: ProposedItem) -> str:
    return " ".join(one.sentence for one in item.proposal.reasons if one.code == "not_cancellable")


def _answer_item(item: ProposedItem, note: str, offer: Catalogue) -> AnswerItem:
    slot = offer.slots[item.draft.slot_id or 0]
    return AnswerItem(
        outcome="accepted",
        activity=offer.activities[slot.activity_id].code,
        slot=slot.code,
        date=item.draft.day,
        start=item.draft.start,
        text=note or None,
    )
