"""Opening a piece that came with a request: its bytes, read on demand, each reading kept at the journal (domain.md §12)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document, DocumentContent, DocumentScope, DocumentType
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import journal
from guichet.services.transaction import Context, needs, require


@dataclass(frozen=True)
class PieceContent:
    """A piece as it was received. Its name and media type are the sender's words: what it is, its bytes say."""

    document_id: int
    name: str
    media_type: str
    content: bytes


@needs(Permission.READ_REQUESTS)
def open_piece(session: Session, context: Context, document_id: int) -> PieceContent:
    """The bytes of a piece; the reading is journalled, so this one writes.

    A family's piece (income, bank) needs READ_INCOME, any other one (health, or not sorted yet) READ_HEALTH. Raises
    UserError `content_missing` when only the piece's name was ever received.
    """
    row = session.execute(
        select(Document.name, Document.media_type, DocumentType.scope, DocumentContent.content)
        .outerjoin(DocumentType, DocumentType.id == Document.type_id)
        .outerjoin(DocumentContent, DocumentContent.document_id == Document.id)
        .where(Document.id == document_id)
    ).first()
    if row is None:
        raise UserError("Cette pièce n’existe plus : relisez la demande.", code="document_gone")
    require(
        context,
        Permission.READ_INCOME if row.scope is DocumentScope.FAMILY else Permission.READ_HEALTH,
    )
    if row.content is None:
        raise UserError(
            f"Le contenu de « {row.name} » n’a pas été reçu : demandez un complément à la famille.",
            code="content_missing",
        )
    journal.record(
        session, context, action="document.read", subject=("document", document_id), summary="Pièce ouverte"
    )
    return PieceContent(document_id, row.name, row.media_type or "", row.content)
