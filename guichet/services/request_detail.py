"""Everything about one request: items before and after, reasons, pieces, history, answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document, DocumentContent, DocumentState, DocumentType
from guichet.models.offer import Activity
from guichet.models.people import Family, Person
from guichet.models.requests import (
    OutboxState,
    Request,
    RequestKind,
    RequestState,
)
from guichet.models.settings import UserAccount
from guichet.rules.deadlines import WEEKDAYS
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import TRANSITIONS, Act
from guichet.services import journal, request_gates, sheet_fields
from guichet.services.request_gates import Gates
from guichet.services.request_history import (
    AnswerView,
    EventView,
    RelatedView,
    answers_to,
    history,
    related_to,
)
from guichet.services.request_item_views import ItemView, item_rows, item_view
from guichet.services.request_labels import KIND_LABELS, ORIGIN_LABELS
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class PieceView:
    """A file that came with the request or its complement."""

    document_id: int
    name: str
    label: str
    media_type: str
    size: int
    state: DocumentState
    reason: str
    has_content: bool


@dataclass(frozen=True)
class RequestDetail:
    """A request, whole. `can` lists the acts that its state allows (the permission is another matter)."""

    request_id: int
    version: int
    external_id: str
    portal: str
    revision: int
    kind: RequestKind
    kind_label: str
    state: RequestState
    proposal: str
    anomaly: str | None
    origin: str
    submitted_at: datetime
    imported_at: datetime
    answer_by: date | None
    family_id: int | None
    family: str
    child_id: int | None
    child: str
    activity: str
    agent: str
    held_by_me: bool
    taken_at: datetime | None
    comment: str
    payment_reference: str | None
    paid: int | None
    facts: tuple[tuple[str, str], ...]
    gates: Gates
    items: tuple[ItemView, ...]
    pieces: tuple[PieceView, ...]
    history: tuple[EventView, ...]
    answers: tuple[AnswerView, ...]
    related: tuple[RelatedView, ...]
    can: frozenset[Act]


@needs(Permission.READ_REQUESTS)
def request_detail(session: Session, context: Context, request_id: int) -> RequestDetail:
    """A request with its items, reasons, pieces, history, answers and gates, in a fixed number of queries.

    Raises UserError when it is not there.

    Health values are always masked: `reveal_health` shows them and keeps a trace of the reading. Income and bank values
    are masked without the permission to read them.
    """
    return _detail(session, context, request_id, with_health=False)


@needs(Permission.READ_REQUESTS, Permission.READ_HEALTH)
def reveal_health(session: Session, context: Context, request_id: int) -> RequestDetail:
    """The same, health values shown; the reading is journalled (domain.md §12), so this one writes."""
    found = _detail(session, context, request_id, with_health=True)
    journal.record(
        session,
        context,
        action="health.read",
        subject=("request", request_id),
        summary="Données de santé lues dans une demande",
    )
    return found


@dataclass(frozen=True)
class _Header:
    """The request's row with the names around it."""

    request: Request
    family: str
    child: str
    activity: str
    agent: str


def _detail(session: Session, context: Context, request_id: int, *, with_health: bool) -> RequestDetail:
    header = _header(session, request_id)
    request = header.request
    payload: dict[str, Any] = request.payload.get("payload") or {}
    related = related_to(session, request)
    own = [
        request.id,
        *(one.request_id for one in related if one.kind_label == KIND_LABELS[RequestKind.COMPLEMENT]),
    ]
    answers = answers_to(session, request, header.child)
    rows = item_rows(session, request.id)
    gates = request_gates.read(session, context, request, [row[0] for row in rows])
    return RequestDetail(
        request_id=request.id,
        version=request.version,
        external_id=request.external_id,
        portal=request.portal,
        revision=request.revision,
        kind=request.kind,
        kind_label=KIND_LABELS[request.kind],
        state=request.state,
        proposal=request.proposal or "",
        anomaly=request.anomaly,
        origin=ORIGIN_LABELS[request.origin],
        submitted_at=request.submitted_at,
        imported_at=request.imported_at,
        answer_by=request.answer_by,
        family_id=request.family_id,
        family=header.family,
        child_id=request.child_id,
        child=header.child,
        activity=header.activity,
        agent=header.agent,
        held_by_me=request.agent_id is not None and request.agent_id == context.actor.user_id,
        taken_at=request.taken_at,
        comment=payload.get("comment") or payload.get("text") or payload.get("body") or "",
        payment_reference=request.payment_reference,
        paid=request.paid_cents,
        facts=_facts(request.kind, payload),
        gates=gates,
        items=tuple(item_view(context, row, gates, with_health=with_health) for row in rows),
        pieces=_pieces(session, own),
        history=history(session, request.id),
        answers=answers,
        related=related,
        can=_possible(request.state, answers),
    )


