"""The schema's revisions: where a base stands, and bringing it to the program's."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from guichet.models import guards
from guichet.models.database import Database
from guichet.rules.errors import UserError

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 7305071


def program_revision() -> str:
    """The revision this program is written for."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if head is None:
        raise RuntimeError("the package has no migrations")
    return head


def database_revision(database: Database) -> str | None:
    """The revision of the base, None when it holds no schema of ours."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> None:
    """Create the schema or bring it to the program's revision, whole or not at all.

    Raises UserError when the base was made by a newer program.
    """
    refuse_newer(database)
    with database.engine.connect().execution_options(guichet_writes=True) as connection:
        _foreign_keys(
            connection, "OFF"
        )  # rebuilding a table with them on would delete the rows that point at it
        try:
            with connection.begin():
                _lock(connection)
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS))
                config.attributes["connection"] = connection
                guards.remove(connection)
                command.upgrade(config, "head")
                guards.install(connection)
                _check_foreign_keys(connection)
        finally:
            _foreign_keys(connection, "ON")


def refuse_newer(database: Database) -> None:
    """Raise UserError when the base's revision is unknown to this program."""
    found = database_revision(database)
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if found is not None and found not in known:
        raise UserError(
            "Cette base a été mise à jour par une version plus récente de Guichet : installez cette version sur ce poste.",
            code="newer_schema",
        )


def refuse_other_than_current(database: Database) -> None:
    """Raise UserError unless the base stands exactly at this program's revision."""
    refuse_newer(database)
    found = database_revision(database)
    if found is None:
        raise UserError(
            "Cette base est vide : créez-la par « guichet db init », ou essayez la démonstration par « guichet demo ».",
            code="no_schema",
        )
    if found != program_revision():
        raise UserError(
            "Cette base est d’une version antérieure : lancez « guichet db upgrade ».", code="older_schema"
        )


def _foreign_keys(connection: Connection, state: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={state}")  # type: ignore[union-attr]


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise RuntimeError(f"upgrade would leave a dangling reference in {broken[0]}")
