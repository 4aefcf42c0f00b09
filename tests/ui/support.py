"""What the tests of the screens share."""

import threading
from collections.abc import Callable
from typing import Any

from guichet.rules.permissions import Role
from guichet.services.transaction import Actor


class SqlGuard:
    """Notes each statement that the GUI thread sends while it stands; `aside` lets a test look at the rows."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.statements = 0
        self._lowered = False

    def watch(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements += 1
        if threading.current_thread() is threading.main_thread() and not self._lowered:
            self.violations.append(statement)

    def aside(self, work: Callable[[], Any]) -> Any:
        """Run the test's own reading or writing of the base."""
        self._lowered = True
        try:
            return work()
        finally:
            self._lowered = False


def actor(*roles: Role) -> Actor:
    """Someone with these roles and no account row."""
    return Actor("camille", "Camille Roux", frozenset(roles or {Role.ADMINISTRATOR}), workstation="poste-1")
