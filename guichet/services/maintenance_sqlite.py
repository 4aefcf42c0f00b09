"""Saving and restoring a SQLite base with its online backup: other programs may be reading and writing it."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from guichet.models.database import SQLITE_BUSY_SECONDS, Database, open_database
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.services.maintenance_copies import DamagedCopy, Rows, count_rows_in, free_name

HEADER = b"SQLite format 3\x00"
_COMPANIONS = ("", "-wal", "-shm")


def file_of(database: Database) -> Path:
    """The file of a SQLite base. Raises UserError for one that lives in memory."""
    name = database.engine.url.database
    if not name or name == ":memory:":
        raise UserError("Une base en mémoire ne se sauvegarde pas : indiquez un fichier.", field="database")
    return Path(name)


class SqliteCopies:
    """Copies of a SQLite base: plain SQLite files, in one piece."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file = file_of(database)

    def save(self, file: Path) -> Rows:
        """Write the base as it stands at one instant; returns the rows counted at that instant."""
        with self._database.engine.connect() as connection, connection.begin():
            rows = count_rows_in(connection)
            _write_copy(_driver(connection), file)
        return rows

    def refuse_other_format(self, file: Path) -> None:
        """Raise UserError unless the file begins as SQLite files do."""
        with file.open("rb") as content:
            if content.read(len(HEADER)) != HEADER:
                raise UserError(
                    f"Le fichier {file.name} n’est pas une sauvegarde d’une base SQLite de Guichet.",
                    field="file",
                    code="damaged_backup",
                )

    @contextmanager
    def scratch(self, file: Path) -> Iterator[Database]:
        """A copy of the file beside the base, so that it can take its place. Raises DamagedCopy."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._file.parent, prefix=".guichet-") as folder:
            copy = Path(folder) / self._file.name
            shutil.copyfile(file, copy)
            database = open_database(f"sqlite:///{copy.as_posix()}")
            try:
                _check(database)
                yield database
            finally:
                database.dispose()

    def put_in_place(self, scratch: Database, stamp: str) -> str | None:
        """Write the scratch base over the base in one transaction, so that desks that have it open see the change."""
        kept = self._keep_current(stamp)
        with (
            scratch.engine.connect() as source,
            closing(sqlite3.connect(self._file, timeout=SQLITE_BUSY_SECONDS)) as target,
        ):
            target.execute("PRAGMA journal_mode=WAL")
            _copy(_driver(source), target)
        return str(kept) if kept else None

    def _keep_current(self, stamp: str) -> Path | None:
        self._database.dispose()
        if not self._file.exists():
            return None
        kept = free_name(
            self._file.with_name(f"{self._file.stem}-avant-restauration-{stamp}{self._file.suffix}")
        )
        try:
            with closing(sqlite3.connect(self._file)) as current:
                _write_copy(current, kept)
        except OperationalError:
            raise
        except DatabaseError:
            # The current file is itself damaged, which is why one restores: it is set aside as it is.
            kept.unlink(missing_ok=True)
            for companion in _COMPANIONS:
                part = self._file.with_name(self._file.name + companion)
                if part.exists():
                    part.rename(kept.with_name(kept.name + companion))
        return kept


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _write_copy(source: sqlite3.Connection, file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        _copy(source, copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, no companion to forget


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy page by page in one transaction of the target. Raises SQLAlchemy's DatabaseError, like every other query."""
    try:
        source.backup(target, progress=_give_up_when_busy(), sleep=0.1)
    except sqlite3.OperationalError as failure:
        raise OperationalError("online backup", None, failure) from failure
    except sqlite3.DatabaseError as failure:
        raise DatabaseError("online backup", None, failure) from failure


def _give_up_when_busy() -> Callable[[int, int, int], None]:
    """The driver retries for ever while another program holds the base: stop after the usual patience."""
    deadline = time.monotonic() + SQLITE_BUSY_SECONDS

    def progress(status: int, remaining: int, total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > deadline:
            raise EnvironmentProblem(
                "La base est occupée par un autre poste depuis trop longtemps : réessayez dans un instant.",
                code="busy",
            )

    return progress


def _check(database: Database) -> None:
    try:
        with database.engine.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    except DBAPIError as failure:
        raise DamagedCopy(str(failure.orig)) from failure
    if verdict != "ok":
        raise DamagedCopy(str(verdict))
    if dangling is not None:
        raise DamagedCopy(f"références rompues dans {dangling[0]}")
