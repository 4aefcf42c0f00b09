"""Who decides of each field of a sheet that a family asks to change: one table, one choice for the line chosen."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.proposals import FieldPolicy
from guichet.services import town_settings
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.widgets.composite_field import CompositeField
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import choose, text_label

POLICIES: dict[str, State] = {
    FieldPolicy.AUTOMATIC.value: State("A", "Automatique", Tone.GREEN),
    FieldPolicy.AGENT.value: State("G", "Par un agent", Tone.BLUE),
    FieldPolicy.COUNTER.value: State("C", "Au guichet seulement", Tone.YELLOW),
}


@dataclass(frozen=True)
class PolicyRow:
    """A field, what the program starts from, what the town decided (the same where it decided nothing)."""

    path: str
    label: str
    start: str
    policy: str


COLUMNS = (
    Column[PolicyRow]("Champ", lambda row: row.label, None, bold=True),
    Column[PolicyRow](
        "Qui décide", lambda row: POLICIES[row.policy].label, 24, state=lambda row: POLICIES[row.policy]
    ),
    Column[PolicyRow](
        "Changé ici",
        lambda row: "" if row.policy == row.start else f"au départ\u00a0: {POLICIES[row.start].label}",
        32,
    ),
)


class PolicyTable(CompositeField):
    """The value holds only what differs from the program's start: path → automatic | agent | counter."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._changed: dict[str, str] = {}
        self._filling = False
        self.table = ShortTable(
            tools.theme, COLUMNS, "Champs des fiches", "", self, identity=lambda row: row.path
        )
        self.table.setMinimumHeight(self.fontMetrics().height() * 9)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Qui décide du champ choisi")
        for policy, state in POLICIES.items():
            self.choice.addItem(state.label, policy)
        label = text_label("&Pour le champ choisi", "", self)
        label.setBuddy(self.choice)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.choice)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        self.setFocusProxy(self.table)
        self.table.current_changed.connect(self._row_chosen)
        self.choice.currentIndexChanged.connect(self._chosen)
        self._show_rows()

    def typed(self) -> Any:
        return dict(self._changed)

    def put_typed(self, typed: Any) -> None:
        self._changed = dict(typed or {})
        self._show_rows()
        self.changed.emit()

    def _show_rows(self) -> None:
        self.table.show_rows(
            [
                PolicyRow(
                    field.path,
                    field.label,
                    field.policy.value,
                    self._changed.get(field.path, field.policy.value),
                )
                for field in town_settings.field_choices()
            ]
        )

    def _row_chosen(self, row: PolicyRow | None) -> None:
        self.choice.setEnabled(row is not None)
        if row is not None:
            self._filling = True
            choose(self.choice, row.policy)
            self._filling = False

    def _chosen(self) -> None:
        row: PolicyRow | None = self.table.current_row()
        if row is None or self._filling:
            return
        policy: str = self.choice.currentData()
        if policy == row.start:
            self._changed.pop(row.path, None)
        else:
            self._changed[row.path] = policy
        self._show_rows()
        self.changed.emit()
