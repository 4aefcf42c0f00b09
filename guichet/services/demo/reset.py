"""Making room for the demonstration, and never in a base that holds a real town."""

from pathlib import Path

from sqlalchemy import select

from guichet.models import schema
from guichet.models.database import Database
from guichet.models.people import Family
from guichet.rules.errors import UserError
from guichet.services import settings
from guichet.services.transaction import translated_errors


def prepare(database: Database, *, start_over: bool) -> bool:
    """Bring the base to where the demonstration can be built, or used; True when it is still to be built.

    `start_over` empties a demonstration base first. Raises UserError, nothing touched, for a base that holds a real
    town.
    """
    with translated_errors():
        if schema.database_revision(database) is None:
            schema.upgrade(database)
            return True
        schema.refuse_other_than_current(database)
        with database.reading() as session:
            is_demo = settings.demo_now(session) is not None
            is_empty = session.execute(select(Family.id).limit(1)).first() is None
        if not is_demo and not is_empty:
            raise UserError(
                "Cette base contient une vraie ville : la démonstration ne s’y construit pas. Choisissez-en une autre.",
                field="database",
                code="not_a_demo",
            )
        if is_demo and start_over:
            _empty(database)
            return True
        return not is_demo


def _empty(database: Database) -> None:
    if database.is_sqlite:
        database.dispose()
        file = Path(str(database.engine.url.database))
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    else:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    schema.upgrade(database)
