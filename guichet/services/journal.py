"""The audit trail: who did what, when and from where, written in the act's own transaction."""

import hashlib
import json
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from guichet.models.settings import Journal, JournalDetail, JournalUnsealed
from guichet.services.transaction import Context

Subject = tuple[str, int | None]


def record(
    session: Session,
    context: Context,
    *,
    action: str,
    subject: Subject,
    summary: str,
    detail: dict[str, Any] | None = None,
) -> int:
    """Write one entry and return its id.

    `summary` is a French phrase without personal data; `detail` (before / after) is kept apart, erasable, and covered
    by its digest in the entry.
    """
    text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, default=str)
    entry_id = session.execute(
        insert(Journal)
        .values(
            happened_at=context.now,
            login=context.actor.login,
            workstation=context.actor.workstation,
            action=action,
            subject_kind=subject[0],
            subject_id=subject[1],
            summary=summary,
            digest=detail_digest(text),
        )
        .returning(Journal.id)
    ).scalar_one()
    session.execute(insert(JournalUnsealed).values(journal_id=entry_id))
    if detail:
        session.execute(insert(JournalDetail).values(journal_id=entry_id, detail=text))
    return entry_id


def detail_digest(text: str) -> str:
    """SHA-256 of an entry's detail as stored."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
