"""Moving a request from one state to the next: held, checked against the one table, journalled, answered."""

import hashlib
from collections.abc import Sequence
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
from guichet.rules.requests import STATE_LABELS, Act, RequestState, next_state
from guichet.rules.text import format_instant
from guichet.services import journal, outbox
from guichet.services.transaction import Context

ALREADY_IN_PROGRESS = "already_in_progress"
_OUTCOMES = {
    None: "pending",
    ItemDecision.ACCEPTED: "accepted",
    ItemDecision.REFUSED: "refused",
    ItemDecision.WAITING: "waiting",
    ItemDecision.CANCELLED: "refused",
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


def items_of(session: Session, request_id: int) -> list[RequestItem]:
    """The request's items, in order."""
    rows = session.scalars(
        select(RequestItem)
        .where(RequestItem.request_id == request_id)
        .order_by(RequestItem.position)
        .execution_options(populate_existing=True)
    )
    return list(rows.all())


def move(
    session: Session, context: Context, request: Request, step: Step, items: Sequence[RequestItem] = ()
) -> int:
    """Take one step: change the state, journal it, queue the answer; returns the journal entry.

    Raises UserError `illegal_transition` for a step that the table does not hold.
    """
    before = request.state
    request.state = next_state(before, step.act, toward=step.toward)
    flag_modified(
        request, "state"
    )  # each act makes a new version, also one that leaves the request as it was
    session.flush()  # the answer reads what the act wrote
    entry = journal.record(
        session,
        context,
        action=step.action,
        subject=("request", request.id),
        summary=step.summary,
        detail={"state": [before.value, request.state.value], **step.detail},
    )
    if step.answered:
        answer(
            session,
            context,
            request,
            request.state.value,
            items,
            code=step.code,
            text=step.text,
            notes=step.notes,
            entry=entry,
            not_before=step.undo_until,
        )
    return entry


def answer(
    session: Session,
    context: Context,
    request: Request,
    status: str,
    items: Sequence[RequestItem] = (),
    *,
    code: str | None = None,
    text: str | None = None,
    notes: dict[int, str] | None = None,
    entry: int = 0,
    not_before: datetime | None = None,
) -> None:
    """Queue what the portal will be told. `notes` adds a sentence to an item (« ne pourra plus être annulée »)."""
    answered = Answered(request.id, request.portal, request.external_id, request.revision)
    body = _answer_items(session, items, notes or {})
    told = publication(
        context, answered, status, body, code=code, text=text, entry=entry, not_before=not_before
    )
    outbox.queue_many(session, context, [told])


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


def _answer_items(session: Session, items: Sequence[RequestItem], notes: dict[int, str]) -> list[AnswerItem]:
    if not items:
        return []
    slots = {
        slot_id: (activity, slot)
        for slot_id, activity, slot in session.execute(
            select(Slot.id, Activity.code, Slot.code)
            .join(Activity, Activity.id == Slot.activity_id)
            .where(Slot.id.in_({item.slot_id for item in items if item.slot_id is not None}))
        )
    }
    documents = {item.document_id for item in items if item.document_id is not None}
    types = dict(
        session.execute(
            select(Document.id, DocumentType.code)
            .join(DocumentType, DocumentType.id == Document.type_id)
            .where(Document.id.in_(documents))
        ).all()
        if documents
        else ()
    )
    ranks = _ranks(session, [item.id for item in items if item.decision is ItemDecision.WAITING])
    return [
        AnswerItem(
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
        for item in items
        if item.item_kind is not ItemKind.WHOLE
    ]


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
