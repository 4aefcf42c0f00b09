"""Read-only facts as pairs of a name and a value, and plain tables of a few rows."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from guichet.ui.tables import Column, RowsModel
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import PlainLabel, text_label
from guichet.ui.widgets.data_table import DataTable


class Facts(QWidget):
    """Pairs in two columns; a blank value is not shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.LARGE)
        self._grid.setVerticalSpacing(Space.TIGHT)
        self._grid.setColumnStretch(1, 1)

    def show_pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Replace what is shown."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, (name, value) in enumerate((name, value) for name, value in pairs if value):
            shown = PlainLabel(value, self)
            shown.setWordWrap(True)
            shown.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            shown.setAccessibleName(f"{name}\u00a0: {value}")
            title = text_label(name, "muted", self)
            self._grid.addWidget(title, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(shown, place, 1)


class Card(QFrame):
    """A titled frame on the page's surface."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        self.body.setSpacing(Space.SMALL)
        self.title = text_label(title, "heading", self)
        self.title.setVisible(bool(title))
        self.body.addWidget(self.title)


class ShortTable(DataTable):
    """A table of rows that are all there at once."""

    paged: RowsModel[Any]

    def __init__(
        self,
        theme: Theme,
        columns: Sequence[Column[Any]],
        name: str,
        empty: str,
        parent: QWidget | None = None,
        *,
        checkable: bool = False,
        fitted: bool = False,
        identity: Callable[[Any], Hashable] = lambda row: row,
        editable: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        self._fitted = fitted
        model = RowsModel[Any](columns, identity, checkable=checkable, editable=editable)
        super().__init__(model, theme, name, empty, parent)
        self._fit()

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Replace the rows; a fitted table takes the height of its rows."""
        self.paged.show_rows(rows)
        self._fit()

    def adjust_sizes(self) -> None:
        super().adjust_sizes()
        self._fit()

    def _fit(self) -> None:
        if self._fitted:
            shown = max(2, self.paged.total)
            header = self.horizontalHeader().sizeHint().height()
            self.setFixedHeight(header + shown * self.verticalHeader().defaultSectionSize() + 6)


def scrolling(content: QWidget, parent: QWidget | None = None) -> QScrollArea:
    """A vertical scroll area around a widget that follows its width."""
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    content.setObjectName("scrolled")
    area.setWidget(content)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
