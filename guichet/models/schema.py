"""The schema's revisions: where a base stands, and bringing it to the program's."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from guichet.models import guards
from guichet.models.database import Database
from guichet.rules.errors import UserError

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 7305071


def program_revision() -> str:
    """The revision this program is written for."""
    return _known_revisions()[-1]


def database_revision(database: Database) -> str | None:
    """The revision of the base, None when it holds no schema of ours."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _known_revisions() -> list[str]:
    """Every revision, oldest first, from the names of the migrations' files (`0001_what_it_does.py`).

    Alembic would say the same, but loading it and the migrations takes a tenth of a second of each start.
    """
    return sorted(file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def upgrade(database: Database) -> None:
    """Create the schema or bring it to the program's revision, whole or not at all.

    Raises UserError when the base was made by a newer program.
    """
    from alembic import command
    from alembic.config import Config

    refuse_newer(database)
    with database.engine.connect().execution_options(guichet_writes=True) as connection:
        # Rebuilding a table with foreign keys on would delete the rows that point at it.
        _foreign_keys(connection, "OFF")
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
    if found is not None and found not in _known_revisions():
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
