"""Choosing the columns of a list from the keyboard: tick them, move them, come back to the list's own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from guichet.ui.column_choice import ColumnChoice
from guichet.ui.tables import Column
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.tab_order import Dialog


class ColumnsDialog(Dialog):
    """`chosen` (ColumnChoice) when the person accepts."""

    chosen = Signal(object)

    def __init__(
        self,
        offered: Sequence[Column[Any]],
        shown: Sequence[Column[Any]],
        choice: ColumnChoice,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Colonnes de la liste")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._offered = tuple(offered)
        self._choice = choice
        self._reset = False
        self.list = QListWidget(self)
        self.list.setAccessibleName("Colonnes de la liste")
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        label = text_label("&Colonnes à montrer, de gauche à droite", "", self)
        label.setBuddy(self.list)
        self.up = button("&Monter", self, tip="Plus à gauche (Alt+Haut)")
        self.down = button("&Descendre", self, tip="Plus à droite (Alt+Bas)")
        self.reset = button("&Rétablir", self, tip="Revenir aux colonnes et aux largeurs d’origine")
        self.buttons = QDialogButtonBox(self)
        self.accept_button = button("Appliquer", self, role="primary")
        self.accept_button.setDefault(True)
        self.buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(button("Annuler", self), QDialogButtonBox.ButtonRole.RejectRole)
        self._lay_out(label)
        self._fill(shown)
        for keys, step, pressed in (("Alt+Up", -1, self.up), ("Alt+Down", 1, self.down)):
            QShortcut(QKeySequence(keys), self, lambda step=step: self._move(step))
            pressed.clicked.connect(lambda _=False, step=step: self._move(step))
        self.reset.clicked.connect(self._take_default)
        self.list.itemChanged.connect(self._changed)
        self.list.currentRowChanged.connect(self._enable)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self._enable()

    def _lay_out(self, label: QWidget) -> None:
        beside = QVBoxLayout()
        for widget in (self.up, self.down, self.reset):
            beside.addWidget(widget)
        beside.addStretch(1)
        middle = QHBoxLayout()
        middle.addWidget(self.list, 1)
        middle.addLayout(beside)
        layout = QVBoxLayout(self)
        layout.addWidget(label)
        layout.addLayout(middle, 1)
        layout.addWidget(self.buttons)
        metrics = self.fontMetrics()
        self.setMinimumSize(metrics.averageCharWidth() * 55, metrics.height() * 20)

    def _fill(self, shown: Sequence[Column[Any]]) -> None:
        self.list.clear()
        keys = {column.key for column in shown}
        for column in (*shown, *(column for column in self._offered if column.key not in keys)):
            item = QListWidgetItem(column.title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, column.key)
            item.setToolTip(column.hint)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if column.key in keys else Qt.CheckState.Unchecked)
        self.list.setCurrentRow(0)

    def shown_keys(self) -> tuple[str, ...]:
        """The columns ticked, in their order."""
        items = (self.list.item(place) for place in range(self.list.count()))
        return tuple(
            item.data(Qt.ItemDataRole.UserRole)
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        )

    def _move(self, step: int) -> None:
        place = self.list.currentRow()
        if place >= 0 and 0 <= place + step < self.list.count():
            item = self.list.takeItem(place)
            self.list.insertItem(place + step, item)
            self.list.setCurrentRow(place + step)
            self._changed()

    def _take_default(self) -> None:
        self._fill(tuple(column for column in self._offered if not column.extra))
        self._reset = True
        self._enable()

    def _changed(self) -> None:
        self._reset = False
        self._enable()

    def _enable(self) -> None:
        place = self.list.currentRow()
        self.up.setEnabled(place > 0)
        self.down.setEnabled(0 <= place < self.list.count() - 1)
        self.accept_button.setEnabled(bool(self.shown_keys()))

    def _accept(self) -> None:
        self.chosen.emit(ColumnChoice() if self._reset else replace(self._choice, shown=self.shown_keys()))
        self.accept()
