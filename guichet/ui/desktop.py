"""Putting the window together: every page, in the order of the navigation."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QSettings

from guichet.services.transaction import Actor, OpenedDatabase
from guichet.ui.desk import Desk
from guichet.ui.messages import Messages
from guichet.ui.page import Page, Tools
from guichet.ui.pages.attestations import AttestationsPage
from guichet.ui.pages.billing import BillingPage
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.pages.home import HomePage
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.theme import Theme
from guichet.ui.window import MainWindow, Place

PAGES: tuple[type[Page], ...] = (HomePage, RequestsPage, FamiliesPage, BillingPage, AttestationsPage)


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
    window = MainWindow(Tools(desk, messages, theme), place, PAGES, settings)
    desk.setParent(window)
    return window
