"""Bulk insertion for the builder: thousands of rows at a time, all created at the demonstration's instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from guichet.models.base import Base

Row = Mapping[str, Any]


class Writer:
    """Inserts rows through a session; rows of one call carry the same columns."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now

    def add(self, model: type[Base], rows: Sequence[Row]) -> list[int]:
        """Insert rows and return their ids, in the order given."""
        if not rows:
            return []
        statement = insert(model).returning(model.id, sort_by_parameter_order=True)
        return list(self.session.scalars(statement, self._dated(rows)))

    def add_one(self, model: type[Base], **values: Any) -> int:
        """Insert one row and return its id."""
        return self.add(model, [values])[0]

    def bulk(self, model: type[Base], rows: Sequence[Row]) -> None:
        """Insert rows whose ids nobody needs."""
        if rows:
            self.session.execute(insert(model), self._dated(rows))

    def _dated(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return [{**row, "created_at": self.now} for row in rows]
