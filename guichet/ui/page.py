"""What every page of the window is: loaded when first seen, read again when what it shows has changed."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from guichet.rules.permissions import Permission, may
from guichet.ui.desk import Desk
from guichet.ui.messages import Messages
from guichet.ui.theme import Theme
from guichet.ui.topics import Topics


@dataclass(frozen=True)
class Tools:
    """What a page works with."""

    desk: Desk
    messages: Messages
    theme: Theme

    def may(self, permission: Permission) -> bool:
        """Whether who acts holds the permission; the screen only hides, services check."""
        return may(self.desk.actor.roles, permission)


@dataclass(frozen=True)
class Destination:
    """Another page to open, and what to show there (the page knows its own keys)."""

    page: str
    wanted: Any = None


class Page(QWidget):
    """One entry of the navigation.

    `go` (Destination) asks the window for another page. A subclass sets the class attributes and writes `reload`.
    """

    go = Signal(object)

    name = ""
    title = ""
    icon = ""
    permission: Permission
    topics: Topics = frozenset()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        self.desk = tools.desk
        self.messages = tools.messages
        self.theme = tools.theme
        self._stale = True
        self.desk.changed.connect(self._on_changed)
        self.setAccessibleName(self.title)

    def reload(self) -> None:
        """Read again what the page shows."""
        raise NotImplementedError

    def open(self, wanted: Any) -> None:
        """Show what another page pointed at."""

    def show_example(self) -> None:
        """Open something of what the page lists, for a picture of it."""

    def first_focus(self) -> QWidget:
        """Where the cursor goes when the page opens."""
        return self

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh_if_stale()

    def _on_changed(self, changed: Topics) -> None:
        if not changed & self.topics:
            return
        self._stale = True
        if self.isVisible():
            self._refresh_if_stale()

    def _refresh_if_stale(self) -> None:
        if self._stale:
            self._stale = False
            self.reload()
