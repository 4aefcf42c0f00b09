"""Giving each line its one outcome, and writing the requests that come of it: the heart of an import and of a retry.

Rules (docs/exchange.md): the same (portal, id, revision) with the same payload is a duplicate, with another payload
it is quarantined. A higher revision replaces the one that carries the request while that one is pending; afterwards
it is kept, superseded at once, and answered « déjà prise en charge ». A lower revision that comes late is kept,
superseded at once. So one revision of a request, and only one, is ever out of the state *superseded*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from guichet.models.base import Base
from guichet.models.dossiers import Document, DocumentState, DocumentType
from guichet.models.requests import LineOutcome, Origin, Request, RequestState
from guichet.portal.canonical import LineRejected
from guichet.portal.mapping import MappedRequest
from guichet.portal.wire import DocumentRequest, WithdrawalRequest
from guichet.rules.text import fold, paris_day
from guichet.services import journal, settings
from guichet.services.arrivals import Arrival, receive
from guichet.services.bulk import insert_rows
from guichet.services.intake_lookup import Known, Lookup, Revision
from guichet.services.transaction import Context

TABLES = Base.metadata.tables
_REPLACED = "Remplacée par une version plus récente de la demande."
_TOO_LATE = "Arrivée après la prise en charge de la demande."
_NAME_LENGTH = 240


@dataclass(frozen=True)
class Prepared:
    """A line ready for its transaction: mapped and its attachments in hand, or already rejected."""

    number: int
    raw: bytes
    mapped: MappedRequest | None
    contents: tuple[bytes, ...] = ()
    rejection: LineRejected | None = None


@dataclass(frozen=True)
class Settled:
    """The outcome of one line; `request_id` names the request it made or repeats."""

    outcome: LineOutcome
    request_id: int | None = None
    code: str | None = None
    reason: str | None = None


@dataclass
class _New:
    """A request about to be written; `head` is the revision that carries it on instead, where there is one."""

    mapped: MappedRequest
    contents: tuple[bytes, ...]
    known: Known
    revision: Revision
    head: Revision | None
    too_late: bool


@dataclass
class _Plan:
    """What a chunk is about to write, and the earlier revisions that it replaces."""

    lookup: Lookup
    new: list[_New] = field(default_factory=list)
    replaced: list[tuple[Revision, Revision]] = field(default_factory=list)


def settle(session: Session, context: Context, portal: str, lines: Sequence[Prepared]) -> list[Settled]:
    """Decide the outcome of each line in order, write the new requests with their documents, and set them going."""
    plan = _Plan(Lookup(session, portal, [line.mapped for line in lines if line.mapped is not None]))
    placed = [_place(plan, line) for line in lines]
    _write_requests(session, context, portal, plan.new)
    _write_documents(session, context, plan.new)
    _link(session, context, plan)
    receive(session, context, [_arrival(one) for one in plan.new])
    return [
        Settled(LineOutcome.QUARANTINED, code=found.code, reason=found.reason)
        if isinstance(found, LineRejected)
        else Settled(found[0], request_id=found[1].id)
        for found in placed
    ]


def _place(plan: _Plan, line: Prepared) -> tuple[LineOutcome, Revision] | LineRejected:
    if line.mapped is None:
        return line.rejection or LineRejected("bad_json", "La ligne n’est pas lisible.")
    known = plan.lookup.revisions.get(line.mapped.request.id, {}).get(line.mapped.request.revision)
    if known is not None and known.payload_hash == line.mapped.payload_hash:
        return LineOutcome.DUPLICATE, known
    if known is not None:
        return LineRejected("revision_conflict", "Cette révision a déjà été reçue avec un autre contenu.")
    if line.rejection is not None:
        return line.rejection
    try:
        resolved = plan.lookup.resolve(line.mapped.request)
        return LineOutcome.IMPORTED, _take(plan, line, line.mapped, resolved)
    except LineRejected as rejection:
        return rejection


def _take(plan: _Plan, line: Prepared, mapped: MappedRequest, resolved: Known) -> Revision:
    request = mapped.request
    head = plan.lookup.head(request.id)
    revision = Revision(
        request.revision, mapped.payload_hash, RequestState.PENDING, resolved.family_id, id=None
    )
    too_late = False
    if head is not None:
        if None not in {head.family_id, revision.family_id} and head.family_id != revision.family_id:
            raise LineRejected("revision_conflict", "Cette révision change la famille de la demande.")
        if head.revision < revision.revision and head.state is RequestState.PENDING:
            head.state = RequestState.SUPERSEDED
            plan.replaced.append((head, revision))
            head = None
        else:
            revision.state = RequestState.SUPERSEDED
            too_late = head.revision < revision.revision
    if isinstance(request, WithdrawalRequest) and head is None and resolved.refers_to is not None:
        _foresee_withdrawal(resolved.refers_to)
    plan.lookup.revisions.setdefault(request.id, {})[request.revision] = revision
    plan.new.append(_New(mapped, line.contents, resolved, revision, head, too_late))
    return revision


def _foresee_withdrawal(target: Revision) -> None:
    """A revision that follows in the same chunk must find the request cancelled, as it would in the next chunk."""
    if target.state is RequestState.PENDING:
        target.state = RequestState.CANCELLED


def _write_requests(session: Session, context: Context, portal: str, new: Sequence[_New]) -> None:
    if not new:
        return
    answer_days = timedelta(days=settings.get(session, "requests.answer_days"))
    rows = [_request_row(context, portal, one, answer_days) for one in new]
    for one, row_id in zip(new, insert_rows(session, TABLES["request"], rows), strict=True):
        one.revision.id = row_id


def _request_row(context: Context, portal: str, one: _New, answer_days: timedelta) -> dict[str, Any]:
    request = one.mapped.request
    payment = getattr(request, "payment", None)
    superseded = one.head is not None
    return {
        "portal": portal,
        "external_id": request.id,
        "revision": request.revision,
        "payload_hash": one.mapped.payload_hash,
        "payload": one.mapped.kept,
        "kind": request.kind,
        "origin": Origin.PORTAL,
        "refers_to_id": one.known.refers_to.id if one.known.refers_to else None,
        "family_id": one.known.family_id,
        "child_id": one.known.child_id,
        "activity_id": one.known.activity_id,
        "submitted_at": request.submitted_at,
        "imported_at": context.now,
        "state": RequestState.SUPERSEDED if superseded else RequestState.PENDING,
        "payment_reference": payment.reference if payment else None,
        "paid_cents": payment.amount_cents if payment else None,
        "answer_by": paris_day(request.submitted_at) + answer_days,
        "note": _TOO_LATE if one.too_late else _REPLACED if superseded else None,
        "search_key": " ".join(dict.fromkeys(f"{fold(request.id)} {one.known.search_words}".split())),
    }


def _write_documents(session: Session, context: Context, new: Sequence[_New]) -> None:
    rows: list[dict[str, Any]] = []
    contents: list[bytes] = []
    carrying = [one for one in new if one.mapped.request.attachments]
    if not carrying:
        return
    types = {row.code: row.id for row in session.execute(select(DocumentType.code, DocumentType.id))}
    for one in carrying:
        for attachment, content in zip(one.mapped.request.attachments, one.contents, strict=True):
            rows.append(
                _document_row(context, one, types, attachment.document_type)
                | {
                    "name": _base_name(attachment.name),
                    "media_type": attachment.media_type,
                    "size": attachment.size,
                    "sha256": attachment.sha256.lower(),
                }
            )
            contents.append(content)
    ids = insert_rows(session, TABLES["document"], rows)
    insert_rows(
        session,
        TABLES["document_content"],
        [{"document_id": row_id, "content": content} for row_id, content in zip(ids, contents, strict=True)],
    )


def _document_row(
    context: Context, one: _New, types: dict[str, int], document_type: str | None
) -> dict[str, Any]:
    request = one.mapped.request
    payload = request.payload if isinstance(request, DocumentRequest) else None
    code = document_type or (payload.document_type if payload else None)
    return {
        "type_id": types[code] if code else None,
        "family_id": one.known.family_id,
        "person_id": one.known.child_id,
        "request_id": one.revision.id,
        "state": DocumentState.INVALID if one.head is not None else DocumentState.RECEIVED,
        "reason": _TOO_LATE if one.too_late else _REPLACED if one.head is not None else None,
        "received_at": context.now,
        "valid_from": payload.valid_from if payload else None,
        "valid_until": payload.valid_until if payload else None,
    }


def _link(session: Session, context: Context, plan: _Plan) -> None:
    """Point replaced and late revisions to the one that carries the request on, and references to their request."""
    late = [(one.revision, one.head) for one in plan.new if one.head is not None]
    superseded = [*plan.replaced, *late]
    for before, after in superseded:
        session.execute(
            update(Request)
            .where(Request.id == before.id)
            .values(state=RequestState.SUPERSEDED, superseded_by_id=after.id, version=Request.version + 1)
        )
    for before, _ in plan.replaced:
        session.execute(
            update(Document)
            .where(Document.request_id == before.id, Document.state == DocumentState.RECEIVED)
            .values(state=DocumentState.INVALID, reason=_REPLACED)
        )
        journal.record(
            session,
            context,
            action="request.supersede",
            subject=("request", before.id),
            summary="Demande remplacée par une version plus récente de la famille",
        )
    written = {id(one.revision) for one in plan.new}
    for one in plan.new:
        target = one.known.refers_to
        if target is not None and id(target) in written:
            session.execute(
                update(Request).where(Request.id == one.revision.id).values(refers_to_id=target.id)
            )


def _arrival(one: _New) -> Arrival:
    request = one.mapped.request
    if one.revision.id is None:
        raise AssertionError("a written request has its id")
    return Arrival(
        request_id=one.revision.id,
        kind=request.kind,
        superseded=one.head is not None,
        too_late=one.too_late,
        refers_to_id=one.known.refers_to.id if one.known.refers_to else None,
    )


def _base_name(name: str) -> str:
    """A file's own name: some browsers send the whole path of the family's computer."""
    return (name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "piece-jointe")[-_NAME_LENGTH:]
