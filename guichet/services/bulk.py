"""Many rows at once: their ids known beforehand, their insertion in few statements on either engine."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Executable, Table, Text, column, func, insert, select, table
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

_SLICE = 2000
"""Rows in one call: what the driver builds for them is then freed before the next."""


def insert_rows(session: Session, target: Table, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows that all have the same keys, put each one's `id` in it, and return the ids in order.

    Columns that are not given take the database's defaults. Asking the engine to return ids in order costs one
    statement a row on SQLite: they are reserved first instead, under the write lock that the transaction holds.
    """
    if not rows:
        return []
    ids = _reserve_ids(session, target, len(rows))
    for row, row_id in zip(rows, ids, strict=True):
        row["id"] = row_id
    statement = _statement(session, target, rows)
    for start in range(0, len(rows), _SLICE):
        session.execute(statement, rows[start : start + _SLICE])
    return ids


def _statement(session: Session, target: Table, rows: Sequence[dict[str, Any]]) -> Executable:
    types: dict[str, TypeEngine[Any]] = {name: target.c[name].type for name in rows[0]}
    if not _is_postgresql(session):
        for name in [name for name, kind in types.items() if isinstance(kind, JSON)]:
            _serialise(rows, name)
            types[name] = Text()
    # Without the mapped defaults, which SQLAlchemy would compute row by row.
    bare = table(target.name, *(column(name, kind) for name, kind in types.items()))
    # With RETURNING the rows travel a thousand to a statement; without, PostgreSQL takes them one by one.
    return insert(bare).returning(bare.c.id) if _is_postgresql(session) else insert(bare)


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
