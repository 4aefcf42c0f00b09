"""How a cell is drawn: its text, a pill for a state, dots for pieces, and where the cursor stands."""

from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from guichet.ui.tables import NOT_READ_YET, Column, Dots, State, TableModel
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space

Index = QModelIndex | QPersistentModelIndex

# The same as the padding of the titles in the style sheet, so that both stand one above the other.
CELL_PADDING: int = Space.SMALL


class CellDelegate(QStyledItemDelegate):
    """Draws straight from the rows: asking the style for each text costs several times as much on a full screen."""

    def __init__(self, model: TableModel[Any], theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._bold: tuple[QFont, QFont] | None = None

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shown: Any = option
        colours = self._theme.colours
        if shown.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(shown.rect, QColor(colours.selection))
        row = self._model.row_at(index.row())
        area: QRect = shown.rect.adjusted(CELL_PADDING, 0, -CELL_PADDING, 0)
        if row is None:
            painter.setPen(QColor(colours.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, NOT_READ_YET)
        else:
            if index.column() == 0 and self._model.checkable:
                area = self._paint_box(painter, option, index, area)
            self._paint_value(painter, shown, area, self._model.columns[index.column()], row)
        self._paint_cursor(painter, shown, index)

    def _paint_value(
        self, painter: QPainter, option: Any, area: QRect, column: Column[Any], row: Any
    ) -> None:
        if column.state and (state := column.state(row)) is not None:
            self._paint_aside(painter, partial(self._paint_pill, painter, option, area, state))
        elif column.dots and (dots := column.dots(row)) is not None:
            self._paint_aside(painter, partial(self._paint_dots, painter, option, area, dots))
        else:
            self._paint_text(painter, option, area, column, column.text(row))

    def _paint_text(
        self, painter: QPainter, option: Any, area: QRect, column: Column[Any], text: str
    ) -> None:
        if not text:
            return
        font = self._bolder(option.font) if column.bold else option.font
        painter.setFont(font)
        painter.setPen(QColor(self._theme.colours.text))
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)

    def _bolder(self, font: QFont) -> QFont:
        if self._bold is None or self._bold[0] != font:
            bolder = QFont(font)
            bolder.setWeight(QFont.Weight.DemiBold)
            self._bold = QFont(font), bolder
        return self._bold[1]

    def _paint_box(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, area: QRect) -> QRect:
        """Draw the box to tick, where the mouse finds it; the rest of the cell is left to its value."""
        box: Any = QStyleOptionViewItem(option)
        self.initStyleOption(box, index)
        widget = box.widget
        where: QRect = widget.style().subElementRect(
            QStyle.SubElement.SE_ItemViewItemCheckIndicator, box, widget
        )
        if not box.features & QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator:
            # A row without a box still lines up with the others.
            side = widget.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, box, widget)
            return area.adjusted(side + CELL_PADDING, 0, 0, 0)
        box.rect = where
        ticked = box.checkState == Qt.CheckState.Checked
        box.state |= QStyle.StateFlag.State_On if ticked else QStyle.StateFlag.State_Off
        widget.style().drawPrimitive(
            QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck, box, painter, widget
        )
        return area.adjusted(where.right() + 1 - area.left() + CELL_PADDING, 0, 0, 0)

    def _paint_cursor(self, painter: QPainter, option: Any, index: Index) -> None:
        """A line above and below the row under the cursor, when the table has the keyboard."""
        table: Any = self.parent()
        if table.hasFocus() and index.row() == table.currentIndex().row():
            painter.setPen(QPen(QColor(self._theme.colours.accent), 1))
            painter.drawLine(option.rect.topLeft(), option.rect.topRight())
            painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())

    def _paint_aside(self, painter: QPainter, paint: partial[None]) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint()
        painter.restore()

    def _paint_pill(self, painter: QPainter, option: Any, area: QRect, state: State) -> None:
        pill = self._theme.pill(state.tone)
        metrics = option.fontMetrics
        height = metrics.height() + 2
        badge = QRect(area.left(), area.center().y() - height // 2 + 1, height, height)
        label_width = area.width() - height
        roomy = label_width > metrics.averageCharWidth() * 5
        text = metrics.elidedText(state.label, Qt.TextElideMode.ElideRight, label_width - 14) if roomy else ""
        whole = QRect(badge)
        if text:
            whole.setWidth(min(area.width(), height + metrics.horizontalAdvance(text) + 12))
        painter.setPen(QPen(QColor(pill.edge), 1))
        painter.setBrush(QColor(pill.back))
        painter.drawRoundedRect(whole, height / 2, height / 2)
        painter.setPen(QColor(pill.text))
        font = QFont(option.font)
        font.setWeight(QFont.Weight.Bold)
        painter.setFont(font)
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, state.letter)
        painter.setFont(option.font)
        painter.drawText(whole.adjusted(height, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_dots(self, painter: QPainter, option: Any, area: QRect, dots: Dots) -> None:
        size = max(6, option.fontMetrics.height() // 2)
        colours = self._theme.colours
        colour = QColor(colours.success_text if dots.filled >= dots.total else colours.warning_text)
        painter.setPen(QPen(colour, 1.4))
        for place in range(dots.total):
            painter.setBrush(colour if place < dots.filled else Qt.BrushStyle.NoBrush)
            left = area.left() + place * (size + 3) + 1
            painter.drawEllipse(QRect(left, area.center().y() - size // 2 + 1, size, size))
