"""The list of a service's paged query: SQL filters, sorts, counts, sums and cuts it; the person arranges and exports it."""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from guichet.rules.text import format_instant, paris_day
from guichet.services import whole_list
from guichet.services.paging import PAGE_SIZE, Page, PageQuery
from guichet.ui.actions import Action
from guichet.ui.column_choice import ColumnChoice
from guichet.ui.desk import Lane
from guichet.ui.files import WORKBOOKS, Files, open_file
from guichet.ui.page import Tools
from guichet.ui.tables import Column, PagedTableModel
from guichet.ui.tasks import Task
from guichet.ui.tokens import Space
from guichet.ui.widgets.columns_dialog import ColumnsDialog
from guichet.ui.widgets.data_table import DataTable
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.filter_field import FilterField
from guichet.ui.widgets.list_export import ListExport, write_list
from guichet.ui.widgets.notices import announce
from guichet.ui.widgets.table_menu import RowAction, Rows
from guichet.ui.widgets.views import ViewsButton
from guichet.ui.wording import NBSP, count

Row = TypeVar("Row")

MOST_READ_AGAIN = 4 * PAGE_SIZE
MOST_READ_AT_ONCE = 2000


@dataclass(frozen=True)
class Sums:
    """What SQL adds up over the whole query, by a service function, and how it is said (« 12 345,60 € »)."""

    function: Callable[[Any, Any, Any], Any]
    say: Callable[[Any], str]


