"""What a family and the town wrote to each other."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.requests import Message
from guichet.rules.permissions import Permission
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class MessageQuery(PageQuery):
    """The messages of a family, the latest first."""

    family_id: int = 0


@dataclass(frozen=True)
class MessageView:
    """A message, read or not by the town."""

    message_id: int
    from_family: bool
    subject: str
    body: str
    sent_at: datetime
    read_at: datetime | None
    request_id: int | None


@needs(Permission.READ_FAMILIES)
def messages(session: Session, context: Context, query: MessageQuery) -> Page[MessageView]:
    """A page of a family's messages: two queries."""
    mine = Message.family_id == query.family_id
    total = session.execute(select(func.count()).select_from(Message).where(mine)).scalar_one()
    rows = session.scalars(
        select(Message)
        .where(mine)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(
        tuple(
            MessageView(
                row.id, row.from_family, row.subject, row.body, row.sent_at, row.read_at, row.request_id
            )
            for row in rows
        ),
        total,
        query.offset,
    )
