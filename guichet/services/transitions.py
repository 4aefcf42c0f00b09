"""Moving a request from one state to the next: held, checked against the one table, journalled, answered."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from guichet.models.bookings import Booking, BookingState
from guichet.models.dossiers import Document, DocumentType
from guichet.models.offer import Activity, Slot
from guichet.models.requests import ItemDecision, ItemKind, Request, RequestItem
from guichet.models.settings import Journal, UserAccount
from guichet.portal.wire import Answer, AnswerItem
from guichet.rules.errors import StaleVersion, UserError
from guichet.rules.requests import STATE_LABELS, Act, RequestState, next_state, state_of
from guichet.rules.requests import ItemDecision as Mixture
from guichet.rules.text import format_instant
from guichet.services import journal, outbox
from guichet.services.transaction import Context

ALREADY_IN_PROGRESS = "already_in_progress"
_OUTCOMES = {
    None: "pending",
    ItemDecision.ACCEPTED: "accepted",
    ItemDecision.REFUSED: "refused",
    ItemDecision.WAITING: "waiting",
}
_PROSE_LENGTH = 10_000


@dataclass(frozen=True)
class Step:
    """One step of a request: the act, where it leads, what the journal and the family read of it.

    `undo_until`: the answer does not leave before, so that the act may be undone until then.
    """

    act: Act
    action: str
    summary: str
    toward: RequestState | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    text: str | None = None
    notes: dict[int, str] = field(default_factory=dict)
    undo_until: datetime | None = None
    answered: bool = True


def hold(session: Session, request_id: int, version: int | None) -> Request:
    """The request, held until the transaction ends.

    `version` is the one the agent saw (None: whatever it is). Raises UserError when the request does not exist,
    StaleVersion when it changed meanwhile: the sentence says who did what, and when.
    """
    request = session.scalars(
        select(Request)
        .where(Request.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if request is None:
        raise UserError("Cette demande n’existe pas.", field="request", code="request_gone")
    if version is not None and request.version != version:
        raise StaleVersion(_who_changed_it(session, request))
    return request


def hold_pending(session: Session, request_ids: Sequence[int]) -> dict[int, Request]:
    """Those of these requests that still are pending, held in id order."""
    rows = session.scalars(
        select(Request)
        .where(Request.id.in_(request_ids), Request.state == RequestState.PENDING)
        .order_by(Request.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {request.id: request for request in rows}


def items_by_request(session: Session, request_ids: Sequence[int]) -> dict[int, list[RequestItem]]:
    """The items of each of these requests, in order."""
    rows = session.scalars(
        select(RequestItem)
        .where(RequestItem.request_id.in_(request_ids))
        .order_by(RequestItem.request_id, RequestItem.position)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[RequestItem]] = defaultdict(list)
    for item in rows:
        found[item.request_id].append(item)
    return found


def items_of(session: Session, request_id: int) -> list[RequestItem]:
    """The request's items, in order."""
    rows = session.scalars(
        select(RequestItem)
        .where(RequestItem.request_id == request_id)
        .order_by(RequestItem.position)
        .execution_options(populate_existing=True)
    )
    return list(rows.all())


def state_made_by(items: Iterable[RequestItem]) -> RequestState:
    """The request's state that the decisions on its items make."""
    return state_of(Mixture(item.decision) if item.decision else Mixture.UNDECIDED for item in items)


def move(
    session: Session, context: Context, request: Request, step: Step, items: Sequence[RequestItem] = ()
) -> None:
    """Take one step: change the state, journal it, queue the answer.

    Raises UserError `illegal_transition` for a step that the table does not hold.
    """
    taken = Moves()
    taken.add(request, step, items)
    taken.write(session, context)


@dataclass(frozen=True)
class _Taken:
    request: Request
    step: Step
    items: Sequence[RequestItem]
    before: RequestState


