"""Commands about the accounts: who works here, with which roles, and who may still come in."""

from typing import Annotated
from uuid import uuid4

import typer

from guichet.cli.session import Console, console_of
from guichet.rules.errors import UserError
from guichet.rules.permissions import ROLE_LABELS, Role
from guichet.rules.text import format_instant
from guichet.services import accounts, users
from guichet.services.accounts import NewAccount
from guichet.services.users import ChangeUser, SetActive, SetPassword, Unlock, UserRow

user = typer.Typer(help="Les comptes : les ouvrir, leurs rôles, leurs mots de passe.")

Login = Annotated[str, typer.Argument(help="Identifiant du compte.")]
Roles = Annotated[
    list[str], typer.Option("--role", help=f"Rôle, à répéter : {', '.join(role.value for role in Role)}.")
]


@user.command("list")
def list_users(context: typer.Context) -> None:
    """Nommer les comptes, leurs rôles et leur état."""
    console = console_of(context)
    rows = console.read(users.list_users)
    console.answer(rows, "\n".join(_line(row) for row in rows) or "Aucun compte.")


@user.command("create")
def create(
    context: typer.Context,
    login: Login,
    role: Roles,
    name: Annotated[str, typer.Option("--name", help="Nom affiché.")] = "",
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Compte qui ne sert qu’à la ligne de commande.")
    ] = False,
) -> None:
    """Ouvrir un compte ; son mot de passe est demandé."""
    console = console_of(context)
    account = NewAccount(login, name or login, _roles(role), None if no_password else _ask_password())
    console.run(accounts.create, account)
    _answer(console, login, "ouvert")


@user.command("roles")
def change_roles(context: typer.Context, login: Login, role: Roles) -> None:
    """Donner à un compte ces rôles, et eux seuls."""
    console = console_of(context)
    row = console.read(users.find_user, login)
    command = ChangeUser(row.user_id, row.version, row.display_name, _roles(role), str(uuid4()))
    console.run(users.change, command)
    _answer(console, login, "modifié")


@user.command("disable")
def disable(context: typer.Context, login: Login) -> None:
    """Fermer la porte à un compte ; ce qu’il a fait reste au journal."""
    _set_active(console_of(context), login, active=False)


@user.command("enable")
def enable(context: typer.Context, login: Login) -> None:
    """Rouvrir la porte à un compte."""
    _set_active(console_of(context), login, active=True)


@user.command("password")
def password(context: typer.Context, login: Login) -> None:
    """Donner un nouveau mot de passe à un compte, et le débloquer."""
    console = console_of(context)
    row = console.read(users.find_user, login)
    console.run(users.set_password, SetPassword(row.user_id, row.version, _ask_password(), str(uuid4())))
    _answer(console, login, "muni d’un nouveau mot de passe")


@user.command("unlock")
def unlock(context: typer.Context, login: Login) -> None:
    """Permettre tout de suite un nouvel essai à un compte bloqué."""
    console = console_of(context)
    row = console.read(users.find_user, login)
    console.run(users.unlock, Unlock(row.user_id, row.version, str(uuid4())))
    _answer(console, login, "débloqué")


def _set_active(console: Console, login: str, *, active: bool) -> None:
    row = console.read(users.find_user, login)
    console.run(users.set_active, SetActive(row.user_id, row.version, active, str(uuid4())))
    _answer(console, login, "réactivé" if active else "désactivé")


def _answer(console: Console, login: str, done: str) -> None:
    row = console.read(users.find_user, login)
    console.answer(row, f"Compte {row.login} {done}.")


def _ask_password() -> str:
    typed: str = typer.prompt(
        "Mot de passe", hide_input=True, confirmation_prompt="Encore une fois", err=True
    )
    return typed


def _roles(names: list[str]) -> frozenset[Role]:
    try:
        return frozenset(Role(name) for name in names)
    except ValueError:
        known = ", ".join(f"{role.value} ({label})" for role, label in ROLE_LABELS.items())
        raise UserError(f"Un rôle se nomme parmi : {known}.", field="role") from None


def _line(row: UserRow) -> str:
    state = "" if row.active else "  désactivé"
    if row.locked_until is not None:
        state = f"  bloqué jusqu’au {format_instant(row.locked_until)}"
    if not row.has_password:
        state += "  sans mot de passe"
    roles = ", ".join(label for role, label in ROLE_LABELS.items() if role in row.roles)
    return f"{row.login}  {row.display_name}  {roles}{state}"
