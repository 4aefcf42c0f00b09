"""Freeze a small invented town in the schema of the program at hand, for the upgrades to come.

    python -m tests.upgrade.freeze

is run once, from the sources of the release that is to be remembered, and leaves `resources/selftest/base-NNNN.sql.xz`
(SQLite, shipped: the self-test upgrades it) and `tests/upgrade/base-NNNN-postgresql.sql.xz`. What is frozen is never made
again: it would no longer be what that release wrote.
"""

import lzma
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy.engine import URL

from guichet.models import schema
from guichet.models.database import open_database
from guichet.services import accounts, attestations, transaction
from guichet.services.accounts import system_actor
from guichet.services.attestations import IssueAttestations
from guichet.services.demo.build import DEMO_NOW, build
from guichet.services.transaction import Context
from tests.postgresql_server import PostgresqlServer, find_binaries, running_server

ROOT = Path(__file__).parents[2]
FAMILIES = 3
ATTESTED_YEAR = 2025


def freeze() -> None:
    """Write both files of the present schema. Raises FileExistsError for one that is frozen already."""
    revision = schema.program_revision()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "town.db"
        _build(URL.create("sqlite", database=str(file)))
        with sqlite3.connect(file) as connection:
            _write(
                ROOT / "resources" / "selftest" / f"base-{revision}.sql.xz", "\n".join(connection.iterdump())
            )
        connection.close()
    binaries = find_binaries()
    if binaries is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    with running_server(binaries) as server:
        name = server.create()
        _build(server.url(name))
        _write(ROOT / "tests" / "upgrade" / f"base-{revision}-postgresql.sql.xz", _dump(server, name))


def _build(url: URL) -> None:
    database = open_database(url)
    schema.upgrade(database)
    build(database, families=FAMILIES)
    anonymous = Context(system_actor(), DEMO_NOW)
    clerk = transaction.read(database, anonymous, accounts.acting_as, "regie")
    transaction.run(database, Context(clerk, DEMO_NOW), attestations.issue, IssueAttestations(ATTESTED_YEAR))
    database.dispose()


def _dump(server: PostgresqlServer, name: str) -> str:
    """As SQL that any client can run: rows by INSERT, and none of psql's own commands."""
    url = server.url(name)
    done = subprocess.run(
        [server.binaries / "pg_dump", "--inserts", "--rows-per-insert=500", "--no-owner", "--no-privileges",
         "--host", str(url.host), "--port", str(url.port), "--username", str(url.username), name],
        env={**os.environ, "PGPASSWORD": str(url.password)}, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    ours = (
        line for line in done.stdout.splitlines() if not line.startswith(("\\restrict ", "\\unrestrict "))
    )
    return "\n".join(ours)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    freeze()
