"""Opening the window from the command line; Qt is imported only here, when it is asked for."""

from guichet.cli.session import Console
from guichet.rules.errors import EnvironmentProblem
from guichet.services.demo import DEMO_ACCOUNTS


def open_desktop(console: Console) -> None:
    """Open the window, stay until it is closed, and leave with its exit code.

    Raises EnvironmentProblem where Qt, or a system library that it needs, is missing.
    """
    try:
        from guichet.app import Opening
        from guichet.app import open_desktop as open_window
    except ImportError as missing:
        raise EnvironmentProblem(
            f"La fenêtre ne peut pas s’ouvrir, Qt manque ou il lui manque une bibliothèque du système ({missing}). "
            "« make install » les installe ; la ligne de commande fonctionne sans.",
            code="no_qt",
        ) from missing
    raise SystemExit(
        open_window(
            Opening(
                database_url=console.url,
                login=console.login,
                now=console.now(),
                demo_accounts=DEMO_ACCOUNTS,
            )
        )
    )