@dataclass
class Moves:
    """Steps taken together: the states change at once, journal and answers are written in few statements at the end."""

    taken: list[_Taken] = field(default_factory=list)

    def add(self, request: Request, step: Step, items: Sequence[RequestItem] = ()) -> None:
        """Change the request's state. Raises UserError `illegal_transition` for what the table does not hold."""
        before = request.state
        request.state = next_state(before, step.act, toward=step.toward)
        flag_modified(
            request, "state"
        )  # each act makes a new version, also one that leaves the request as it was
        self.taken.append(_Taken(request, step, items, before))

    def write(self, session: Session, context: Context) -> None:
        """Journal the steps and queue their answers."""
        session.flush()  # the answers read what the acts wrote
        entries = journal.record_many(session, context, [_entry(one) for one in self.taken])
        told = [(one, entry) for one, entry in zip(self.taken, entries, strict=True) if one.step.answered]
        items = answer_items(
            session,
            [item for one, _ in told for item in one.items],
            {item_id: note for one, _ in told for item_id, note in one.step.notes.items()},
        )
        outbox.queue_many(session, context, [_publication(context, one, entry, items) for one, entry in told])
        self.taken.clear()


def _entry(one: _Taken) -> journal.Entry:
    return journal.Entry(
        one.step.action,
        ("request", one.request.id),
        one.step.summary,
        {"state": [one.before.value, one.request.state.value], **one.step.detail},
    )


def _publication(
    context: Context, one: _Taken, entry: int, items: dict[int, AnswerItem]
) -> outbox.Publication:
    return publication(
        context,
        answered(one.request),
        one.request.state.value,
        [items[item.id] for item in one.items if item.id in items],
        code=one.step.code,
        text=one.step.text,
        entry=entry,
        not_before=one.step.undo_until,
    )


def answer(
    session: Session,
    context: Context,
    request: Request,
    status: str,
    *,
    text: str | None = None,
    entry: int = 0,
) -> None:
    """Queue what the portal will be told of a request that does not move; `entry` is the journal entry it tells of."""
    told = publication(context, answered(request), status, [], text=text, entry=entry)
    outbox.queue_many(session, context, [told])


def answered(request: Request) -> "Answered":
    """The request as its answers name it."""
    return Answered(request.id, request.portal, request.external_id, request.revision)


@dataclass(frozen=True)
class Answered:
    """The request that an answer speaks of, as its portal names it."""

    request_id: int
    portal: str
    external_id: str
    revision: int


def publication(
    context: Context,
    request: Answered,
    status: str,
    items: list[AnswerItem],
    *,
    code: str | None = None,
    text: str | None = None,
    entry: int = 0,
    not_before: datetime | None = None,
) -> outbox.Publication:
    """An answer in the exchange's own shape, ready to queue; `entry` is the journal entry of the act it tells of."""
    key = _key(request, status, entry, context.now)
    body = Answer(
        key=key,
        request=request.external_id,
        revision=request.revision,
        status=status,  # type: ignore[arg-type]
        at=context.now,
        reason_code=code,
        text=text[:_PROSE_LENGTH] if text else None,
        items=items,
    )
    payload = body.model_dump(mode="json", exclude_none=True)
    subject = ("request", request.request_id)
    return outbox.Publication(outbox.ANSWER, request.portal, subject, payload, key, not_before)


def undo_until(context: Context, seconds: int) -> datetime:
    """Until when an act of now may be undone."""
    return context.now + timedelta(seconds=seconds)


def _key(request: Answered, status: str, entry: int, now: datetime) -> str:
    # A base restored from a backup gives journal numbers out again: the instant keeps the key its own.
    parts = (request.portal, request.external_id, str(request.revision), status, now.isoformat(), str(entry))
    return f"{request.request_id}-{entry}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}"


