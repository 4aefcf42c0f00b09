"""What every page of the window is: loaded when first seen, read again when what it shows has changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from guichet.rules.permissions import Permission, may
from guichet.ui.actions import Action
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.messages import Messages
from guichet.ui.preferences import Preferences
from guichet.ui.theme import Theme
from guichet.ui.topics import Topics


@dataclass(frozen=True)
class Tools:
    """What a page works with."""

    desk: Desk
    messages: Messages
    theme: Theme
    preferences: Preferences
    drafts: Drafts

    def may(self, permission: Permission) -> bool:
        """Whether who acts holds the permission; the screen only hides, services check."""
        return may(self.desk.actor.roles, permission)


@dataclass(frozen=True)
class Destination:
    """Another page to open, and what to show there (the page knows its own keys)."""

    page: str
    wanted: Any = None


@dataclass(frozen=True)
class PageEntry:
    """One entry of the navigation. `load` imports the page's class, when the page is first opened.

    `help` is the section of the manual about it, `chapter#section`.
    """

    name: str
    title: str
    icon: str
    permission: Permission
    help: str
    load: Callable[[], "type[Page]"]


class Page(QWidget):
    """What an entry of the navigation shows.

    `go` (Destination) asks the window for another page; `moved` says that what is shown changed, so that history,
    breadcrumb and the last place follow. A subclass sets `topics` and writes `reload`.
    """

    go = Signal(object)
    moved = Signal()

    topics: Topics = frozenset()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        self.desk = tools.desk
        self.messages = tools.messages
        self.theme = tools.theme
        self._stale = True
        self.desk.changed.connect(self._on_changed)

    def reload(self) -> None:
        """Read again what the page shows."""
        raise NotImplementedError

    def open(self, wanted: Any) -> None:
        """Show what another page pointed at, or what `here` said."""

    def here(self) -> Any:
        """What `open` takes to come back to what is shown now, in plain JSON values; None as first seen."""
        return None

    def crumbs(self) -> tuple[str, ...]:
        """What stands after the page's title in the breadcrumb."""
        return ()

    def page_actions(self) -> Sequence[Action]:
        """What can be done here now, for the palette and the help sheet."""
        return ()

    def step_back(self) -> bool:
        """Escape: close the innermost thing that is open. False when nothing was."""
        return False

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
