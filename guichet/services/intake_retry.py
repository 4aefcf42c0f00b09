"""Trying quarantined lines again after a fix: the outcome changes, its history grows, the batch's counts still add up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, func, insert, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.requests import ImportBatch, ImportLine, ImportOutcome, LineOutcome
from guichet.portal.exchange_file import no_download
from guichet.portal.mapping import map_exchange_line
from guichet.portal.reader import RawLine
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import journal, transaction
from guichet.services.arrivals import confirm_imported
from guichet.services.intake_batch import (
    BatchReport,
    Fetch,
    Progress,
    batch_report,
    count,
    lock_batch,
    no_progress,
    prepare,
    with_attachments,
)
from guichet.services.intake_settle import Prepared, Settled, settle
from guichet.services.transaction import Context, needs

_LINES_AT_ONCE = 50
_BYTES_AT_ONCE = 32 * 1024 * 1024
_EXCERPT_BYTES = 2_000


@dataclass(frozen=True)
class QuarantinedLine:
    """A line kept aside: where it stands, why, since when, and the start of its bytes as text."""

    id: int
    batch_id: int
    portal: str
    batch: str
    number: int
    code: str
    reason: str
    received_at: datetime
    excerpt: str


@needs(Permission.READ_REQUESTS)
def list_quarantine(
    session: Session, context: Context, *, batch_id: int | None = None, first: int = 0, limit: int = 100
) -> tuple[list[QuarantinedLine], int]:
    """Lines in quarantine, the latest batch first, and how many there are in all."""
    chosen = [ImportLine.outcome == LineOutcome.QUARANTINED]
    if batch_id is not None:
        chosen.append(ImportLine.batch_id == batch_id)
    total = session.scalar(select(func.count(ImportLine.id)).where(*chosen)) or 0
    rows = session.execute(
        select(
            ImportLine.id,
            ImportLine.batch_id,
            ImportBatch.portal,
            ImportBatch.batch,
            ImportLine.number,
            func.coalesce(ImportLine.code, ""),
            func.coalesce(ImportLine.reason, ""),
            ImportBatch.started_at,
            func.substr(ImportLine.raw, 1, _EXCERPT_BYTES, type_=LargeBinary),
        )
        .join(ImportBatch, ImportBatch.id == ImportLine.batch_id)
        .where(*chosen)
        .order_by(ImportLine.batch_id.desc(), ImportLine.number)
        .offset(first)
        .limit(limit)
    )
    return [QuarantinedLine(*row[:-1], excerpt=row[-1].decode("utf-8", "replace")) for row in rows], total


def retry_quarantined(
    database: Database,
    context: Context,
    batch_id: int,
    *,
    numbers: Sequence[int] | None = None,
    fetch: Fetch = no_download,
    progress: Progress = no_progress,
) -> BatchReport:
    """Try a batch's quarantined lines again, all of them or those of `numbers`, and return its report as it then stands.

    `fetch` gives the bytes of attachments sent by address. Raises UserError for an unknown batch or a number that is not
    in quarantine.
    """
    waiting = transaction.read(database, context, _quarantined, batch_id)
    wanted = list(waiting) if numbers is None else sorted(set(numbers))
    missing = set(wanted) - set(waiting)
    if missing:
        raise UserError(
            f"La ligne {min(missing)} de ce lot n’est pas en quarantaine : relisez la liste.", field="line"
        )
    _retry_lines(database, context, batch_id, [(one, waiting[one].size) for one in wanted], fetch, progress)
    confirm_imported(database, context, batch_id, wanted)
    return transaction.read(database, context, _report, batch_id)


def retry_references(database: Database, context: Context, batch_id: int, fetch: Fetch) -> None:
    """Try again the lines that named a request not known yet: it may have come further on in the same file."""
    waiting = transaction.read(database, context, _quarantined, batch_id)
    wanted = [number for number, found in waiting.items() if found.code == "unknown_reference"]
    sized = [(number, waiting[number].size) for number in wanted]
    _retry_lines(database, context, batch_id, sized, fetch, no_progress)


def _retry_lines(
    database: Database,
    context: Context,
    batch_id: int,
    wanted: Sequence[tuple[int, int]],
    fetch: Fetch,
    progress: Progress,
) -> None:
    done = 0
    for some in _groups(wanted):
        raw = transaction.read(database, context, _raw_lines, batch_id, some)
        prepared = [with_attachments(prepare(line, map_exchange_line), fetch) for line in raw]
        transaction.run(database, context, _retry, batch_id, prepared)
        done += len(some)
        progress(done, len(wanted))


def _groups(wanted: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Line numbers by groups that memory can hold: at most 50, fewer where (number, size in bytes) says heavy."""
    group: list[int] = []
    weight = 0
    for number, size in wanted:
        group.append(number)
        weight += size
        if len(group) == _LINES_AT_ONCE or weight >= _BYTES_AT_ONCE:
            yield group
            group, weight = [], 0
    if group:
        yield group


