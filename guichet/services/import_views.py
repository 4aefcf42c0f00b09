"""What the imports page reads: each batch with its counts, each line with its one outcome, a night that did not come."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, true
from sqlalchemy.orm import Session

from guichet.models.people import Family, Person
from guichet.models.requests import (
    BatchState,
    ImportBatch,
    ImportLine,
    ImportOutcome,
    LineOutcome,
    Portal,
    Request,
)
from guichet.portal.canonical import LineRejected, decode
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import RequestState
from guichet.rules.text import fold
from guichet.services import sheet_fields
from guichet.services.paging import Page, PageQuery
from guichet.services.request_labels import KIND_LABELS
from guichet.services.text_search import holds
from guichet.services.transaction import Context, needs

LATE = timedelta(hours=24)
RAW_SHOWN = 200_000
LONGEST_TEXT = 400
"""Characters shown of a line, and of each text within it: an attachment would only hide the rest."""


@dataclass(frozen=True)
class BatchRow:
    """A file or pull of a portal: received = imported + duplicate + quarantined. `refusal` where it was refused whole."""

    batch_id: int
    portal: str
    batch: str
    source: str
    sha256: str
    state: BatchState
    refusal: str
    exported_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    expected: int
    received: int
    imported: int
    duplicate: int
    quarantined: int


@dataclass(frozen=True)
class BatchQuery(PageQuery):
    """Every batch, the latest first."""

    sort: str = "started_at"
    descending: bool = True


@dataclass(frozen=True)
class LineQuery(PageQuery):
    """A batch's lines by number. `outcome` (the value of a LineOutcome) keeps those that ended so; `text` is words of the
    reason, the request's number or the family.
    """

    batch_id: int = 0
    outcome: str = ""
    text: str = ""
    sort: str = "number"


@dataclass(frozen=True)
class LineRow:
    """A line and what became of it; `request_id` is the request it made, or the one it repeats."""

    line_id: int
    batch_id: int
    number: int
    outcome: LineOutcome
    reason: str
    request_id: int | None
    external_id: str
    kind_label: str
    state: RequestState | None
    family: str
    child: str


@dataclass(frozen=True)
class Attempt:
    """One outcome of a line's history: at import, then at each retry."""

    at: datetime
    outcome: LineOutcome
    reason: str


@dataclass(frozen=True)
class LineDetail:
    """A line whole: its text as it came (quarantined) or as the request keeps it, and each attempt on it."""

    row: LineRow
    text: str
    cut: bool
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class MissingNight:
    """A portal of which no file was taken in for more than a day. `last` None: never any."""

    portal: str
    name: str
    last: datetime | None
    refusal: str


