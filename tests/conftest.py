"""What every test may ask for: a migrated base on each engine, an administrator, a fixed instant."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy.engine import URL, make_url

from guichet.models import schema
from guichet.models.database import Database, open_database
from guichet.rules.permissions import Role
from guichet.services.transaction import Actor, Context
from tests.postgresql_pool import PostgresqlPool
from tests.postgresql_server import NOT_INSTALLED, PostgresqlServer, find_binaries, running_server

# Before Qt, keyring or platformdirs are used: no window system, and nothing of the person's own.
if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
os.environ["TZ"] = "America/Cayenne"  # neither Paris nor UTC: code leaning on the machine's zone fails
if hasattr(time, "tzset"):
    time.tzset()
for name in [name for name in os.environ if name.startswith("GUICHET_")]:
    del os.environ[name]

NOW = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)  # 09:00 in Paris, a Wednesday

# The same examples at each run, and no deadline: speed belongs to bench/.
# HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis_settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(scope="session", autouse=True)
def own_home() -> Iterator[Path]:
    """A home folder of the run's own: no test reads or writes the settings of the person who runs it."""
    with tempfile.TemporaryDirectory(prefix="guichet-home-") as folder, pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            patch.setenv(variable, folder)
        for variable in ("USERPROFILE", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(variable, folder)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The run's PostgreSQL (one for each xdist worker), or a skip saying that no binary is installed."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(NOT_INSTALLED)
    with running_server(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_pool(postgresql_server: PostgresqlServer) -> PostgresqlPool:
    name = postgresql_server.create()
    _migrate(postgresql_server.url(name))
    return PostgresqlPool(postgresql_server, name)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "guichet.db"
    _migrate(_sqlite_address(path))
    return path


@pytest.fixture
def empty_pg_url(postgresql_server: PostgresqlServer) -> Iterator[Callable[[], URL]]:
    """A factory of PostgreSQL databases that hold nothing at all, not even the schema."""
    with ExitStack() as cleaning:

        def make() -> URL:
            name = postgresql_server.create()
            cleaning.callback(postgresql_server.drop, name)
            return postgresql_server.url(name)

        yield make


@pytest.fixture
def pg_url(postgresql_pool: PostgresqlPool) -> Iterator[Callable[[], URL]]:
    """A factory of migrated, empty PostgreSQL databases."""
    with ExitStack() as cleaning:

        def make() -> URL:
            name = postgresql_pool.take()
            cleaning.callback(postgresql_pool.give_back, name)
            return postgresql_pool.server.url(name)

        yield make


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> Callable[[], URL]:
    """A factory of migrated, empty SQLite files."""
    made: list[Path] = []

    def make() -> URL:
        path = tmp_path / f"town-{len(made)}.db"
        shutil.copyfile(_sqlite_template, path)
        made.append(path)
        return _sqlite_address(path)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine that the test runs on; whatever asks for `database` runs on both."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest) -> Callable[[], URL]:
    """A factory of migrated, empty databases on the test's engine."""
    factory: Callable[[], URL] = request.getfixturevalue(
        "sqlite_url" if engine_name == "sqlite" else "pg_url"
    )
    return factory


@pytest.fixture
def database(database_url: Callable[[], URL]) -> Iterator[Database]:
    """A migrated, empty base: the test runs once on SQLite and once on PostgreSQL."""
    yield from _opened(database_url())


@pytest.fixture
def sqlite_database(sqlite_url: Callable[[], URL]) -> Iterator[Database]:
    """A migrated, empty base on SQLite only."""
    yield from _opened(sqlite_url())


@pytest.fixture
def postgresql_database(pg_url: Callable[[], URL]) -> Iterator[Database]:
    """A migrated, empty base on PostgreSQL only."""
    yield from _opened(pg_url())


@pytest.fixture
def context() -> Context:
    """An administrator at work on Wednesday 18 March 2026, 09:00 in Paris."""
    actor = Actor(
        login="admin",
        display_name="Admin Istration",
        roles=frozenset({Role.ADMINISTRATOR}),
        user_id=None,
        workstation="poste-1",
    )
    return Context(actor=actor, now=NOW)


def _sqlite_address(path: Path) -> URL:
    return make_url("sqlite://").set(database=str(path))


def _opened(url: URL) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()


def _migrate(url: URL) -> None:
    database = open_database(url)
    try:
        schema.upgrade(database)
    finally:
        database.dispose()
