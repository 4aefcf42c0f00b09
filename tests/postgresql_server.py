"""A real PostgreSQL, started by the tests on loopback from the installed binaries and stopped with them."""

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

WANTED_VERSION = "15"
START_SECONDS = 60
NOT_INSTALLED = (
    "PostgreSQL is not installed: neither PATH nor /usr/lib/postgresql holds initdb and postgres "
    "(apt-get install postgresql-15)"
)
# The data are thrown away at the end: durability would only slow the tests down.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "America/Cayenne",  # neither Paris nor UTC: code leaning on the server's zone fails
}


def find_binaries() -> Path | None:
    """The folder holding initdb and postgres: version 15 where there is a choice, None where none."""
    on_path = [
        Path(found).resolve().parent for name in ("initdb", "postgres") if (found := shutil.which(name))
    ]
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    packaged.sort(key=lambda folder: folder.parent.name != WANTED_VERSION)
    for folder in [*packaged, *on_path]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


class PostgresqlServer:
    """A running server and the making of databases in it."""

    def __init__(self, port: int, password: str, binaries: Path) -> None:
        self.port = port
        self.password = password
        self.binaries = binaries

    def url(self, database: str) -> URL:
        """The address of one of its databases, as the program takes it."""
        return URL.create(
            "postgresql+psycopg",
            username="guichet",
            password=self.password,
            host="127.0.0.1",
            port=self.port,
            database=database,
        )

    def create(self, template: str = "template1") -> str:
        """Make a database that is a copy of `template` and return its name."""
        name = f"town_{secrets.token_hex(6)}"
        self._administer(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop(self, name: str) -> None:
        """Remove a database, closing what is still connected to it."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        address = self.url("postgres").set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_server(binaries: Path) -> Iterator[PostgresqlServer]:
    """Start a server on a free loopback port; it stops at the end, and also when this process is killed."""
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="guichet-pg-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if user is not None:
            shutil.chown(folder, user)
        password = secrets.token_hex(8)
        _initialise(binaries, folder, password, user)
        port = _free_port()
        process = _start(binaries, folder, port, user)
        server = PostgresqlServer(port, password, binaries)
        _wait_until_ready(server, process, folder)
        yield server
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: the account to use instead, or None to stay who we are."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd  # where there is no root to be, the module does not exist

    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("running as root, and neither account postgres nor nobody exists")


def _initialise(binaries: Path, folder: Path, password: str, user: str | None) -> None:
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    if user is not None:
        shutil.chown(secret, user)
    command = [str(binaries / "initdb"), "--pgdata", str(folder / "data"), "--username=guichet", "--no-sync"]
    command += ["--auth=password", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr}")


def _start(binaries: Path, folder: Path, port: int, user: str | None) -> "subprocess.Popen[bytes]":
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-h", "127.0.0.1"]
    command += ["-k", str(folder)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            user=user,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the server in order
            preexec_fn=_stop_with_parent(),  # noqa: PLW1509 - one system call, no lock taken
        )


def _stop_with_parent() -> Callable[[], object] | None:
    """On Linux, ask the kernel to stop the server when the tests are killed without a chance to clean up."""
    if sys.platform != "linux":
        return None
    set_parent_death_signal = 1
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(set_parent_death_signal, signal.SIGQUIT)


def _wait_until_ready(server: PostgresqlServer, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    address = server.url("postgres").set(drivername="postgresql").render_as_string(hide_password=False)
    for _ in range(START_SECONDS * 20):
        if process.poll() is not None:
            break
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text(encoding='utf-8')}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)  # "fast": closes what is connected
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
