"""Many requests at once: what would become of each, said first; then it is done in the long lane, and may be taken back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.requests import REFUSAL_LABELS, RefusalCode
from guichet.services import bulk_decisions
from guichet.services.bulk_decisions import (
    BulkReport,
    Forecast,
    ForecastLine,
    RefusalQuery,
)
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.desk import Lane
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.tasks import Task
from guichet.ui.theme import Tone
from guichet.ui.tokens import Space
from guichet.ui.topics import DECISION
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import Form, button, text_label
from guichet.ui.widgets.notices import Banner
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP, count

FITTING = {
    bulk_decisions.FITS: State("✓", "Tiennent", Tone.GREEN),
    bulk_decisions.PARTLY: State("½", "En partie", Tone.GREEN),
    bulk_decisions.WAITS: State("L", "Liste d’attente", Tone.ORANGE),
    bulk_decisions.EXAMINE: State("?", "À examiner", Tone.BLUE),
}
REFUSING = {
    bulk_decisions.FITS: State("?", "Rentrent pourtant", Tone.YELLOW),
    bulk_decisions.ENGAGED: State("!", "Payées ou confirmées", Tone.RED),
}
TYPING_MILLISECONDS = 250


@dataclass(frozen=True)
class Group:
    """The requests of which the same would become."""

    key: str
    state: State
    lines: tuple[ForecastLine, ...]


GROUP_COLUMNS = (
    Column[Group]("Résultat", lambda row: row.state.label, None, state=lambda row: row.state),
    Column[Group]("Demandes", lambda row: str(len(row.lines)), 9, right=True),
)
LINE_COLUMNS = (
    Column[ForecastLine]("Demande", lambda row: row.external_id, 13),
    Column[ForecastLine]("Famille", lambda row: row.family, 22, bold=True),
    Column[ForecastLine]("Enfant", lambda row: row.child, 18, optional=1),
    Column[ForecastLine]("Pourquoi", lambda row: row.sentence, None),
)


def accept_group(key: str) -> State:
    """How a group of « accepter tout ce qui rentre » is called."""
    return FITTING.get(key) or State("R", _reason(key).capitalize(), Tone.RED)


def refuse_group(key: str) -> State:
    """How a group of a refusal is called."""
    return REFUSING.get(key) or State("R", f"Refusées ({_reason(key)})", Tone.RED)


def _reason(code: str) -> str:
    return REFUSAL_LABELS.get(RefusalCode(code), code)


class BulkDialog(Dialog):
    """Shows what would become of each request; going on closes it and starts the run. `finished_run` (BulkReport) when it
    ended, `opened` (request id) when a line is opened instead.
    """

    finished_run = Signal(object)
    opened = Signal(object)

    def __init__(
        self, tools: Tools, request_ids: tuple[int, ...], title: str, verb: str, role: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._tools = tools
        self._ids = request_ids
        self.setWindowTitle(title)
        self.banner = Banner(tools.theme, self)
        self.banner.follow(tools.desk)
        self.heading = text_label(
            f"Simulation sur {count(len(request_ids), 'demande')}…", "heading", self, wrap=True
        )
        self.groups = ShortTable(
            tools.theme, GROUP_COLUMNS, "Résultats", "Rien à décider.", self, identity=lambda row: row.key
        )
        self.lines = ShortTable(
            tools.theme,
            LINE_COLUMNS,
            "Demandes de ce résultat",
            "Choisissez un résultat.",
            self,
            identity=lambda row: row.request_id,
        )
        self.lines.setToolTip("Entrée ouvre la demande")
        self.note = text_label("", "muted", self, wrap=True)
        self.error = text_label("", "error", self, wrap=True)
        self.error.hide()
        self.go = button(verb, self, role=role)
        self.go.setDefault(True)
        self.go.setEnabled(False)
        cancel = button("Annuler", self, tip="Échap")
        both = QHBoxLayout()
        both.addWidget(self.groups, 3)
        both.addWidget(self.lines, 5)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.go)
        row.addWidget(cancel)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(Space.WIDE, Space.LARGE, Space.WIDE, Space.LARGE)
        self.body.setSpacing(Space.MEDIUM)
        self.body.addWidget(self.banner)
        self.body.addWidget(self.heading)
        self.body.addLayout(both, 1)
        self.body.addWidget(self.note)
        self.body.addWidget(self.error)
        self.body.addLayout(row)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 120, metrics.height() * 26)
        self.groups.current_changed.connect(self._show_group)
        self.lines.opened.connect(self._open)
        self.go.clicked.connect(self._start)
        cancel.clicked.connect(self.reject)

    def _show_groups(self, groups: Sequence[Group]) -> None:
        self.groups.show_rows(groups)
        if groups:
            self.groups.select(0)
        self._show_group(self.groups.current_row())

    def _show_group(self, group: Group | None) -> None:
        self.lines.show_rows(group.lines if group is not None else ())

    def _open(self, line: ForecastLine) -> None:
        self.reject()
        self.opened.emit(line.request_id)

    def _start(self) -> None:
        raise NotImplementedError


class AcceptDialog(BulkDialog):
    """« Accepter tout ce qui rentre »."""

    def __init__(self, tools: Tools, request_ids: tuple[int, ...], parent: QWidget) -> None:
        verb = "Accepter tout ce qui rentre"
        super().__init__(tools, request_ids, verb, verb, "primary", parent)
        self.note.setText(
            "Les demandes sont servies dans l’ordre de leur dépôt, et les places recomptées à chacune. "
            "Rien n’est refusé\u00a0: ce qui ne rentre pas reste à décider."
        )
        tools.desk.fetch(bulk_decisions.forecast, request_ids, then=self._show, key=self, lane=Lane.LONG)

    def _show(self, forecast: Forecast) -> None:
        self.heading.setText(summary_of(forecast))
        self._show_groups(grouped(forecast.lines, accept_group))
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


class RefuseDialog(BulkDialog):
    """Refuse the same way several requests; what speaks against it is said first."""

    def __init__(self, tools: Tools, request_ids: tuple[int, ...], parent: QWidget) -> None:
        super().__init__(tools, request_ids, "Refuser plusieurs demandes", "Refuser", "danger", parent)
        self.code = QComboBox(self)
        for code, label in REFUSAL_LABELS.items():
            self.code.addItem(label.capitalize(), code.value)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Ce que liront les familles (obligatoire pour «\u00a0autre\u00a0»)")
        self.form = Form(self)
        self.form.add("code", "&Motif", self.code)
        self.form.add("text", "&Texte", self.text)
        self.form.finish()
        self.body.insertWidget(2, self.form)
        self.note.setText(
            "Chaque famille reçoit ce motif. Les réponses peuvent être rappelées tant qu’elles ne sont pas parties."
        )
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self._simulate)
        self.code.currentIndexChanged.connect(self._simulate)
        self.text.textEdited.connect(lambda _: self._pause.start())
        self._simulate()

    @property
    def _query(self) -> RefusalQuery:
        return RefusalQuery(self._ids, self.code.currentData(), self.text.text().strip())

    def _simulate(self) -> None:
        self._tools.desk.fetch(
            bulk_decisions.forecast_refusal,
            self._query,
            then=self._show,
            failed=self._refused,
            key=self,
            lane=Lane.LONG,
        )

    def _show(self, lines: tuple[ForecastLine, ...]) -> None:
        self.form.clear_errors()
        groups = grouped(lines, refuse_group)
        against = [one for one in groups if one.key in REFUSING]
        said = ", ".join(f"{one.state.label.lower()}{NBSP}: {len(one.lines)}" for one in against)
        self.heading.setText(
            f"{count(len(lines), 'demande sera refusée', 'demandes seront refusées')}"
            f"{f' — attention, {said}' if said else ''}"
        )
        self._show_groups(groups)
        self.go.setText(f"Refuser {count(len(lines), 'demande')}")
        self.go.setEnabled(bool(lines))

    def _refused(self, error: UserError) -> None:
        self.go.setEnabled(False)
        label = self.form
        label.show_error(error)

    def _start(self) -> None:
        if self._pause.isActive():
            self._pause.stop()
        if self.code.currentData() == RefusalCode.AUTRE.value and not self.text.text().strip():
            self.form.show_error(
                UserError(
                    "Écrivez le motif\u00a0: «\u00a0autre\u00a0» ne dit rien aux familles.", field="text"
                )
            )
            return
        self.accept()
        self._tools.desk.start(
            Task("Refus des demandes choisies"),
            _refuse_all,
            self._query,
            changes=DECISION,
            then=self.finished_run.emit,
        )


def grouped(lines: Sequence[ForecastLine], called: Any) -> list[Group]:
    """The lines by what would become of them, what is done first, then the largest groups."""
    counted = Counter(line.group for line in lines)
    first = {key: rank for rank, key in enumerate(FITTING)}
    ordered = sorted(counted, key=lambda key: (first.get(key, len(first)), -counted[key]))
    return [Group(key, called(key), tuple(one for one in lines if one.group == key)) for key in ordered]


def summary_of(forecast: Forecast) -> str:
    """« 38 tiennent, 5 en attente, 2 hors délai »."""
    counted = Counter(line.group for line in forecast.lines)
    parts = []
    for key, singular, plural in (
        (bulk_decisions.FITS, "tient", "tiennent"),
        (bulk_decisions.PARTLY, "en partie", "en partie"),
        (bulk_decisions.WAITS, "en attente", "en attente"),
    ):
        if counted[key]:
            parts.append(count(counted[key], singular, plural))
    refused = [key for key in counted if key not in FITTING]
    parts += [
        count(counted[key], _reason(key), _reason(key)) for key in sorted(refused, key=lambda k: -counted[k])
    ]
    if counted[bulk_decisions.EXAMINE]:
        parts.append(count(counted[bulk_decisions.EXAMINE], "à examiner", "à examiner"))
    total = count(forecast.requests, "demande ouverte", "demandes ouvertes")
    return f"Sur {total}{NBSP}: {', '.join(parts)}" if parts else f"Sur {total}{NBSP}: rien à décider"


def _accept_all(
    database: OpenedDatabase, context: Context, request_ids: tuple[int, ...], task: Task
) -> BulkReport:
    return bulk_decisions.accept_all_that_fits(
        database, context, request_ids, task.report, lambda: task.cancelled
    )


def _refuse_all(database: OpenedDatabase, context: Context, query: RefusalQuery, task: Task) -> BulkReport:
    return bulk_decisions.refuse_all(
        database,
        context,
        query.request_ids,
        query.code,
        query.text,
        task.report,
        lambda: task.cancelled,
    )
