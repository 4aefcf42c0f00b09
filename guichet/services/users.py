"""The accounts as an administrator keeps them: roles, passwords, who may still come in. Each act is journalled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.settings import UserAccount
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission, Role
from guichet.services import accounts, journal
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.transaction import Context, needs

PASSWORD_RULE = "Au moins 8 caractères, dont une majuscule, une minuscule et un chiffre."  # noqa: S105 (a sentence)


@dataclass(frozen=True)
class UserRow:
    """An account as listed. `locked_until` is a future instant (UTC) or None; `has_password` false: command line only."""

    user_id: int
    version: int
    login: str
    display_name: str
    roles: frozenset[Role]
    active: bool
    has_password: bool
    locked_until: datetime | None


@dataclass(frozen=True)
class ChangeUser:
    """Another name or other roles for the account read at `version`."""

    user_id: int
    version: int
    display_name: str
    roles: frozenset[Role]
    command_id: str = ""


@dataclass(frozen=True)
class SetActive:
    """Close the account's door, or open it again."""

    user_id: int
    version: int
    active: bool
    command_id: str = ""


@dataclass(frozen=True)
class SetPassword:
    """A new password, handed to the person by the administrator; it also unlocks the account."""

    user_id: int
    version: int
    password: str
    command_id: str = ""


@dataclass(frozen=True)
class Unlock:
    """Let an account locked by wrong passwords try again at once."""

    user_id: int
    version: int
    command_id: str = ""


@needs(Permission.ADMINISTER)
def list_users(session: Session, context: Context, query: None = None) -> tuple[UserRow, ...]:
    """Every account, those that may come in first, by login."""
    rows = session.scalars(select(UserAccount).order_by(UserAccount.active.desc(), UserAccount.login))
    return tuple(_row(account, context.now) for account in rows)


@needs(Permission.ADMINISTER)
def find_user(session: Session, context: Context, login: str) -> UserRow:
    """The account of this login, whatever its case. Raises UserError when there is none."""
    account = session.scalars(
        select(UserAccount).where(UserAccount.login == login.strip().lower())
    ).one_or_none()
    if account is None:
        raise UserError(f"Il n’y a pas de compte « {login} » : voyez la liste des comptes.", field="login")
    return _row(account, context.now)


@needs(Permission.ADMINISTER)
def change(session: Session, context: Context, command: ChangeUser) -> UserRow:
    """Rename an account or give it other roles. Raises UserError without a role or for the last administrator."""
    account = _held(session, command.user_id, command.version)
    name = accounts.checked_name(command.display_name)
    accounts.refuse_without_role(command.roles)
    if Role.ADMINISTRATOR not in command.roles:
        _refuse_last_administrator(session, account, "roles")
    before = {"display_name": account.display_name, "roles": account.roles}
    account.display_name, account.roles = name, sorted(role.value for role in command.roles)
    after = {"display_name": account.display_name, "roles": account.roles}
    _record(session, context, account, "account.change", f"Compte {account.login} modifié", before, after)
    return _row(account, context.now)


@needs(Permission.ADMINISTER)
def set_active(session: Session, context: Context, command: SetActive) -> UserRow:
    """Disable or enable an account; what it did stays under its name. Raises UserError for the last administrator."""
    account = _held(session, command.user_id, command.version)
    if not command.active:
        if account.id == context.actor.user_id:
            raise UserError(
                "Vous ne pouvez pas désactiver le compte avec lequel vous travaillez : demandez à un autre administrateur.",
                code="own_account",
            )
        _refuse_last_administrator(session, account, "active")
    before = {"active": account.active}
    account.active = command.active
    action, said = ("account.enable", "réactivé") if command.active else ("account.disable", "désactivé")
    _record(
        session,
        context,
        account,
        action,
        f"Compte {account.login} {said}",
        before,
        {"active": account.active},
    )
    return _row(account, context.now)


@needs(Permission.ADMINISTER)
def set_password(session: Session, context: Context, command: SetPassword) -> UserRow:
    """Give an account a new password and unlock it. Raises UserError when the password is too weak."""
    account = _held(session, command.user_id, command.version)
    password_hash = accounts.hashed(command.password)
    before = {"has_password": account.password_hash is not None}
    account.password_hash = password_hash
    account.failed_attempts, account.locked_until = 0, None
    summary = f"Nouveau mot de passe pour le compte {account.login}"
    _record(session, context, account, "account.password", summary, before, {"has_password": True})
    return _row(account, context.now)


@needs(Permission.ADMINISTER)
def unlock(session: Session, context: Context, command: Unlock) -> UserRow:
    """Forget the wrong passwords of an account, so that its owner may try again at once."""
    account = _held(session, command.user_id, command.version)
    before = {"locked_until": account.locked_until, "failed_attempts": account.failed_attempts}
    account.failed_attempts, account.locked_until = 0, None
    after = {"locked_until": None, "failed_attempts": 0}
    _record(session, context, account, "account.unlock", f"Compte {account.login} débloqué", before, after)
    return _row(account, context.now)


def _held(session: Session, user_id: int, version: int) -> UserAccount:
    hold_settings(session)
    account = session.scalars(
        select(UserAccount).where(UserAccount.id == user_id).with_for_update()
    ).one_or_none()
    if account is None:
        raise UserError("Ce compte n’existe plus : actualisez la liste.", code="account_gone")
    subject = ("user_account", account.id)
    refuse_stale(session, subject, "Ce compte", unchanged=account.version == version)
    return account


def _refuse_last_administrator(session: Session, account: UserAccount, field: str) -> None:
    """Somebody who can sign in must remain to administer: an account without password cannot."""
    if not (account.active and Role.ADMINISTRATOR.value in account.roles):
        return
    others = session.execute(
        select(UserAccount.roles).where(
            UserAccount.active, UserAccount.id != account.id, UserAccount.password_hash.is_not(None)
        )
    ).scalars()
    if not any(Role.ADMINISTRATOR.value in roles for roles in others):
        raise UserError(
            "C’est le dernier compte d’administration : donnez d’abord ce rôle à un autre compte actif qui a un mot de passe.",
            field=field,
            code="last_administrator",
        )


def _row(account: UserAccount, now: datetime) -> UserRow:
    locked = account.locked_until
    return UserRow(
        user_id=account.id,
        version=account.version,
        login=account.login,
        display_name=account.display_name,
        roles=frozenset(Role(role) for role in account.roles),
        active=account.active,
        has_password=account.password_hash is not None,
        locked_until=locked if locked is not None and locked > now else None,
    )


def _record(
    session: Session,
    context: Context,
    account: UserAccount,
    action: str,
    summary: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    session.flush()  # the version that is given back is the one written
    journal.record(
        session,
        context,
        action=action,
        subject=("user_account", account.id),
        summary=summary,
        detail={"before": before, "after": after},
    )
