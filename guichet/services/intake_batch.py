"""What an import and a retry share: preparing a line before its transaction, the batch's row and its report."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.requests import ImportBatch, ImportLine, LineOutcome
from guichet.portal.canonical import LineRejected
from guichet.portal.connectors import Report
from guichet.portal.mapping import Mapping, check_attachment
from guichet.portal.reader import RawLine
from guichet.portal.report_text import QUARANTINE_LISTED
from guichet.portal.wire import Attachment
from guichet.services.intake_settle import Prepared, Settled

BatchReport = Report
Progress = Callable[[int, int], None]
Fetch = Callable[[Attachment], bytes]


def no_progress(done: int, total: int) -> None:
    """For those who do not watch."""


def prepare(line: RawLine, mapping: Mapping) -> Prepared:
    """Map one line, or note why it cannot be."""
    try:
        return Prepared(line.number, line.raw, mapping(line.raw))
    except LineRejected as rejection:
        return Prepared(line.number, line.raw, None, rejection=rejection)


def with_attachments(
    prepared: Prepared, fetch: Fetch, known: frozenset[tuple[str, int, str]] = frozenset()
) -> Prepared:
    """The line with the bytes of all its attachments, or rejected because one cannot be had or differs."""
    mapped = prepared.mapped
    if mapped is None or (mapped.request.id, mapped.request.revision, mapped.payload_hash) in known:
        return prepared
    try:
        contents = tuple(
            check_attachment(attachment, fetch(attachment)) if content is None else content
            for attachment, content in zip(mapped.request.attachments, mapped.contents, strict=True)
        )
    except LineRejected as rejection:
        return Prepared(prepared.number, prepared.raw, mapped, rejection=rejection)
    return Prepared(prepared.number, prepared.raw, mapped, contents)


def lock_batch(session: Session, batch_id: int) -> ImportBatch:
    """The batch's row, locked until the end of the transaction."""
    return session.scalars(select(ImportBatch).where(ImportBatch.id == batch_id).with_for_update()).one()


def count(settled: Sequence[Settled], outcome: LineOutcome) -> int:
    """How many lines ended so."""
    return sum(one.outcome is outcome for one in settled)


def batch_report(session: Session, batch: ImportBatch) -> BatchReport:
    """The report of a batch as it stands now."""
    session.flush()  # the counts changed in this transaction are read back by the query below
    listed = session.execute(
        select(ImportLine.number, ImportLine.reason)
        .where(ImportLine.batch_id == batch.id, ImportLine.outcome == LineOutcome.QUARANTINED)
        .order_by(ImportLine.number)
        .limit(QUARANTINE_LISTED)
    )
    return Report(
        batch_id=batch.id,
        portal=batch.portal,
        batch=batch.batch,
        source=batch.source,
        sha256=batch.sha256,
        received=batch.received,
        imported=batch.imported,
        duplicate=batch.duplicate,
        quarantined=batch.quarantined,
        refusal=batch.refusal,
        already_known=False,
        quarantine=tuple((row.number, row.reason or "") for row in listed),
    )
