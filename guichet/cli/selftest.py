"""The command by which the program proves itself where it is installed: an old base, a night, a month, papers, start-up."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import URL

from guichet import __version__
from guichet.cli.desktop import START_UP, USABLE, try_window
from guichet.cli.session import EXIT_BUG, Console, console_of
from guichet.models.database import Database, open_database
from guichet.rules.typography import count, french
from guichet.services import accounts, maintenance, settings, transaction, verify
from guichet.services.demo import old_base
from guichet.services.demo.build import DEMO_NOW
from guichet.services.demo.night import write_night_file
from guichet.services.transaction import Context

REQUESTS = 60
LOGIN = "admin"
_STARTS = ("Premier démarrage", "Démarrage suivant")
_PROGRAM = Context(accounts.system_actor("selftest"), DEMO_NOW)


@dataclass
class _Account:
    """What was done, and what went wrong."""

    console: Console
    steps: list[dict[str, Any]] = field(default_factory=list)
    size_bytes: int | None = None

    @property
    def failed(self) -> bool:
        return any(step["problems"] for step in self.steps)

    def note(self, title: str, said: str, seconds: float, problems: tuple[str, ...] = ()) -> None:
        self.steps.append({"title": title, "said": said, "seconds": round(seconds, 3), "problems": problems})
        took = f"{seconds:.2f}".replace(".", ",")
        self.say(f"{'✗' if problems else '✓'} {title}, {took} s{f' : {said}' if said else ''}")
        for problem in problems:
            self.say("    " + problem.replace("\n", "\n    "))

    def say(self, line: str) -> None:
        if not self.console.as_json:
            typer.echo(french(line))


def selftest(
    context: typer.Context,
    keep: Annotated[
        Path | None, typer.Option(help="Dossier à créer, où laisser la base, les papiers et les images.")
    ] = None,
) -> None:
    """Éprouver le programme sur ce poste, avec une base d’essai et sans écran (code 3 si quelque chose ne va pas)."""
    console = console_of(context)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    account = _Account(console)
    with _folder(keep) as folder:
        account.say(f"Guichet {__version__}, essai dans {folder}")
        _run(account, folder)
    if getattr(sys, "frozen", False):
        account.size_bytes = _size(Path(sys.executable).parent)
        account.say(f"Taille du programme : {account.size_bytes / 1_000_000:.0f} Mo")
    closing_line = "Quelque chose ne va pas : voyez les lignes ✗." if account.failed else "Tout va bien."
    console.answer({"steps": account.steps, "size_bytes": account.size_bytes}, closing_line)
    if account.failed:
        raise SystemExit(EXIT_BUG)


def _run(account: _Account, folder: Path) -> None:
    for revision in old_base.frozen():
        _upgrade(account, revision, folder / f"base-{revision}.db")
    _driver(account)
    url = _url(folder / f"base-{old_base.frozen()[0]}.db")
    with _opened(url) as database:
        night = write_night_file(database, _PROGRAM, folder, requests=REQUESTS)
        actor = transaction.read(database, _PROGRAM, accounts.acting_as, LOGIN)
        with database.reading() as session:
            town = settings.town(session).name
    try_window(lambda: open_database(url), actor, DEMO_NOW, town, night, folder, account.note)
    _verify(account, url)
    for title in _STARTS:
        _start(account, title, url, folder)


def _upgrade(account: _Account, revision: str, file: Path) -> None:
    """An old base comes to this schema, its invariants hold."""
    start = time.perf_counter()
    old_base.restore(revision, file)
    with _opened(_url(file)) as database:
        report = maintenance.upgrade(database, _PROGRAM)
        found = _findings(database)
    said = f"schéma {report.before} porté à {report.after}{', copie d’avant gardée' if report.backup else ''}"
    account.note("Base d’une version antérieure", said, time.perf_counter() - start, found)


def _driver(account: _Account) -> None:
    """What speaks to PostgreSQL is loaded only for a base there: a package without it would show only then."""
    start = time.perf_counter()
    from psycopg import pq

    open_database("postgresql://127.0.0.1/essai").dispose()
    problems = () if pq.__impl__ == "binary" else (f"pilote {pq.__impl__}",)
    said = f"libpq {pq.version_pretty(pq.version())}"
    account.note("Pilote PostgreSQL", said, time.perf_counter() - start, problems)


def _verify(account: _Account, url: str) -> None:
    start = time.perf_counter()
    with _opened(url) as database:
        found = _findings(database)
    account.note(
        "Contrôle de la base", count(len(verify.CHECKS), "contrôle"), time.perf_counter() - start, found
    )


def _start(account: _Account, title: str, url: str, folder: Path) -> None:
    """From the launch of the program to its window with its first page read, in a process of its own."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "guichet"]
    own = {name: str(folder / "poste") for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    errors = folder / "demarrage.txt"
    start = time.perf_counter()
    with (
        errors.open("w", encoding="utf-8") as said,
        subprocess.Popen(  # noqa: S603 - this program itself
            [*program, "--database", url, "--as", LOGIN, START_UP],
            env={**os.environ, **own, "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = process.stdout.readline().strip()
        seconds = time.perf_counter() - start
    fine = line == USABLE and process.returncode == 0
    told = errors.read_text(encoding="utf-8", errors="replace").strip()
    problems = () if fine else (f"code {process.returncode}\n{told}",)
    account.note(title, "jusqu’à la fenêtre et ses données", seconds, problems)


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()


def _findings(database: Database) -> tuple[str, ...]:
    report = transaction.read(database, _PROGRAM, verify.verify)
    return tuple(f"{finding.sentence} ({finding.subject})" for finding in report.findings)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="guichet-essai-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _url(file: Path) -> str:
    return URL.create("sqlite", database=str(file)).render_as_string()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
