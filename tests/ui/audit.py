"""What a place of the window must be for who does not see it, has no mouse, or reads it large: each finding is a sentence."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QAction, QKeySequence, QShortcut
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QButtonGroup,
    QCalendarWidget,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTableView,
    QTextEdit,
    QWidget,
)

from guichet.ui.actions import Action, spoken_key
from guichet.ui.tables import TableModel
from guichet.ui.widgets.cells import CellDelegate
from guichet.ui.widgets.data_table import DataTable

Role = QAccessible.Role
CONTROLS: dict[type[QWidget], frozenset[Role]] = {
    QAbstractButton: frozenset(
        {Role.Button, Role.CheckBox, Role.RadioButton, Role.ButtonMenu, Role.PushButton}
    ),
    QLineEdit: frozenset({Role.EditableText}),
    QAbstractSpinBox: frozenset({Role.SpinBox, Role.EditableText}),
    QComboBox: frozenset({Role.ComboBox}),
    QPlainTextEdit: frozenset({Role.EditableText}),
    QTextEdit: frozenset({Role.EditableText, Role.StaticText}),
    QTabBar: frozenset({Role.PageTabList}),
    QAbstractItemView: frozenset({Role.Table, Role.List, Role.Tree}),
}
INSIDES = (QAbstractSpinBox, QComboBox, QLineEdit, QCalendarWidget)
ICON_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
ALIASES = {"Ctrl+Return": "Ctrl+Enter", "Ctrl+Tab": "Ctrl+PgDown", "Ctrl+Shift+Tab": "Ctrl+PgUp"}
SILENT = {"Return", "Enter", "Esc", "Find"}
TAB_FOCUS = Qt.FocusPolicy.TabFocus


def controls(root: QWidget) -> list[QWidget]:
    """What a person acts on: shown, enabled, taking the focus, and not the inside of another control."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if isinstance(widget, tuple(CONTROLS))
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & TAB_FOCUS
        and not _inside_another(widget)
    ]


