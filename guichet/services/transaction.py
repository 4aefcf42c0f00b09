"""One door to the database: who acts, when, and the transaction around each service function."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from guichet.models.database import Database
from guichet.models.settings import ProcessedCommand
from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, PermissionDenied, StaleVersion
from guichet.rules.permissions import Permission, Role, may
from guichet.services import journal_chain

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# What the screens hold of the base; they know neither the engine nor the tables.
OpenedDatabase = Database

_TRIES = 3
_RETRIED_SQLSTATES = {"40001", "40P01"}
_DAMAGED_FILE = ("file is not a database", "database disk image is malformed")


@dataclass(frozen=True)
class Actor:
    """Who acts: an account of the town hall, or the program itself for what needs no one."""

    login: str
    display_name: str
    roles: frozenset[Role]
    user_id: int | None = None
    workstation: str = field(default_factory=socket.gethostname)


@dataclass(frozen=True)
class Context:
    """Who acts and at which instant (aware). Every service function receives one."""

    actor: Actor
    now: datetime

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("the context's instant needs its time zone")
        object.__setattr__(self, "now", self.now.astimezone(UTC))

    def may(self, permission: Permission) -> bool:
        """Whether the actor holds the permission."""
        return may(self.actor.roles, permission)


def needs(
    *permissions: Permission,
) -> Callable[[Callable[Concatenate[Session, Context, P], T]], Callable[Concatenate[Session, Context, P], T]]:
    """Refuse the service function to an actor who lacks one of the permissions. Raises PermissionDenied."""

    def decorate(
        function: Callable[Concatenate[Session, Context, P], T],
    ) -> Callable[Concatenate[Session, Context, P], T]:
        def checked(session: Session, context: Context, /, *args: P.args, **kwargs: P.kwargs) -> T:
            require(context, *permissions)
            return function(session, context, *args, **kwargs)

        update_wrapper(checked, function)
        return checked

    return decorate


def require(context: Context, *permissions: Permission) -> None:
    """Raise PermissionDenied unless the actor holds every permission."""
    for permission in permissions:
        if not context.may(permission):
            raise PermissionDenied(
                f"Le compte « {context.actor.display_name} » n’a pas le droit de faire cela : demandez à l’administration."
            )


def run(
    database: Database,
    context: Context,
    function: Callable[Concatenate[Session, Context, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a writing service function in one transaction, then seal what it journalled.

    A command that carries a `command_id` is recorded first: applied twice, it raises AlreadyApplied the second time.
    A deadlock or serialisation failure is tried again, since service functions act only through their session.
    Raises StaleVersion when another desk changed a row meanwhile, EnvironmentProblem when the base is out of reach.
    """
    for attempt in range(_TRIES):
        try:
            with translated_errors(), database.writing() as session:
                for argument in args:
                    command_id = getattr(argument, "command_id", None)
                    if command_id:
                        _record_command(session, command_id, function.__name__)
                result = function(session, context, *args, **kwargs)
            break
        except _TryAgain as failure:
            if attempt == _TRIES - 1:
                raise EnvironmentProblem(
                    "La base est très sollicitée et l’opération n’a pas pu se faire : réessayez dans un instant.",
                    code="busy",
                ) from failure
    _seal_journal(database)
    return result


def _seal_journal(database: Database) -> None:
    # The act is committed: a seal that fails now is left to the next act, and must not look like the act's failure.
    try:
        journal_chain.seal(database)
    except DBAPIError:
        logger.warning("journal entries stay unsealed until the next act", exc_info=True)


def read(
    database: Database,
    context: Context,
    function: Callable[Concatenate[Session, Context, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a reading service function; nothing it does is kept."""
    with translated_errors(), database.reading() as session:
        return function(session, context, *args, **kwargs)


class _TryAgain(Exception):
    """The engine asked for the same transaction again."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the engine's failures into those a person can act on."""
    try:
        yield
    except StaleDataError as failure:
        raise StaleVersion(
            "Cette fiche vient d’être modifiée à un autre poste : elle est relue, vérifiez puis recommencez."
        ) from failure
    except IntegrityError:
        raise
    except (OperationalError, InterfaceError) as failure:
        if getattr(failure.orig, "sqlstate", None) in _RETRIED_SQLSTATES:
            raise _TryAgain from failure
        raise EnvironmentProblem(_away(failure), code="database_away") from failure
    except DBAPIError as failure:
        if failure.connection_invalidated:
            raise EnvironmentProblem(_away(failure), code="database_away") from failure
        if any(words in str(failure.orig) for words in _DAMAGED_FILE):
            raise EnvironmentProblem(
                "Le fichier de la base est abîmé ou n’est pas une base : restaurez la dernière sauvegarde "
                "par « guichet db restore ».",
                code="damaged_base",
            ) from failure
        raise


def _away(failure: DBAPIError) -> str:
    text = str(failure.orig).lower()
    if "locked" in text:
        return "La base est occupée par un autre poste depuis trop longtemps : réessayez dans un instant."
    if "full" in text or "no space" in text:
        return "Le disque de la base est plein : libérez de la place, puis réessayez. Rien n’a été perdu."
    if "readonly" in text or "read-only" in text:
        return "La base est en lecture seule : vérifiez les droits du dossier, puis réessayez."
    return "La base de données ne répond pas : vérifiez le réseau ou le serveur, puis réessayez. Rien n’a été perdu."


def _record_command(session: Session, command_id: str, subject: str) -> None:
    try:
        with session.begin_nested():
            session.execute(insert(ProcessedCommand).values(command_id=command_id, subject=subject))
    except IntegrityError as failure:
        raise AlreadyApplied("Cette action a déjà été enregistrée.", subject=subject) from failure
