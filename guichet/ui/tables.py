"""What a list shows and how: columns over frozen rows, all there at once or fetched page by page from SQL."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from guichet.rules.typography import french
from guichet.services.paging import PAGE_SIZE
from guichet.ui.theme import Tone
from guichet.ui.widgets.basics import plain_tip

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex

NO_INDEX = QModelIndex()
MOST_PAGES = 30
NOT_READ_YET = "…"
_WORDS = frozenset({Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole})


@dataclass(frozen=True)
class State:
    """A state as a pill: one letter, a word, a tone."""

    letter: str
    label: str
    tone: Tone


@dataclass(frozen=True)
class Dots:
    """How many of several pieces are there, drawn ●●○; the words are what a screen reader says."""

    filled: int
    total: int
    words: str


@dataclass(frozen=True)
class Column(Generic[Row]):
    """How one column shows a row.

    `text` is what is read; `state` or `dots` draw it as a pill or as dots. `width` is in average characters, None
    shares what is left. `sort` is the key the query sorts by (None: the column does not sort). An `optional` column
    is left out where room lacks, the highest first; an `extra` one is shown only to who asks for it. `value` is what
    a spreadsheet gets instead of the text (a date, a number, `Euros`); `name` keeps the person's choice when the
    title changes. What is read gets the spaces of French typography.
    """

    title: str
    text: Callable[[Row], str]
    width: int | None = None
    right: bool = False
    sort: str | None = None
    tip: Callable[[Row], str] | None = None
    state: Callable[[Row], State | None] | None = None
    dots: Callable[[Row], Dots | None] | None = None
    bold: bool = False
    hint: str = ""
    optional: int = 0
    extra: bool = False
    value: Callable[[Row], Any] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        text, tip = self.text, self.tip
        object.__setattr__(self, "text", lambda row: french(text(row)))
        if tip is not None:
            object.__setattr__(self, "tip", lambda row: french(tip(row)))

    @property
    def key(self) -> str:
        """Under which a person's choice is kept."""
        return self.name or self.title


class TableModel(QAbstractTableModel, Generic[Row]):
    """Columns over rows, and which rows are ticked. `sorting` (key, descending) asks for another order.

    `identity` gives the key by which a row stays ticked and under the cursor when the rows are read again.
    """

    sorting = Signal(str, bool)
    checks_changed = Signal()

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        identity: Callable[[Row], Hashable],
        parent: QObject | None = None,
        *,
        checkable: bool = False,
        editable: Callable[[Row], bool] = lambda _: True,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.identity = identity
        self.checkable = checkable
        self.editable = editable
        self.checked: set[Hashable] = set()

    @property
    def total(self) -> int:
        """How many rows the list holds, read or not."""
        raise NotImplementedError

    def row_at(self, place: int) -> Row | None:
        """The row at this place; None when there is none or it is not read yet."""
        raise NotImplementedError

    def read_rows(self) -> Iterator[tuple[int, Row]]:
        """The rows at hand, each with its place."""
        raise NotImplementedError

    def rows_at_hand(self) -> list[Row]:
        """The rows at hand, in order."""
        return [row for _, row in self.read_rows()]

    def want(self, first: int, last: int) -> None:
        """Have the rows of these places read, if they are not."""

    def hold(self, place: int) -> None:
        """Keep the row of this place at hand, if it is."""

    def position(self, key: Hashable) -> int | None:
        """Where the row of this identity stands among those at hand."""
        return next((place for place, row in self.read_rows() if self.identity(row) == key), None)

    def show_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show the rows by other columns."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.endResetModel()

    def row_name(self, place: int) -> str:
        """What a row is called: the text of its bold column, else of its first."""
        row = self.row_at(place)
        named = next((column for column in self.columns if column.bold), self.columns[0])
        return NOT_READ_YET if row is None else named.text(row)

    def may_tick(self, row: Row | None) -> bool:
        """Whether this row has a box to tick."""
        return row is not None and self.checkable and self.editable(row)

    def set_checked(self, keys: set[Hashable]) -> None:
        """Tick exactly these rows."""
        self.checked = set(keys)
        if self.total:
            self.dataChanged.emit(self.index(0, 0), self.index(self.total - 1, 0))
        self.checks_changed.emit()

    def toggle(self, position: int) -> None:
        """Tick or untick one row, if it may be."""
        row = self.row_at(position)
        if row is not None and self.may_tick(row):
            self.set_checked(self.checked ^ {self.identity(row)})

    def tick(self, rows: Sequence[Row]) -> None:
        """Tick all of these that may be; when they all are, untick them."""
        keys = {self.identity(row) for row in rows if self.may_tick(row)}
        if keys:
            self.set_checked(self.checked - keys if keys <= self.checked else self.checked | keys)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else self.total

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        key = self.columns[column].sort if 0 <= column < len(self.columns) else None
        if key is not None:
            self.sorting.emit(key, order == Qt.SortOrder.DescendingOrder)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if not index.isValid():
            return flags
        if index.column() == 0 and self.may_tick(self.row_at(index.row())):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self.total:
            return None
        column, row = self.columns[index.column()], self.row_at(index.row())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if row is None:
            return NOT_READ_YET if role in _WORDS else None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return column.text(row)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(column.tip(row) if column.tip else column.text(row)) or None
            case Qt.ItemDataRole.CheckStateRole if index.column() == 0 and self.may_tick(row):
                return self.check_state(row)
        return None

    def check_state(self, row: Row | None) -> Qt.CheckState:
        """Whether the row is ticked."""
        ticked = row is not None and self.identity(row) in self.checked
        return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or index.column() != 0:
            return False
        row = self.row_at(index.row())
        if not self.may_tick(row):
            return False
        if Qt.CheckState(value) != self.check_state(row):
            self.toggle(index.row())
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return self.row_name(section) if role in _WORDS and 0 <= section < self.total else None
        if not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return column.title
            case Qt.ItemDataRole.ToolTipRole:
                return column.hint or None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
        return None