def _header(session: Session, request_id: int) -> _Header:
    row = session.execute(
        select(
            Request,
            Family.number,
            Family.label,
            Person.first_name,
            Person.last_name,
            Activity.name,
            UserAccount.display_name,
        )
        .outerjoin(Family, Family.id == Request.family_id)
        .outerjoin(Person, Person.id == Request.child_id)
        .outerjoin(Activity, Activity.id == Request.activity_id)
        .outerjoin(UserAccount, UserAccount.id == Request.agent_id)
        .where(Request.id == request_id)
    ).first()
    if row is None:
        raise UserError("Cette demande n’existe plus : relancez la recherche.", code="request_gone")
    request, number, label, first_name, last_name, activity, agent = row
    return _Header(
        request,
        f"{label} (n° {number})" if request.family_id is not None else "",
        f"{first_name} {last_name}" if request.child_id is not None else "",
        activity or "",
        agent or "",
    )


def _possible(state: RequestState, answers: Sequence[AnswerView]) -> frozenset[Act]:
    acts = {act for source, act in TRANSITIONS if source is state} - {
        Act.REVISE,
        Act.WITHDRAW,
        Act.RECEIVE_COMPLEMENT,
    }
    left = not answers or answers[-1].state is not OutboxState.QUEUED
    return frozenset(acts - {Act.UNDO} if left else acts)


def _facts(kind: RequestKind, payload: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a request without dates nor fields asks for, as label and value."""
    if kind is RequestKind.ENROLMENT:
        period = f"du {sheet_fields.shown(payload['start'])} au {sheet_fields.shown(payload['end'])}"
        week = ", ".join(
            f"{WEEKDAYS[day['weekday'] - 1]} {day['slot']}{_WEEKS[day.get('weeks', 'all')]}"
            for day in payload.get("typical_week") or ()
        )
        found = [("Période", period), ("Groupe", payload.get("group") or ""), ("Semaine type", week)]
    elif kind is RequestKind.NEW_FAMILY:
        found = [
            (label, ", ".join(f"{one['first_name']} {one['last_name']}" for one in payload.get(name) or ()))
            for label, name in (("Adultes", "adults"), ("Enfants", "children"))
        ]
    elif kind is RequestKind.ABSENCE:
        found = [
            ("Motif", _ABSENCES.get(payload.get("reason") or "", "")),
            ("Certificat", payload.get("certificate") or ""),
        ]
    elif kind is RequestKind.ATTESTATION:
        found = [("Année", str(payload["year"]))]
    elif kind is RequestKind.EINVOICE_CONSENT:
        found = [("Accord", sheet_fields.shown(payload["given"])), ("Adresse", payload.get("email") or "")]
    elif kind is RequestKind.MESSAGE:
        found = [("Objet", payload["subject"]), ("Service", payload.get("service") or "")]
    else:
        found = []
    return tuple((label, value) for label, value in found if value)


_WEEKS = {"all": "", "even": " (semaines paires)", "odd": " (semaines impaires)"}
_ABSENCES = {"medical": "médical", "family": "familial", "school": "scolaire", "other": "autre"}


def _pieces(session: Session, request_ids: Sequence[int]) -> tuple[PieceView, ...]:
    rows = session.execute(
        select(
            Document.id,
            Document.name,
            DocumentType.label,
            Document.media_type,
            Document.size,
            Document.state,
            Document.reason,
            DocumentContent.document_id.is_not(None).label("has_content"),
        )
        .outerjoin(DocumentType, DocumentType.id == Document.type_id)
        .outerjoin(DocumentContent, DocumentContent.document_id == Document.id)
        .where(Document.request_id.in_(request_ids))
        .order_by(Document.id)
    )
    return tuple(
        PieceView(
            row.id,
            row.name,
            row.label or "",
            row.media_type or "",
            row.size,
            row.state,
            row.reason or "",
            row.has_content,
        )
        for row in rows
    )
