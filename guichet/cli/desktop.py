"""Opening the window from the command line; Qt is imported only here, when it is asked for."""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from guichet.cli.session import Console
from guichet.loading import loading
from guichet.rules.errors import EnvironmentProblem
from guichet.services.demo import DEMO_ACCOUNTS
from guichet.services.transaction import Actor, OpenedDatabase

START_UP = "--start-up"
USABLE = "prêt"
# Without any of these Qt aborts the process instead of failing.
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def open_desktop(console: Console, *, leave_when_usable: bool = False) -> None:
    """Open the window, stay until it is closed, and leave with its exit code.

    `leave_when_usable` prints USABLE once the first page shows its data and closes the window: a start-up is timed so.

    Raises EnvironmentProblem where there is no display, or where Qt or a library that it needs is missing.
    """
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in _DISPLAYS):
        raise EnvironmentProblem(
            "Il n’y a pas d’écran ici : la ligne de commande fonctionne sans (« guichet --help »).",
            code="no_display",
        )
    try:
        with loading():
            from guichet.app import Opening, open_and_leave
            from guichet.app import open_desktop as open_window
    except ImportError as missing:
        raise EnvironmentProblem(
            f"La fenêtre ne peut pas s’ouvrir, Qt manque ou il lui manque une bibliothèque du système ({missing}). "
            "« make install » les installe ; la ligne de commande fonctionne sans.",
            code="no_qt",
        ) from missing
    opening = Opening(
        database_url=console.url,
        login=console.login,
        now=console.now(),
        demo_accounts=DEMO_ACCOUNTS,
    )
    if leave_when_usable:
        raise SystemExit(open_and_leave(opening, lambda: print(USABLE, flush=True)))  # noqa: T201 - it is what is read
    raise SystemExit(open_window(opening))


def try_window(
    open_base: Callable[[], OpenedDatabase],
    actor: Actor,
    now: datetime,
    town: str,
    night: Path,
    directory: Path,
    note: Callable[[str, str, float, tuple[str, ...]], None],
) -> None:
    """Try the window out without a display; `note` hears each step's title, outcome, seconds and problems."""
    from guichet.ui import selftest
    from guichet.ui.window import Place

    place = Place(town, "essai", fixed_day=True)
    selftest.try_window(open_base, actor, lambda: now, place, night, directory, note)