def _inside_another(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and not parent.isWindow():
        if isinstance(parent, INSIDES):
            return True
        parent = parent.parentWidget()
    return False


def name_of(widget: QWidget) -> str:
    """What a screen reader says of it."""
    if isinstance(widget, QComboBox) and not widget.accessibleName():
        # Qt gives its value on Linux, and what stands beside it as a relation.
        labels = [each for each in widget.window().findChildren(QLabel) if each.buddy() is widget]
        return labels[0].text().replace("&", "") if labels else ""
    if isinstance(widget, QComboBox):
        return widget.accessibleName()
    interface: Any = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def called(widget: QWidget) -> str:
    """For a finding."""
    return f"{type(widget).__name__} « {name_of(widget) or getattr(widget, 'text', lambda: '')()} »"


# Names, roles and images


def names(root: QWidget) -> Iterator[str]:
    """Each control has a name that is words, not shared with its neighbour, and the role of what it does."""
    rows: dict[tuple[int, int, str], int] = defaultdict(int)
    for widget in controls(root):
        name = name_of(widget)
        interface: Any = QAccessible.queryAccessibleInterface(widget)
        if isinstance(widget, QTabBar):
            tabs = [
                widget.accessibleTabName(place) or widget.tabText(place) for place in range(widget.count())
            ]
            yield from (f"a tab of {called(widget)} has no name" for tab in tabs if not tab.strip())
        elif not re.search(r"\w\w", name) or ICON_NAME.fullmatch(name):
            yield f"{type(widget).__name__} is called « {name} »"
        roles = next(roles for kind, roles in CONTROLS.items() if isinstance(widget, kind))
        if interface is not None and interface.role() not in roles:
            yield f"{called(widget)} is said to be {interface.role()}"
        rows[id(widget.parentWidget()), widget.geometry().center().y() // 8, f"{type(widget)}{name}"] += 1
        if rows[id(widget.parentWidget()), widget.geometry().center().y() // 8, f"{type(widget)}{name}"] == 2:
            yield f"two neighbours are {called(widget)}"
    for label in root.findChildren(QLabel):
        inside = isinstance(label.parentWidget(), QAbstractButton)  # its own name says all
        if label.isVisible() and not inside and not label.pixmap().isNull() and not name_of(label):
            yield f"an image of {type(label.parentWidget()).__name__} has no words"
    for widget in root.findChildren(QWidget):
        strange = widget.focusPolicy() & TAB_FOCUS and widget.isVisible() and not _inside_another(widget)
        if strange and not isinstance(widget, (*CONTROLS, QAbstractScrollArea)) and not name_of(widget):
            yield f"{type(widget).__name__} takes the focus and has no name"


# Tables


def tables(root: QWidget) -> Iterator[str]:
    """Each column has a title; a cell is said as it is shown, its state in words, its tick as a tick."""
    for table in root.findChildren(QTableView):
        if table.isVisible():
            yield from _table(table)


def _table(table: QTableView) -> Iterator[str]:
    model = table.model()
    across = Qt.Orientation.Horizontal
    shown = [column for column in range(model.columnCount()) if not table.isColumnHidden(column)]
    for column in shown:
        title = str(model.headerData(column, across, Qt.ItemDataRole.DisplayRole) or "")
        if not title.strip() and not model.headerData(column, across, Qt.ItemDataRole.AccessibleTextRole):
            yield f"column {column} of {called(table)} has no title"
    if not isinstance(model, TableModel) or not model.rowCount():
        return
    if not isinstance(table.itemDelegate(), CellDelegate):
        yield f"{called(table)} draws its cells its own way"
    for line in range(min(3, model.rowCount())):
        if model.row_at(line) is not None:
            for place in shown:
                yield from _said_of_cell(table, model, line, place)


def _said_of_cell(table: QTableView, model: TableModel[Any], line: int, place: int) -> Iterator[str]:
    row, column = model.row_at(line), model.columns[place]
    where = f"{called(table)}, {column.title}"
    said = str(model.index(line, place).data(Qt.ItemDataRole.AccessibleTextRole) or "")
    state = column.state(row) if column.state else None
    dots = column.dots(row) if column.dots else None
    if state is not None and state.label.lower() not in said.lower():
        yield f"{where}: {state.label} is said « {said} »"
    elif dots is not None and not said:
        yield f"{where}: the dots are not said"
    elif said != column.text(row):
        yield f"{where}: {column.text(row)} is said « {said} »"
    cell = _cell(QAccessible.queryAccessibleInterface(table), table, line, place)
    if cell is None:
        return
    if said and said not in cell.text(QAccessible.Text.Name):
        yield f"{where}: Qt says « {cell.text(QAccessible.Text.Name)} »"
    if place == 0 and model.may_tick(row):
        ticked = model.check_state(row) is Qt.CheckState.Checked
        if not cell.state().checkable or bool(cell.state().checked) != ticked:
            yield f"{called(table)}: the tick of row {line} is not said"


def _cell(interface: Any, table: QTableView, line: int, column: int) -> Any:
    if interface is None:
        return None
    # Qt numbers the cells with the titles of rows and columns among them.
    return interface.child((line + 1) * (table.model().columnCount() + 1) + column + 1)


# The keyboard


def tab_round(root: QWidget) -> Iterator[str]:
    """Tab reaches every control, as the eye goes, and comes back where it began."""
    window = root.window()
    wanted = controls(root)
    if not wanted:
        return
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 1000)
    start = min(wanted, key=_reading_place)
    start.setFocus(Qt.FocusReason.TabFocusReason)
    reached: list[QWidget] = []
    yield from _go_round(reached)
    for widget in wanted:
        proxy = widget.focusProxy() or widget
        found = any(each in (widget, proxy) or widget.isAncestorOf(each) for each in reached)
        if not found and not _reached_by_arrows(widget):
            yield f"Tab does not reach {called(widget)}"
    yield from _against_reading([each for each in reached if each.window() is window])


def _reading_place(widget: QWidget) -> tuple[int, int]:
    corner = widget.mapToGlobal(QPoint(0, 0))
    return corner.y() // 8, corner.x()


def _go_round(reached: list[QWidget]) -> Iterator[str]:
    for _ in range(300):
        focused = QApplication.focusWidget()
        if focused is None or (len(reached) > 1 and focused is reached[0]):
            return
        if reached and focused is reached[-1] and isinstance(focused, (QDateTimeEdit, QTextEdit)):
            QTest.keyClick(focused, Qt.Key.Key_Tab)  # from day to month, from link to link
            continue
        if focused in reached:
            if len(reached) > 1:
                yield f"Tab goes round without {called(reached[0])} from {called(focused)}"
            return
        reached.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    yield "Tab never comes back"


def _reached_by_arrows(widget: QWidget) -> bool:
    """One of several choices of which only the one in force is a stop of Tab."""
    if not isinstance(widget, QAbstractButton) or not widget.isCheckable() or widget.isChecked():
        return False
    group: Any = widget.group()
    exclusive: bool = widget.autoExclusive() or (isinstance(group, QButtonGroup) and group.exclusive())
    return exclusive


def _against_reading(reached: list[QWidget]) -> Iterator[str]:
    for before, after in pairwise(reached):
        if before.parentWidget() is not after.parentWidget():
            continue
        if _same_row(before, after):
            if before.x() > after.x():
                yield f"{called(after)} comes after {called(before)}, on its left"
        elif before.y() > after.geometry().bottom():
            yield f"{called(after)} comes after {called(before)}, above it"


def _same_row(first: QWidget, second: QWidget) -> bool:
    return abs(first.geometry().center().y() - second.geometry().center().y()) < first.height() // 2


def mnemonics(window: QWidget) -> Iterator[str]:
    """Each Alt letter leads to one thing of the window."""
    found: dict[str, list[str]] = defaultdict(list)
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not window:
            continue
        for text in _marked(widget):
            letter = QKeySequence.mnemonic(text).toString()
            if letter:
                found[letter].append(text)
    yield from (f"{letter}: {' / '.join(texts)}" for letter, texts in found.items() if len(texts) > 1)


def _marked(widget: QWidget) -> list[str]:
    if isinstance(widget, QTabBar):
        return [widget.tabText(place) for place in range(widget.count()) if widget.isTabVisible(place)]
    if isinstance(widget, QLabel):
        return [widget.text()] if widget.buddy() is not None else []
    if isinstance(widget, QAbstractButton):
        return [widget.text()] if widget.isEnabled() else []
    return [widget.title()] if isinstance(widget, QGroupBox) else []


def menu_mnemonics(menu: QMenu) -> Iterator[str]:
    """The same within a menu."""
    letters = Counter(QKeySequence.mnemonic(action.text()).toString() for action in menu.actions())
    yield from (f"{letter} twice in a menu" for letter, times in letters.items() if letter and times > 1)


Key = tuple[str, QObject | None, Qt.ShortcutContext]


def keys_of(window: QWidget) -> list[Key]:
    """Every key bound in the window now: its name, what binds it, and how far it reaches."""
    found: list[Key] = []
    for shortcut in window.findChildren(QShortcut):
        if shortcut.isEnabled():
            bound = shortcut.keys()
            found += [(key.toString(), shortcut.parent(), shortcut.context()) for key in bound]
    for action in (*window.findChildren(QAction), *window.actions()):
        if action.isEnabled() and not isinstance(action.parent(), QMenu):
            owners = [each for each in action.associatedObjects() if isinstance(each, QWidget)]
            owners = [each for each in owners if not isinstance(each, QMenu)]
            found += [
                (key.toString(), owner, action.shortcutContext())
                for owner in owners[:1]
                for key in action.shortcuts()
            ]
    for button in window.findChildren(QAbstractButton):
        if button.isEnabled() and not button.shortcut().isEmpty():
            found.append((button.shortcut().toString(), button, Qt.ShortcutContext.WindowShortcut))
    for label in window.findChildren(QLabel):
        buddy: Any = label.buddy()
        if isinstance(buddy, QWidget) and label.isVisible():
            key = QKeySequence.mnemonic(label.text())
            found += [(key.toString(), label, Qt.ShortcutContext.WindowShortcut)] if not key.isEmpty() else []
    unique = {(key, id(owner), context): (key, owner, context) for key, owner, context in found}
    return [each for each in unique.values() if _lives(each[1])]


def _lives(owner: QObject | None) -> bool:
    return isinstance(owner, QWidget) and owner.isVisible() and owner.isEnabled()


def _acts(key: Key, focused: QWidget) -> bool:
    _, owner, context = key
    if not isinstance(owner, QWidget):
        return False
    match context:
        case Qt.ShortcutContext.WidgetShortcut:
            return owner is focused
        case Qt.ShortcutContext.WidgetWithChildrenShortcut:
            return owner is focused or owner.isAncestorOf(focused)
        case _:
            return owner.window() is focused.window()


def ambiguous_keys(window: QWidget, root: QWidget) -> Iterator[str]:
    """No key means two things wherever the cursor is."""
    bound: dict[str, list[Key]] = defaultdict(list)
    for key in keys_of(window):
        bound[key[0]].append(key)
    places = controls(root)
    for name, rivals in bound.items():
        for first, second in combinations(rivals, 2):
            both = next((each for each in places if _acts(first, each) and _acts(second, each)), None)
            if both is not None:
                owners = f"{type(first[1]).__name__} and {type(second[1]).__name__}"
                yield f"{name} is bound by {owners} at {called(both)}"


def unsaid_keys(window: QWidget, root: QWidget, told: set[str]) -> Iterator[str]:
    """Every key that does something is on the help sheet."""
    known = {QKeySequence(key).toString() for key in told}
    known |= {alias for alias, key in ALIASES.items() if key in known} | SILENT
    tips = " ".join(each.toolTip() for each in window.findChildren(QWidget) if each.isVisible())
    places = controls(root)
    for key in keys_of(window):
        is_letter = key[0].startswith("Alt+") and len(key[0]) == 5
        if not key[0] or is_letter or key[0] in known or spoken_key(key[0]) in tips:
            continue
        if any(_acts(key, each) for each in places):
            yield f"{spoken_key(key[0])} of {type(key[1]).__name__} is not on the help sheet"


def untold_tooltips(root: QWidget, actions: list[Action]) -> Iterator[str]:
    """A button that does what a key does says the key."""
    by_label = {_bare(action.label): action.shortcut for action in actions if action.shortcut}
    for button in root.findChildren(QAbstractButton):
        key = by_label.get(_bare(button.text()))
        if key and button.isVisible() and not isinstance(root, QDialog):
            said = f"{button.toolTip()} {button.text()}"
            if spoken_key(key) not in said and key not in said:
                yield f"{called(button)} does not say {spoken_key(key)}"


def _bare(text: str) -> str:
    return re.sub(r"\(.*\)|[&…]", "", text).strip().lower()


def unseen_focus(root: QWidget, seen: set[str]) -> Iterator[str]:
    """A control that has the focus looks otherwise than one that has not: once for each kind of control."""
    everyone = controls(root)
    for widget in everyone:
        kind = f"{type(widget).__name__} {widget.property('role') or ''}"
        other = next((each for each in everyone if each is not widget), None)
        if kind in seen or other is None:
            continue
        seen.add(kind)
        other.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        without = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if widget.hasFocus() and widget.grab().toImage() == without:
            yield f"the focus does not show on {called(widget)} ({kind.strip()})"


# Room


def cut(root: QWidget) -> Iterator[str]:
    """Nothing to read or press is cut without the whole of it in its tooltip, nor stands outside of what is shown."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or _inside_another(widget) or isinstance(widget.parent(), QHeaderView):
            continue
        if isinstance(widget, QLabel) and widget.text() and widget.text().strip():
            yield from _cut_label(widget)
        elif isinstance(widget, QAbstractButton) and widget.text() and _too_small(widget):
            yield f"{called(widget)} is {widget.width()} wide for {widget.minimumSizeHint().width()}"
        if isinstance(widget, (QLabel, QAbstractButton, QComboBox, QLineEdit)) and _hidden_part(widget):
            yield f"{called(widget)} stands partly outside"


def _too_small(button: QAbstractButton) -> bool:
    if isinstance(button.parentWidget(), (QTabBar, QCalendarWidget, QScrollBar)):
        return False  # it has its own room there
    return button.width() + 1 < button.minimumSizeHint().width() or button.height() + 2 < _text_height(button)


def _text_height(widget: QAbstractButton) -> int:
    return widget.fontMetrics().height() * (widget.text().count("\n") + 1)


def _cut_label(label: QLabel) -> Iterator[str]:
    rich = GuiQt.mightBeRichText(label.text())
    if label.wordWrap():
        if label.heightForWidth(label.width()) > label.height() + 2:
            yield f"{called(label)} is {label.height()} high for {label.heightForWidth(label.width())}"
        return
    padding = label.width() - label.contentsRect().width()
    needed = (
        label.sizeHint().width() - padding
        if rich
        else max(
            label.fontMetrics().horizontalAdvance(line.replace("&", "")) for line in label.text().split("\n")
        )
    )
    if needed > label.contentsRect().width() + 2 and not label.toolTip():
        yield f"{called(label)} is {label.contentsRect().width()} wide for {needed}"


def _hidden_part(widget: QWidget) -> bool:
    """Whether a part of it can never be brought into sight: an ancestor that does not scroll cuts it."""
    area = QRect(QPoint(0, 0), widget.size())
    inner = widget
    parent = widget.parentWidget()
    while parent is not None:
        area = QRect(inner.mapTo(parent, area.topLeft()), area.size())
        if (
            isinstance(parent.parentWidget(), QAbstractScrollArea)
            and parent.objectName() == "qt_scrollarea_viewport"
        ):
            scroll = parent.parentWidget()
            if isinstance(scroll, QScrollArea):
                across = scroll.horizontalScrollBarPolicy() is not Qt.ScrollBarPolicy.ScrollBarAlwaysOff
                return not across and (area.left() < -1 or area.right() > parent.width() + 1)
            return False
        if not parent.rect().adjusted(-1, -1, 1, 1).contains(area):
            return True
        if parent.isWindow():
            return False
        inner, parent = parent, parent.parentWidget()
    return False


# Words


def texts(root: QWidget) -> Iterator[tuple[str, str]]:
    """Everything a place says, with where: shown, hinted, spoken; what a person typed is left out."""
    for widget in (root, *root.findChildren(QWidget)):
        where = type(widget).__name__
        if isinstance(widget, QMenu):
            yield from ((f"{where} entry", action.text()) for action in widget.actions())
        if not widget.isVisible():
            continue
        yield from ((f"{where} {kind}", text) for kind, text in _texts_of(widget) if text)


def _texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    yield "tooltip", widget.toolTip()
    yield "name", widget.accessibleName()
    yield "description", widget.accessibleDescription()
    if widget.isWindow():
        yield "title", widget.windowTitle()
    match widget:
        case QLabel() | QAbstractButton():
            yield "text", widget.text()
        case QLineEdit() | QPlainTextEdit():
            yield "placeholder", widget.placeholderText()
        case QComboBox() if not widget.isEditable():
            yield from (("entry", widget.itemText(place)) for place in range(widget.count()))
        case QTabBar():
            for place in range(widget.count()):
                yield "tab", widget.tabText(place)
                yield "tab", widget.tabToolTip(place)
        case DataTable():
            yield from _texts_of_table(widget)


def _texts_of_table(table: DataTable) -> Iterator[tuple[str, str]]:
    model = table.model()
    across = Qt.Orientation.Horizontal
    for column in range(model.columnCount()):
        yield "title", str(model.headerData(column, across, Qt.ItemDataRole.DisplayRole) or "")
        yield "hint", str(model.headerData(column, across, Qt.ItemDataRole.ToolTipRole) or "")
        for line in range(min(20, model.rowCount())):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                yield "cell", str(model.index(line, column).data(role) or "")
