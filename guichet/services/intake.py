"""Bringing a portal's requests in: idempotent and total, one transaction per 500 lines, taken up again where it stopped.

Every line gets one visible outcome (imported, duplicate, quarantined with its reason and bytes), recorded with the
progress of its batch in one transaction: a program killed half-way and started again neither loses nor doubles a line,
and two programs at work on one batch share it instead of doing it twice.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from guichet.models.base import Base
from guichet.models.database import Database
from guichet.models.requests import (
    BatchState,
    ImportBatch,
    LineOutcome,
    Request,
)
from guichet.portal.connectors import Delivery, RefusedDelivery, Report
from guichet.portal.exchange_file import open_file
from guichet.portal.mapping import Mapping
from guichet.portal.reader import RawLine
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.rules.permissions import Permission
from guichet.services import journal, transaction
from guichet.services.arrivals import confirm_imported
from guichet.services.bulk import insert_rows
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
from guichet.services.intake_retry import retry_references
from guichet.services.intake_settle import Prepared, Settled, settle
from guichet.services.transaction import Context, needs

TABLES = Base.metadata.tables
CHUNK_LINES = 500
CHUNK_BYTES = 32 * 1024 * 1024


def import_path(
    database: Database, context: Context, path: Path, *, progress: Progress = no_progress
) -> BatchReport:
    """Import one exchange file, left where it is. `progress(done, total)` is called after each transaction.

    Raises UserError when there is no such file, EnvironmentProblem when it cannot be read. A refused file is no error:
    its report says so.
    """
    transaction.require(context, Permission.IMPORT_REQUESTS)
    if not path.is_file():
        raise UserError(
            f"Le fichier « {path} » n’existe pas : vérifiez son nom et son dossier.", field="path"
        )
    return take_in(database, context, open_file(path), progress)


def take_in(
    database: Database, context: Context, delivery: Delivery | RefusedDelivery, progress: Progress
) -> BatchReport:
    """Import one delivery, or record that it was refused, and tell its connector. Started again, it goes on."""
    if isinstance(delivery, RefusedDelivery):
        report = transaction.run(database, context, _record_refusal, delivery)
        delivery.put_aside(report)
        return report
    opened = transaction.run(database, context, _open_batch, delivery)
    if opened.finished:
        report = transaction.run(database, context, _record_repeat, opened.batch_id)
    else:
        _import_lines(database, context, delivery, opened, progress)
        retry_references(database, context, opened.batch_id, delivery.attachment)
        confirm_imported(database, context, opened.batch_id)
        report = transaction.run(database, context, _finish_batch, opened.batch_id)
    delivery.acknowledge(report)
    return report


@dataclass(frozen=True)
class _Opened:
    batch_id: int
    received: int
    finished: bool


def _import_lines(
    database: Database, context: Context, delivery: Delivery, opened: _Opened, progress: Progress
) -> None:
    done = opened.received
    while done < delivery.count:
        before = done
        for chunk in _chunks(delivery.items(done), delivery.mapping):
            prepared = _with_attachments(database, context, delivery.portal, chunk, delivery.attachment)
            reached = _run_again_on_race(database, context, opened.batch_id, done, prepared)
            progress(reached, delivery.count)
            done, moved_on = reached, reached != done + len(prepared)
            if moved_on:
                break  # another program imports the same batch and is ahead: go on from where it stands
        if done == before:
            raise EnvironmentProblem(
                "Le fichier a changé pendant son import : vérifiez-le, puis relancez l’import.",
                code="file_changed",
            )


def _chunks(lines: Iterator[RawLine], mapping: Mapping) -> Iterator[list[Prepared]]:
    """Groups of at most 500 lines, fewer where they carry heavy attachments: a chunk is held in memory."""
    chunk: list[Prepared] = []
    weight = 0
    for line in lines:
        prepared = prepare(line, mapping)
        chunk.append(prepared)
        weight += _weight(prepared)
        if len(chunk) == CHUNK_LINES or weight >= CHUNK_BYTES:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def _weight(prepared: Prepared) -> int:
    if prepared.mapped is None:
        return len(prepared.raw)
    return len(prepared.raw) + sum(one.size for one in prepared.mapped.request.attachments)


def _with_attachments(
    database: Database, context: Context, portal: str, chunk: list[Prepared], fetch: Fetch
) -> list[Prepared]:
    """Fetch what is given by address, before the transaction opens, and only for requests not yet known."""
    remote = {
        one.mapped.request.id for one in chunk if one.mapped is not None and None in one.mapped.contents
    }
    known = transaction.read(database, context, _known_hashes, portal, remote) if remote else frozenset()
    return [with_attachments(one, fetch, known) for one in chunk]


def _known_hashes(
    session: Session, context: Context, portal: str, ids: set[str]
) -> frozenset[tuple[str, int, str]]:
    query = select(Request.external_id, Request.revision, Request.payload_hash).where(
        Request.portal == portal, Request.external_id.in_(ids)
    )
    return frozenset(session.execute(query))


def _run_again_on_race(
    database: Database, context: Context, batch_id: int, done: int, prepared: list[Prepared]
) -> int:
    """Import a chunk; when another batch brought one of its requests meanwhile, once more: now it is a duplicate."""
    with contextlib.suppress(IntegrityError):
        return transaction.run(database, context, _import_chunk, batch_id, done, prepared)
    return transaction.run(database, context, _import_chunk, batch_id, done, prepared)


@needs(Permission.IMPORT_REQUESTS)
def _open_batch(session: Session, context: Context, delivery: Delivery) -> _Opened:
    values = {
        "portal": delivery.portal,
        "batch": delivery.batch,
        "sha256": delivery.sha256,
        "source": delivery.source,
        "state": BatchState.RUNNING,
        "exported_at": delivery.exported_at,
        "started_at": context.now,
        "expected": delivery.count,
    }
    batch = _find_or_add(session, values)
    if batch.state is BatchState.REFUSED:  # the file was refused for its connection, and is now given by hand
        batch.state, batch.refusal, batch.expected = BatchState.RUNNING, None, delivery.count
    return _Opened(batch.id, batch.received, batch.state is BatchState.DONE)


@needs(Permission.IMPORT_REQUESTS)
def _record_refusal(session: Session, context: Context, refused: RefusedDelivery) -> BatchReport:
    values = {
        "portal": refused.portal,
        "batch": refused.batch,
        "sha256": refused.sha256,
        "source": refused.source,
        "state": BatchState.REFUSED,
        "refusal": refused.reason,
        "started_at": context.now,
        "finished_at": context.now,
    }
    batch = _find_or_add(session, values)
    journal.record(
        session,
        context,
        action="import.refuse",
        subject=("import_batch", batch.id),
        summary=f"Fichier du portail refusé en entier : {refused.source}",
        detail={"reason": refused.reason, "sha256": refused.sha256},
    )
    return batch_report(session, batch)


def _find_or_add(session: Session, values: dict[str, Any]) -> ImportBatch:
    """The batch of this portal, name and content, whoever of two programs made its row first."""
    query = select(ImportBatch).where(
        ImportBatch.portal == values["portal"],
        ImportBatch.batch == values["batch"],
        ImportBatch.sha256 == values["sha256"],
    )
    if session.scalars(query).one_or_none() is None:
        with contextlib.suppress(IntegrityError), session.begin_nested():
            session.execute(insert(ImportBatch).values(**values))
    return session.scalars(query).one()


@needs(Permission.IMPORT_REQUESTS)
def _import_chunk(
    session: Session, context: Context, batch_id: int, done: int, prepared: list[Prepared]
) -> int:
    batch = lock_batch(session, batch_id)
    if batch.received != done:
        return batch.received
    settled = settle(session, context, batch.portal, prepared)
    _record_lines(session, context, batch_id, prepared, settled)
    batch.received += len(prepared)
    batch.imported += count(settled, LineOutcome.IMPORTED)
    batch.duplicate += count(settled, LineOutcome.DUPLICATE)
    batch.quarantined += count(settled, LineOutcome.QUARANTINED)
    return batch.received


def _record_lines(
    session: Session, context: Context, batch_id: int, prepared: list[Prepared], settled: list[Settled]
) -> None:
    rows = [
        {
            "batch_id": batch_id,
            "number": line.number,
            "outcome": one.outcome,
            "code": one.code,
            "reason": one.reason,
            "raw": line.raw if one.outcome is LineOutcome.QUARANTINED else None,
            "request_id": one.request_id,
        }
        for line, one in zip(prepared, settled, strict=True)
    ]
    ids = insert_rows(session, TABLES["import_line"], rows)
    insert_rows(
        session,
        TABLES["import_outcome"],
        [
            {
                "line_id": line_id,
                "at": context.now,
                "outcome": one.outcome,
                "code": one.code,
                "reason": one.reason,
            }
            for line_id, one in zip(ids, settled, strict=True)
        ],
    )


@needs(Permission.IMPORT_REQUESTS)
def _finish_batch(session: Session, context: Context, batch_id: int) -> BatchReport:
    batch = lock_batch(session, batch_id)
    if batch.state is BatchState.RUNNING:
        batch.state = BatchState.DONE
        batch.finished_at = context.now
        journal.record(
            session,
            context,
            action="import.done",
            subject=("import_batch", batch_id),
            summary=f"Lot du portail importé : {batch.source}",
            detail={
                "received": batch.received,
                "imported": batch.imported,
                "duplicate": batch.duplicate,
                "quarantined": batch.quarantined,
            },
        )
    return batch_report(session, batch)


@needs(Permission.IMPORT_REQUESTS)
def _record_repeat(session: Session, context: Context, batch_id: int) -> BatchReport:
    """The same file again: every line of it is a duplicate, the first report stays as it is."""
    batch = session.get_one(ImportBatch, batch_id)
    journal.record(
        session,
        context,
        action="import.repeat",
        subject=("import_batch", batch_id),
        summary=f"Lot du portail déjà reçu : {batch.source}",
    )
    return Report(
        batch_id=batch.id,
        portal=batch.portal,
        batch=batch.batch,
        source=batch.source,
        sha256=batch.sha256,
        received=batch.received,
        imported=0,
        duplicate=batch.received,
        quarantined=0,
        refusal=None,
        already_known=True,
        quarantine=(),
    )
