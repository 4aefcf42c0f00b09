"""Tab goes as the eye does: by the layouts, whatever the order in which widgets were made or what came later."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QGridLayout,
    QLayout,
    QLineEdit,
    QMainWindow,
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
    if focused is None or not focused.isVisible():
        return False  # Qt asks while it hides what had it: it finds another by itself
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
        for part in _inside(widget):
            yield from stops(part)


def _holds(widget: QWidget, focused: QWidget) -> bool:
    return widget is focused or (isinstance(widget, _WHOLE) and widget.isAncestorOf(focused))


def _inside(widget: QWidget) -> Iterator[QWidget]:
    match widget:
        case QMainWindow():
            yield from (part for part in (widget.centralWidget(), widget.statusBar()) if part is not None)
        case QTabWidget():
            yield widget.tabBar()
            if (corner := widget.cornerWidget()) is not None:
                yield corner
            yield from _pages(widget)
        case QSplitter() | QStackedWidget():
            yield from _pages(widget)
        case QScrollArea():
            if (held := widget.widget()) is not None:
                yield held
        case _:
            if (layout := widget.layout()) is not None:
                yield from _laid_out(layout)


def _pages(holder: QTabWidget | QSplitter | QStackedWidget) -> Iterator[QWidget]:
    for place in range(holder.count()):
        if (page := holder.widget(place)) is not None:
            yield page


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    # The layout's items are never asked for: they die without Python knowing, and another object may take their place.
    holder = layout.parentWidget()
    parts: list[QObject] = [*layout.children(), *holder.children()] if holder is not None else []
    placed = [
        (place, part)
        for part in parts
        if isinstance(part, QLayout | QWidget) and (place := layout.indexOf(part)) >= 0
    ]
    if isinstance(layout, QGridLayout):
        placed.sort(key=lambda each: layout.getItemPosition(each[0])[:2])  # type: ignore[index]
    else:
        placed.sort(key=lambda each: each[0])
    for _, part in placed:
        if isinstance(part, QLayout):
            yield from _laid_out(part)
        else:
            yield part
