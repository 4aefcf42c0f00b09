"""The audit trail: who did what, when and from where, written in the act's own transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from guichet.models.settings import Journal, JournalDetail, JournalUnsealed
from guichet.rules.typography import french
from guichet.services.bulk import insert_rows
from guichet.services.transaction import Context

Subject = tuple[str, int | None]

_JOURNAL: Table = Journal.__table__  # type: ignore[assignment]
_UNSEALED: Table = JournalUnsealed.__table__  # type: ignore[assignment]
_DETAIL: Table = JournalDetail.__table__  # type: ignore[assignment]


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
            summary=french(summary),
            digest=detail_digest(text),
        )
        .returning(Journal.id)
    ).scalar_one()
    session.execute(insert(JournalUnsealed).values(journal_id=entry_id))
    if detail:
        session.execute(insert(JournalDetail).values(journal_id=entry_id, detail=text))
    return entry_id


@dataclass(frozen=True)
class Entry:
    """One entry of a batch."""

    action: str
    subject: Subject
    summary: str
    detail: dict[str, Any] = field(default_factory=dict)


def record_many(session: Session, context: Context, entries: Sequence[Entry]) -> list[int]:
    """Write many entries in few statements, and return their ids in the order given."""
    texts = [json.dumps(one.detail, ensure_ascii=False, sort_keys=True, default=str) for one in entries]
    ids = insert_rows(
        session,
        _JOURNAL,
        [
            {
                "happened_at": context.now,
                "login": context.actor.login,
                "workstation": context.actor.workstation,
                "action": one.action,
                "subject_kind": one.subject[0],
                "subject_id": one.subject[1],
                "summary": one.summary,
                "digest": detail_digest(text),
            }
            for one, text in zip(entries, texts, strict=True)
        ],
    )
    insert_rows(session, _UNSEALED, [{"journal_id": entry_id} for entry_id in ids])
    details = [
        {"journal_id": entry_id, "detail": text}
        for entry_id, one, text in zip(ids, entries, texts, strict=True)
        if one.detail
    ]
    insert_rows(session, _DETAIL, details)
    return ids


def detail_digest(text: str) -> str:
    """SHA-256 of an entry's detail as stored."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
