"""« Import de la nuit »: each batch with its counts, each line with its one outcome, and what to do about those set aside."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.text import format_instant
from guichet.services import batch_documents, import_views
from guichet.services.import_views import (
    BatchQuery,
    BatchRow,
    LineQuery,
    LineRow,
    MissingNight,
)
from guichet.services.intake_batch import BatchReport
from guichet.ui.actions import Action
from guichet.ui.page import Destination, Page, Tools
from guichet.ui.tables import Column, State
from guichet.ui.tokens import Space, Tone
from guichet.ui.topics import Topic
from guichet.ui.widgets import import_file
from guichet.ui.widgets.account_tab import PdfDialog
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.import_counts import ImportCounts
from guichet.ui.widgets.import_line import OUTCOMES, ImportLine, said
from guichet.ui.widgets.night_card import missing_sentence
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import NBSP, count, grouped

REFUSED = State("R", "Refusé", Tone.RED)
RUNNING = State("…", "Inachevé", Tone.BLUE)
SET_ASIDE = State("Q", "Quarantaine", Tone.YELLOW)
WHOLE = State("✓", "Complet", Tone.GREEN)

SHARES = (370, 730)  # of the width, batches and lines
BATCH_CHARACTERS = 52


def batch_state(row: BatchRow) -> State:
    """How a batch came out."""
    if row.state.value == "refused":
        return REFUSED
    if row.state.value == "running":
        return RUNNING
    return SET_ASIDE if row.quarantined else WHOLE


BATCHES = (
    Column[BatchRow](
        "Importé le", lambda row: format_instant(row.started_at), 17, sort="started_at", bold=True
    ),
    Column[BatchRow]("État", lambda row: batch_state(row).label, None, state=batch_state),
    Column[BatchRow]("Reçues", lambda row: grouped(row.received), 8, right=True),
    Column[BatchRow]("Portail", lambda row: row.portal, None, sort="portal", extra=True),
    Column[BatchRow]("Fichier", lambda row: row.source, None, extra=True),
    Column[BatchRow]("Lot", lambda row: row.batch, None, extra=True),
)

LINES = (
    Column[LineRow]("Ligne", lambda row: grouped(row.number), 9, right=True, sort="number", bold=True),
    Column[LineRow](
        "Devenir",
        lambda row: OUTCOMES[row.outcome.value].label,
        16,
        sort="outcome",
        state=lambda row: OUTCOMES[row.outcome.value],
    ),
    Column[LineRow]("Demande ou motif", said, None, tip=said),
    Column[LineRow]("Famille", lambda row: row.family, None, sort="family", optional=1),
    Column[LineRow]("Enfant", lambda row: row.child, 18, optional=2),
)


class ImportsPage(Page):
    """Batches on the left, the lines of the one chosen on the right. A file can be chosen, or dropped on the page."""

    topics = frozenset({Topic.IMPORTS, Topic.REQUESTS})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._batch: BatchRow | None = None
        self._wanted_batch: int | None = None
        self.setAcceptDrops(tools.may(Permission.IMPORT_REQUESTS))
        self.missing = text_label("", "warning", self, wrap=True)
        self.missing.hide()
        self.batches = SqlList[BatchRow](
            tools,
            import_views.list_batches,
            BATCHES,
            lambda row: row.batch_id,
            name="Lots reçus des portails",
            empty="Aucun fichier du portail n’a encore été importé. Choisissez-en un, ou déposez-le ici.",
            noun="lot",
            key="imports.batches",
            empty_action=Action("Importer un fichier…", self._choose_file),
            parent=self,
        )
        self.import_file = button(
            "Importer un fichier…", self, role="primary", tip="Importer un fichier (Ctrl+O)"
        )
        self.import_file.setShortcut("Ctrl+O")
        self.import_file.setVisible(tools.may(Permission.IMPORT_REQUESTS))
        self.batches.foot.addWidget(self.import_file)
        split = halves(Qt.Orientation.Horizontal, self.batches, self._build_right(), (1, 3), self)
        split.setSizes([SHARES[0], SHARES[1]])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self.missing)
        layout.addWidget(split, 1)
        self._connect()

    def _build_right(self) -> QWidget:
        right = QWidget(self)
        self.title = text_label("", "heading", right, wrap=True)
        self.source = text_label("", "muted", right, wrap=True)
        self.refusal = text_label("", "warning", right, wrap=True)
        self.counts = ImportCounts(right)
        self.lines = SqlList[LineRow](
            self.tools,
            import_views.list_lines,
            LINES,
            lambda row: row.line_id,
            name="Lignes du lot",
            empty="Aucune ligne de ce lot n’est dans ce cas.",
            noun="ligne",
            key="imports.lines",
            filter_hint="Motif, n° de demande, famille, enfant…",
            type_ahead=True,
            describe=self._described,
            parent=right,
        )
        self.report = button("Compte rendu (PDF)", right)
        self.retry_all = button("Réessayer toute la quarantaine", right)
        for each in (self.report, self.retry_all):
            self.lines.foot.addWidget(each)
        self.line = ImportLine(self.tools, right)
        inside = halves(Qt.Orientation.Vertical, self.lines, self.line, (1, 1), right)
        layout = QVBoxLayout(right)
        layout.setContentsMargins(Space.SMALL, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        for widget in (self.title, self.source, self.refusal, self.counts):
            layout.addWidget(widget)
        layout.addWidget(inside, 1)
        layout.addStretch(0)
        self._right = (self.source, self.refusal, self.counts, inside)
        return right

    def _connect(self) -> None:
        self.batches.table.current_changed.connect(self._choose_batch)
        self.batches.loaded.connect(self._batches_loaded)
        self.counts.chosen.connect(self._ask_lines)
        self.lines.table.current_changed.connect(self._read_line)
        self.lines.table.opened.connect(self._open_request)
        self.line.go.connect(self.go)
        self.line.retry.connect(lambda number: self._retry((number,)))
        self.retry_all.clicked.connect(lambda: self._retry(None))
        self.report.clicked.connect(self._show_report)
        self.import_file.clicked.connect(self._choose_file)
        self.theme.changed.connect(self._fit)
        self._fit()
        self._show_batch(None)

    def _fit(self) -> None:
        """Room for a batch's date, state and count, whatever the size of the text."""
        self.batches.setMinimumWidth(self.fontMetrics().averageCharWidth() * BATCH_CHARACTERS)

    # What the window asks

    def first_focus(self) -> QWidget:
        return self.batches.table

    def reload(self) -> None:
        self.desk.fetch(import_views.missing_nights, None, then=self._show_missing, key=(self, "missing"))
        if self.batches.query is None:
            self.batches.ask(BatchQuery())
        else:
            self.batches.reload()
            if self._batch is not None:
                self._read_batch(self._batch.batch_id)
                self.lines.reload()

    def open(self, wanted: Any) -> None:
        """Show a batch, by its id or as `here` says it: `batch`, and the `outcome` of the lines wanted."""
        place: dict[str, Any] = wanted if isinstance(wanted, dict) else {"batch": wanted}
        self.counts.choose(str(place.get("outcome", "")))
        self.lines.filter.show_text("")
        if place.get("batch") is not None:
            self._wanted_batch = int(place["batch"])
            self._read_batch(self._wanted_batch)
            self._point_at_wanted()

    def here(self) -> Any:
        if self._batch is None:
            return None
        place: dict[str, Any] = {"batch": self._batch.batch_id}
        return place | ({"outcome": self.counts.outcome} if self.counts.outcome else {})

    def crumbs(self) -> tuple[str, ...]:
        return () if self._batch is None else (f"{self._batch.portal}, lot {self._batch.batch}",)

    def page_actions(self) -> tuple[Action, ...]:
        found = [Action("Compte rendu de l’import", self._show_report, "", "file-document-outline", "pdf")]
        if self.tools.may(Permission.IMPORT_REQUESTS):
            found += [
                Action("Importer un fichier", self._choose_file, "Ctrl+O", "tray-arrow-down", "portail"),
                Action("Réessayer la quarantaine", lambda: self._retry(None), "", "refresh", "lignes"),
            ]
        return tuple(found)

    def step_back(self) -> bool:
        if self.counts.outcome:
            self.counts.choose("")
            self._ask_lines()
            return True
        return False

    def show_example(self) -> None:
        self.batches.table.select(0)
        row = self.batches.table.current_row()
        if row is not None and row.quarantined:
            self.lines.loaded.connect(
                lambda _: self.lines.table.select(0), Qt.ConnectionType.SingleShotConnection
            )
            self.open({"batch": row.batch_id, "outcome": "quarantined"})

    # Nights that did not come

    def _show_missing(self, found: tuple[MissingNight, ...]) -> None:
        self.missing.setText("\n".join(missing_sentence(one) for one in found))
        self.missing.setVisible(bool(found))

    # The batch

    def _batches_loaded(self) -> None:
        if self._wanted_batch is not None:
            self._point_at_wanted()
        elif self.batches.table.current_row() is None:
            self.batches.table.select(0)

    def _point_at_wanted(self) -> None:
        place = self.batches.model.position(self._wanted_batch)
        if place is not None:
            self._wanted_batch = None
            self.batches.table.select(place)

    def _choose_batch(self, row: BatchRow | None) -> None:
        if row is None or self._wanted_batch is not None:
            return
        if self._batch is None or row.batch_id != self._batch.batch_id:
            self._show_batch(row)
            self._ask_lines()

    def _read_batch(self, batch_id: int) -> None:
        self.desk.fetch(import_views.batch, batch_id, then=self._take_batch, key=(self, "batch"))

    def _take_batch(self, row: BatchRow) -> None:
        other = self._batch is None or row.batch_id != self._batch.batch_id
        self._show_batch(row)
        query = self.lines.query
        asked = query.outcome if isinstance(query, LineQuery) else ""
        if other or asked != self.counts.outcome:
            self._ask_lines()

    def _show_batch(self, row: BatchRow | None) -> None:
        self._batch = row
        for widget in self._right:
            widget.setVisible(row is not None)
        if row is None:
            self.title.clear()
            return
        self.title.setText(f"{row.portal}, lot {row.batch}")
        parts = [row.source, f"importé le {format_instant(row.started_at)}"]
        if row.exported_at is not None:
            parts.append(f"écrit par le portail le {format_instant(row.exported_at)}")
        if row.state.value == "running":
            parts.append(
                f"inachevé{NBSP}: {grouped(row.received)} lignes sur {grouped(row.expected)}, réimportez le fichier"
            )
        self.source.setText(" · ".join(parts))
        self.refusal.setText(f"Fichier refusé en entier{NBSP}: {row.refusal}" if row.refusal else "")
        self.refusal.setVisible(bool(row.refusal))
        self.counts.show_batch(row)
        may_retry = self.tools.may(Permission.IMPORT_REQUESTS)
        self.retry_all.setVisible(may_retry and row.quarantined > 0)

    def _show_report(self) -> None:
        row = self._batch
        if row is None:
            return

        def show(data: bytes) -> None:
            PdfDialog(self.tools, f"Import {row.batch}", data, f"import-{row.batch}.pdf", self).open()

        self.desk.fetch(batch_documents.pdf, row.batch_id, then=show, key=(self, "report"))

    # Its lines

    def _ask_lines(self) -> None:
        if self._batch is None:
            return
        aside = self.counts.outcome == "quarantined"  # its reason needs the room; most have no family yet
        self.lines.table.show_columns(LINES[:3] if aside else LINES)
        self.lines.ask(LineQuery(batch_id=self._batch.batch_id, outcome=self.counts.outcome))
        self.moved.emit()

    def _described(self) -> str:
        row = self._batch
        return "" if row is None else f"{row.portal}, lot {row.batch}"

    def _read_line(self, row: LineRow | None) -> None:
        if row is None:
            self.line.clear()
            return
        self.desk.fetch(import_views.line, row.line_id, then=self.line.show_line, key=(self, "line"))

    def _open_request(self, row: LineRow) -> None:
        if row.request_id is not None:
            self.go.emit(Destination("requests", {"request": row.request_id}))

    # Bringing in and trying again

    def _retry(self, numbers: tuple[int, ...] | None) -> None:
        if self._batch is None:
            return
        self.retry_all.setEnabled(False)
        self.line.try_again.setEnabled(False)
        import_file.retry_lines(self.tools, self._batch.batch_id, numbers, self._retried, self._allow_retry)

    def _allow_retry(self) -> None:
        self.retry_all.setEnabled(True)
        self.line.try_again.setEnabled(True)

    def _retried(self, report: BatchReport) -> None:
        left = count(report.quarantined, "ligne reste", "lignes restent")
        self.messages.inform(
            f"{left} en quarantaine" if report.quarantined else "Plus aucune ligne en quarantaine dans ce lot"
        )

    def _choose_file(self) -> None:
        import_file.ask_file(self, self.import_path)

    def import_path(self, path: Path) -> None:
        """Import an exchange file in the long lane, and show its batch."""
        import_file.import_file(self.tools, path, self._imported)

    def _imported(self, report: BatchReport) -> None:
        self.open({"batch": report.batch_id})

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.import_path(Path(url.toLocalFile()))
        event.acceptProposedAction()
