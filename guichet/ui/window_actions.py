"""What can be done on every page: going to one, back and forward, the look, help, leaving."""

from functools import partial
from typing import TYPE_CHECKING

from guichet.ui.actions import Action
from guichet.ui.page import Destination
from guichet.ui.widgets.header import BACK_KEY, FORWARD_KEY, LOOK_LABELS
from guichet.ui.widgets.help_sheet import HELP_KEY, MANUAL_KEY
from guichet.ui.widgets.notices import TOAST_KEY
from guichet.ui.widgets.palette import PALETTE_KEY
from guichet.ui.widgets.rail import NARROW_KEY, page_key
from guichet.ui.wording import NBSP

if TYPE_CHECKING:
    from guichet.ui.window import MainWindow


def openings(window: "MainWindow") -> list[Action]:
    """Going to each page, by its place in the rail."""
    return [
        Action(
            entry.title,
            partial(window.go, Destination(entry.name)),
            page_key(number),
            entry.icon,
            "aller ouvrir page",
        )
        for number, entry in enumerate(window.entries.values(), start=1)
    ]


def own_actions(window: "MainWindow") -> tuple[Action, ...]:
    """Back and forward, help, the look, the account, leaving."""
    looks = [
        Action(
            f"Thème{NBSP}: {label.lower()}",
            partial(window.choose_look, look),
            "",
            "theme-light-dark",
            "apparence couleur sombre clair",
        )
        for look, label in LOOK_LABELS.items()
    ]
    return (
        Action("Page précédente", window.go_back, BACK_KEY, "arrow-left", "retour revenir"),
        Action("Page suivante", window.go_forward, FORWARD_KEY, "arrow-right", "avancer"),
        Action("Rechercher ou agir", window.commands.open_over, PALETTE_KEY, "magnify", "palette trouver"),
        Action(
            "Aide et touches", window.help.open_over, HELP_KEY, "help-circle-outline", "raccourcis clavier"
        ),
        Action("Lire le manuel", window.open_manual, MANUAL_KEY, "book-open-variant", "aide documentation"),
        Action(
            "Annuler ou ouvrir ce qui vient d’être fait",
            window.toast.act,
            TOAST_KEY,
            "undo",
            "confirmation revenir",
        ),
        Action("Actualiser", window.reload_page, "F5", "refresh", "relire recharger"),
        Action("Réduire ou étendre le menu", window.rail.toggle, NARROW_KEY, "chevron-double-left"),
        Action("Agrandir le texte", lambda: window.step_scale(1), "Ctrl++", "format-font-size-increase"),
        Action("Réduire le texte", lambda: window.step_scale(-1), "Ctrl+-", "format-font-size-decrease"),
        *looks,
        Action("Changer d’utilisateur", window.change_user, "", "account-switch-outline", "session"),
        Action("Quitter", window.leave, "Ctrl+Q", "exit-to-app", "fermer sortir"),
    )
