"""Saving and restoring a PostgreSQL base with PostgreSQL's own tools, pg_dump and pg_restore."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import URL

from guichet.models.database import Database, open_database
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.services.maintenance_copies import DamagedCopy, Rows, count_rows_in

HEADER = b"PGDMP"
TOOL_FOLDERS = (
    (Path("/usr/lib/postgresql"), "*/bin"),
    (Path("C:/Program Files/PostgreSQL"), "*/bin"),
)
_LONGEST_NAME = 63


class PostgresqlCopies:
    """Copies of a PostgreSQL base: archives in pg_dump's custom format."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._url = database.engine.url

    def save(self, file: Path) -> Rows:
        """Dump the base as it stands at one instant; returns the rows counted at that instant."""
        with (
            self._database.engine.connect().execution_options(
                isolation_level="REPEATABLE READ"
            ) as connection,
            connection.begin(),
        ):
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            rows = count_rows_in(connection)
            command = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments"]
            command += [f"--snapshot={snapshot}", f"--file={file}"]
            try:
                _run("pg_dump", self._url, command)
            except _ToolFailed as failure:
                raise EnvironmentProblem(
                    f"La sauvegarde n’a pas pu être écrite : {failure}.", code="backup_failed"
                ) from failure
        return rows

    def refuse_other_format(self, file: Path) -> None:
        """Raise UserError unless the file begins as pg_dump's archives do."""
        with file.open("rb") as content:
            if content.read(len(HEADER)) != HEADER:
                raise UserError(
                    f"Le fichier {file.name} n’est pas une sauvegarde d’une base PostgreSQL de Guichet.",
                    field="file",
                    code="damaged_backup",
                )

    @contextmanager
    def scratch(self, file: Path) -> Iterator[Database]:
        """The archive restored into a new base of the same server. Raises DamagedCopy."""
        name = f"guichet_scratch_{secrets.token_hex(6)}"
        self._create(name)
        database = open_database(self._url.set(database=name))
        try:
            try:
                _run(
                    "pg_restore",
                    database.engine.url,
                    ["--exit-on-error", "--no-owner", "--no-privileges", str(file)],
                )
            except _ToolFailed as failure:
                raise DamagedCopy(str(failure)) from failure
            yield database
        finally:
            database.dispose()
            self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def put_in_place(self, scratch: Database, stamp: str) -> str | None:
        """Rename the base aside and the scratch base into its name, both in one transaction."""
        current, new = str(self._url.database), str(scratch.engine.url.database)
        kept = f"{current[: _LONGEST_NAME - 40]}_avant_{stamp.replace('-', '_')}_{secrets.token_hex(3)}"
        scratch.dispose()
        self._database.dispose()
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        try:
            self._administer(
                rename.format(sql.Identifier(current), sql.Identifier(kept)),
                rename.format(sql.Identifier(new), sql.Identifier(current)),
            )
        except psycopg.errors.ObjectInUse:
            raise UserError(
                "D’autres postes sont connectés à la base : fermez Guichet partout, puis recommencez. "
                "Rien n’a été changé.",
                code="base_in_use",
            ) from None
        return kept

    def _create(self, name: str) -> None:
        with self._database.engine.connect() as connection:
            current = connection.execute(
                text(
                    "SELECT datcollate, datctype, pg_get_userbyid(datdba) AS owner "
                    "FROM pg_database WHERE datname = current_database()"
                )
            ).one()
        try:
            self._administer(
                sql.SQL(
                    "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {} LC_CTYPE {}"
                ).format(
                    sql.Identifier(name),
                    sql.Identifier(current.owner),
                    sql.Literal(current.datcollate),
                    sql.Literal(current.datctype),
                ),
            )
        except psycopg.errors.InsufficientPrivilege:
            raise UserError(
                "Ce compte PostgreSQL ne peut pas créer la base d’essai où une sauvegarde est vérifiée : "
                "demandez pour lui le droit CREATEDB.",
                code="createdb_needed",
            ) from None

    def _administer(self, *statements: sql.Composed) -> None:
        """Run statements on the server from outside the bases they name: several are one transaction."""
        address = self._url.set(drivername="postgresql", database="postgres")
        conninfo = address.render_as_string(hide_password=False)
        alone = len(statements) == 1  # CREATE and DROP DATABASE refuse to run in a transaction
        try:
            with psycopg.connect(conninfo, autocommit=alone) as connection:
                for statement in statements:
                    connection.execute(statement)
        except psycopg.errors.ObjectInUse:
            raise
        except psycopg.OperationalError as failure:
            raise EnvironmentProblem(
                "Le serveur PostgreSQL ne répond pas : vérifiez-le, puis réessayez. Rien n’a été changé.",
                code="database_away",
            ) from failure


class _ToolFailed(Exception):
    """PostgreSQL's tool stopped with the message given."""


def _run(tool: str, url: URL, arguments: list[str]) -> None:
    """Run a tool of PostgreSQL on the base at `url`; the password goes by the environment, where `ps` does not show it."""
    address = url._replace(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10", "LC_MESSAGES": "C"}
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    command = [find_tool(tool), "--no-password", f"--dbname={address}", *arguments]
    done = subprocess.run(  # noqa: S603 (our own arguments, no shell)
        command,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise _ToolFailed(done.stderr.strip().splitlines()[0] if done.stderr.strip() else tool)


def find_tool(tool: str) -> str:
    """The newest of the tools installed: it must not be older than the server."""
    installed = [
        str(folder) for root, pattern in TOOL_FOLDERS for folder in sorted(root.glob(pattern), reverse=True)
    ]
    for place in (*installed, None):
        found = shutil.which(tool, path=place)
        if found:
            return found
    raise EnvironmentProblem(
        f"Le programme {tool} est introuvable : installez les outils clients de PostgreSQL sur ce poste.",
        code="missing_tool",
    )
