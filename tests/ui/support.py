"""What the tests of the screens share."""

import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from guichet.rules.permissions import Role
from guichet.services.transaction import Actor
from guichet.ui.window import MainWindow

Opener = Callable[..., MainWindow]


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


def delete_now() -> None:
    """Delete what was told to delete itself later: no event loop runs between two tests, and every widget left is
    painted again by the next palette.
    """
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def type_text(widget: QWidget, text: str) -> None:
    """Type as a French keyboard does: QTest's own keyClicks knows no accent."""
    widget.setFocus()
    for character in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, character)
            QApplication.sendEvent(widget, event)


def answer_next_question(yes: bool) -> list[str]:
    """Press the button of the next question box that does the act, or the other; the list then holds what it asked."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, press)
            return
        asked.append(box.text())
        wanted = QMessageBox.ButtonRole.AcceptRole if yes else QMessageBox.ButtonRole.RejectRole
        next(button for button in box.buttons() if box.buttonRole(button) == wanted).click()

    QTimer.singleShot(0, press)
    return asked


def pdf_text(data: bytes) -> str:
    """All the words of a PDF."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
