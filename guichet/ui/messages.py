"""One bridge for all that the program has to say: toast, banner, question, crash dialog. Field errors stand in forms."""

import logging
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from types import TracebackType
from uuid import uuid4

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guichet import __version__
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.ui.widgets.tab_order import Dialog

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrashReport:
    """A bug as shown to the person: a reference to quote, and what a developer needs, without personal data."""

    reference: str
    details: str


@dataclass(frozen=True)
class Confirmation:
    """A passing confirmation, and how to take back what it confirms (or to go on, by another `label`) where that is
    possible.
    """

    text: str
    undo: Callable[[], None] | None = None
    label: str = "Annuler"


@dataclass(frozen=True)
class Question:
    """Something to decide: `accept` names the act on its button, `danger` marks one that cannot be taken back."""

    title: str
    text: str
    accept: str
    refuse: str = "Annuler"
    danger: bool = False


@dataclass(frozen=True)
class Notice:
    """Something to read before going on."""

    title: str
    text: str


Answer = Callable[[], None]
Asker = Callable[[Question, QWidget | None, Answer, Answer | None], None]


class Messages(QObject):
    """Collects what any thread has to say; the main window shows it.

    `toast` (Confirmation), `warning` (text: a refusal nobody shows beside a field), `crash` (CrashReport). Outages have
    their banner, which follows the desk by itself. `asker` shows the questions; a test puts its own answer there.
    """

    toast = Signal(object)
    warning = Signal(str)
    crash = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.asker: Asker = show_question

    def inform(self, text: str, undo: Callable[[], None] | None = None, *, label: str = "Annuler") -> None:
        """A passing confirmation, with « Annuler » where `undo` takes the act back, or another act by its `label`."""
        self.toast.emit(Confirmation(text, undo, label))

    def warn(self, text: str) -> None:
        """A sentence that stays on screen until it is read."""
        self.warning.emit(text)

    def refuse(self, error: UserError) -> None:
        """A refusal that stays on screen until it is read."""
        self.warning.emit(error.message)

    def ask(
        self,
        question: Question,
        *,
        then: Answer,
        otherwise: Answer | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Ask before something that matters, without waiting: `then` is called on yes, `otherwise` on anything else."""
        self.asker(question, parent, then, otherwise)

    def tell(self, notice: Notice, *, then: Answer | None = None, parent: QWidget | None = None) -> None:
        """Say something that must be read where no window shows a banner; `then` is called once it was."""
        box = _box(notice.title, notice.text, QMessageBox.Icon.Warning, parent)
        box.addButton("Fermer", QMessageBox.ButtonRole.AcceptRole)

        def read() -> None:
            box.deleteLater()  # named here so that a box without parent lives until it is read
            if then is not None:
                then()

        box.finished.connect(read)
        box.open()

    def note_outage(self, problem: EnvironmentProblem) -> None:
        """Log that something outside failed."""
        log.warning("outage: %s", problem.code)

    def report_bug(self, error: BaseException) -> str:
        """Log the error whole under a reference number, show the crash dialog, and return the reference."""
        reference = f"G-{uuid4().hex[:8].upper()}"
        log.error("bug %s", reference, exc_info=error)
        self.crash.emit(CrashReport(reference, impersonal_details(error)))
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


def impersonal_details(error: BaseException) -> str:
    """Where a bug struck, without what it struck: an error's own words and the values at hand may name a child."""
    lines = [f"Guichet {__version__} · Python {platform.python_version()} · {platform.system()}"]
    cause: BaseException | None = error
    while cause is not None:
        for frame in traceback.extract_tb(cause.__traceback__):
            place = "/".join(PurePath(frame.filename).parts[-3:])
            lines.append(f"  {place}:{frame.lineno} {frame.name}")
        lines.append(type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


def show_question(question: Question, parent: QWidget | None, then: Answer, otherwise: Answer | None) -> None:
    """Show a question over the window, its safe answer under the cursor when the act cannot be taken back."""
    icon = QMessageBox.Icon.Warning if question.danger else QMessageBox.Icon.Question
    box = _box(question.title, question.text, icon, parent)
    yes = box.addButton(question.accept, QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(question.refuse, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no if question.danger else yes)
    box.setEscapeButton(no)

    def answered() -> None:
        box.deleteLater()
        if box.clickedButton() is yes:
            then()
        elif otherwise is not None:
            otherwise()

    box.finished.connect(answered)
    box.open()


def _box(title: str, text: str, icon: QMessageBox.Icon, parent: QWidget | None) -> QMessageBox:
    box = QMessageBox(parent)
    box.setIcon(icon)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)  # a family's name may hold « < »
    box.setText(text)
    picture = box.findChild(QLabel, "qt_msgboxex_icon_label")
    if isinstance(picture, QLabel):
        picture.setAccessibleName("Question" if icon is QMessageBox.Icon.Question else "Attention")
    return box


class CrashDialog(Dialog):
    """Says that the program failed, under which reference, and that nothing half-done was kept."""

    def __init__(self, report: CrashReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Une erreur est survenue")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.report = report
        text = QLabel(
            f"<b>Guichet a rencontré une erreur qu’il ne sait pas traiter.</b><br><br>"
            f"Référence\u00a0: <b>{report.reference}</b><br><br>"
            "L’opération en cours a été annulée en entier\u00a0: rien n’a été enregistré à moitié. "
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
        copy = QPushButton("Copier les détails", self)
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
        width = self.fontMetrics().averageCharWidth() * 70
        self.setMinimumWidth(width)
        text.setMinimumHeight(text.heightForWidth(round(width * 0.9)))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.report.reference}\n\n{self.report.details}")
