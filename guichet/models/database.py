"""Opening a database: SQLite for one workstation, PostgreSQL for several, the same code above both."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from guichet.models.network_share import is_on_network_share
from guichet.rules.errors import UserError

SQLITE_BUSY_SECONDS = 30

# A server that is unplugged says nothing: without these a desk would wait for a quarter of an hour to hear of it.
# Seconds, but for the last, in milliseconds, which only Linux knows.
_WIRE = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Database:
    """An engine and the two ways to use it: a writing session and a reading one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        """Whether the base is a local file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose transaction commits at the end of the block and rolls back on any error.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): two desks that read the same last place
        and then write would otherwise both take it.
        """
        with (
            self.engine.connect().execution_options(guichet_writes=True) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries only; whatever it changed is rolled back."""
        with self.engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
            yield session
            session.rollback()

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(url: str | URL) -> Database:
    """Open the base at `url` (SQLAlchemy form, `sqlite:///file` or `postgresql://…`) without touching its schema.

    Raises UserError when the URL is not readable, names another engine, or puts a SQLite file on a network share.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return Database(_sqlite_engine(parsed))
    return Database(_postgresql_engine(parsed))


def _parse(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UserError(
            "L’adresse de la base n’est pas lisible : écrivez sqlite:///fichier.db ou postgresql://serveur/base.",
            field="database",
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return parsed
    raise UserError("Guichet fonctionne avec SQLite ou PostgreSQL.", field="database")


def _sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        _refuse_network_share(url.database)
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    # The driver must not open transactions by itself: its late BEGIN let two desks read the same last place.
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("guichet_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_network_share(database: str) -> None:
    if is_on_network_share(Path(database)):
        raise UserError(
            "Une base SQLite ne peut pas être placée sur un partage réseau : deux postes l’abîmeraient. "
            "Choisissez un dossier de ce poste, ou une base PostgreSQL pour travailler à plusieurs.",
            field="database",
        )


def _postgresql_engine(url: URL) -> Engine:
    # A workstation on SQLite does not load PostgreSQL's driver: a tenth of a second of its start.
    from guichet.models.postgresql import prepare

    arguments: dict[str, Any] = {"options": "-c timezone=UTC", **_WIRE}
    engine = create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_size=4, max_overflow=2)
    event.listen(engine, "connect", prepare)
    return engine
