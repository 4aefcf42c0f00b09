"""The base as a whole: made, upgraded, saved and put back without ever losing the one in use."""

import hashlib
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from guichet.models import schema
from guichet.models.database import Database, open_database
from guichet.rules.errors import EnvironmentProblem, PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services import maintenance, maintenance_postgresql, transaction, verify
from guichet.services.maintenance import SchemaState
from guichet.services.transaction import Context

LATER_REVISION = '''
"""A column more."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("facility") as batch:
        batch.add_column(sa.Column("remark", sa.String(20), nullable=True))
'''


@pytest.fixture
def empty_database(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A base that holds nothing, not even a file on SQLite."""
    if engine_name == "sqlite":
        database = open_database(f"sqlite:///{(tmp_path / 'vide.db').as_posix()}")
    else:
        make: Callable[[], URL] = request.getfixturevalue("empty_pg_url")
        database = open_database(make())
    yield database
    database.dispose()


@pytest.fixture
def later_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Turn this program into the one of the next release."""
    migrations = tmp_path / "later" / "migrations"
    shutil.copytree(schema.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    revision = LATER_REVISION.format(head=schema.program_revision()).lstrip()
    (migrations / "versions" / "9999_later.py").write_text(revision, encoding="utf-8")
    return lambda: monkeypatch.setattr(schema, "MIGRATIONS", migrations)


@pytest.fixture
def saves(tmp_path: Path) -> Path:
    folder = tmp_path / "sauvegardes"
    folder.mkdir()
    return folder


def test_init_makes_the_base_once(empty_database: Database, context: Context) -> None:
    assert maintenance.status(empty_database).state is SchemaState.EMPTY
    assert maintenance.initialise(empty_database, context).state is SchemaState.CURRENT
    add_facility(empty_database, "Les Lilas")
    assert maintenance.initialise(empty_database, context).state is SchemaState.CURRENT
    assert facilities(empty_database) == ["Les Lilas"]
    assert actions(empty_database) == ["db.init"]


def test_asking_for_the_state_of_a_base_creates_nothing(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'absente.db'}")
    status = maintenance.status(database)
    assert (status.state, status.revision) == (SchemaState.EMPTY, None)
    assert status.location == str(tmp_path / "absente.db")
    assert list(tmp_path.iterdir()) == []


def test_the_state_names_the_base_and_hides_its_password(database: Database) -> None:
    status = maintenance.status(database)
    assert status.engine == database.engine.dialect.name
    assert status.revision == status.program_revision == schema.program_revision()
    assert str(database.engine.url.database) in status.location
    password = database.engine.url.password
    assert password is None or str(password) not in repr(status)


def test_the_tables_of_another_program_are_left_alone(empty_database: Database, context: Context) -> None:
    with empty_database.writing() as session:
        session.execute(text("CREATE TABLE familles (id INTEGER PRIMARY KEY)"))
    assert maintenance.status(empty_database).state is SchemaState.FOREIGN
    for act in (maintenance.initialise, maintenance.upgrade):
        with pytest.raises(UserError, match="autre logiciel"):
            act(empty_database, context)
    assert tables(empty_database) == {"familles"}


def test_a_backup_is_a_proven_copy_with_its_fingerprint(
    database: Database, context: Context, saves: Path
) -> None:
    add_facility(database, "Les Lilas")
    report = maintenance.backup(database, context, saves / "base.bak")
    assert report.file.stat().st_size == report.size_bytes > 0
    assert report.revision == schema.program_revision()
    assert report.verified
    assert report.findings == ()
    digest = hashlib.sha256(report.file.read_bytes()).hexdigest()
    assert (saves / "base.bak.sha256").read_text(encoding="utf-8") == f"{digest}  base.bak\n"
    assert {file.name for file in saves.iterdir()} == {"base.bak", "base.bak.sha256"}
    assert actions(database)[-1] == "db.backup"
    assert_no_scratch(database)


def test_a_restore_brings_back_the_day_of_the_backup_and_keeps_the_other(
    database: Database, context: Context, saves: Path
) -> None:
    add_facility(database, "Les Lilas")
    maintenance.backup(database, context, saves / "base.bak")
    add_facility(database, "Le Verger")
    report = maintenance.restore(database, context, saves / "base.bak")

    assert facilities(database) == ["Les Lilas"]
    assert report.revision_found == report.revision == schema.program_revision()
    assert report.findings == ()
    assert actions(database)[-1] == "db.restore"
    assert transaction.read(database, context, verify.verify).clean
    assert report.kept is not None
    kept = other_base(database, report.kept)
    assert facilities(kept) == ["Le Verger", "Les Lilas"]
    forget(kept)
    assert_no_scratch(database)


def test_a_restored_base_still_guards_what_was_issued(
    database: Database, context: Context, saves: Path
) -> None:
    maintenance.backup(database, context, saves / "base.bak")
    forget_kept(database, maintenance.restore(database, context, saves / "base.bak").kept)
    assert actions(database)
    with pytest.raises(Exception, match="guichet:frozen:journal"), database.writing() as session:
        session.execute(text("UPDATE journal SET summary = 'autre'"))


def test_a_base_is_restored_where_there_is_none(
    sqlite_database: Database, context: Context, saves: Path
) -> None:
    add_facility(sqlite_database, "Les Lilas")
    maintenance.backup(sqlite_database, context, saves / "base.bak")
    moved = open_database(f"sqlite:///{saves / 'nouveau poste' / 'guichet.db'}")
    assert maintenance.restore(moved, context, saves / "base.bak").kept is None
    assert facilities(moved) == ["Les Lilas"]
    moved.dispose()


def test_a_base_is_restored_into_an_empty_one(
    database: Database, empty_database: Database, context: Context, saves: Path
) -> None:
    add_facility(database, "Les Lilas")
    maintenance.backup(database, context, saves / "base.bak")
    forget_kept(empty_database, maintenance.restore(empty_database, context, saves / "base.bak").kept)
    assert facilities(empty_database) == ["Les Lilas"]


def test_a_backup_taken_while_a_desk_writes_is_whole(
    database: Database, context: Context, saves: Path
) -> None:
    """Each act writes two rows: whatever instant the copy shows, it shows both or neither."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with database.writing() as session:
                for half in ("a", "b"):
                    session.execute(
                        text("INSERT INTO facility (code, name) VALUES (:c, :c)"), {"c": f"{number}{half}"}
                    )

    desk = threading.Thread(target=work)
    desk.start()
    try:
        for number in range(3):
            maintenance.backup(database, context, saves / f"{number}.bak")
    finally:
        stop.set()
        desk.join()
    forget_kept(database, maintenance.restore(database, context, saves / "2.bak").kept)
    names = facilities(database)
    assert names
    assert len(names) % 2 == 0


@pytest.mark.parametrize(
    ("damage", "fingerprint"),
    [
        ("cut short", "beside"),
        ("cut short", "lost"),
        ("emptied", "beside"),
        ("emptied", "lost"),
        ("another text", "beside"),
        ("another text", "lost"),
        ("zeros inside", "beside"),
        ("zeros inside", "lost"),
        ("one byte changed", "beside"),
    ],
)
def test_a_damaged_backup_is_refused_whole(
    database: Database, context: Context, saves: Path, damage: str, fingerprint: str
) -> None:
    for number in range(300):
        add_facility(database, f"Site {number:03d}")
    file = maintenance.backup(database, context, saves / "base.bak").file
    spoil(file, damage)
    if fingerprint == "lost":
        (saves / "base.bak.sha256").unlink()
    before, entries = facilities(database), actions(database)
    with pytest.raises(UserError) as refusal:
        maintenance.restore(database, context, file)
    assert refusal.value.code == "damaged_backup"
    assert refusal.value.field == "file"
    assert (facilities(database), actions(database)) == (before, entries)
    assert_no_scratch(database)


def test_the_backup_of_the_other_engine_is_refused(database: Database, context: Context, saves: Path) -> None:
    file = saves / "autre.bak"
    file.write_bytes((b"PGDMP" if database.is_sqlite else b"SQLite format 3\x00") + bytes(4096))
    with pytest.raises(UserError, match="n’est pas une sauvegarde d’une base"):
        maintenance.restore(database, context, file)


def test_a_file_that_is_not_there_is_refused(database: Database, context: Context, saves: Path) -> None:
    with pytest.raises(UserError, match="n’existe pas"):
        maintenance.restore(database, context, saves / "rien.bak")


def test_a_sqlite_file_of_another_program_is_no_backup(
    sqlite_database: Database, context: Context, saves: Path
) -> None:
    with sqlite3.connect(saves / "autre.db") as other:
        other.execute("CREATE TABLE familles (id INTEGER PRIMARY KEY)")
    other.close()
    with pytest.raises(UserError) as refusal:
        maintenance.restore(sqlite_database, context, saves / "autre.db")
    assert refusal.value.code == "damaged_backup"


def test_the_backup_of_a_newer_program_is_refused(
    database: Database,
    context: Context,
    saves: Path,
    later_program: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later_program()
    maintenance.upgrade(database, context)
    file = maintenance.backup(database, context, saves / "demain.bak").file
    monkeypatch.undo()
    with pytest.raises(UserError, match="version plus récente") as refusal:
        maintenance.restore(database, context, file)
    assert refusal.value.code == "newer_schema"
    assert_no_scratch(database)


def test_the_backup_of_an_older_program_is_upgraded_as_it_comes_in(
    database: Database, context: Context, saves: Path, later_program: Callable[[], None]
) -> None:
    before = schema.program_revision()
    add_facility(database, "Les Lilas")
    file = maintenance.backup(database, context, saves / "hier.bak").file
    later_program()
    report = maintenance.restore(database, context, file)
    assert (report.revision_found, report.revision) == (before, "9999")
    assert maintenance.status(database).state is SchemaState.CURRENT
    assert facilities(database) == ["Les Lilas"]
    forget_kept(database, report.kept)


def test_an_upgrade_leaves_a_restorable_backup_beside_a_sqlite_base(
    database: Database, context: Context, later_program: Callable[[], None]
) -> None:
    before = schema.program_revision()
    add_facility(database, "Les Lilas")
    later_program()
    assert maintenance.status(database).state is SchemaState.OLDER
    report = maintenance.upgrade(database, context)
    assert (report.before, report.after) == (before, "9999")
    assert maintenance.status(database).state is SchemaState.CURRENT
    assert facilities(database) == ["Les Lilas"]
    assert actions(database)[-1] == "db.upgrade"
    assert (report.backup is not None) == database.is_sqlite
    if report.backup is not None:
        assert maintenance.restore(database, context, report.backup).revision_found == before
    assert maintenance.upgrade(database, context).backup is None, "nothing to do, nothing to save"


def test_the_base_of_a_newer_program_is_neither_upgraded_nor_saved(
    database: Database, context: Context, saves: Path
) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert maintenance.status(database).state is SchemaState.NEWER
    for act in (
        lambda: maintenance.initialise(database, context),
        lambda: maintenance.upgrade(database, context),
        lambda: maintenance.backup(database, context, saves / "base.bak"),
    ):
        with pytest.raises(UserError) as refusal:
            act()
        assert refusal.value.code == "newer_schema"
    assert list(saves.iterdir()) == []


def test_a_backup_never_overwrites(database: Database, context: Context, saves: Path) -> None:
    file = maintenance.backup(database, context, saves / "base.bak").file
    content = file.read_bytes()
    with pytest.raises(UserError, match="existe déjà"):
        maintenance.backup(database, context, file)
    with pytest.raises(UserError, match="n’existe pas"):
        maintenance.backup(database, context, saves / "ailleurs" / "base.bak")
    if database.is_sqlite:
        with pytest.raises(UserError, match="existe déjà"):
            maintenance.backup(database, context, Path(str(database.engine.url.database)))
    assert file.read_bytes() == content


def test_an_empty_base_is_not_saved(empty_database: Database, context: Context, saves: Path) -> None:
    with pytest.raises(UserError, match="vide"):
        maintenance.backup(empty_database, context, saves / "base.bak")


def test_only_the_administration_looks_after_the_base(
    database: Database, context: Context, saves: Path
) -> None:
    agent = replace(context, actor=replace(context.actor, roles=frozenset({Role.AGENT, Role.FINANCE})))
    for act in (
        lambda: maintenance.initialise(database, agent),
        lambda: maintenance.upgrade(database, agent),
        lambda: maintenance.backup(database, agent, saves / "base.bak"),
        lambda: maintenance.restore(database, agent, saves / "base.bak"),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_damaged_sqlite_base_is_said_so_set_aside_and_replaced(
    sqlite_database: Database, context: Context, saves: Path
) -> None:
    add_facility(sqlite_database, "Les Lilas")
    file = maintenance.backup(sqlite_database, context, saves / "base.bak").file
    sqlite_database.dispose()
    base = Path(str(sqlite_database.engine.url.database))
    base.write_bytes(b"the disk wrote this over the base " * 300)
    with pytest.raises(EnvironmentProblem, match="db restore"):
        maintenance.status(sqlite_database)
    report = maintenance.restore(sqlite_database, context, file)
    assert facilities(sqlite_database) == ["Les Lilas"]
    assert report.kept is not None
    assert Path(report.kept).read_bytes().startswith(b"the disk wrote")


def test_a_desk_that_has_the_sqlite_base_open_sees_what_was_restored(
    sqlite_database: Database, context: Context, saves: Path
) -> None:
    desk = open_database(sqlite_database.engine.url)
    file = maintenance.backup(sqlite_database, context, saves / "base.bak").file
    add_facility(desk, "Le Verger")
    assert facilities(desk) == ["Le Verger"]
    maintenance.restore(sqlite_database, context, file)
    assert facilities(desk) == []
    add_facility(desk, "Les Lilas")
    assert facilities(sqlite_database) == ["Les Lilas"]
    desk.dispose()


def test_a_postgresql_base_in_use_at_another_desk_is_not_replaced(
    postgresql_database: Database, context: Context, saves: Path
) -> None:
    file = maintenance.backup(postgresql_database, context, saves / "base.bak").file
    desk = open_database(postgresql_database.engine.url)
    add_facility(desk, "Le Verger")
    with desk.engine.connect() as busy:
        busy.execute(text("SELECT 1"))
        with pytest.raises(UserError, match="fermez Guichet partout") as refusal:
            maintenance.restore(postgresql_database, context, file)
    assert refusal.value.code == "base_in_use"
    assert facilities(postgresql_database) == ["Le Verger"]
    desk.dispose()
    assert_no_scratch(postgresql_database)


@pytest.mark.skipif(os.name == "nt", reason="the recording tool is a shell script")
def test_the_password_is_never_on_a_command_line(
    postgresql_database: Database,
    context: Context,
    saves: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    tools = tmp_path / "tools" / "15" / "bin"
    tools.mkdir(parents=True)
    for tool in ("pg_dump", "pg_restore"):
        real = maintenance_postgresql.find_tool(tool)
        script = tools / tool
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{tmp_path}/arguments"\nexec {real} "$@"\n', encoding="utf-8"
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(maintenance_postgresql, "TOOL_FOLDERS", ((tmp_path / "tools", "*/bin"),))
    maintenance.backup(postgresql_database, context, saves / "base.bak")
    recorded = (tmp_path / "arguments").read_text(encoding="utf-8")
    assert "--format=custom" in recorded
    assert "--exit-on-error" in recorded
    assert str(postgresql_database.engine.url.password) not in recorded


def test_missing_postgresql_tools_are_named(
    postgresql_database: Database, context: Context, saves: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance_postgresql, "TOOL_FOLDERS", ())
    monkeypatch.setenv("PATH", str(saves))
    with pytest.raises(EnvironmentProblem, match="pg_dump est introuvable"):
        maintenance.backup(postgresql_database, context, saves / "base.bak")
    assert list(saves.iterdir()) == []


def add_facility(database: Database, name: str) -> None:
    with database.writing() as session:
        session.execute(text("INSERT INTO facility (code, name) VALUES (:name, :name)"), {"name": name})


def facilities(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.execute(text("SELECT name FROM facility")).scalars())


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.execute(text("SELECT action FROM journal ORDER BY id")).scalars())


def tables(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(connection.dialect.get_table_names(connection))


def other_base(database: Database, name: str) -> Database:
    if database.is_sqlite:
        return open_database(f"sqlite:///{name}")
    return open_database(database.engine.url.set(database=name))


def forget(database: Database) -> None:
    """Remove a base that a restore kept, so that the test's server does not fill up."""
    database.dispose()
    if not database.is_sqlite:
        server = open_database(database.engine.url.set(database="postgres"))
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{database.engine.url.database}" WITH (FORCE)')
        server.dispose()


def forget_kept(database: Database, kept: str | None) -> None:
    if kept is not None:
        forget(other_base(database, kept))


def assert_no_scratch(database: Database) -> None:
    if database.is_sqlite:
        folder = Path(str(database.engine.url.database)).parent
        assert not list(folder.glob(".guichet-*"))
        return
    with database.reading() as session:
        names = session.execute(text("SELECT datname FROM pg_database WHERE datname LIKE 'guichet_scratch%'"))
        assert names.scalars().all() == []


def spoil(file: Path, damage: str) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    if damage == "cut short":
        content = content[:middle]
    elif damage == "emptied":
        content = bytearray()
    elif damage == "another text":
        content = bytearray(b"Ceci n'est pas une base.\n" * 200)
    elif damage == "one byte changed":
        content[middle] ^= 0x01
    else:
        content[middle : middle + 20_000] = bytes(20_000)
    file.write_bytes(bytes(content))