def _alignment(column: Column[Any]) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class RowsModel(TableModel[Row]):
    """Rows that are all there at once."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        identity: Callable[[Row], Hashable],
        parent: QObject | None = None,
        *,
        checkable: bool = False,
        editable: Callable[[Row], bool] = lambda _: True,
    ) -> None:
        super().__init__(columns, identity, parent, checkable=checkable, editable=editable)
        self.rows: list[Row] = []

    @property
    def total(self) -> int:
        return len(self.rows)

    def row_at(self, place: int) -> Row | None:
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def read_rows(self) -> Iterator[tuple[int, Row]]:
        return enumerate(self.rows)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()


class PagedTableModel(TableModel[Row]):
    """The rows of a query, of which only the pages looked at are read and the last ones looked at kept.

    `wanted` (offset, size) asks for whole pages: a newer demand supersedes the one before. `arrived` (first, last) says
    that rows came; `drifted` that the list has grown or shrunk since it was counted, and must be read again.
    """

    wanted = Signal(int, int)
    arrived = Signal(int, int)
    drifted = Signal()

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        identity: Callable[[Row], Hashable],
        parent: QObject | None = None,
        *,
        checkable: bool = False,
        editable: Callable[[Row], bool] = lambda _: True,
    ) -> None:
        super().__init__(columns, identity, parent, checkable=checkable, editable=editable)
        self._pages: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._total = 0
        self._asked: tuple[int, int] | None = None

    @property
    def total(self) -> int:
        return self._total

    @property
    def pages_kept(self) -> int:
        """How many pages are at hand."""
        return len(self._pages)

    def row_at(self, place: int) -> Row | None:
        page = self._pages.get(place // PAGE_SIZE, ())
        rank = place % PAGE_SIZE
        return page[rank] if 0 <= place < self._total and rank < len(page) else None

    def read_rows(self) -> Iterator[tuple[int, Row]]:
        for number in sorted(self._pages):
            yield from enumerate(self._pages[number], number * PAGE_SIZE)

    def show_first(self, rows: Sequence[Row], total: int, offset: int = 0) -> None:
        """Replace everything by `total` rows, of which these are known, from `offset` (the start of a page)."""
        self.beginResetModel()
        self._pages.clear()
        self._total = total
        self._asked = None
        self._keep(offset, rows)
        self.endResetModel()

    def show_page(self, offset: int, rows: Sequence[Row], total: int) -> None:
        """Fill in the rows that `wanted` asked for."""
        self._asked = None
        if total != self._total:
            self.drifted.emit()
            return
        self._keep(offset, rows)
        if rows:
            last = offset + len(rows) - 1
            self.dataChanged.emit(self.index(offset, 0), self.index(last, len(self.columns) - 1))
            self.arrived.emit(offset, last)

    def hold(self, place: int) -> None:
        if place // PAGE_SIZE in self._pages:
            self._pages.move_to_end(place // PAGE_SIZE)

    def forget_demand(self) -> None:
        """What was asked for will not come; it may be asked for again."""
        self._asked = None

    def want(self, first: int, last: int) -> None:
        if not self._total:
            return
        near = range(max(0, first) // PAGE_SIZE, min(last, self._total - 1) // PAGE_SIZE + 1)
        for number in near:
            if number in self._pages:
                self._pages.move_to_end(number)
        missing = [number for number in near if number not in self._pages]
        if missing:
            span = missing[0] * PAGE_SIZE, (missing[-1] - missing[0] + 1) * PAGE_SIZE
            if span != self._asked:
                self._asked = span
                self.wanted.emit(*span)

    def _keep(self, offset: int, rows: Sequence[Row]) -> None:
        for start in range(0, len(rows), PAGE_SIZE):
            number = (offset + start) // PAGE_SIZE
            self._pages[number] = tuple(rows[start : start + PAGE_SIZE])
            self._pages.move_to_end(number)
        while len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)
