"""What each connection to PostgreSQL is told once."""

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from sqlalchemy.pool import ConnectionPoolEntry


class _WholeNumber(Loader):
    """Reads `numeric` as an integer: no column of ours is one, but PostgreSQL sums bigints (our cents) into one.

    A fraction raises ValueError rather than being rounded in silence.
    """

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


def prepare(connection: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
    """Set up a new connection; the engine calls it."""
    connection.adapters.register_loader("numeric", _WholeNumber)
