"""Many rows at once: their ids known beforehand, their insertion in one go on either engine."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, Table, Text, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine


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
    _write(session, target, rows)
    return ids


def _write(session: Session, target: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Hand the rows to the driver itself: SQLAlchemy's work for each row would cost the desk more than the base's.

    On PostgreSQL by COPY, five times lighter for the desk than INSERT.
    """
    connection = session.connection()
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in rows[0])
    kinds = [_written_as(target, name).dialect_impl(dialect) for name in rows[0]]
    processors = [kind.bind_processor(dialect) for kind in kinds]
    values = _processed(rows, [(rank, one) for rank, one in enumerate(processors) if one is not None])
    driver: Any = connection.connection.driver_connection
    error = dialect.loaded_dbapi.Error
    statement = f"COPY {quote(target.name)} ({columns}) FROM STDIN"
    try:
        if _is_postgresql(session):
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for one in values:
                    copy.write_row(one)
        else:
            marks = ", ".join("?" for _ in processors)
            statement = f"INSERT INTO {quote(target.name)} ({columns}) VALUES ({marks})"  # noqa: S608
            driver.executemany(statement, values)
    except error as failure:  # told as any statement's failure
        raise DBAPIError.instance(statement, None, failure, error, dialect=dialect) from failure


def _processed(
    rows: Sequence[dict[str, Any]], processors: Sequence[tuple[int, Callable[[Any], Any]]]
) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row.values())
        for rank, process in processors:
            values[rank] = process(values[rank])
        yield values


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
