"""The requests: the queue on the left, the one chosen on the right, one key per decision below."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.permissions import Permission
from guichet.rules.requests import END_STATES
from guichet.services import requests
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.request_detail import RequestDetail
from guichet.services.request_rows import RequestRow
from guichet.ui import request_views
from guichet.ui.actions import Action
from guichet.ui.page import Page, Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.deciding import Deciding
from guichet.ui.widgets.decision_bar import DecisionBar
from guichet.ui.widgets.many_at_once import ManyAtOnce
from guichet.ui.widgets.request_columns import QUEUE_COLUMNS, TWO_LINES
from guichet.ui.widgets.request_detail import RequestDetailView
from guichet.ui.widgets.request_filters import VIEWS, RequestFilters
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.widgets.two_lines import draw_two_lines
from guichet.ui.wording import NBSP

ROWS_AHEAD = 2
LEFT_PART, RIGHT_PART = 63, 37
_FIELDS = (QComboBox, QAbstractSpinBox)


class RequestsPage(Page):
    """`open` takes a Queue, a RequestQuery, {"request": id}, or what `here` gave."""

    topics = frozenset({Topic.REQUESTS, Topic.IMPORTS})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._wanted: int | None = None
        self._reading_list = False
        self.filters = RequestFilters(self)
        self.list = SqlList[RequestRow](
            tools,
            requests.list_requests,
            QUEUE_COLUMNS,
            lambda row: row.request_id,
            name="Demandes",
            empty="Aucune demande ici\u00a0: tout est traité, ou aucun critère ne correspond.",
            noun="demande",
            checkable=True,
            editable=lambda row: row.state not in END_STATES,
            key="requests",
            filter_hint="Famille, enfant, numéro…",
            describe=self.filters.words,
        )
        draw_two_lines(self.list.table, tools.theme, TWO_LINES)
        self.list.add_views(lambda: request_views.kept(self._query()), self._restore_view)
        self.many = ManyAtOnce(tools, self.list.model, self._query, self)
        self.view = RequestDetailView(tools, self)
        self.bar = DecisionBar(self)
        self.deciding = Deciding(tools, self.view, self.bar, self)
        self.split = QSplitter(Qt.Orientation.Horizontal, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.SMALL, Space.SMALL)
        column.addWidget(self.filters)
        column.addWidget(self.list, 1)
        self.list.foot.addWidget(self.many)
        self.split.addWidget(left)
        self.split.addWidget(self.view)
        self.split.setStretchFactor(0, LEFT_PART)
        self.split.setStretchFactor(1, RIGHT_PART)
        self.split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.split, 1)
        layout.addWidget(self.bar)
        may_decide = self.tools.may(Permission.DECIDE_REQUESTS)
        self.bar.setVisible(may_decide)
        self.many.setVisible(may_decide)
        self._take_split()

    def _connect(self) -> None:
        self.bar.panel.turned.connect(self.view.head.be_brief)
        self.filters.changed.connect(self._ask)
        self.list.table.current_changed.connect(self._row_chosen)
        self.list.table.opened.connect(self.view.focus_items)
        self.list.loaded.connect(self._settle_cursor)
        self.list.model.modelAboutToBeReset.connect(self._note_reading)
        self.view.shown.connect(self._shown)
        self.view.go.connect(self.go)
        self.many.opened.connect(self._open_request)
        self.many.over.connect(self._focus_list)
        self.bar.closed.connect(self._focus_list)
        self.deciding.over.connect(self._go_on)
        self.deciding.taken.connect(self._uncheck)
        self.deciding.wanted.connect(self._look_again)
        self.deciding.reopened.connect(self._show_wanted)
        self.deciding.stale.connect(self.reload)
        self.split.splitterMoved.connect(self._keep_split)
        self.tools.preferences.loaded.connect(self._take_split)

    # The page among the others

    def first_focus(self) -> QWidget:
        return self.list.table

    def reload(self) -> None:
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()
            self.view.reload()

    def open(self, wanted: Any) -> None:
        if isinstance(wanted, RequestQuery):
            self._show_query(wanted)
        elif isinstance(wanted, dict):
            request_id = wanted.get("request")
            self._wanted = request_id if isinstance(request_id, int) else None
            if "view" in wanted:
                self._show_query(request_views.read(wanted["view"]))
            elif self.list.query is None:
                self._ask()
            if self._wanted is not None and not self._seek(self._wanted):
                self.view.show_request(self._wanted)
        else:
            self._show_query(RequestQuery(queue=Queue(wanted)))

    def here(self) -> Any:
        values: dict[str, Any] = {"view": request_views.kept(self._query())}
        return values | ({"request": self.view.request_id} if self.view.request_id is not None else {})

    def crumbs(self) -> tuple[str, ...]:
        detail = self.view.detail
        named = (detail.child or detail.family or detail.external_id,) if detail is not None else ()
        return (self.filters.view_name, *named)

    def page_actions(self) -> Sequence[Action]:
        keys = [
            Action(made.accessibleName().partition(",")[0], partial(self.bar.press, key), key.value)
            for key, made in self.bar.buttons.items()
            if made.isEnabled() and not self.bar.isHidden()
        ]
        return (
            *keys,
            *(self.many.actions_offered() if not self.many.isHidden() else ()),
            *(Action(f"Demandes{NBSP}: {label}", partial(self.open, query)) for label, query in VIEWS),
        )

    def step_back(self) -> bool:
        if self.bar.writing:
            self.bar.fold()
        elif self.view.pieces.is_open:
            self.view.pieces.close_piece()
        elif not self.list.table.hasFocus() and self.view.isAncestorOf(QApplication.focusWidget() or self):
            self._focus_list()
        elif self.filters.beyond:
            self.filters.widen()
        else:
            return False
        return True

    def show_example(self) -> None:
        self._focus_list()
        rows = [
            (row.proposal == "mixed", row.undecided, -place) for place, row in self.list.model.read_rows()
        ]
        if rows:
            self.list.table.select(-max(rows)[2])

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and isinstance(QApplication.focusWidget(), _FIELDS)
            and event.text().isprintable()
            and event.text()
        ):
            event.accept()  # a letter typed in a list of choices is for it, not a decision
            return True
        return super().event(event)

    # What is listed and which one is shown

    def _query(self) -> RequestQuery:
        query = replace(self.filters.query(), text=self.list.filter.text())
        shown = self.list.query
        return query if shown is None else replace(query, sort=shown.sort, descending=shown.descending)

    def _show_query(self, query: RequestQuery) -> None:
        self.filters.show_query(query)
        self.list.filter.show_text(query.text)
        self.list.model.set_checked(set())
        self.list.ask(query, own_order=True)

    def _restore_view(self, values: dict[str, Any]) -> None:
        query = request_views.read(values)
        self.filters.show_query(query)
        self.list.model.set_checked(set())
        self.list.ask(query, own_order=True)

    def _ask(self) -> None:
        self.list.model.set_checked(set())
        self.list.ask(self.filters.query())
        self.moved.emit()

    def _focus_list(self) -> None:
        self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.list.table.current_row() is None:
            self.list.table.select(0)

    def _note_reading(self) -> None:
        self._reading_list = True

    def _row_chosen(self, row: RequestRow | None) -> None:
        if self._reading_list and self._wanted is not None:
            return  # the cursor is about to go to the request wanted
        self._wanted = None
        if row is None:
            self.view.show_request(None)
            self.bar.restore(None)
            return
        another = row.request_id != self.view.request_id
        self.view.show_request(row.request_id)
        if another:
            self.deciding.restore_draft(row.request_id)
            self.moved.emit()

    def _seek(self, request_id: int) -> bool:
        place = self.list.model.position(request_id)
        if place is None:
            return False
        self.list.table.select(place)
        self._row_chosen(self.list.table.current_row())
        return True

    def _settle_cursor(self) -> None:
        """Once the list is read: stand on the request asked for, else on the one decided next."""
        self._reading_list = False
        if self._wanted is not None:
            self._seek(self._wanted)
            return
        if self.list.table.current_row() is None:
            self.list.table.select(0)
        self._read_ahead()

    def _read_ahead(self) -> None:
        """Read the requests that come next, so that each is on screen when the one before is decided."""
        place = self.list.table.currentIndex().row()
        rows = [self.list.model.row_at(place + step) for step in range(1, ROWS_AHEAD + 1)]
        self.view.read_ahead([row.request_id for row in rows if row is not None])

    def _shown(self, detail: RequestDetail | None) -> None:
        self.deciding.allow()
        if detail is None:
            return
        self.moved.emit()  # its name is known now
        if self._wanted == detail.request_id and not self._seek(detail.request_id):
            # Not in what is listed: list it alone, so that the arrows and the keys mean what is on screen.
            query = RequestQuery(queue=Queue.ALL, text=detail.external_id)
            if self.list.filter.text() != query.text:
                self._show_query(query)
        self.deciding.suggest()
        self._read_ahead()

    # What deciding asks of the list

    def _go_on(self, request_id: int) -> None:
        """The next request, which was read ahead."""
        table = self.list.table
        row = table.current_row()
        if row is not None and row.request_id == request_id:
            table.select(table.currentIndex().row() + 1)
        table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _uncheck(self, request_id: int) -> None:
        if request_id in self.list.model.checked:
            self.list.model.set_checked(self.list.model.checked - {request_id})

    def _look_again(self, request_id: int) -> None:
        if not self._seek(request_id):
            self._show_wanted(request_id)

    def _show_wanted(self, request_id: int) -> None:
        self._wanted = request_id
        self.view.show_request(request_id)

    def _open_request(self, request_id: int) -> None:
        self.open({"request": request_id})

    # The split between both halves

    def _take_split(self) -> None:
        left = self.tools.preferences.get("requests.split", LEFT_PART)
        part = left if isinstance(left, int) and 20 <= left <= 80 else LEFT_PART
        self.split.setSizes([part * 100, (100 - part) * 100])

    def _keep_split(self) -> None:
        left, right = self.split.sizes()
        self.tools.preferences.set("requests.split", round(100 * left / max(1, left + right)))
