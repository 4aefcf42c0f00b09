"""Bulk insertion for the builder: thousands of rows at a time, all created at the demonstration's instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from guichet.models.base import Base
from guichet.services.bulk import insert_rows

Row = Mapping[str, Any]


class Writer:
    """Inserts rows through a session; rows of one call carry the same columns."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now

    def add(self, model: type[Base], rows: Sequence[Row]) -> list[int]:
        """Insert rows and return their ids, in the order given."""
        table: Table = model.__table__  # type: ignore[assignment]
        return insert_rows(self.session, table, [{**row, "created_at": self.now} for row in rows])

    def add_one(self, model: type[Base], **values: Any) -> int:
        """Insert one row and return its id."""
        return self.add(model, [values])[0]