class SqlList(QWidget, Generic[Row]):
    """`ask` shows a query, `reload` reads again what is looked at. `loaded` (Page) after each of these.

    What a page turns on:

    - `key`: columns are chosen, ordered, resized and kept in the account under it; views too (`add_views`);
    - `filter_hint`: a field over the table, with this placeholder, whose words go into the query's `text`;
    - `type_ahead`: letters typed in the table go to that field (not where letters are the page's keys);
    - `totals`, from the Page, or `sums`, from a service function: said beside the count;
    - `describe`: what the list is narrowed to, in words, written on the export;
    - `empty_action`: the button of the empty list.
    """

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
        key: str = "",
        filter_hint: str = "",
        type_ahead: bool = False,
        totals: Callable[[Page[Row]], str] | None = None,
        sums: Sums | None = None,
        describe: Callable[[], str] | None = None,
        empty_action: Action | None = None,
        exportable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tools = tools
        self._desk = tools.desk
        self._function = function
        self._query: PageQuery | None = None
        self._asking = False
        self._generation = 0
        self._name, self._noun, self._nouns = name, noun, nouns
        self._key = key
        self._totals, self._sums = totals, sums
        self._describe = describe
        self._empty_text, self._empty_action = empty, empty_action
        self._total = 0
        self._total_text = self._sums_text = ""
        self.model = PagedTableModel(columns, identity, checkable=checkable, editable=editable)
        self.table = DataTable(self.model, tools.theme, name, empty, self)
        self.table.reader = self._read_places
        self.filter = FilterField(filter_hint, name, self)
        self.filter.setVisible(bool(filter_hint))
        self.table.type_ahead = bool(filter_hint) and type_ahead
        self.counted: QLabel = text_label("", "muted", self)
        self.head = QHBoxLayout()
        self.foot = QHBoxLayout()
        self._lay_out()
        self._connect()
        if exportable:
            self.table.list_actions.append(Action("Exporter vers Excel…", self.choose_export))
        if key:
            self._let_choose_columns()
        self.setFocusProxy(self.table)

    def _lay_out(self) -> None:
        self.head.addWidget(self.filter, 1)
        self.foot.addWidget(self.counted)
        self.foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.TIGHT)
        layout.addLayout(self.head)
        layout.addWidget(self.table, 1)
        layout.addLayout(self.foot)

    def _connect(self) -> None:
        self.model.wanted.connect(self._fetch_page)
        self.model.drifted.connect(self.reload)
        self.model.sorting.connect(self._sort)
        self.table.selected_changed.connect(self._say_count)
        self.table.typed.connect(self.filter.begin_with)
        self.filter.changed.connect(self._filter)
        self.filter.left.connect(self._focus_rows)

    # The query

    @property
    def query(self) -> PageQuery | None:
        """What is shown."""
        return self._query

    def ask(self, query: PageQuery, *, own_order: bool = False) -> None:
        """Show a query from its first row, in the order chosen by a click on a title unless it brings its own."""
        if self._query is not None and not own_order:
            query = dataclasses.replace(query, sort=self._query.sort, descending=self._query.descending)
        if not self.filter.isHidden():
            query = self._filtered(query)
        self._query = query
        self._ask_again()

    def reload(self) -> None:
        """Read again the rows on screen and around the cursor, which stays on its row."""
        if self._asking:
            self._ask_again()
        elif self._query is not None:
            offset, size = self._looked_at()
            self._fetch(offset, size)
            self._fetch_sums()

    def _filtered(self, query: PageQuery) -> PageQuery:
        """The query with the words of the field; words that it brings go to the field."""
        brought = getattr(query, "text", "")
        if brought:
            self.filter.show_text(brought)
        changes: dict[str, Any] = {"text": self.filter.text()}
        return dataclasses.replace(query, **changes)

    def _filter(self) -> None:
        if self._query is not None:
            changes: dict[str, Any] = {"text": self.filter.text()}
            self._query = dataclasses.replace(self._query, **changes)
            self._ask_again()

    def _ask_again(self) -> None:
        self._asking = True
        self._sums_text = ""
        self._fetch(0, PAGE_SIZE)
        self._fetch_sums()

    def _looked_at(self) -> tuple[int, int]:
        """The pages on screen and around the cursor (offset, size); around the cursor alone when it is far away."""
        first, last = self.table.visible_places()
        cursor = self.table.currentIndex().row()
        if cursor >= 0:
            around = cursor - PAGE_SIZE // 2, cursor + PAGE_SIZE // 2
            both = min(first, around[0]), max(last, around[1])
            first, last = both if both[1] - both[0] <= MOST_READ_AGAIN else around
        start = max(0, first) // PAGE_SIZE * PAGE_SIZE
        return start, (max(0, last) // PAGE_SIZE + 1) * PAGE_SIZE - start

    def _fetch(self, offset: int, size: int) -> None:
        """Read these rows in place of all that is shown."""
        if self._query is not None:
            self._generation += 1
            query = dataclasses.replace(self._query, offset=offset, size=size)
            self._desk.fetch(self._function, query, then=self._show_first, key=self)

    def _fetch_page(self, offset: int, size: int) -> None:
        if self._query is not None:
            query = dataclasses.replace(self._query, offset=offset, size=size)
            show = partial(self._show_page, self._generation)
            self._desk.fetch(
                self._function, query, then=show, settled=self.model.forget_demand, key=(self, "page")
            )

    def _fetch_sums(self) -> None:
        if self._sums is not None and self._query is not None:
            self._desk.fetch(self._sums.function, self._query, then=self._show_sums, key=(self, "sums"))

    def _read_places(self, places: Sequence[range], then: Callable[[Rows], None]) -> None:
        if self._query is not None:
            asked = whole_list.Places(self._function, self._query, tuple(places))
            many = sum(len(span) for span in places) > MOST_READ_AT_ONCE
            lane = Lane.LONG if many else Lane.INTERACTIVE
            self._desk.fetch(whole_list.at_places, asked, then=then, key=(self, "places"), lane=lane)

    def _sort(self, key: str, descending: bool) -> None:
        if self._query is not None and (key, descending) != (self._query.sort, self._query.descending):
            self._query = dataclasses.replace(self._query, sort=key, descending=descending)
            self._ask_again()

    def _show_first(self, page: Page[Row]) -> None:
        if not page.rows and page.offset and page.total:
            # The list shrank below what was looked at.
            start = (page.total - 1) // PAGE_SIZE * PAGE_SIZE
            self._fetch(start, PAGE_SIZE)
            return
        if self._asking:
            self._asking = False
            self.table.start_over()
        self._total = page.total
        self._total_text = self._totals(page) if self._totals else ""
        self._say_why_empty()
        self.model.show_first(page.rows, page.total, page.offset)
        if self._query is not None:
            self.table.columns.mark_order(self._query.sort, self._query.descending)
        self._say_count()
        if self.filter.hasFocus():
            announce(self.filter, self.counted.text())
        self.loaded.emit(page)

    def _show_page(self, generation: int, page: Page[Row]) -> None:
        if generation == self._generation:
            self.model.show_page(page.offset, page.rows, page.total)

    def _show_sums(self, found: Any) -> None:
        if self._sums is not None:
            self._sums_text = self._sums.say(found)
            self._say_count()

    # What is said around the rows

    def _say_count(self) -> None:
        counted = count(self._total, self._noun, self._nouns)
        parts = [counted, self._total_text, self._sums_text]
        selected = self.table.selected_count
        if selected > 1:
            parts.append(count(selected, "ligne sélectionnée", "lignes sélectionnées"))
        self.counted.setText(" · ".join(part for part in parts if part))

    def _say_why_empty(self) -> None:
        text = self.filter.text().strip()
        if text:
            self.table.empty.say(
                f"Rien ne correspond à «{NBSP}{text}{NBSP}».", "Effacer le filtre", self._clear_filter
            )
        elif self._empty_action is not None:
            self.table.empty.say(self._empty_text, self._empty_action.label, self._empty_action.run)
        else:
            self.table.empty.say(self._empty_text)

    def _clear_filter(self) -> None:
        self.filter.show_text("")
        self._filter()
        self._focus_rows()

    def _focus_rows(self) -> None:
        self.table.setFocus()
        if self.table.current_row() is None:
            self.table.select(0)

    # What can be done with the rows and the list

    def list_actions(self) -> tuple[Action, ...]:
        """What can be done with the list by name, for the palette and the help sheet."""
        filtering = Action("Filtrer la liste", self.filter.take_focus, "Ctrl+F")
        return (*(() if self.filter.isHidden() else (filtering,)), *self.table.list_actions)

    def add_action(self, action: RowAction) -> None:
        """Offer something to do with the rows selected, in the table's menu."""
        self.table.row_actions.append(action)

    def add_views(
        self,
        capture: Callable[[], dict[str, Any]] = dict,
        restore: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> ViewsButton:
        """Put « Vues » over the table. `capture` gives the page's own filters as JSON values, `restore` shows them again (it
        calls `ask`); the words of the filter, the order and the columns are the list's and come with them.
        """
        views = ViewsButton(
            self._tools.preferences,
            self._tools.messages,
            self._key,
            lambda: {"filters": capture(), **self._arrangement()},
            partial(self._restore, restore),
            self,
        )
        self.head.addWidget(views)
        return views

    def _arrangement(self) -> dict[str, Any]:
        order = (self._query.sort, self._query.descending) if self._query is not None else ("", False)
        return {
            "text": self.filter.text(),
            "sort": order[0],
            "descending": order[1],
            "columns": self.table.columns.choice.kept(),
        }

    def _restore(self, restore: Callable[[dict[str, Any]], None], shown: dict[str, Any]) -> None:
        if self._key:
            self._choose_columns(ColumnChoice.read(shown.get("columns")))
        self.filter.show_text(str(shown.get("text", "")))
        if self._query is not None:
            sort, descending = str(shown.get("sort", "")), bool(shown.get("descending", False))
            self._query = dataclasses.replace(self._query, sort=sort, descending=descending)
        before = self._query
        filters = shown.get("filters")
        restore(filters if isinstance(filters, dict) else {})
        if self._query is before:
            self._filter() if not self.filter.isHidden() else self._ask_again()

    def _let_choose_columns(self) -> None:
        self.table.columns.let_choose()
        self.table.list_actions.append(Action("Colonnes…", self.ask_columns))
        self.table.columns.asked.connect(self.ask_columns)
        self.table.columns.chosen.connect(self._keep_columns)
        self._tools.preferences.loaded.connect(self._take_columns)
        self._take_columns()

    def ask_columns(self) -> None:
        """Let the person choose the columns and their order."""
        shown, choice = self.table.columns.shown(), self.table.columns.choice
        dialog = ColumnsDialog(self.table.columns.offered, shown, choice, self)
        dialog.chosen.connect(self._choose_columns)
        dialog.open()

    def _choose_columns(self, choice: ColumnChoice) -> None:
        self.table.columns.choose(choice)
        self._keep_columns(choice)

    def _keep_columns(self, choice: ColumnChoice) -> None:
        self._tools.preferences.set(f"columns.{self._key}", choice.kept())

    def _take_columns(self) -> None:
        kept = self._tools.preferences.get(f"columns.{self._key}", None)
        self.table.columns.choose(ColumnChoice.read(kept))

    def choose_export(self) -> None:
        """Ask where to write the list as an Excel file, and write it."""
        if self._query is not None:
            name = f"{self._name} {paris_day(self._desk.clock()).isoformat()}.xlsx"
            Files.save_as(self, "Exporter la liste vers Excel", name, WORKBOOKS, self.export_to)

    def export_to(self, path: Path) -> None:
        """Write every row of the query, in the columns shown, to an Excel file, with progress and a way to stop."""
        if self._query is None:
            return
        asked = ListExport(
            self._function,
            self._query,
            self.table.columns.shown(),
            self._name,
            self._said_filters(),
            path,
        )
        self._desk.start(Task("Export vers Excel"), write_list, asked, then=self._exported)

    def _said_filters(self) -> str:
        text = self.filter.text().strip()
        parts = (
            self._describe() if self._describe else "",
            f"«{NBSP}{text}{NBSP}»" if text else "",
            count(self._total, self._noun, self._nouns),
            f"le {format_instant(self._desk.clock())}",
        )
        return " · ".join(part for part in parts if part)

    def _exported(self, path: Path) -> None:
        self._tools.messages.inform(
            f"Liste exportée{NBSP}: {path.name}", partial(open_file, path), label="Ouvrir"
        )
