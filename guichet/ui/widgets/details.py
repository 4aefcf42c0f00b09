"""What is known of someone or something: a name and a value each, in as many columns as there is room for."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import PlainLabel, text_label
from guichet.ui.wording import NBSP

NOT_KNOWN = "non renseigné"
NARROWEST = 34


class Details(QWidget):
    """Pairs laid out in columns of at least 34 characters; what is not known is said so, muted."""

    def __init__(self, parent: QWidget | None = None, *, most_columns: int = 3) -> None:
        super().__init__(parent)
        self._most = most_columns
        self._columns = 0
        self._cells: list[QWidget] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.WIDE)
        self._grid.setVerticalSpacing(Space.SMALL)

    def show_pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Replace what is shown."""
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self._cells = [self._cell(name, value) for name, value in pairs]
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _cell(self, name: str, value: str) -> QWidget:
        cell = QWidget(self)
        title = text_label(name, "section", cell)
        shown = PlainLabel(value or NOT_KNOWN, cell)
        shown.setWordWrap(True)
        shown.setProperty("role", "" if value else "muted")
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        shown.setToolTip(value)
        shown.setAccessibleName(f"{name}{NBSP}: {value or NOT_KNOWN}")
        shown.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        inside = QVBoxLayout(cell)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(title)
        inside.addWidget(shown)
        inside.addStretch(1)
        return cell

    def _arrange(self) -> None:
        column_width = self.fontMetrics().averageCharWidth() * NARROWEST
        columns = max(1, min(self._most, self.width() // column_width))
        if columns == self._columns:
            return
        for cell in self._cells:
            self._grid.removeWidget(cell)
        for column in range(self._most):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for place, cell in enumerate(self._cells):
            self._grid.addWidget(cell, place // columns, place % columns)
            cell.show()
        self._columns = columns
