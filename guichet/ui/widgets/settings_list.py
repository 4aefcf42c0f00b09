"""A section of « Paramètres » that lists things: the table above, in a card below the chosen one or a new one."""

from collections.abc import Hashable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.widgets.facts import Card, ShortTable
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_section import SettingsSection, leave_card

LINES_SHOWN = 7


class ListSection(SettingsSection):
    """A subclass says what it lists, builds `form` in `card`, and writes `show_row` and `reload`.

    `new_key` is the key of the form for a row that is not stored yet; empty where none is added here.
    """

    listed = ""
    empty = ""
    columns: Sequence[Column[Any]] = ()
    new_key = ""
    form: DraftedForm

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._saved_row: Hashable = None
        self.table = ShortTable(
            tools.theme, self.columns, self.listed, self.empty, self, identity=self.identity
        )
        self.table.setMinimumHeight(self.fontMetrics().height() * LINES_SHOWN)
        self.card = Card(" ", self)
        self.card.hide()
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.card)
        self.table.current_changed.connect(self._row_chosen)

    @staticmethod
    def identity(row: Any) -> Hashable:
        """What stays the same of a row when it is read again."""
        raise NotImplementedError

    def show_row(self, row: Any) -> None:
        """Show the row chosen in the card."""
        raise NotImplementedError

    def show_rows(self, rows: Sequence[Any]) -> None:
        """List what is stored; the row just saved is chosen."""
        self.table.show_rows(rows)
        if self._saved_row is not None:
            self.table.select_key(self._saved_row)
            self._saved_row = None

    def choose_saved(self, key: Hashable) -> None:
        """Once the list is read again, choose the row just saved."""
        self._saved_row = key

    def put_side_by_side(self, form: QWidget, beside: QWidget) -> None:
        """Lay the form out in the card, with something narrower beside it."""
        across = QHBoxLayout()
        across.setSpacing(Space.WIDE)
        across.addWidget(form, 3)
        across.addWidget(beside, 2, Qt.AlignmentFlag.AlignTop)
        self.card.body.addLayout(across)

    def first_field(self) -> QWidget:
        return self.table

    def step_back(self) -> bool:
        return leave_card(self.card, self.table)

    def show_example(self) -> None:
        self.table.select(0)

    def _row_chosen(self, row: Any) -> None:
        if row is not None:
            self.show_row(row)
        elif not self.new_key or self.form.key != self.new_key:
            self.card.hide()
