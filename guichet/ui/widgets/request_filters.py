"""What the list of requests is narrowed to: a view, a kind, a proposal, and what another page asked for."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from guichet.rules.requests import RequestState
from guichet.rules.text import format_date
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.request_labels import KIND_LABELS
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.wording import NBSP, VERDICTS

VIEWS = (
    ("À traiter", RequestQuery()),
    ("À prendre", RequestQuery(queue=Queue.TO_TAKE)),
    ("À ma charge", RequestQuery(queue=Queue.MINE)),
    ("En traitement", RequestQuery(states=(RequestState.IN_PROGRESS,))),
    ("En attente de la famille", RequestQuery(queue=Queue.WAITING_FAMILY)),
    ("Compléments reçus", RequestQuery(complement_received=True)),
    ("Liste d’attente", RequestQuery(states=(RequestState.WAITING_LIST,))),
    ("En retard", RequestQuery(late=True)),
    ("En anomalie", RequestQuery(queue=Queue.ANOMALIES)),
    ("Toutes", RequestQuery(queue=Queue.ALL)),
)
PROPOSALS = {
    "": "Toute proposition",
    **{code: state.label for code, state in VERDICTS.items()},
    "mixed": "Mélangée",
}


class RequestFilters(QWidget):
    """`changed` when the person chose otherwise."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._base = RequestQuery()
        self.queue = QComboBox(self)
        self.kind = QComboBox(self)
        self.proposal = QComboBox(self)
        self.narrowed = button("", self, role="link", tip="Enlever ce filtre (Échap)")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for title, field in (("V&oir", self.queue), ("T&ype", self.kind), ("Pro&position", self.proposal)):
            label = text_label(title, "", self)
            label.setBuddy(field)
            label.setVisible(field is self.queue)
            field.setAccessibleName(title.replace("&", ""))
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            field.setMinimumContentsLength(12)
            field.setMaxVisibleItems(16)
            row.addWidget(label)
            row.addWidget(field, 1)
        row.addWidget(self.narrowed)
        row.addStretch(1)
        self._fill()
        for field in (self.kind, self.proposal):
            field.currentIndexChanged.connect(self.changed)
        self.queue.currentIndexChanged.connect(self._choose_view)
        self.narrowed.clicked.connect(self.widen)
        self._say()

    def _fill(self) -> None:
        self.queue.addItems([label for label, _ in VIEWS])
        self.kind.addItem("Tous les types", "")
        for kind, label in KIND_LABELS.items():
            self.kind.addItem(label, kind.value)
        for code, label in PROPOSALS.items():
            self.proposal.addItem(label, code)

    @property
    def view_name(self) -> str:
        """The name of the view chosen."""
        return self.queue.currentText()

    @property
    def beyond(self) -> str:
        """What another page narrowed the list to and that no field here shows, in words."""
        base = self._base
        parts = []
        if base.batch_id is not None:
            parts.append("un import")
        if base.waiting_on is not None:
            parts.append(f"en attente le {format_date(base.waiting_on)}")
        if base.activity_id is not None:
            parts.append("une activité")
        if base.family_id is not None:
            parts.append("une famille")
        return ", ".join(parts)

    def words(self) -> str:
        """What the list is narrowed to, in words."""
        kind = self.kind.currentText() if self.kind.currentData() else ""
        proposal = self.proposal.currentText() if self.proposal.currentData() else ""
        return " · ".join(part for part in (self.view_name, kind, proposal, self.beyond) if part)

    def query(self) -> RequestQuery:
        """The view chosen, with the words of no search."""
        kind = self.kind.currentData()
        kinds = tuple(each for each in KIND_LABELS if each.value == kind)
        if len(self._base.kinds) > 1 and not kind:
            kinds = self._base.kinds
        return replace(self._base, kinds=kinds, proposal=self.proposal.currentData())

    def show_query(self, query: RequestQuery) -> None:
        """Show the view that a query is, without announcing it."""
        self._base = replace(query, text="")
        same = (place for place, (_, view) in enumerate(VIEWS) if _view_of(view) == _view_of(query))
        fields = (self.queue, self.kind, self.proposal)
        for field in fields:
            field.blockSignals(True)
        self.queue.setCurrentIndex(next(same, len(VIEWS) - 1))
        choose(self.kind, query.kinds[0].value if len(query.kinds) == 1 else "")
        choose(self.proposal, query.proposal)
        for field in fields:
            field.blockSignals(False)
        self._say()

    def widen(self) -> None:
        """Show the whole view again."""
        self._choose_view()

    def _choose_view(self) -> None:
        self._base = VIEWS[self.queue.currentIndex()][1]
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        self.narrowed.setText(f"Filtre{NBSP}: {self.beyond} ×".replace("&", "&&"))
        self.narrowed.setAccessibleName(f"Enlever le filtre{NBSP}: {self.beyond}")
        self.narrowed.setVisible(bool(self.beyond))


def _view_of(query: RequestQuery) -> tuple[object, ...]:
    return query.queue, query.states, query.complement_received, query.late
