"""What a run on many requests did, each line opening its request; and taking it back while its answers have not left."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.services import bulk_decisions
from guichet.services.bulk_decisions import BulkOutcome, BulkReport, RequestOutcome
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.tasks import Task
from guichet.ui.theme import Tone
from guichet.ui.tokens import Space
from guichet.ui.topics import DECISION
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP, count

OUTCOMES = {
    BulkOutcome.ACCEPTED: State("✓", "Acceptée", Tone.GREEN),
    BulkOutcome.PARTLY: State("½", "En partie", Tone.GREEN),
    BulkOutcome.WAITING: State("L", "Liste d’attente", Tone.ORANGE),
    BulkOutcome.REFUSED: State("R", "Refusée", Tone.RED),
    BulkOutcome.LEFT: State("?", "Laissée", Tone.BLUE),
    BulkOutcome.FAILED: State("!", "En échec", Tone.RED),
}


def _why(row: RequestOutcome) -> str:
    if row.outcome is BulkOutcome.LEFT and not row.sentence:
        return "Rien n’y rentre\u00a0: à examiner, ou à refuser avec un motif."
    return row.sentence


class BulkReportDialog(Dialog):
    """What a run did, request by request, those to take again first. `opened` (request id) on Enter; « Revenir sur tout »
    takes the run back (`request_ids`: what it decided) while its answers have not left.
    """

    opened = Signal(object)

    def __init__(self, tools: Tools, report: BulkReport, parent: QWidget) -> None:
        super().__init__(parent)
        self._tools = tools
        self.request_ids = tuple(
            one.request_id
            for one in report.outcomes
            if one.outcome not in (BulkOutcome.LEFT, BulkOutcome.FAILED)
        )
        self.setWindowTitle("Compte rendu")
        counted = ((outcome, report.count(outcome)) for outcome in BulkOutcome)
        said = ", ".join(
            f"{OUTCOMES[outcome].label.lower()}{NBSP}: {number}" for outcome, number in counted if number
        )
        text = f"{count(len(report.outcomes), 'demande traitée', 'demandes traitées')} sur {report.asked}"
        stopped = " (arrêtée)" if report.cancelled else ""
        self.summary = text_label(
            f"{text}{stopped} — {said}." if said else f"{text}{stopped}.", "heading", self, wrap=True
        )
        self.table = ShortTable(
            tools.theme,
            (
                Column[RequestOutcome]("Demande", lambda row: row.external_id, 18),
                Column[RequestOutcome](
                    "Résultat",
                    lambda row: OUTCOMES[row.outcome].label,
                    15,
                    state=lambda row: OUTCOMES[row.outcome],
                ),
                Column[RequestOutcome]("Pourquoi", _why, None),
            ),
            "Demandes traitées",
            "Aucune demande.",
            self,
            identity=lambda row: row.request_id,
        )
        to_take_again = (BulkOutcome.FAILED, BulkOutcome.LEFT)
        self.table.show_rows(
            sorted(report.outcomes, key=lambda one: (one.outcome not in to_take_again, not one.sentence))
        )
        self.table.opened.connect(self._open)
        self.undo = button(
            "Revenir sur tout", self, tip="Annuler les décisions dont la réponse n’est pas encore partie"
        )
        self.undo.setEnabled(bool(self.request_ids))
        self.undo.clicked.connect(self._take_back)
        close = button("Fermer", self, role="primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(self.undo)
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.WIDE, Space.LARGE, Space.WIDE, Space.LARGE)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 100, metrics.height() * 26)

    def _open(self, outcome: RequestOutcome) -> None:
        self.accept()
        self.opened.emit(outcome.request_id)

    def _take_back(self) -> None:
        self.accept()
        self._tools.desk.start(
            Task("Annulation des décisions"),
            _undo_all,
            self.request_ids,
            changes=DECISION,
            then=self._taken_back,
        )

    def _taken_back(self, report: BulkReport) -> None:
        failed = report.count(BulkOutcome.FAILED)
        done = len(report.outcomes) - failed
        self._tools.messages.inform(
            count(done, "décision annulée, à reprendre", "décisions annulées, à reprendre")
        )
        if failed:
            why = next(one.sentence for one in report.outcomes if one.outcome is BulkOutcome.FAILED)
            self._tools.messages.warn(
                f"{count(failed, 'décision reste prise', 'décisions restent prises')}{NBSP}: {why}"
            )


def _undo_all(
    database: OpenedDatabase, context: Context, request_ids: tuple[int, ...], task: Task
) -> BulkReport:
    return bulk_decisions.undo_all(database, context, request_ids, task.report, lambda: task.cancelled)
