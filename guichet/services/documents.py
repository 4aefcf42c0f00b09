"""One piece at the counter: its file shown, and the agent's check of it, valid or not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document, DocumentContent, DocumentState, DocumentType, ValidityRule
from guichet.models.requests import Request, RequestItem
from guichet.rules.calendar import Calendar
from guichet.rules.dossier import ValidityKind, good_until
from guichet.rules.errors import StaleVersion, UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import OPEN_STATES
from guichet.rules.text import paris_day
from guichet.services import catalogue, journal
from guichet.services.transaction import Context, needs, require

KIND = "document"
_KINDS = {
    ValidityRule.DURATION: ValidityKind.DURATION,
    ValidityRule.DATE: ValidityKind.DATE,
    ValidityRule.SCHOOL_YEAR: ValidityKind.SCHOOL_YEAR,
    ValidityRule.CALENDAR_YEAR: ValidityKind.CALENDAR_YEAR,
    ValidityRule.UNLIMITED: ValidityKind.UNLIMITED,
}


@dataclass(frozen=True)
class FileView:
    """The stored bytes of a piece, to show inside the program; never to run."""

    document_id: int
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class CheckDocument:
    """An agent's check of a piece, read at `version`. `reason` is needed to refuse it; `valid_until` None lets the
    rule of its type say how long it counts.
    """

    command_id: str
    document_id: int
    version: int
    valid: bool
    reason: str = ""
    valid_until: date | None = None


@needs(Permission.READ_FAMILIES)
def open_file(session: Session, context: Context, document_id: int) -> FileView:
    """The file of a piece. A child's may speak of its health: it needs READ_HEALTH, and its reading is journalled
    (domain.md §12), so this one writes. Raises UserError when the file is not kept here.
    """
    document = session.get(Document, document_id)
    content = session.scalars(
        select(DocumentContent.content).where(DocumentContent.document_id == document_id)
    ).first()
    if document is None or content is None:
        raise UserError("Le fichier de cette pièce n’est pas dans la base.", code="no_content")
    if document.person_id is not None:
        require(context, Permission.READ_HEALTH)
        journal.record(
            session,
            context,
            action="health.read",
            subject=(KIND, document_id),
            summary="Pièce d’un enfant ouverte",
        )
    return FileView(document.id, document.name, document.media_type or "", content)


@needs(Permission.EDIT_FAMILIES)
def check(session: Session, context: Context, command: CheckDocument) -> None:
    """Mark a piece valid or invalid, journalled with what it was.

    Raises UserError when an invalid one has no reason, StaleVersion when another desk changed it since it was read.
    """
    reason = command.reason.strip()
    if not command.valid and not reason:
        raise UserError("Dites pourquoi la pièce n’est pas valide : la famille le lira.", field="reason")
    document = session.scalars(
        select(Document).where(Document.id == command.document_id).with_for_update()
    ).first()
    if document is None:
        raise UserError("Cette pièce n’existe plus : relisez la fiche.", code="document_gone")
    if document.version != command.version:
        raise StaleVersion(
            "Cette pièce vient d’être modifiée à un autre poste : elle est relue, vérifiez puis recommencez."
        )
    if waiting_in(session, [document.id]):
        raise UserError(
            "Cette pièce attend dans une demande : décidez-la dans la demande, la famille aura sa réponse.",
            code="in_request",
        )
    before = {"state": document.state.value, "valid_until": document.valid_until, "reason": document.reason}
    document.state = DocumentState.VALID if command.valid else DocumentState.INVALID
    document.reason = None if command.valid else reason
    if command.valid:
        document.valid_until = command.valid_until or document.valid_until or _end_of(session, document)
    after = {"state": document.state.value, "valid_until": document.valid_until, "reason": document.reason}
    journal.record(
        session,
        context,
        action="document.check",
        subject=(KIND, document.id),
        summary="Pièce contrôlée : valide" if command.valid else "Pièce contrôlée : invalide",
        detail={"before": before, "after": after},
    )


def _end_of(session: Session, document: Document) -> date | None:
    kind = session.get(DocumentType, document.type_id) if document.type_id is not None else None
    if kind is None:
        return None
    issued = document.valid_from or paris_day(document.received_at)
    return valid_until(kind, issued, catalogue.load_calendar(session))


def valid_until(kind: DocumentType, issued: date, calendar: Calendar) -> date | None:
    """The last day a piece of this type counts (domain.md §11); None when it never ends, or when only the family knows."""
    try:
        return good_until(
            _KINDS[kind.validity], issued, days=kind.validity_days or 0, year=calendar.school_year(issued)
        )
    except ValueError:
        return None  # a type whose end is a date the family did not give: the agent enters it on the sheet


def waiting_in(session: Session, document_ids: Collection[int]) -> dict[int, int]:
    """The open request in which each of these pieces waits for a decision."""
    rows = session.execute(
        select(RequestItem.document_id, Request.id)
        .join(Request, Request.id == RequestItem.request_id)
        .where(
            RequestItem.document_id.in_(document_ids),
            RequestItem.decided_at.is_(None),
            Request.state.in_(OPEN_STATES),
        )
        .order_by(Request.id)
    )
    return {document_id: request_id for document_id, request_id in rows if document_id is not None}
