"""Chains the journal by hash, in a short transaction of its own after the act's commit.

Sealing inside each act would make every desk wait for the slowest; an entry not yet sealed is counted by verify.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.settings import Journal, JournalSeal, JournalUnsealed

GENESIS = "0" * 64
_CHAIN_LOCK = 7305072


@dataclass(frozen=True)
class ChainReport:
    """What a walk of the chain found.

    `broken_positions` do not follow the link before; `lost` entries are neither sealed nor waiting for their seal;
    `unsealed` ones wait for it, which is no fault.
    """

    broken_positions: tuple[int, ...]
    lost: int
    unsealed: int


def seal(database: Database) -> int:
    """Add a link for every committed entry that has none; returns how many."""
    with database.reading() as session:
        if session.execute(_unsealed_ids().limit(1)).first() is None:
            return 0
    with database.writing() as session:
        if not database.is_sqlite:
            session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})")
        last = session.execute(
            select(JournalSeal.position, JournalSeal.hash).order_by(JournalSeal.position.desc()).limit(1)
        ).first()
        position, previous = (last.position, last.hash) if last else (0, GENESIS)
        links = []
        for entry in session.execute(_entries().where(Journal.id.in_(_unsealed_ids())).order_by(Journal.id)):
            position += 1
            digest = _link_hash(previous, entry)
            links.append(
                {"journal_id": entry.id, "position": position, "previous_hash": previous, "hash": digest}
            )
            previous = digest
        if links:
            session.execute(insert(JournalSeal), links)
            sealed = [link["journal_id"] for link in links]
            session.execute(delete(JournalUnsealed).where(JournalUnsealed.journal_id.in_(sealed)))
        return len(links)


def check(session: Session) -> ChainReport:
    """Walk the whole chain: each link must hash its entry and the link before it."""
    broken = []
    previous, expected = GENESIS, 1
    statement = (
        _entries()
        .add_columns(JournalSeal.position, JournalSeal.previous_hash, JournalSeal.hash)
        .join(JournalSeal, JournalSeal.journal_id == Journal.id)
        .order_by(JournalSeal.position)
        .execution_options(yield_per=2000)
    )
    for entry in session.execute(statement):
        follows = entry.position == expected and entry.previous_hash == previous
        if not follows or entry.hash != _link_hash(previous, entry):
            broken.append(entry.position)
        previous, expected = entry.hash, entry.position + 1
    total, sealed, unsealed = (
        session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (Journal, JournalSeal, JournalUnsealed)
    )
    return ChainReport(tuple(broken), total - sealed - unsealed, unsealed)


def _entries() -> Select[*tuple[Any, ...]]:
    return select(
        Journal.id,
        Journal.happened_at,
        Journal.login,
        Journal.workstation,
        Journal.action,
        Journal.subject_kind,
        Journal.subject_id,
        Journal.summary,
        Journal.digest,
    )


def _unsealed_ids() -> Select[int]:
    return select(Journal.id).where(
        ~select(JournalSeal.id).where(JournalSeal.journal_id == Journal.id).exists()
    )


def _link_hash(previous: str, entry: Row[Any]) -> str:
    content = [
        previous,
        entry.id,
        entry.happened_at.isoformat(),
        entry.login,
        entry.workstation,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.summary,
        entry.digest,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8")).hexdigest()
