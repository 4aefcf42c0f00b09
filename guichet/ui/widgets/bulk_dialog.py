"""« Accepter tout ce qui rentre »: what it would do, said first; then it is done, with progress, in the long lane."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.requests import REFUSAL_LABELS, RefusalCode
from guichet.services import bulk_decisions
from guichet.services.bulk_decisions import BulkOutcome, BulkReport, Forecast, RequestOutcome
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.desk import Lane
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.tasks import Task
from guichet.ui.theme import Tone
from guichet.ui.topics import DECISION
from guichet.ui.widgets.facts import Facts, ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.notices import Banner
from guichet.ui.wording import count

OUTCOMES = {
    BulkOutcome.ACCEPTED: State("✓", "Acceptée", Tone.GREEN),
    BulkOutcome.PARTLY: State("½", "En partie", Tone.GREEN),
    BulkOutcome.WAITING: State("L", "Liste d’attente", Tone.ORANGE),
    BulkOutcome.REFUSED: State("R", "Refusée", Tone.RED),
    BulkOutcome.LEFT: State("?", "Laissée", Tone.BLUE),
    BulkOutcome.FAILED: State("!", "En échec", Tone.RED),
}


class BulkDialog(QDialog):
    """Shows the forecast; accepting closes it and starts the run. `finished_run` (BulkReport) when the run ended."""

    finished_run = Signal(object)

    def __init__(self, tools: Tools, request_ids: tuple[int, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._tools = tools
        self._ids = request_ids
        self.setWindowTitle("Accepter tout ce qui rentre")
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 66)
        self.banner = Banner(tools.theme, self)
        self.banner.follow(tools.desk)
        self.heading = text_label(
            f"Simulation sur {count(len(request_ids), 'demande')}…", "heading", self, wrap=True
        )
        self.facts = Facts(self)
        self.note = text_label(
            "Les demandes sont servies dans l’ordre de leur dépôt, et les places recomptées à chacune. "
            "Rien n’est refusé : ce qui ne rentre pas reste à décider.",
            "muted",
            self,
            wrap=True,
        )
        self.go = button("Accepter tout ce qui rentre", self, role="primary")
        self.go.setDefault(True)
        self.go.setEnabled(False)
        cancel = button("Annuler", self)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.go)
        row.addWidget(cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        for widget in (self.banner, self.heading, self.facts, self.note):
            layout.addWidget(widget)
        layout.addLayout(row)
        self.go.clicked.connect(self._start)
        cancel.clicked.connect(self.reject)
        tools.desk.fetch(bulk_decisions.forecast, request_ids, then=self._show, key=self, lane=Lane.LONG)

    def _show(self, forecast: Forecast) -> None:
        self.heading.setText(f"Sur {count(forecast.requests, 'demande ouverte', 'demandes ouvertes')}")
        refusals = sorted(forecast.refuse.items(), key=lambda pair: -pair[1])
        self.facts.show_pairs(
            (
                ("Rentrent", count(forecast.fit, "ligne")),
                ("Iront en liste d’attente", count(forecast.wait, "ligne") if forecast.wait else ""),
                ("À examiner, laissées", count(forecast.examine, "ligne") if forecast.examine else ""),
                *(
                    (f"Non : {REFUSAL_LABELS[RefusalCode(code)]}", f"{count(number, 'ligne')}, laissées")
                    for code, number in refusals
                ),
            )
        )
        QTimer.singleShot(0, self.adjustSize)  # once the new lines are laid out
        self.go.setEnabled(forecast.fit + forecast.wait > 0)
        if self.go.isEnabled():
            self.go.setFocus()

    def _start(self) -> None:
        self.accept()
        self._tools.desk.start(
            Task("Acceptation de ce qui rentre"),
            _accept_all,
            self._ids,
            changes=DECISION,
            then=self.finished_run.emit,
        )


def _why(row: RequestOutcome) -> str:
    if row.outcome is BulkOutcome.LEFT and not row.sentence:
        return "Rien n’y rentre : à examiner, ou à refuser avec un motif."
    return row.sentence


class BulkReportDialog(QDialog):
    """What a run did, and each request that it left or that failed, with why. `opened` (RequestOutcome) on Enter."""

    opened = Signal(object)

    def __init__(self, tools: Tools, report: BulkReport, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compte rendu")
        counted = ((outcome, report.count(outcome)) for outcome in BulkOutcome)
        said = ", ".join(
            f"{OUTCOMES[outcome].label.lower()} : {number}" for outcome, number in counted if number
        )
        text = f"{count(len(report.outcomes), 'demande traitée', 'demandes traitées')} sur {report.asked}"
        self.summary = text_label(f"{text} — {said}." if said else f"{text}.", "heading", self, wrap=True)
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
            "Demandes à reprendre",
            "Toutes les demandes ont été traitées.",
            self,
        )
        self.table.show_rows(
            [
                one
                for one in report.outcomes
                if one.outcome in (BulkOutcome.LEFT, BulkOutcome.FAILED) or one.sentence
            ]
        )
        self.table.opened.connect(self._open)
        close = button("Fermer", self)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 100, metrics.height() * 26)

    def _open(self, outcome: RequestOutcome) -> None:
        self.accept()
        self.opened.emit(outcome)


def _accept_all(
    database: OpenedDatabase, context: Context, request_ids: tuple[int, ...], task: Task
) -> BulkReport:
    return bulk_decisions.accept_all_that_fits(
        database, context, request_ids, task.report, lambda: task.cancelled
    )
