"""Cells of two lines: what one looks for, and below it, smaller, what goes with it; names are not cut for want of room."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from guichet.ui.tables import Column, TableModel
from guichet.ui.theme import Theme
from guichet.ui.widgets.cells import CellDelegate
from guichet.ui.widgets.data_table import DataTable

SMALLER = 0.92


@dataclass(frozen=True)
class Lines:
    """The two lines of a cell, from its row."""

    first: Callable[[Any], str]
    second: Callable[[Any], str]


class TwoLineDelegate(CellDelegate):
    """Draws some columns (by key) on two lines, each cut on its own where room lacks."""

    def __init__(
        self, model: TableModel[Any], theme: Theme, lines: Mapping[str, Lines], parent: QObject
    ) -> None:
        super().__init__(model, theme, parent)
        self._lines = lines

    def _paint_value(
        self, painter: QPainter, option: Any, area: QRect, column: Column[Any], row: Any
    ) -> None:
        lines = self._lines.get(column.key)
        second = lines.second(row) if lines is not None else ""
        if lines is None or not second:
            super()._paint_value(painter, option, area, column, row)
            return
        lower = QFont(option.font)
        lower.setPointSizeF(option.font.pointSizeF() * SMALLER)
        heights = option.fontMetrics.height(), QFontMetrics(lower).height()
        top = area.center().y() - sum(heights) // 2
        above = QRect(area.left(), top, area.width(), heights[0])
        dots = column.dots(row) if column.dots else None
        if dots is not None:
            self._paint_aside(painter, partial(self._paint_dots, painter, option, above, dots))
        else:
            self._paint_text(painter, option, above, column, lines.first(row))
        below = QRect(area.left(), top + heights[0], area.width(), heights[1])
        painter.setFont(lower)
        painter.setPen(QColor(self._theme.colours.muted))
        cut = QFontMetrics(lower).elidedText(second, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, cut)


def draw_two_lines(table: DataTable, theme: Theme, lines: Mapping[str, Lines]) -> None:
    """Draw these columns of a table on two lines; its rows take the height of both."""
    table.setItemDelegate(TwoLineDelegate(table.paged, theme, lines, table))
    table.lines = 2
    table.adjust_sizes()
