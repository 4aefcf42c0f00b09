"""Migrations and models say the same schema, and an upgrade keeps the guards, the rows and their references."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from guichet.models import Base, schema
from guichet.models.database import Database, open_database
from guichet.rules.errors import UserError

# What a later release might do: rebuild tables that hold issued documents, and one that others point at.
REBUILD = '''
"""Rebuild tables that are guarded and referenced."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("journal", "school_year", "family", "invoice"):
        with op.batch_alter_table(table, recreate="auto") as batch:
            batch.add_column(sa.Column("remark", sa.String(20), nullable=True))
            batch.alter_column("created_at", existing_type=sa.DateTime(timezone=True), nullable=False)
'''

SECOND_YEAR = (
    "INSERT INTO school_year (label, starts_on, ends_on) VALUES ('chevauche', '2025-08-01', '2026-07-01')"
)
QUOTIENT = (
    "INSERT INTO quotient (family_id, source, valid_from, valid_until) "
    "VALUES (9, 'declared', '2026-01-01', '2026-12-31')"
)


def test_the_names_of_the_migrations_say_their_revisions_in_order() -> None:
    """The program knows its revisions by these names; Alembic knows them by what the files say."""
    scripts = list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions())
    assert [script.revision for script in scripts] == schema._known_revisions()[::-1]
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts)


def test_models_and_migrations_do_not_drift_apart(database: Database) -> None:
    with database.engine.connect() as connection:
        migration = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _belongs_to_the_models}
        )
        assert compare_metadata(migration, Base.metadata) == []


def test_upgrading_what_is_current_changes_nothing(database: Database) -> None:
    before = _guards(database)
    assert before
    schema.upgrade(database)
    assert _guards(database) == before
    assert schema.database_revision(database) == schema.program_revision()


def test_an_upgrade_that_rebuilds_tables_keeps_guards_rows_and_references(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _guards(database)
    with database.writing() as session:
        _write_a_family(session.connection())
        _write_a_journal_entry(session.connection())
    later = _with_one_more_revision(tmp_path)
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    schema.upgrade(database)

    assert schema.database_revision(database) == "9999"
    assert _guards(database) == before
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM family")).scalar() == 1
        assert session.execute(text("SELECT count(*) FROM quotient")).scalar() == 1
    for statement in ("UPDATE journal SET summary = 'autre'", "DELETE FROM journal", SECOND_YEAR, QUOTIENT):
        with pytest.raises(DBAPIError), database.writing() as session:
            session.execute(text(statement))


def test_a_failing_upgrade_leaves_the_base_as_it_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _guards(database)
    later = _with_one_more_revision(tmp_path)
    revision = later / "versions" / "9999_rebuild.py"
    broken = revision.read_text(encoding="utf-8") + "    op.execute('SELECT nothing FROM nowhere')\n"
    revision.write_text(broken, encoding="utf-8")
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    with pytest.raises(DBAPIError):
        schema.upgrade(database)
    monkeypatch.undo()
    assert schema.database_revision(database) == schema.program_revision()
    assert _guards(database) == before
    with database.reading() as session, pytest.raises(DBAPIError):
        session.execute(text("SELECT remark FROM school_year"))
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(QUOTIENT))  # of a family that does not exist: references are checked again


def test_a_base_of_a_newer_program_is_refused(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for act in (schema.upgrade, schema.refuse_newer, schema.refuse_other_than_current):
        with pytest.raises(UserError, match="version plus récente") as refusal:
            act(database)
        assert refusal.value.code == "newer_schema"


def test_a_base_of_an_older_program_asks_to_be_upgraded(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", _with_one_more_revision(tmp_path))
    with pytest.raises(UserError, match="db upgrade"):
        schema.refuse_other_than_current(database)


def test_an_empty_base_asks_to_be_made(
    engine_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if engine_name == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        make: Callable[[], URL] = request.getfixturevalue("empty_pg_url")
        url = make().render_as_string(hide_password=False)
    database = open_database(url)
    with pytest.raises(UserError, match="db init"):
        schema.refuse_other_than_current(database)
    schema.upgrade(database)
    schema.refuse_other_than_current(database)
    database.dispose()


def _belongs_to_the_models(
    thing: object, name: str | None, kind: str, reflected: bool, compared: object
) -> bool:
    return name != "alembic_version" and not (kind == "index" and (name or "").startswith("ex_"))


def _with_one_more_revision(folder: Path) -> Path:
    migrations = folder / "migrations"
    shutil.copytree(schema.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    revision = REBUILD.format(head=schema.program_revision()).lstrip()
    (migrations / "versions" / "9999_rebuild.py").write_text(revision, encoding="utf-8")
    return migrations


def _guards(database: Database) -> set[str]:
    """Every trigger and exclusion constraint, with its definition."""
    if database.is_sqlite:
        query = "SELECT name || ' ' || sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal "
            "UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x'"
        )
    with database.reading() as session:
        return set(session.execute(text(query)).scalars())


def _write_a_family(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO school_year (label, starts_on, ends_on) VALUES ('2025-2026', '2025-07-05', '2026-07-03')"
        )
    )
    family = Base.metadata.tables["family"]
    connection.execute(
        family.insert().values(id=9, number="1001", label="Famille", search_key="f", sort_key="f")
    )
    connection.execute(text(QUOTIENT))


def _write_a_journal_entry(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO journal (happened_at, login, workstation, action, subject_kind, summary, digest) "
            "VALUES ('2026-03-18 08:00:00', 'admin', 'poste-1', 'test', 'test', 'essai', 'd')"
        )
    )
