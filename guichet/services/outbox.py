"""What must leave for a portal: queued in the transaction of the act that it tells of, sent later, once.

The seam carries every kind of publication (answers today; documents, balances, bookings, ranks, news later). The sender
takes only entries whose `not_before` has come, and claims them by their `attempts` before they leave: an entry without
attempts has not left, and may be called back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from guichet.models.requests import Outbox, OutboxState
from guichet.services.bulk import insert_rows
from guichet.services.journal import Subject
from guichet.services.transaction import Context

ANSWER = "answer"
_OUTBOX: Table = Outbox.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class Publication:
    """One thing to publish: `subject` names what it speaks of; `key` lets the portal drop a second sending."""

    kind: str
    portal: str
    subject: Subject
    payload: dict[str, Any]
    key: str
    not_before: datetime | None = None


def queue(
    session: Session,
    context: Context,
    *,
    kind: str,
    portal: str,
    subject: Subject,
    payload: dict[str, Any],
    key: str,
    not_before: datetime | None = None,
) -> int:
    """Queue one publication and return its id; without `not_before` it may leave at once."""
    one = Publication(kind, portal, subject, payload, key, not_before)
    return queue_many(session, context, [one])[0]


def queue_many(session: Session, context: Context, publications: Sequence[Publication]) -> list[int]:
    """Queue publications in few statements, and return their ids in the order given."""
    return insert_rows(
        session,
        _OUTBOX,
        [
            {
                "kind": one.kind,
                "portal": one.portal,
                "subject_kind": one.subject[0],
                "subject_id": one.subject[1],
                "idempotency_key": one.key,
                "payload": one.payload,
                "state": OutboxState.QUEUED,
                "not_before": one.not_before or context.now,
            }
            for one in publications
        ],
    )


def entries_of(session: Session, subject: Subject) -> Sequence[Outbox]:
    """Every entry about a subject, oldest first, those of the same transaction held against a sender until it ends."""
    return session.scalars(
        select(Outbox)
        .where(Outbox.subject_kind == subject[0], Outbox.subject_id == subject[1])
        .order_by(Outbox.id)
        .with_for_update()
    ).all()


def call_back(session: Session, entries: Sequence[Outbox]) -> None:
    """Withdraw entries that have not left."""
    session.execute(
        update(Outbox)
        .where(Outbox.id.in_([entry.id for entry in entries]))
        .values(state=OutboxState.WITHDRAWN, version=Outbox.version + 1)
    )
