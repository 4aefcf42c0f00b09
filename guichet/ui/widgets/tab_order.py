"""Tab goes as the eye does: by the layouts, whatever the order in which widgets were made or what came later."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QGridLayout,
    QLayout,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

_WHOLE = (QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit)


class Dialog(QDialog):
    """A dialog in which Tab goes in reading order."""

    def focusNextPrevChild(self, forwards: bool) -> bool:
        return step(self, forwards) or super().focusNextPrevChild(forwards)


def step(root: QWidget, forwards: bool) -> bool:
    """Give the focus to what follows the one that has it, inside `root`, and after the last to the first.

    False when nothing inside has it.
    """
    focused = QApplication.focusWidget()
    found = [widget for widget in stops(root) if widget.isVisible() and widget.isEnabled()]
    here = next((place for place, each in enumerate(found) if _holds(each, focused)), None)
    if here is None:
        return False
    reason = Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason
    found[(here + (1 if forwards else -1)) % len(found)].setFocus(reason)
    return True


def stops(widget: QWidget) -> Iterator[QWidget]:
    """What Tab stops at inside, in reading order, shown or not."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    if not isinstance(widget, _WHOLE):
        for child in _inside(widget):
            yield from stops(child)


def _holds(widget: QWidget, focused: QWidget | None) -> bool:
    return widget is focused or (
        isinstance(widget, _WHOLE) and focused is not None and widget.isAncestorOf(focused)
    )


def _inside(widget: QWidget) -> Iterator[QWidget]:
    laid_out = list(_by_layout(widget))
    yield from laid_out
    if isinstance(widget, QScrollArea):
        return  # what it holds stands on its viewport too
    for child in widget.children():
        if isinstance(child, QWidget) and not child.isWindow() and child not in laid_out:
            yield child


def _by_layout(widget: QWidget) -> Iterator[QWidget]:
    match widget:
        case QTabWidget():
            yield widget.tabBar()
            if (corner := widget.cornerWidget()) is not None:
                yield corner
        case QSplitter() | QStackedWidget():
            yield from (page for place in range(widget.count()) if (page := widget.widget(place)) is not None)
        case QScrollArea():
            if (held := widget.widget()) is not None:
                yield held
        case _:
            if (layout := widget.layout()) is not None:
                yield from _laid_out(layout)


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    places = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        places.sort(key=lambda place: layout.getItemPosition(place)[:2])  # type: ignore[index]
    for place in places:
        item = layout.itemAt(place)
        inner = item.layout() if item is not None else None
        if inner is not None:
            yield from _laid_out(inner)
        elif item is not None and (held := item.widget()) is not None:
            yield held
