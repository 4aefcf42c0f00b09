"""One bridge for all that the program has to say: toast, banner, crash dialog. Field errors stand in `widgets/fields`."""

import logging
import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType
from uuid import uuid4

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.errors import EnvironmentProblem, UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrashReport:
    """A bug as shown to the person: a reference to quote, and what a developer needs."""

    reference: str
    details: str


class Messages(QObject):
    """Collects what any thread has to say; the main window shows it.

    `toast` (text), `warning` (text: a refusal nobody shows beside a field), `crash` (CrashReport). Outages have their
    banner, which follows the desk by itself.
    """

    toast = Signal(str)
    warning = Signal(str)
    crash = Signal(object)

    def inform(self, text: str) -> None:
        """A passing confirmation."""
        self.toast.emit(text)

    def refuse(self, error: UserError) -> None:
        """A refusal that stays on screen until it is read."""
        self.warning.emit(error.message)

    def note_outage(self, problem: EnvironmentProblem) -> None:
        """Log that something outside failed."""
        log.warning("outage: %s", problem.code)

    def report_bug(self, error: BaseException) -> str:
        """Log the error whole under a reference number, show the crash dialog, and return the reference."""
        reference = f"G-{uuid4().hex[:8].upper()}"
        log.error("bug %s", reference, exc_info=error)
        details = "".join(traceback.format_exception(error))
        self.crash.emit(CrashReport(reference, details))
        return reference

    def install_hooks(self) -> None:
        """Lead every exception that nobody caught, in any thread, to the crash dialog."""

        def on_exception(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            if issubclass(kind, KeyboardInterrupt):
                sys.__excepthook__(kind, error, trace)
                return
            self.report_bug(error.with_traceback(trace))

        def on_thread_exception(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_value is not None:
                self.report_bug(arguments.exc_value)

        sys.excepthook = on_exception
        threading.excepthook = on_thread_exception


class CrashDialog(QDialog):
    """Says that the program failed, under which reference, and that nothing half-done was kept."""

    def __init__(self, report: CrashReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Une erreur est survenue")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.report = report
        text = QLabel(
            f"<b>Guichet a rencontré une erreur qu’il ne sait pas traiter.</b><br><br>"
            f"Référence : <b>{report.reference}</b><br><br>"
            "L’opération en cours a été annulée en entier : rien n’a été enregistré à moitié. "
            "Vous pouvez continuer à travailler. Transmettez la référence à votre administrateur.",
            self,
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        details = QPlainTextEdit(report.details, self)
        details.setReadOnly(True)
        details.setAccessibleName("Détails techniques de l’erreur")
        details.setVisible(False)
        buttons = QDialogButtonBox(self)
        self.show_details = QPushButton("Détails techniques", self)
        self.show_details.setCheckable(True)
        self.show_details.toggled.connect(details.setVisible)
        copy = QPushButton("Copier", self)
        copy.clicked.connect(self._copy)
        close = QPushButton("Continuer", self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons.addButton(self.show_details, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(close, QDialogButtonBox.ButtonRole.AcceptRole)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(details)
        layout.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.report.reference}\n\n{self.report.details}")