@dataclass(frozen=True)
class _Waiting:
    code: str | None
    size: int


@needs(Permission.IMPORT_REQUESTS)
def _quarantined(session: Session, context: Context, batch_id: int) -> dict[int, _Waiting]:
    """The numbers of a batch's lines in quarantine, in order, each with its code and size."""
    if session.get(ImportBatch, batch_id) is None:
        raise UserError("Ce lot n’existe pas.", field="batch")
    query = select(ImportLine.number, ImportLine.code, func.length(ImportLine.raw).label("size")).where(
        ImportLine.batch_id == batch_id, ImportLine.outcome == LineOutcome.QUARANTINED
    )
    return {
        row.number: _Waiting(row.code, row.size) for row in session.execute(query.order_by(ImportLine.number))
    }


def _raw_lines(session: Session, context: Context, batch_id: int, numbers: Sequence[int]) -> list[RawLine]:
    query = select(ImportLine.number, ImportLine.raw).where(
        ImportLine.batch_id == batch_id, ImportLine.number.in_(numbers), ImportLine.raw.is_not(None)
    )
    return [RawLine(row.number, row.raw) for row in session.execute(query.order_by(ImportLine.number))]


@needs(Permission.IMPORT_REQUESTS)
def _retry(session: Session, context: Context, batch_id: int, prepared: Sequence[Prepared]) -> None:
    batch = lock_batch(session, batch_id)
    query = select(ImportLine).where(
        ImportLine.batch_id == batch_id,
        ImportLine.number.in_([line.number for line in prepared]),
        ImportLine.outcome == LineOutcome.QUARANTINED,
    )
    rows = {row.number: row for row in session.scalars(query)}
    still = [
        line for line in prepared if line.number in rows
    ]  # the others were retried at another desk meanwhile
    settled = settle(session, context, batch.portal, still)
    for line, one in zip(still, settled, strict=True):
        _change_outcome(session, context, rows[line.number], one)
    batch.imported += count(settled, LineOutcome.IMPORTED)
    batch.duplicate += count(settled, LineOutcome.DUPLICATE)
    batch.quarantined -= len(settled) - count(settled, LineOutcome.QUARANTINED)
    journal.record(
        session,
        context,
        action="import.retry",
        subject=("import_batch", batch_id),
        summary="Lignes en quarantaine essayées de nouveau",
        detail={"lines": [line.number for line in still], "imported": count(settled, LineOutcome.IMPORTED)},
    )


def _change_outcome(session: Session, context: Context, row: ImportLine, settled: Settled) -> None:
    row.outcome = settled.outcome
    row.code = settled.code
    row.reason = settled.reason
    row.request_id = settled.request_id
    if settled.outcome is not LineOutcome.QUARANTINED:
        row.raw = None
    session.execute(
        insert(ImportOutcome).values(
            line_id=row.id,
            at=context.now,
            outcome=settled.outcome,
            code=settled.code,
            reason=settled.reason,
        )
    )


def _report(session: Session, context: Context, batch_id: int) -> BatchReport:
    return batch_report(session, session.get_one(ImportBatch, batch_id))
