"""Putting the window together: every page, in the order of the navigation, imported when it is first opened."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module

from PySide6.QtCore import QSettings

from guichet.rules.permissions import Permission
from guichet.services.transaction import Actor, OpenedDatabase
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.messages import Messages
from guichet.ui.page import Page, PageEntry, Tools
from guichet.ui.preferences import Preferences
from guichet.ui.theme import Theme
from guichet.ui.window import MainWindow, Place


def _page(module: str, name: str) -> Callable[[], type[Page]]:
    """Importing a page brings its services and widgets: the window shows before those it does not need yet."""

    def load() -> type[Page]:
        found: type[Page] = getattr(import_module(f"guichet.ui.pages.{module}"), name)
        return found

    return load


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "home",
        "Accueil",
        "home-outline",
        Permission.READ_REQUESTS,
        "agent#accueil",
        _page("home", "HomePage"),
    ),
    PageEntry(
        "requests",
        "Demandes",
        "inbox-outline",
        Permission.READ_REQUESTS,
        "agent#demandes",
        _page("requests", "RequestsPage"),
    ),
    PageEntry(
        "imports",
        "Import de la nuit",
        "tray-arrow-down",
        Permission.IMPORT_REQUESTS,
        "agent#import-de-la-nuit",
        _page("imports", "ImportsPage"),
    ),
    PageEntry(
        "families",
        "Familles",
        "account-group-outline",
        Permission.READ_FAMILIES,
        "agent#familles",
        _page("families", "FamiliesPage"),
    ),
    PageEntry(
        "billing",
        "Facturation",
        "file-document-outline",
        Permission.READ_BILLING,
        "regie#facturation",
        _page("billing", "BillingPage"),
    ),
    PageEntry(
        "attestations",
        "Attestations",
        "certificate-outline",
        Permission.ISSUE_ATTESTATIONS,
        "regie#attestations",
        _page("attestations", "AttestationsPage"),
    ),
    PageEntry(
        "journal",
        "Journal",
        "history",
        Permission.VERIFY,
        "administration#journal",
        _page("journal", "JournalPage"),
    ),
    PageEntry(
        "settings",
        "Paramètres",
        "cog-outline",
        Permission.ADMINISTER,
        "administration#parametres",
        _page("settings", "SettingsPage"),
    ),
)


def build_window(
    database: OpenedDatabase,
    actor: Actor,
    clock: Callable[[], datetime],
    place: Place,
    theme: Theme,
    messages: Messages,
    settings: QSettings,
) -> MainWindow:
    """The main window of one person on one base; closing it lets go of the base."""
    desk = Desk(database, actor, clock)
    tools = Tools(desk, messages, theme, Preferences(desk), Drafts(desk))
    window = MainWindow(tools, place, PAGES, settings)
    desk.setParent(window)
    return window
