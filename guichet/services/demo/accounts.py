"""The accounts of the demonstration base: their password is public, written in the manual and on its login screen."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from guichet.rules.permissions import ROLE_LABELS, Role
from guichet.services import accounts
from guichet.services.transaction import Context

PASSWORD = "Guichet2026"  # noqa: S105 (a demonstration's, shown on its login screen)
_PEOPLE = (
    ("agent", "Amélie Agostini", Role.AGENT),
    ("regie", "Claire Montagnac", Role.FINANCE),
    ("direction", "Yannis Delorme", Role.ALSH_DIRECTOR),
    ("admin", "Dominique Sarrazin", Role.ADMINISTRATOR),
)


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demonstration town, as its login screen offers it."""

    login: str
    password: str
    label: str


DEMO_ACCOUNTS = tuple(
    DemoAccount(login, PASSWORD, f"{name} – {ROLE_LABELS[role]}") for login, name, role in _PEOPLE
)


def open_accounts(session: Session, context: Context) -> None:
    """Open the demonstration's accounts, all with the public password."""
    for login, name, role in _PEOPLE:
        new = accounts.NewAccount(login, name, frozenset({role}), PASSWORD)
        accounts.create(session, context, new)
