"""The lines of a batch that were set aside: where, why, their bytes; and trying them again once the cause is mended."""

from typing import Any

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.services import intake_retry
from guichet.services.intake_batch import BatchReport
from guichet.services.intake_retry import QuarantinedLine
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tasks import Task
from guichet.ui.topics import IMPORT
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.notices import Banner
from guichet.ui.wording import count

SHOWN = 1000

COLUMNS = (
    Column[QuarantinedLine]("Ligne", lambda row: str(row.number), 7, right=True, bold=True),
    Column[QuarantinedLine]("Pourquoi", lambda row: row.reason, None),
)


class QuarantineDialog(QDialog):
    """Lists a batch's quarantined lines; « Réessayer » tries all of them, or the one chosen."""

    def __init__(self, tools: Tools, batch_id: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Lignes en quarantaine")
        self._tools = tools
        self._batch_id = batch_id
        self.banner = Banner(tools.theme, self)
        self.banner.follow(tools.desk)
        self.heading = text_label("", "heading", self, wrap=True)
        self.table = ShortTable(
            tools.theme,
            COLUMNS,
            "Lignes en quarantaine",
            "Plus aucune ligne en quarantaine dans ce lot.",
            self,
            identity=lambda row: row.id,
        )
        self.raw = QPlainTextEdit(self)
        self.raw.setReadOnly(True)
        self.raw.setTabChangesFocus(True)
        self.raw.setAccessibleName("Début de la ligne telle qu’elle est arrivée")
        self.raw.setMaximumHeight(self.fontMetrics().height() * 7)
        self.retry = button("Réessayer toutes les lignes", self, role="primary")
        self.retry.setVisible(tools.may(Permission.IMPORT_REQUESTS))
        close = button("Fermer", self)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.retry)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        for widget in (self.banner, self.heading):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(text_label("La ligne telle qu’elle est arrivée", "section", self))
        layout.addWidget(self.raw)
        layout.addLayout(row)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 110, metrics.height() * 30)
        self.table.current_changed.connect(lambda line: self.raw.setPlainText(line.excerpt if line else ""))
        self.retry.clicked.connect(self._retry)
        self._fetch()

    def _fetch(self) -> None:
        self._tools.desk.fetch(_quarantine, self._batch_id, then=self._show, key=self)

    def _show(self, found: tuple[list[QuarantinedLine], int]) -> None:
        lines, total = found
        self.heading.setText(f"{count(total, 'ligne')} en quarantaine : corrigez la cause, puis réessayez.")
        self.table.show_rows(lines)
        if lines and self.table.current_row() is None:
            self.table.select(0)
        self.retry.setEnabled(total > 0)

    def _retry(self) -> None:
        self.retry.setEnabled(False)
        self._tools.desk.start(
            Task("Nouvel essai des lignes en quarantaine"),
            _retry,
            self._batch_id,
            changes=IMPORT,
            then=self._retried,
            settled=self._fetch,
        )

    def _retried(self, report: BatchReport) -> None:
        self._tools.messages.inform(
            f"{count(report.quarantined, 'ligne reste', 'lignes restent')} en quarantaine"
            if report.quarantined
            else "Toutes les lignes sont importées"
        )


def _quarantine(session: Any, context: Context, batch_id: int) -> tuple[list[QuarantinedLine], int]:
    return intake_retry.list_quarantine(session, context, batch_id=batch_id, limit=SHOWN)


def _retry(database: OpenedDatabase, context: Context, batch_id: int, task: Task) -> BatchReport:
    return intake_retry.retry_quarantined(database, context, batch_id, progress=task.step)
