"""A table fed by a service's paged query: sorting and the next rows are asked of SQL, the cursor stays on its row."""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from guichet.services.paging import Page, PageQuery
from guichet.ui.page import Tools
from guichet.ui.tables import Column, DataTable, PagedTableModel
from guichet.ui.widgets.fields import text_label
from guichet.ui.wording import count

Row = TypeVar("Row")

MOST_ROWS_KEPT = 1000


class SqlList(QWidget, Generic[Row]):
    """`ask` shows the first page of a query, `reload` reads the same rows again. `loaded` (Page) after each first page."""

    loaded = Signal(object)

    def __init__(
        self,
        tools: Tools,
        function: Callable[[Any, Any, Any], Page[Row]],
        columns: Sequence[Column[Row]],
        identity: Callable[[Row], Hashable],
        *,
        name: str,
        empty: str,
        noun: str,
        nouns: str = "",
        checkable: bool = False,
        editable: Callable[[Row], bool] = lambda _: True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = tools.desk
        self._function = function
        self._query: PageQuery | None = None
        self._noun, self._nouns = noun, nouns
        self.model = PagedTableModel(columns, identity, checkable=checkable, editable=editable)
        self.table = DataTable(self.model, tools.theme, name, empty, self)
        self.counted: QLabel = text_label("", "muted", self)
        self.foot = QHBoxLayout()
        self.foot.addWidget(self.counted)
        self.foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.table, 1)
        layout.addLayout(self.foot)
        self.model.wanted.connect(self._fetch_next)
        self.model.sorting.connect(self._sort)
        self.setFocusProxy(self.table)

    @property
    def query(self) -> PageQuery | None:
        """What is shown."""
        return self._query

    def ask(self, query: PageQuery, *, own_order: bool = False) -> None:
        """Show a query from its first row, in the order chosen by a click on a title unless it brings its own."""
        if self._query is not None and not own_order:
            query = dataclasses.replace(query, sort=self._query.sort, descending=self._query.descending)
        self._query = query
        self._fetch_first(query)

    def reload(self) -> None:
        """Read again as many rows as are shown."""
        if self._query is not None:
            size = min(MOST_ROWS_KEPT, max(self._query.size, len(self.model.rows)))
            self._fetch_first(dataclasses.replace(self._query, size=size))

    def _fetch_first(self, query: PageQuery) -> None:
        self._desk.fetch(self._function, query, then=self._show_first, key=self)

    def _fetch_next(self, offset: int) -> None:
        if self._query is not None:
            query = dataclasses.replace(self._query, offset=offset)
            self._desk.fetch(self._function, query, then=self._show_next, key=(self, "next"))

    def _sort(self, key: str, descending: bool) -> None:
        if self._query is not None and (key, descending) != (self._query.sort, self._query.descending):
            self._query = dataclasses.replace(self._query, sort=key, descending=descending)
            self._fetch_first(self._query)

    def _show_first(self, page: Page[Row]) -> None:
        self.model.show_first(page.rows, page.total)
        self.counted.setText(count(page.total, self._noun, self._nouns))
        self.loaded.emit(page)

    def _show_next(self, page: Page[Row]) -> None:
        self.model.show_next(page.offset, page.rows)
