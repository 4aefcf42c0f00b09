"""The accounts of those who work here: opening one, and the door they come in by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.settings import UserAccount
from guichet.rules.errors import UserError
from guichet.rules.permissions import ROLE_LABELS, Permission, Role
from guichet.rules.text import format_instant
from guichet.services import journal, transaction
from guichet.services.transaction import Actor, Context, needs

ATTEMPTS_BEFORE_LOCK = 5
LOCK = timedelta(minutes=10)
MINIMUM_LENGTH = 8
LONGEST_LOGIN = 60
LONGEST_NAME = 240

_hasher = PasswordHasher()
_WRONG = "Identifiant ou mot de passe inconnu : vérifiez les majuscules, puis réessayez."


@dataclass(frozen=True)
class NewAccount:
    """An account to open; `password` None makes one that only `--as` on the command line uses."""

    login: str
    display_name: str
    roles: frozenset[Role]
    password: str | None


@dataclass(frozen=True)
class Credentials:
    """What is typed on the login screen."""

    login: str
    password: str


def system_actor(login: str = "guichet") -> Actor:
    """The program itself, for what no person does: setting up a base, the night's import."""
    return Actor(login=login, display_name="Guichet", roles=frozenset({Role.ADMINISTRATOR}))


@needs(Permission.ADMINISTER)
def create(session: Session, context: Context, account: NewAccount) -> int:
    """Open an account and return its id. Raises UserError for a login taken or a password that is too weak."""
    login = account.login.strip().lower()
    if not login:
        raise UserError("Donnez un identifiant au compte.", field="login")
    if len(login) > LONGEST_LOGIN or any(char.isspace() for char in login):
        raise UserError(
            f"Un identifiant s’écrit sans espace, en {LONGEST_LOGIN} caractères au plus.", field="login"
        )
    name = checked_name(account.display_name.strip() or login)
    refuse_without_role(account.roles)
    if session.execute(select(UserAccount.id).where(UserAccount.login == login)).first():
        raise UserError(f"L’identifiant « {login} » est déjà pris : choisissez-en un autre.", field="login")
    row = UserAccount(
        login=login,
        display_name=name,
        roles=sorted(account.roles),
        password_hash=hashed(account.password) if account.password is not None else None,
    )
    session.add(row)
    session.flush()  # the journal names the new row
    journal.record(
        session,
        context,
        action="account.create",
        subject=("user_account", row.id),
        summary=f"Compte {login} ouvert",
        detail={
            "after": {"display_name": name, "roles": row.roles, "has_password": row.password_hash is not None}
        },
    )
    return row.id


def checked_name(text: str) -> str:
    """The name of who works here, as it is kept. Raises UserError when there is none or it is too long."""
    name = text.strip()
    if not name:
        raise UserError("Donnez le nom de la personne.", field="display_name")
    if len(name) > LONGEST_NAME:
        raise UserError(f"Ce nom est trop long : {LONGEST_NAME} caractères au plus.", field="display_name")
    return name


def refuse_without_role(roles: frozenset[Role]) -> None:
    """Raise UserError for an account that could do nothing."""
    if not roles:
        names = ", ".join(f"« {label} »" for label in ROLE_LABELS.values())
        raise UserError(f"Choisissez au moins un rôle parmi {names}.", field="roles")


def hashed(password: str) -> str:
    """The password as it is kept (argon2). Raises UserError when it is too weak."""
    refuse_weak(password)
    return _hasher.hash(password)


def refuse_weak(password: str) -> None:
    """Raise UserError unless the password has 8 characters, upper, lower and a digit (002, 004)."""
    kinds = (str.isupper, str.islower, str.isdigit)
    if len(password) < MINIMUM_LENGTH or not all(any(kind(char) for char in password) for kind in kinds):
        raise UserError(
            "Le mot de passe doit avoir au moins 8 caractères, dont une majuscule, une minuscule et un chiffre.",
            field="password",
        )


def sign_in(database: Database, anonymous: Context, credentials: Credentials) -> Actor:
    """Check a login and password. Raises UserError when they do not match or the account is locked.

    Five wrong passwords lock the account for ten minutes; the count is kept even though the sign-in fails.
    """
    outcome = transaction.run(database, anonymous, _try_sign_in, credentials)
    if isinstance(outcome, str):
        raise UserError(outcome, field="password", code="sign_in_refused")
    return outcome


def _try_sign_in(session: Session, context: Context, credentials: Credentials) -> Actor | str:
    account = session.execute(
        select(UserAccount)
        .where(func.lower(UserAccount.login) == credentials.login.strip().lower(), UserAccount.active)
        .with_for_update()
    ).scalar_one_or_none()
    if account is None or account.password_hash is None:
        _hasher.hash(credentials.password)  # an unknown login must not answer faster than a wrong password
        return _WRONG
    if account.locked_until is not None and context.now < account.locked_until:
        return f"Ce compte est bloqué jusqu’au {format_instant(account.locked_until)} après plusieurs mots de passe erronés."
    try:
        _hasher.verify(account.password_hash, credentials.password)
    except (VerifyMismatchError, InvalidHashError):
        account.failed_attempts += 1
        if account.failed_attempts >= ATTEMPTS_BEFORE_LOCK:
            account.locked_until = context.now + LOCK
            account.failed_attempts = 0
            _note(session, context, account, "account.lock", f"Compte {account.login} bloqué")
        return _WRONG
    account.failed_attempts = 0
    account.locked_until = None
    _note(session, context, account, "account.sign_in", f"Connexion de {account.login}")
    return _actor(account)


def acting_as(session: Session, context: Context, login: str) -> Actor:
    """The actor of an account named on the command line (`--as LOGIN`). Raises UserError when there is none."""
    account = session.execute(
        select(UserAccount).where(func.lower(UserAccount.login) == login.strip().lower(), UserAccount.active)
    ).scalar_one_or_none()
    if account is None:
        raise UserError(f"Il n’y a pas de compte actif « {login} » dans cette base.", field="as")
    return _actor(account)


def preferences(session: Session, context: Context, query: None = None) -> dict[str, Any]:
    """What the person who acts chose for their own screens; empty for the program itself."""
    row = session.execute(
        select(UserAccount.preferences).where(UserAccount.id == context.actor.user_id)
    ).first()
    return _kept(row.preferences) if row is not None else {}


def save_preferences(session: Session, context: Context, changes: Mapping[str, Any]) -> None:
    """Keep choices of the person who acts; those not named stay. Nothing of a town's business is among them."""
    account = session.execute(
        select(UserAccount).where(UserAccount.id == context.actor.user_id).with_for_update()
    ).scalar_one_or_none()
    if account is not None:
        account.preferences = {**_kept(account.preferences), **changes}


def _kept(preferences: Any) -> dict[str, Any]:
    # A damaged value must not keep its person out of the window.
    return dict(preferences) if isinstance(preferences, dict) else {}


def _actor(account: UserAccount) -> Actor:
    return Actor(
        login=account.login,
        display_name=account.display_name,
        roles=frozenset(Role(role) for role in account.roles),
        user_id=account.id,
    )


def _note(session: Session, context: Context, account: UserAccount, action: str, summary: str) -> None:
    journal.record(session, context, action=action, subject=("user_account", account.id), summary=summary)