def answer_items(
    session: Session, items: Sequence[RequestItem], notes: dict[int, str]
) -> dict[int, AnswerItem]:
    """What each item's answer says, by item.

    The whole of a request without parts is said in the answer itself; what the family gave up needs no answer.
    """
    told = [
        item
        for item in items
        if item.item_kind is not ItemKind.WHOLE and item.decision is not ItemDecision.CANCELLED
    ]
    slots = _slot_codes(session, {item.slot_id for item in told if item.slot_id is not None})
    types = _document_types(session, {item.document_id for item in told if item.document_id is not None})
    ranks = _ranks(session, [item.id for item in told if item.decision is ItemDecision.WAITING])
    return {
        item.id: AnswerItem(
            outcome=_OUTCOMES[item.decision],  # type: ignore[arg-type]
            activity=slots[item.slot_id][0] if item.slot_id is not None else None,
            slot=slots[item.slot_id][1] if item.slot_id is not None else None,
            date=item.date,
            start=item.starts_at,
            field=item.field,
            document_type=types.get(item.document_id) if item.document_id is not None else None,
            rank=ranks.get(item.id),
            reason_code=item.decision_code,
            text=_item_text(item, notes.get(item.id)),
        )
        for item in told
    }


def _slot_codes(session: Session, slot_ids: set[int]) -> dict[int, tuple[str, str]]:
    if not slot_ids:
        return {}
    rows = session.execute(
        select(Slot.id, Activity.code, Slot.code)
        .join(Activity, Activity.id == Slot.activity_id)
        .where(Slot.id.in_(slot_ids))
    )
    return {slot_id: (activity, slot) for slot_id, activity, slot in rows}


def _document_types(session: Session, document_ids: set[int]) -> dict[int, str]:
    if not document_ids:
        return {}
    rows = session.execute(
        select(Document.id, DocumentType.code)
        .join(DocumentType, DocumentType.id == Document.type_id)
        .where(Document.id.in_(document_ids))
    )
    return dict(rows.all())


def _item_text(item: RequestItem, note: str | None) -> str | None:
    parts = [part for part in (item.decision_text, note) if part]
    return " ".join(parts)[:_PROSE_LENGTH] or None


def _ranks(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """The place of each waiting item among those who wait for the same slot, group and date, first is 1."""
    if not item_ids:
        return {}
    mine = session.execute(
        select(
            Booking.request_item_id,
            Booking.id,
            Booking.slot_id,
            Booking.group_id,
            Booking.date,
            Booking.requested_at,
        ).where(Booking.request_item_id.in_(item_ids), Booking.state == BookingState.WAITING)
    ).all()
    queue = session.execute(
        select(Booking.id, Booking.slot_id, Booking.group_id, Booking.date, Booking.requested_at).where(
            Booking.state == BookingState.WAITING,
            Booking.slot_id.in_({row.slot_id for row in mine}),
            Booking.date.in_({row.date for row in mine}),
        )
    ).all()
    return {
        row.request_item_id: 1
        + sum(
            1
            for other in queue
            if (other.slot_id, other.group_id, other.date) == (row.slot_id, row.group_id, row.date)
            and (other.requested_at, other.id) < (row.requested_at, row.id)
        )
        for row in mine
        if row.request_item_id is not None
    }


def _who_changed_it(session: Session, request: Request) -> str:
    last = session.execute(
        select(Journal.login, Journal.happened_at, Journal.summary, UserAccount.display_name)
        .outerjoin(UserAccount, UserAccount.login == Journal.login)
        .where(Journal.subject_kind == "request", Journal.subject_id == request.id)
        .order_by(Journal.id.desc())
        .limit(1)
    ).first()
    label = STATE_LABELS[request.state]
    if last is None:
        return f"Cette demande a changé depuis que vous l’avez ouverte : elle est maintenant {label}."
    who = last.display_name or last.login
    return (
        f"{who} a traité cette demande le {format_instant(last.happened_at)} ({last.summary}) : "
        f"elle est maintenant {label}."
    )
