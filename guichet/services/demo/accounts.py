"""The accounts of the demonstration base: their password is public, written in the manual and on its login screen."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from guichet.rules.permissions import Role
from guichet.services import accounts
from guichet.services.transaction import Context

PASSWORD = "Guichet2026"  # noqa: S105 (a demonstration's, shown on its login screen)


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demonstration, with what its owner does."""

    login: str
    display_name: str
    role: Role


DEMO_ACCOUNTS = (
    DemoAccount("agent", "Amélie Agostini", Role.AGENT),
    DemoAccount("regie", "Claire Montagnac", Role.FINANCE),
    DemoAccount("direction", "Yannis Delorme", Role.ALSH_DIRECTOR),
    DemoAccount("admin", "Dominique Sarrazin", Role.ADMINISTRATOR),
)


def open_accounts(session: Session, context: Context) -> None:
    """Open the demonstration's accounts, all with the public password."""
    for account in DEMO_ACCOUNTS:
        accounts.create(
            session,
            context,
            accounts.NewAccount(
                login=account.login,
                display_name=account.display_name,
                roles=frozenset({account.role}),
                password=PASSWORD,
            ),
        )