@needs(Permission.READ_REQUESTS)
def list_batches(session: Session, context: Context, query: BatchQuery) -> Page[BatchRow]:
    """One page of the batches: two queries."""
    total = session.execute(select(func.count(ImportBatch.id))).scalar_one()
    order = {"portal": ImportBatch.portal, "quarantined": ImportBatch.quarantined}.get(
        query.sort, ImportBatch.started_at
    )
    rows = session.scalars(
        select(ImportBatch)
        .order_by(order.desc() if query.descending else order, ImportBatch.id.desc())
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(tuple(_batch(row) for row in rows), total, query.offset)


@needs(Permission.READ_REQUESTS)
def batch(session: Session, context: Context, batch_id: int) -> BatchRow:
    """One batch. Raises UserError when there is none."""
    row = session.get(ImportBatch, batch_id)
    if row is None:
        raise UserError("Ce lot n’existe pas : relancez la liste des imports.", code="batch_unknown")
    return _batch(row)


@needs(Permission.READ_REQUESTS)
def list_lines(session: Session, context: Context, query: LineQuery) -> Page[LineRow]:
    """One page of a batch's lines: two queries."""
    wanted = [ImportLine.batch_id == query.batch_id]
    if query.outcome:
        wanted.append(ImportLine.outcome == query.outcome)
    words = fold(query.text).split()
    wanted += [
        or_(
            holds(session, ImportLine.reason, word),
            Request.search_key.contains(word, autoescape=True),
            func.lower(Request.external_id).contains(word, autoescape=True),
            Family.search_key.contains(word, autoescape=True),
        )
        for word in words
    ]
    counted = select(func.count(ImportLine.id))
    # Words alone are looked for in requests and families: SQLite would read one of each for every line.
    total = session.execute((_lines(counted) if words else counted).where(*wanted)).scalar_one()
    order = {"outcome": ImportLine.outcome, "family": Family.sort_key}.get(query.sort, ImportLine.number)
    rows = session.execute(
        _lines(_line_columns())
        .where(*wanted)
        .order_by((order.desc() if query.descending else order.asc()).nulls_last(), ImportLine.number)
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(tuple(_line(row) for row in rows), total, query.offset)


@needs(Permission.READ_REQUESTS)
def line(session: Session, context: Context, line_id: int) -> LineDetail:
    """A line with its text and history. Raises UserError when there is none.

    Of a quarantined line's text, health values are masked, income and bank ones without the permission to read them;
    what an imported line said is the request's.
    """
    found = session.execute(
        _lines(_line_columns().add_columns(ImportLine.raw)).where(ImportLine.id == line_id)
    ).first()
    if found is None:
        raise UserError("Cette ligne n’existe pas : relancez la liste des imports.", code="line_unknown")
    attempts = session.execute(
        select(ImportOutcome.at, ImportOutcome.outcome, ImportOutcome.reason)
        .where(ImportOutcome.line_id == line_id)
        .order_by(ImportOutcome.id)
    )
    text = "" if found.raw is None else readable(found.raw, masked=_masked(context))
    return LineDetail(
        _line(found),
        text[:RAW_SHOWN],
        len(text) > RAW_SHOWN,
        tuple(Attempt(row.at, row.outcome, row.reason or "") for row in attempts),
    )


def readable(raw: bytes, *, masked: frozenset[str]) -> str:
    """A line's bytes as text: JSON laid out, with these sections' values masked and long texts cut; else as it came."""
    try:
        value = decode(raw)
    except LineRejected:
        return raw.decode("utf-8", "replace")
    return json.dumps(_laid_out(value, masked), ensure_ascii=False, indent=2)


def _masked(context: Context) -> frozenset[str]:
    income = frozenset() if context.may(Permission.READ_INCOME) else sheet_fields.INCOME_SECTIONS
    return sheet_fields.HEALTH_SECTIONS | income


def _laid_out(value: Any, masked: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _hidden(part) if key in masked else _laid_out(part, masked) for key, part in value.items()
        }
    if isinstance(value, list):
        return [_laid_out(part, masked) for part in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}… ({len(value)} caractères)"
    return value


def _hidden(value: Any) -> Any:
    return dict.fromkeys(value, "(masqué)") if isinstance(value, dict) else "(masqué)"


@needs(Permission.READ_REQUESTS)
def missing_nights(session: Session, context: Context, query: None = None) -> tuple[MissingNight, ...]:
    """Portals of which no file was taken in whole for more than a day, with the refusal of the last one since.

    They are the portals set up here, or, where none is, those that once sent a file.
    """
    names = dict(session.execute(select(Portal.code, Portal.name)).all())
    last = dict(
        session.execute(
            select(ImportBatch.portal, func.max(ImportBatch.started_at))
            .where(ImportBatch.state == BatchState.DONE)
            .group_by(ImportBatch.portal)
        ).all()
    )
    missing = []
    for code in sorted(names or last):
        at = last.get(code)
        if at is None or context.now - at > LATE:
            refusal = session.scalars(
                select(ImportBatch.refusal)
                .where(ImportBatch.portal == code, ImportBatch.state == BatchState.REFUSED)
                .where(ImportBatch.started_at > at if at is not None else true())
                .order_by(ImportBatch.started_at.desc(), ImportBatch.id.desc())
                .limit(1)
            ).first()
            missing.append(MissingNight(code, names.get(code, code), at, refusal or ""))
    return tuple(missing)


def _batch(row: ImportBatch) -> BatchRow:
    return BatchRow(
        batch_id=row.id,
        portal=row.portal,
        batch=row.batch,
        source=row.source,
        sha256=row.sha256,
        state=row.state,
        refusal=row.refusal or "",
        exported_at=row.exported_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        expected=row.expected,
        received=row.received,
        imported=row.imported,
        duplicate=row.duplicate,
        quarantined=row.quarantined,
    )


def _line_columns() -> Select[*tuple[Any, ...]]:
    return select(
        ImportLine.id,
        ImportLine.batch_id,
        ImportLine.number,
        ImportLine.outcome,
        ImportLine.reason,
        ImportLine.request_id,
        Request.external_id,
        Request.kind,
        Request.state,
        Family.label.label("family"),
        Family.number.label("family_number"),
        Person.first_name,
        Person.last_name,
    )


def _lines(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(ImportLine)
        .outerjoin(Request, Request.id == ImportLine.request_id)
        .outerjoin(Family, Family.id == Request.family_id)
        .outerjoin(Person, Person.id == Request.child_id)
    )


def _line(row: Any) -> LineRow:
    return LineRow(
        line_id=row.id,
        batch_id=row.batch_id,
        number=row.number,
        outcome=row.outcome,
        reason=row.reason or "",
        request_id=row.request_id,
        external_id=row.external_id or "",
        kind_label=KIND_LABELS[row.kind] if row.kind is not None else "",
        state=row.state,
        family=f"{row.family} (n° {row.family_number})" if row.family is not None else "",
        child=f"{row.first_name} {row.last_name}" if row.first_name is not None else "",
    )
