"""What the tests of the Noethys transfer look at in the base."""

from typing import Any

from sqlalchemy import Table, func, select

from guichet.models import Base
from guichet.models.database import Database


def row_counts(database: Database) -> dict[str, int]:
    """How many rows each table holds, the journal's own chain aside."""
    with database.reading() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }


def rows(database: Database, model: type[Base], *order: Any) -> list[Any]:
    """Every row of a table, in the order given."""
    table: Table = model.__table__  # type: ignore[assignment]
    with database.reading() as session:
        found = list(session.scalars(select(model).order_by(*order, table.c.id)))
        session.expunge_all()  # read after the session is gone
        return found
