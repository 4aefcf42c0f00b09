"""Trying quarantined lines again after a fix: the outcome changes, its history grows, the batch's counts still add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, undefer

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
    chosen = (
        select(ImportLine, ImportBatch)
        .join(ImportBatch, ImportBatch.id == ImportLine.batch_id)
        .where(ImportLine.outcome == LineOutcome.QUARANTINED)
    )
    if batch_id is not None:
        chosen = chosen.where(ImportLine.batch_id == batch_id)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    page = (
        chosen.options(undefer(ImportLine.raw))
        .order_by(ImportLine.batch_id.desc(), ImportLine.number)
        .offset(first)
        .limit(limit)
    )
    return [_shown(line, batch) for line, batch in session.execute(page)], total


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
    _retry_lines(database, context, batch_id, wanted, fetch, progress)
    confirm_imported(database, context, batch_id, wanted)
    return transaction.read(database, context, _report, batch_id)


def retry_references(database: Database, context: Context, batch_id: int, fetch: Fetch) -> None:
    """Try again the lines that named a request not known yet: it may have come further on in the same file."""
    waiting = transaction.read(database, context, _quarantined, batch_id)
    wanted = [number for number, code in waiting.items() if code == "unknown_reference"]
    _retry_lines(database, context, batch_id, wanted, fetch, no_progress)


def _retry_lines(
    database: Database,
    context: Context,
    batch_id: int,
    wanted: Sequence[int],
    fetch: Fetch,
    progress: Progress,
) -> None:
    for start in range(0, len(wanted), _LINES_AT_ONCE):
        some = wanted[start : start + _LINES_AT_ONCE]
        raw = transaction.read(database, context, _raw_lines, batch_id, some)
        prepared = [with_attachments(prepare(line, map_exchange_line), fetch) for line in raw]
        transaction.run(database, context, _retry, batch_id, prepared)
        progress(start + len(some), len(wanted))


@needs(Permission.IMPORT_REQUESTS)
def _quarantined(session: Session, context: Context, batch_id: int) -> dict[int, str | None]:
    """The numbers of a batch's lines in quarantine, in order, each with its code."""
    if session.get(ImportBatch, batch_id) is None:
        raise UserError("Ce lot n’existe pas.", field="batch")
    query = select(ImportLine.number, ImportLine.code).where(
        ImportLine.batch_id == batch_id, ImportLine.outcome == LineOutcome.QUARANTINED
    )
    return {row.number: row.code for row in session.execute(query.order_by(ImportLine.number))}


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


def _shown(line: ImportLine, batch: ImportBatch) -> QuarantinedLine:
    return QuarantinedLine(
        id=line.id,
        batch_id=batch.id,
        portal=batch.portal,
        batch=batch.batch,
        number=line.number,
        code=line.code or "",
        reason=line.reason or "",
        received_at=batch.started_at,
        excerpt=(line.raw or b"")[:2_000].decode("utf-8", "replace"),
    )
