"""Confirming many booking requests at once: each whole or not at all, in the order given, in few statements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from guichet.models.requests import ItemDecision, Request, RequestItem, RequestState
from guichet.portal.wire import AnswerItem
from guichet.rules.requests import Act, next_state
from guichet.services import bookings, journal, outbox, transitions
from guichet.services.bookings import Order, Outcome
from guichet.services.catalogue import Catalogue
from guichet.services.proposals import Proposed, ProposedItem
from guichet.services.transaction import Context

_REQUEST: Table = Request.__table__  # type: ignore[assignment]
_ITEM: Table = RequestItem.__table__  # type: ignore[assignment]


def confirm(
    session: Session, context: Context, proposed: Sequence[Proposed], offer: Catalogue, by: str
) -> tuple[list[int], list[int]]:
    """Book what these pending requests ask; returns the ids of those accepted, and of those that no longer fit."""
    rows = _held(session, [one.request_id for one in proposed])
    pending = [one for one in proposed if one.request_id in rows]
    groups = [[_order(rows[one.request_id], item) for item in one.items] for one in pending]
    outcomes = bookings.book_together(session, context, groups, offer)
    done = [
        (one, found)
        for one, found in zip(pending, outcomes, strict=True)
        if all(outcome.is_done for outcome in found)
    ]
    accepted = {one.request_id for one, _ in done}
    _write(session, context, done, rows, offer, by)
    return sorted(accepted), [one.request_id for one in pending if one.request_id not in accepted]


def _held(session: Session, request_ids: Sequence[int]) -> dict[int, Any]:
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
        )
        .where(Request.id.in_(request_ids), Request.state == RequestState.PENDING)
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


def _write(
    session: Session,
    context: Context,
    done: Sequence[tuple[Proposed, Sequence[Outcome]]],
    rows: dict[int, Any],
    offer: Catalogue,
    by: str,
) -> None:
    if not done:
        return
    state = next_state(RequestState.PENDING, Act.DECIDE, toward=RequestState.ACCEPTED)
    decided = {"decided_at": context.now, "decided_by": by}
    session.connection().execute(
        update(_ITEM)
        .where(_ITEM.c.id == bindparam("row"))
        .values(decision=ItemDecision.ACCEPTED, version=_ITEM.c.version + 1, **decided),
        [{"row": item.item_id} for one, _ in done for item in one.items],
    )
    session.connection().execute(
        update(_REQUEST)
        .where(_REQUEST.c.id == bindparam("row"))
        .values(state=state, version=_REQUEST.c.version + 1, **decided),
        [{"row": one.request_id} for one, _ in done],
    )
    session.expire_all()  # what the session holds of these rows was written past it
    entries = journal.record_many(session, context, [_entry(one, found, state) for one, found in done])
    answers = [
        transitions.publication(
            context,
            _answered(rows[one.request_id]),
            state.value,
            [_answer_item(item, offer) for item in one.items],
            entry=entry,
        )
        for (one, _), entry in zip(done, entries, strict=True)
    ]
    outbox.queue_many(session, context, answers)


def _entry(one: Proposed, found: Sequence[Outcome], state: RequestState) -> journal.Entry:
    written = [
        {
            "item": item.item_id,
            "before": None,
            "after": ItemDecision.ACCEPTED.value,
            "effect": {"booking": outcome.booking_id, "was": None},
        }
        for item, outcome in zip(one.items, found, strict=True)
    ]
    return journal.Entry(
        "request.decide",
        ("request", one.request_id),
        "Demande acceptée par les règles",
        {"state": [RequestState.PENDING.value, state.value], "items": written},
    )


def _answered(row: Any) -> transitions.Answered:
    return transitions.Answered(row.id, row.portal, row.external_id, row.revision)


def _answer_item(item: ProposedItem, offer: Catalogue) -> AnswerItem:
    slot = offer.slots[item.draft.slot_id or 0]
    notes = [one.sentence for one in item.proposal.reasons if one.code == "not_cancellable"]
    return AnswerItem(
        outcome="accepted",
        activity=offer.activities[slot.activity_id].code,
        slot=slot.code,
        date=item.draft.day,
        start=item.draft.start,
        text=" ".join(notes) or None,
    )
