"""One request beside the list: its head and gates, each date or field with its tick and reasons, pieces, answer, history."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.typography import french
from guichet.services import request_detail
from guichet.services.request_detail import RequestDetail
from guichet.services.request_item_views import ItemView
from guichet.ui.page import Destination, Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.answer_tab import AnswerTab, Written
from guichet.ui.widgets.facts import Facts, ShortTable, scrolling
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.piece_tab import PieceTab
from guichet.ui.widgets.request_head import RequestHead, facts_of
from guichet.ui.widgets.request_tables import (
    DATE_COLUMNS,
    EVENT_COLUMNS,
    ITEM_LINES,
    columns_for,
    is_open,
    reasons_html,
    reasons_text,
    ticked_at_first,
)
from guichet.ui.widgets.two_lines import draw_two_lines

DETAILS_KEPT = 24


class RequestDetailView(QWidget):
    """`show_request` shows one, at once where it was read ahead; `shown` (RequestDetail or None) when what is shown
    changed; `go` as on a page.
    """

    shown = Signal(object)
    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._request_id: int | None = None
        self._ahead: dict[int, RequestDetail] = {}
        self._ticks: dict[int, tuple[int, frozenset[int]]] = {}
        self._filling = False
        self.detail: RequestDetail | None = None
        self.written: Callable[[], Written] = Written
        self.head = RequestHead(tools, self)
        self.items = ShortTable(
            tools.theme,
            DATE_COLUMNS,
            "Dates, champs ou pièces à décider",
            "Rien à décider dans cette demande.",
            self,
            checkable=True,
            identity=lambda item: item.item_id,
            editable=is_open,
        )
        draw_two_lines(self.items, tools.theme, ITEM_LINES)
        self.reasons = QLabel(self)
        self.reasons.setTextFormat(Qt.TextFormat.RichText)
        self.reasons.setWordWrap(True)
        self.reasons.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reasons.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts = Facts(self)
        self.all_items = button(
            "Tout cocher", self, role="link", tip="Cocher ou décocher tout ce qui est à décider"
        )
        self.pieces = PieceTab(tools, self)
        self.answer = AnswerTab(tools, self)
        self.history = ShortTable(tools.theme, EVENT_COLUMNS, "Historique", "Rien n’a encore été fait.", self)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Détail de la demande")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._build_items(), "À &décider")
        self.tabs.addTab(self.pieces, "P&ièces")
        self.tabs.addTab(self.answer, "Répon&se")
        self.tabs.addTab(self.history, "&Historique")
        self.empty = text_label("Choisissez une demande pour la lire.", "muted", self, wrap=True)
        self.empty.setMargin(24)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._build_sheet())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.items.current_changed.connect(self._say_reasons)
        self.items.paged.checks_changed.connect(self._ticked)
        self.all_items.clicked.connect(self._tick_all)
        self.head.family_wanted.connect(self._open_family)
        self.head.invoices_wanted.connect(self._open_invoices)
        self.head.health_wanted.connect(self._reveal_health)
        tools.theme.changed.connect(self._paint_reasons)

    def _build_items(self) -> QWidget:
        tab = QWidget(self)
        under = QWidget(tab)
        inside = QVBoxLayout(under)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(Space.SMALL)
        inside.addWidget(self.reasons)
        inside.addWidget(self.facts)
        inside.addStretch(1)
        why = scrolling(under, tab)
        why.setMinimumHeight(self.fontMetrics().height() * 2)
        column = QVBoxLayout(tab)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.items, 3)
        row = QHBoxLayout()
        row.addWidget(text_label("Pourquoi", "section", tab))
        row.addStretch(1)
        row.addWidget(self.all_items)
        column.addLayout(row)
        column.addWidget(why, 2)
        return tab

    def _fit_items(self) -> None:
        """No empty rows under the dates: what the request says has the room."""
        rows = max(2, self.items.paged.total)
        header = self.items.horizontalHeader().sizeHint().height()
        section = self.items.verticalHeader().defaultSectionSize()
        self.items.setMinimumHeight(header + section + 6)
        self.items.setMaximumHeight(header + rows * section + 6)

    def _build_sheet(self) -> QWidget:
        sheet = QWidget(self)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.MEDIUM, Space.TIGHT)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.head)
        column.addWidget(self.tabs, 1)
        return sheet

    @property
    def request_id(self) -> int | None:
        """The request shown or being read."""
        return self._request_id

    def show_request(self, request_id: int | None) -> None:
        """Show a request, what was read ahead first, then as it stands now; None shows nothing."""
        if request_id != self._request_id:
            self._request_id = request_id
            known = self._ahead.get(request_id) if request_id is not None else None
            if known is not None:
                self._show(known)
            else:
                self.detail = None
                self.shown.emit(None)
        if request_id is None:
            self._stack.setCurrentIndex(0)
            return
        self._tools.desk.fetch(
            request_detail.request_detail, request_id, then=self._show, failed=self._gone, key=self
        )

    def read_ahead(self, request_ids: Sequence[int]) -> None:
        """Read these beforehand, so that they show at once when their turn comes."""
        for rank, request_id in enumerate(request_ids):
            if request_id not in self._ahead:
                self._tools.desk.fetch(
                    request_detail.request_detail,
                    request_id,
                    then=self._keep,
                    failed=self._not_there,
                    key=(self, "ahead", rank),
                )

    def forget(self, request_id: int) -> None:
        """Do not show again what was known of a request before it changed."""
        self._ahead.pop(request_id, None)

    def reload(self) -> None:
        """Read again the request shown."""
        self.show_request(self._request_id)

    def focus_items(self) -> None:
        """Put the cursor among the dates or fields, to tick them."""
        self.tabs.setCurrentIndex(0)
        self.items.setFocus(Qt.FocusReason.OtherFocusReason)

    def follow_writing(self) -> None:
        """Show the answer as the decision being written would make it."""
        if self.detail is not None:
            self.answer.show_detail(self.detail, self.chosen(), self.written())

    def chosen(self) -> tuple[int, ...]:
        """The ids of the items ticked, in their order."""
        if self.detail is None:
            return ()
        ticked = self.items.paged.checked
        return tuple(item.item_id for item in self.detail.items if item.item_id in ticked and is_open(item))

    def likely_refusal(self) -> str:
        """The refusal code that the rules give most often to what is ticked."""
        if self.detail is None:
            return ""
        ticked = set(self.chosen())
        codes = Counter(
            item.verdict_code for item in self.detail.items if item.item_id in ticked and item.verdict_code
        )
        return codes.most_common(1)[0][0] if codes else ""

    def _keep(self, detail: RequestDetail) -> None:
        self._ahead.pop(detail.request_id, None)
        self._ahead[detail.request_id] = detail
        while len(self._ahead) > DETAILS_KEPT:
            del self._ahead[next(iter(self._ahead))]

    def _gone(self, error: Any) -> None:
        self._request_id = None
        self.detail = None
        self._stack.setCurrentIndex(0)
        self.shown.emit(None)
        self._tools.messages.refuse(error)

    def _not_there(self, error: Any) -> None:
        """A request that went before its turn came: the list will say so."""

    def _show(self, detail: RequestDetail) -> None:
        if detail.request_id != self._request_id:
            return
        self._keep(detail)
        if detail == self.detail:
            self.shown.emit(detail)
            return
        another = self.detail is None or self.detail.request_id != detail.request_id
        self.detail = detail
        self._filling = True
        self.head.show_detail(detail)
        self.head.health.setVisible(
            any(item.masked for item in detail.items) and self._tools.may(Permission.READ_HEALTH)
        )
        self.items.show_columns(columns_for(detail.items))
        self.items.show_rows(detail.items)
        self.facts.show_pairs(facts_of(detail))
        self._fit_items()
        self.items.paged.set_checked(set(self._first_ticks(detail)))
        if another or self.items.current_row() is None:
            open_first = (place for place, item in enumerate(detail.items) if is_open(item))
            self.items.select(next(open_first, 0))
        self._say_reasons(self.items.current_row())
        self._filling = False
        self.pieces.show_pieces(detail.pieces) if another or not self.pieces.is_open else None
        self.tabs.setTabText(1, f"P&ièces ({len(detail.pieces)})" if detail.pieces else "P&ièces")
        self.history.show_rows(detail.history)
        self.all_items.setVisible(sum(map(is_open, detail.items)) > 1)
        self._stack.setCurrentIndex(1)
        self.follow_writing()
        self.shown.emit(detail)

    def _first_ticks(self, detail: RequestDetail) -> frozenset[int]:
        """What was ticked when the request was last looked at, as long as it has not changed since."""
        version, ticks = self._ticks.get(detail.request_id, (0, frozenset()))
        return ticks if version == detail.version else frozenset(ticked_at_first(detail.items))

    def _ticked(self) -> None:
        detail = self.detail
        if self._filling or detail is None:
            return
        self._ticks[detail.request_id] = (detail.version, frozenset(self.chosen()))
        self.follow_writing()

    def _tick_all(self) -> None:
        detail = self.detail
        if detail is not None:
            open_items = {item.item_id for item in detail.items if is_open(item)}
            everything = open_items <= set(self.chosen())
            self.items.paged.set_checked(set() if everything else set(open_items))

    def _say_reasons(self, item: ItemView | None) -> None:
        self.reasons.setText(french(reasons_html(item, self._tools.theme)))
        self.reasons.setAccessibleName(french(reasons_text(item)))

    def _paint_reasons(self) -> None:
        self._fit_items()
        self._say_reasons(self.items.current_row())

    def _open_family(self) -> None:
        if self.detail is not None and self.detail.family_id is not None:
            self.go.emit(Destination("families", self.detail.family_id))

    def _open_invoices(self) -> None:
        if self.detail is not None and self.detail.family_id is not None:
            self.go.emit(Destination("families", {"family": self.detail.family_id, "tab": "invoices"}))

    def _reveal_health(self) -> None:
        if self._request_id is not None:
            self._tools.desk.execute(
                request_detail.reveal_health, self._request_id, changes=NOTHING, then=self._show
            )
