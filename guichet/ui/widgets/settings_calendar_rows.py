"""One table of the calendar and the form of its chosen row: add, correct, take away with a way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.text import paris_day
from guichet.services import calendars
from guichet.services.calendars import CalendarRow, RemoveRow, SaveRow
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import SETTINGS
from guichet.ui.widgets.facts import Card, ShortTable
from guichet.ui.widgets.fields import button
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_section import leave_card, leave_row
from guichet.ui.widgets.typed_fields import DateField
from guichet.ui.wording import NBSP


@dataclass(frozen=True)
class RowsKind:
    """What one table holds: its words, and how a row and the form's values become one another."""

    part: str
    name: str
    empty: str
    new: str
    blank: Mapping[str, Any]
    columns: Sequence[Column[Any]]
    values: Callable[[Any], dict[str, Any]]
    row: Callable[[int | None, dict[str, Any]], CalendarRow]


class CalendarRows(QWidget):
    """Rows on the left, the chosen one or a new one on the right. `stale` when the rows should be read again."""

    stale = Signal()

    def __init__(
        self,
        tools: Tools,
        kind: RowsKind,
        choices: Sequence[tuple[str, str, QComboBox]] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tools = tools
        self._kind = kind
        self._wanted: int | None = None
        self.table = ShortTable(
            tools.theme, kind.columns, kind.name, kind.empty, self, identity=lambda row: row.row_id
        )
        self.table.setMinimumHeight(self.fontMetrics().height() * 8)
        self.add = button("A&jouter", self)
        self.remove = button("&Retirer", self, role="danger")
        self.card = Card(" ", self)
        self.form = DraftedForm(tools, self.card, keys_in=self)
        self.label = QLineEdit(self.form)
        self.starts_on = DateField(self._today, self.form)
        self.ends_on = DateField(self._today, self.form)
        self.form.add("label", "&Nom", self.label, required=True)
        for name, label, combo in choices:
            combo.setParent(self.form)
            self.form.add(name, label, combo)
        self.form.add("starts_on", "&Premier jour", self.starts_on, required=True)
        self.form.add("ends_on", "&Dernier jour", self.ends_on, required=True)
        self.form.finish(self.remove)
        self.card.body.addWidget(self.form)
        left = QVBoxLayout()
        left.setSpacing(Space.SMALL)
        left.addWidget(self.table, 1)
        left.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, Space.SMALL, 0, 0)
        across.setSpacing(Space.MEDIUM)
        across.addLayout(left, 3)
        across.addWidget(self.card, 2, Qt.AlignmentFlag.AlignTop)
        self.card.hide()
        self.table.current_changed.connect(self._chosen)
        self.table.opened.connect(lambda _: self.label.setFocus())
        self.add.clicked.connect(self.start_new)
        self.remove.clicked.connect(self._remove)
        self.form.save_wanted.connect(self.save)
        self.form.stale.connect(self.stale)

    def show_rows(self, rows: Sequence[CalendarRow]) -> None:
        """Show what is stored; a row just saved is chosen."""
        self.table.show_rows(rows)
        if self._wanted is not None:
            self.table.select_key(self._wanted)
            self._wanted = None

    def start_new(self) -> None:
        """An empty form for a new row."""
        leave_row(self.table)
        self.card.title.setText(self._kind.new)
        self.remove.hide()
        self.form.show_row(f"settings:{self._kind.part}:new", self._kind.new, dict(self._kind.blank))
        self.card.show()
        self.label.setFocus(Qt.FocusReason.OtherFocusReason)

    def save(self) -> None:
        """Save the row in the form, when something was typed in it."""
        if self.form.dirty:
            self.form.send(calendars.save_row, self._command, changes=SETTINGS, then=self._saved)

    def _command(self, values: dict[str, Any]) -> SaveRow:
        seen: CalendarRow | None = self.form.seen
        return SaveRow(self._kind.row(None if seen is None else seen.row_id, values), seen, str(uuid4()))

    def step_back(self) -> bool:
        """From the form to the table."""
        return leave_card(self.card, self.table)

    def _today(self) -> date:
        return paris_day(self._tools.desk.clock())

    def _chosen(self, row: CalendarRow | None) -> None:
        if row is None:
            if not self.form.key.endswith(":new"):
                self.card.hide()
            return
        self.card.title.setText(row.label)
        self.remove.show()
        self.form.show_row(f"settings:{self._kind.part}:{row.row_id}", row.label, self._kind.values(row), row)
        self.card.show()

    def _saved(self, row_id: int) -> None:
        self._wanted = row_id
        self._tools.messages.inform(f"{self.form.values()['label']}{NBSP}: dates enregistrées.")

    def _remove(self) -> None:
        row: CalendarRow | None = self.table.current_row()
        if row is None:
            return

        def put_back() -> None:
            command = SaveRow(replace(row, row_id=None), None, str(uuid4()))
            self._tools.desk.execute(calendars.save_row, command, changes=SETTINGS)

        def removed(_: None) -> None:
            self._tools.messages.inform(f"{row.label} retiré du calendrier.", undo=put_back)

        self._tools.desk.execute(
            calendars.remove_row,
            RemoveRow(row, str(uuid4())),
            changes=SETTINGS,
            then=removed,
            failed=self.form.refused,
        )
