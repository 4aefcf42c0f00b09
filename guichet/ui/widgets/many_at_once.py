"""Many requests at once: those ticked, else all that is listed; simulated first, reported after."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from guichet.services import requests
from guichet.services.bulk_decisions import BulkReport
from guichet.services.request_criteria import RequestQuery
from guichet.ui.actions import Action
from guichet.ui.page import Tools
from guichet.ui.tables import TableModel
from guichet.ui.widgets.bulk_dialog import AcceptDialog, BulkDialog, RefuseDialog
from guichet.ui.widgets.bulk_report import BulkReportDialog
from guichet.ui.widgets.fields import button
from guichet.ui.wording import count

ACCEPT_KEY, REFUSE_KEY = "Shift+A", "Shift+R"


class ManyAtOnce(QWidget):
    """`opened` (request id) when a line of a simulation or a report is, `over` when such a window closes."""

    opened = Signal(object)
    over = Signal()

    def __init__(
        self, tools: Tools, model: TableModel[Any], listed: Callable[[], RequestQuery], page: QWidget
    ) -> None:
        super().__init__(page)
        self._tools = tools
        self._model = model
        self._listed = listed
        self.accept = button("", self, tip="Simuler, puis accepter (Maj+A)")
        self.refuse = button("", self, tip="Refuser les demandes cochées pour un même motif (Maj+R)")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.refuse)
        row.addWidget(self.accept)
        for key, made, act in (
            (ACCEPT_KEY, self.accept, self.accept_fitting),
            (REFUSE_KEY, self.refuse, self.refuse_ticked),
        ):
            made.clicked.connect(act)
            shortcut = QShortcut(QKeySequence(key), page, made.click)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setAutoRepeat(False)
        model.checks_changed.connect(self._say)
        self._say()

    def actions_offered(self) -> Sequence[Action]:
        """For the palette and the help sheet."""
        return (
            Action(
                "Accepter tout ce qui rentre", self.accept_fitting, ACCEPT_KEY, words="lot masse simulation"
            ),
            Action("Refuser les demandes cochées", self.refuse_ticked, REFUSE_KEY, words="lot masse"),
        )

    def accept_fitting(self) -> None:
        """Simulate accepting what is ticked, or all that is listed."""
        ticked = self._ticked()
        if ticked:
            self._simulate(ticked)
        else:
            self._tools.desk.fetch(requests.matching_ids, self._listed(), then=self._simulate, key=self)

    def refuse_ticked(self) -> None:
        """Simulate refusing what is ticked for one reason."""
        ticked = self._ticked()
        if ticked:
            self._run(RefuseDialog(self._tools, ticked, self))

    def _ticked(self) -> tuple[int, ...]:
        return tuple(key for key in self._model.checked if isinstance(key, int))

    def _say(self) -> None:
        ticked = len(self._model.checked)
        said = count(ticked, "cochée")
        self.accept.setText(f"Accepter ce qui rentre ({said})…" if ticked else "Accepter tout ce qui rentre…")
        self.refuse.setText(f"Refuser ({said})…" if ticked else "Refuser la sélection…")
        self.refuse.setEnabled(ticked > 0)

    def _simulate(self, request_ids: tuple[int, ...]) -> None:
        self._run(AcceptDialog(self._tools, request_ids, self))

    def _run(self, dialog: BulkDialog) -> None:
        dialog.finished_run.connect(self._show_report)
        dialog.opened.connect(self.opened)
        dialog.finished.connect(self.over)
        dialog.open()

    def _show_report(self, report: BulkReport) -> None:
        self._model.set_checked(set())
        dialog = BulkReportDialog(self._tools, report, self)
        dialog.opened.connect(self.opened)
        dialog.finished.connect(self.over)
        dialog.open()
