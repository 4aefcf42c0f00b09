"""Reading a whole list a piece at a time, as it stood at one moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, OpenedDatabase, translated_errors

Row = TypeVar("Row")
Query = TypeVar("Query", bound=PageQuery)

ROWS_AT_ONCE = 2000


def pages(
    database: OpenedDatabase,
    context: Context,
    function: Callable[[Session, Context, Query], Page[Row]],
    query: Query,
) -> Iterator[Page[Row]]:
    """Every page of a list, read in one transaction on one snapshot: what other desks write meanwhile neither doubles nor
    loses a row.

    Raises what `function` raises, and EnvironmentProblem when the base is out of reach.
    """
    with translated_errors(), database.reading() as session:
        if not database.is_sqlite:  # SQLite's reading transactions are snapshots by themselves
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        offset = 0
        while True:
            page = function(session, context, replace(query, offset=offset, size=ROWS_AT_ONCE))
            yield page
            session.expunge_all()
            offset += len(page.rows)
            if not page.rows or offset >= page.total:
                return


@dataclass(frozen=True)
class Places:
    """Some rows of a list, by their places in its order."""

    function: Callable[[Session, Context, Any], Page[Any]]
    query: PageQuery
    spans: tuple[range, ...]


def at_places(session: Session, context: Context, asked: Places) -> tuple[Any, ...]:
    """The rows that stand at these places now. Raises what the list's own function raises."""
    rows: list[Any] = []
    for span in asked.spans:
        for start in range(span.start, span.stop, ROWS_AT_ONCE):
            size = min(ROWS_AT_ONCE, span.stop - start)
            rows += asked.function(session, context, replace(asked.query, offset=start, size=size)).rows
    return tuple(rows)
