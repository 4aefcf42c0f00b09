"""What happened around a request: the acts on it, the answers to the family, the requests tied to it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from guichet.models.requests import (
    Outbox,
    OutboxState,
    Request,
    RequestState,
)
from guichet.models.settings import Journal, UserAccount
from guichet.portal.wire import Answer
from guichet.services import answer_letters, outbox
from guichet.services.answer_letters import Letter
from guichet.services.request_labels import KIND_LABELS


@dataclass(frozen=True)
class EventView:
    """One act of the request's history."""

    at: datetime
    who: str
    action: str
    summary: str


@dataclass(frozen=True)
class AnswerView:
    """One answer to the family: what it reads, and whether it left."""

    status: str
    text: str
    letter: Letter
    state: OutboxState
    leaves_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class RelatedView:
    """An earlier revision, a complement, a withdrawal, or the request this one refers to."""

    request_id: int
    external_id: str
    revision: int
    kind_label: str
    state: RequestState
    text: str


def history(session: Session, request_id: int) -> tuple[EventView, ...]:
    """The journal of one request, first to last."""
    rows = session.execute(
        select(Journal.happened_at, Journal.login, UserAccount.display_name, Journal.action, Journal.summary)
        .outerjoin(UserAccount, UserAccount.login == Journal.login)
        .where(Journal.subject_kind == "request", Journal.subject_id == request_id)
        .order_by(Journal.id)
    )
    return tuple(
        EventView(row.happened_at, row.display_name or row.login, row.action, row.summary) for row in rows
    )


def answers_to(session: Session, request: Request, child: str) -> tuple[AnswerView, ...]:
    """The answers to a request, first to last, each as its family reads it; `child` is the child's name."""
    rows = session.scalars(
        select(Outbox)
        .where(
            Outbox.subject_kind == "request", Outbox.subject_id == request.id, Outbox.kind == outbox.ANSWER
        )
        .order_by(Outbox.id)
    ).all()
    if not rows:
        return ()
    told = [Answer.model_validate(row.payload) for row in rows]
    called = answer_letters.names(session, told)
    return tuple(
        AnswerView(
            answer.status,
            answer.text or "",
            answer_letters.letter_of(request, answer, called, child),
            row.state,
            row.not_before,
            row.sent_at,
        )
        for row, answer in zip(rows, told, strict=True)
    )


def related_to(session: Session, request: Request) -> tuple[RelatedView, ...]:
    """Other revisions, what refers to this request, and what it refers to."""
    rows = session.scalars(
        select(Request)
        .where(
            Request.id != request.id,
            or_(
                (Request.portal == request.portal) & (Request.external_id == request.external_id),
                Request.refers_to_id == request.id,
                Request.id == request.refers_to_id,
            ),
        )
        .order_by(Request.submitted_at, Request.id)
    )
    return tuple(
        RelatedView(
            row.id,
            row.external_id,
            row.revision,
            KIND_LABELS[row.kind],
            row.state,
            ((row.payload.get("payload") or {}).get("text") or row.note or ""),
        )
        for row in rows
    )
