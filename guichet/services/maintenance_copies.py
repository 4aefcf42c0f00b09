"""What saving and restoring a base asks of each engine."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, func, inspect, select, table

from guichet.models.database import Database

Rows = dict[str, int]


class DamagedCopy(Exception):
    """The file cannot be read back as a whole base."""


class Copies(Protocol):
    """Copies of one base in files of its engine's own format."""

    def save(self, file: Path) -> Rows:
        """Write the base as it stands at one instant, others working on; returns the rows counted at that instant."""

    def refuse_other_format(self, file: Path) -> None:
        """Raise UserError unless the file begins as this engine's copies do."""

    def scratch(self, file: Path) -> AbstractContextManager[Database]:
        """The file restored into a base aside, gone at the end of the block. Raises DamagedCopy."""

    def put_in_place(self, scratch: Database, stamp: str) -> str | None:
        """Let the scratch base replace the base, at one stroke; returns the name under which the old one is kept."""


def count_rows(database: Database) -> Rows:
    """The rows of every table."""
    with database.engine.connect() as connection:
        return count_rows_in(connection)


def count_rows_in(connection: Connection) -> Rows:
    """The rows of every table, seen in the connection's transaction."""
    names = inspect(connection).get_table_names()
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names
    }


def free_name(wished: Path) -> Path:
    """The path itself, or with -2, -3 … where something bears the name already."""
    name, number = wished, 1
    while name.exists():
        number += 1
        name = wished.with_stem(f"{wished.stem}-{number}")
    return name
