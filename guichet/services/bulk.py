"""Many rows at once: their ids known beforehand, their insertion in one go on either engine."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Table, Text, column, func, insert, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

_SLICE = 2000
"""Rows in one call: what the driver builds for them is then let go before the next."""


def insert_rows(session: Session, target: Table, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows that all have the same keys, put each one's `id` in it, and return the ids in order.

    Columns that are not given take the database's own defaults. The rows are used up: JSON values become text.
    Asking the engine to return ids in order costs one statement a row on SQLite: they are reserved first instead,
    under the write lock that the transaction holds.
    """
    if not rows:
        return []
    ids = _reserve_ids(session, target, len(rows))
    for row, row_id in zip(rows, ids, strict=True):
        row["id"] = row_id
    for name in rows[0]:
        if isinstance(target.c[name].type, JSON):
            _serialise(rows, name)
    if _is_postgresql(session):
        _copy(session, target, rows)
    else:
        _insert(session, target, rows)
    return ids


def _insert(session: Session, target: Table, rows: Sequence[dict[str, Any]]) -> None:
    # Without the mapped defaults, which SQLAlchemy would compute row by row.
    bare = table(target.name, *(column(name, _written_as(target, name)) for name in rows[0]))
    for start in range(0, len(rows), _SLICE):
        session.execute(insert(bare), rows[start : start + _SLICE])


def _copy(session: Session, target: Table, rows: Sequence[dict[str, Any]]) -> None:
    """COPY: an INSERT of as many rows costs the desk five times the work."""
    connection = session.connection()
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    statement = f"COPY {quote(target.name)} ({', '.join(quote(name) for name in rows[0])}) FROM STDIN"
    kinds = [_written_as(target, name).dialect_impl(dialect) for name in rows[0]]
    processors = [kind.bind_processor(dialect) or _as_it_is for kind in kinds]
    driver: Any = connection.connection.driver_connection
    error = dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([process(row[name]) for name, process in zip(row, processors, strict=True)])
    except error as failure:  # as any statement's failure is told
        raise DBAPIError.instance(statement, None, failure, error, dialect=dialect) from failure


def _as_it_is(value: Any) -> Any:
    return value


def _written_as(target: Table, name: str) -> TypeEngine[Any]:
    kind: TypeEngine[Any] = target.c[name].type
    return Text() if isinstance(kind, JSON) else kind


def _serialise(rows: Sequence[dict[str, Any]], name: str) -> None:
    """Write a JSON value that many rows share once and not once a row."""
    texts: dict[int, str] = {}
    for row in rows:
        value = row[name]
        if id(value) not in texts:
            texts[id(value)] = json.dumps(value)
        row[name] = texts[id(value)]


def _reserve_ids(session: Session, target: Table, count: int) -> list[int]:
    if _is_postgresql(session):
        sequence = func.pg_get_serial_sequence(target.name, "id")
        series = func.generate_series(1, count).table_valued("rank")
        return list(session.execute(select(func.nextval(sequence)).select_from(series)).scalars())
    last = session.execute(select(func.coalesce(func.max(target.c.id), 0))).scalar_one()
    return list(range(last + 1, last + 1 + count))


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
