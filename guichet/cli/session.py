"""What every command shares: the base it works on, who acts and when, how it answers and fails."""

import dataclasses
import json
import logging
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import platformdirs
import typer
from sqlalchemy.orm import Session

from guichet import config, credentials
from guichet.models import schema
from guichet.models.database import Database, open_database
from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, UserError
from guichet.rules.text import PARIS
from guichet.rules.typography import french
from guichet.services import accounts, settings, transaction
from guichet.services.transaction import Context

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

EXIT_USER = 1
EXIT_ENVIRONMENT = 2
EXIT_BUG = 3


@dataclass
class Console:
    """The global options, and the base opened on first use."""

    database_url: str | None = None
    login: str | None = None
    instant: str | None = None
    as_json: bool = False
    _database: Database | None = None
    _context: Context | None = None

    @property
    def named_url(self) -> str:
        """The base's address as it was named: by `--database`, else by the workstation's settings."""
        return self.database_url or config.load().database

    @property
    def url(self) -> str:
        """The same, with the password that this machine's keyring keeps for it."""
        return credentials.with_password(self.named_url)

    def any_database(self) -> Database:
        """The base, whatever its schema."""
        if self._database is None:
            self._database = open_database(self.url)
        return self._database

    @property
    def database(self) -> Database:
        """The base, refused unless its schema is this program's."""
        database = self.any_database()
        with transaction.translated_errors():
            schema.refuse_other_than_current(database)
        return database

    @property
    def context(self) -> Context:
        """Who acts (`--as`, else the program itself) and when (`--now`, else the demo's fixed day, else the clock)."""
        if self._context is None:
            database = self.database
            now = self.now()
            if now is None:
                with transaction.translated_errors(), database.reading() as session:
                    now = settings.demo_now(session)
            anonymous = Context(accounts.system_actor("console"), now or datetime.now(UTC))
            self._context = anonymous
            if self.login is not None:
                actor = transaction.read(database, anonymous, accounts.acting_as, self.login)
                self._context = Context(actor, anonymous.now)
        return self._context

    def instant_or_clock(self) -> datetime:
        """The instant of `--now`, else the clock, for what is done to a base that may hold no settings yet."""
        return self.now() or datetime.now(UTC)

    def now(self) -> datetime | None:
        """The instant of `--now`, in Paris time when it names no zone. Raises UserError when it is not readable."""
        if self.instant is None:
            return None
        try:
            instant = datetime.fromisoformat(self.instant)
        except ValueError:
            raise UserError("--now attend un instant comme 2026-03-18T09:00.", field="now") from None
        return instant if instant.tzinfo is not None else instant.replace(tzinfo=PARIS)

    def run(
        self, function: Callable[Concatenate[Session, Context, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a writing service function."""
        return transaction.run(self.database, self.context, function, *args, **kwargs)

    def read(
        self, function: Callable[Concatenate[Session, Context, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading service function."""
        return transaction.read(self.database, self.context, function, *args, **kwargs)

    def answer(self, value: Any, text: str) -> None:
        """Print the result: `value` as JSON under `--json`, else the French `text`."""
        if self.as_json:
            typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))
        else:
            typer.echo(french(text))

    def close(self) -> None:
        """Close the base."""
        if self._database is not None:
            self._database.dispose()


def console_of(context: typer.Context) -> Console:
    """The console that the command line was started with."""
    console: Console = context.obj
    return console


def plain(value: Any) -> Any:
    """A value as JSON holds it: dataclasses by field, dates and instants as ISO 8601, sets sorted."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, Path)):
        return str(value)
    return value


@contextmanager
def failures(console: Console) -> Iterator[None]:
    """Turn what goes wrong into a sentence and an exit code: 1 user error, 2 environment, 3 a bug with its reference."""
    try:
        yield
    except AlreadyApplied as done:
        console.answer({"already_applied": True}, done.message)
    except UserError as error:
        _fail(console, error.code, error.message, EXIT_USER, field=error.field)
    except EnvironmentProblem as problem:
        _fail(console, problem.code, problem.message, EXIT_ENVIRONMENT)
    except OSError as problem:
        _fail(
            console, "file_system", f"Le fichier ne peut pas être lu ou écrit : {problem}", EXIT_ENVIRONMENT
        )


def keep_log() -> None:
    """Send what the program notes of itself to a rotating file of this workstation, never to the terminal."""
    folder = platformdirs.user_log_path(config.APPLICATION, appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / "guichet.log", maxBytes=1_000_000, backupCount=5, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


def report_bug(console: Console, bug: Exception) -> int:
    """Log an unexpected error under a reference number that the person can quote."""
    reference = uuid.uuid4().hex[:8]
    logger.error("unexpected error %s", reference, exc_info=bug)
    sentence = (
        f"Erreur inattendue, rien n’a été enregistré. Communiquez la référence {reference} à votre support."
    )
    print_error(console, {"code": "bug", "message": sentence, "reference": reference})
    return EXIT_BUG


def _fail(console: Console, code: str, message: str, exit_code: int, field: str | None = None) -> None:
    print_error(console, {"code": code, "message": message, "field": field})
    raise SystemExit(exit_code)


def print_error(console: Console, error: dict[str, Any]) -> None:
    """Say what went wrong: the sentence on standard error, and under `--json` the whole on standard output."""
    if console.as_json:
        typer.echo(json.dumps({"error": error}, ensure_ascii=False, indent=2))
    typer.echo(french(str(error["message"])), file=sys.stderr)
