"""A base of each earlier release comes to this one whole: every row with every value, guards, invariants, once."""

import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import MetaData, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from guichet.models import Base, schema
from guichet.models.database import Database, open_database
from guichet.services import accounts, maintenance, transaction, verify
from guichet.services.demo import old_base
from guichet.services.demo.build import DEMO_NOW
from guichet.services.maintenance import SchemaState
from guichet.services.transaction import Context

FOLDER = Path(__file__).parent
PROGRAM = Context(accounts.system_actor(), DEMO_NOW)
EARLIER = [revision for revision in old_base.frozen() if revision != schema.program_revision()]
# What the release that wrote the base said of it: an upgrade changes none of these.
TOLD = {
    "0001": {
        "SELECT count(*) FROM family": 30,
        "SELECT count(*) FROM booking": 1036,
        "SELECT count(*) FROM invoice_line": 562,
        "SELECT sum(total_cents) FROM invoice": 335_946,
        "SELECT sum(amount_cents) FROM payment": 336_621,
        "SELECT sum(amount_cents) FROM charge": 368_440,
        "SELECT sum(amount_cents) FROM attestation": 25231,
    }
}
# An upgrade says in the journal that it was done; what was written there before stays first, as it was.
GROWING = {"journal", "journal_seal", "journal_detail"}


def test_the_first_schema_has_its_frozen_base_and_each_frozen_base_is_there_for_both_engines() -> None:
    assert old_base.frozen()[0] == schema._known_revisions()[0]
    on_postgresql = {path.name.split("-")[1] for path in FOLDER.glob("base-*-postgresql.sql.xz")}
    assert on_postgresql == set(old_base.frozen()) == set(TOLD)


@pytest.fixture(params=EARLIER)
def old(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> Iterator[Database]:
    """A base as an earlier release left it."""
    revision = request.param
    if engine_name == "sqlite":
        file = tmp_path / "town.db"
        old_base.restore(revision, file)
        url = URL.create("sqlite", database=str(file))
    else:
        make: Callable[[], URL] = request.getfixturevalue("empty_pg_url")
        url = make()
        script = lzma.decompress((FOLDER / f"base-{revision}-postgresql.sql.xz").read_bytes()).decode("utf-8")
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(script.encode("utf-8"))
    database = open_database(url)
    assert schema.database_revision(database) == revision
    yield database
    database.dispose()


def rows(
    database: Database, columns: dict[str, tuple[str, ...]] | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table in the order of its key, of all columns or of those named."""
    seen = MetaData()
    with database.engine.connect() as connection:
        seen.reflect(connection)
        found = {}
        for table in seen.sorted_tables:
            if table.name == "alembic_version" or (columns is not None and table.name not in columns):
                continue
            names = columns[table.name] if columns else tuple(table.columns.keys())
            order = tuple(table.primary_key.columns) or tuple(table.columns)
            found[table.name] = [
                tuple(row)
                for row in connection.execute(select(*(table.c[name] for name in names)).order_by(*order))
            ]
    return found


def columns_of(database: Database) -> dict[str, tuple[str, ...]]:
    seen = MetaData()
    seen.reflect(database.engine)
    return {
        table.name: tuple(table.columns.keys())
        for table in seen.sorted_tables
        if table.name != "alembic_version"
    }


def test_an_old_base_is_refused_until_it_is_upgraded_and_says_how(old: Database) -> None:
    assert maintenance.status(old).state is SchemaState.OLDER
    with pytest.raises(Exception, match="guichet db upgrade"):
        schema.refuse_other_than_current(old)


def test_an_upgrade_keeps_every_row_and_every_value_and_leaves_a_sound_base(old: Database) -> None:
    columns = columns_of(old)
    before = rows(old)
    report = maintenance.upgrade(old, PROGRAM)
    assert report.after == schema.program_revision()
    after = rows(old, columns)
    assert after.keys() == before.keys()
    for table, kept in before.items():
        if table in GROWING:
            assert after[table][: len(kept)] == kept, table
        else:
            assert after[table] == kept, table
    with old.reading() as session:
        told = TOLD[str(report.before)]
        assert {query: session.execute(text(query)).scalar() for query in told} == told
    checked = transaction.read(old, PROGRAM, verify.verify)
    assert checked.clean, checked.findings
    assert maintenance.status(old).state is SchemaState.CURRENT


def test_an_upgraded_base_has_the_schema_and_the_guards_of_a_new_one(
    old: Database, database: Database
) -> None:
    schema.upgrade(old)
    assert columns_of(old).keys() == columns_of(database).keys()
    assert {t: set(names) for t, names in columns_of(old).items()} == {
        table.name: set(table.columns.keys()) for table in Base.metadata.sorted_tables
    }
    for statement in ("DELETE FROM journal", "UPDATE invoice SET total_cents = 0", "DELETE FROM payment"):
        with pytest.raises(DBAPIError), old.writing() as session:
            session.execute(text(statement))


def test_upgrading_twice_is_upgrading_once(old: Database) -> None:
    first = maintenance.upgrade(old, PROGRAM)
    upgraded = rows(old)
    again = maintenance.upgrade(old, PROGRAM)
    assert (again.before, again.after, again.backup) == (first.after, first.after, None)
    assert rows(old) == upgraded


def test_the_copy_left_beside_an_upgraded_file_is_the_old_base_whole(tmp_path: Path) -> None:
    revision = old_base.frozen()[0]
    file = tmp_path / "town.db"
    old_base.restore(revision, file)
    database = open_database(URL.create("sqlite", database=str(file)))
    before = rows(database)
    copy = maintenance.upgrade(database, PROGRAM).backup
    assert copy is not None
    kept = open_database(URL.create("sqlite", database=str(copy)))
    assert schema.database_revision(kept) == revision
    assert rows(kept) == before
    database.dispose()
    kept.dispose()
