"""The sheet of one family: its name and balances above, its tabs below."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.services import family_sheet, requests, statements
from guichet.services.balances import Balances
from guichet.services.family_sheet import FamilySheet
from guichet.services.requests import Queue, RequestQuery, RequestRow
from guichet.ui.page import Destination, Tools
from guichet.ui.widgets.account_tab import AccountTab
from guichet.ui.widgets.family_sheet import BookingsTab, ChildrenTab, HouseholdTab
from guichet.ui.widgets.fields import restyle, text_label
from guichet.ui.widgets.invoice_list import InvoiceList
from guichet.ui.widgets.request_columns import FAMILY_COLUMNS
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import NBSP

INVOICED = "Solde facturé"
WITH_UNINVOICED = "Avec le non facturé"

Figure = tuple[QLabel, QLabel]


class FamilyView(QWidget):
    """`show_family` reads and shows a family; a tab reads its own part when it is first looked at. `go` as on a page."""

    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._desk = tools.desk
        self._family_id: int | None = None
        self.label = text_label("", "title", self)
        self.number = text_label("", "muted", self)
        self.household = HouseholdTab(tools, self)
        self.children_tab = ChildrenTab(tools, self)
        self.bookings = BookingsTab(tools, self)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Fiche famille")
        self.tabs.setDocumentMode(True)
        self._lazy: dict[int, Callable[[int], None]] = {}
        self._read: set[int] = set()
        self.tabs.addTab(self.household, "&Foyer")
        self.tabs.addTab(self.children_tab, "&Enfants")
        if tools.may(Permission.READ_REQUESTS):
            self.requests = self._build_requests(tools)
            self._add_lazy(self.requests, "&Demandes", self._show_requests)
        self._add_lazy(self.bookings, "Réser&vations", self.bookings.show_family)
        if tools.may(Permission.READ_BILLING):
            self.invoices = InvoiceList(tools, self, of_family=True)
            self.account = AccountTab(tools, self)
            self._add_lazy(self.invoices, "Fac&tures", self.invoices.show_all)
            self._add_lazy(self.account, "&Compte", self._show_account)
        self.tabs.currentChanged.connect(self._read_tab)
        sheet = QWidget(self)
        head = QHBoxLayout()
        titles = QVBoxLayout()
        titles.addWidget(self.label)
        titles.addWidget(self.number)
        head.addLayout(titles, 1)
        self.balance, self.whole_balance = self._add_balances(head)
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(8, 12, 16, 12)
        inside.addLayout(head)
        inside.addWidget(self.tabs, 1)
        self.empty = text_label("Choisissez une famille pour lire sa fiche.", "muted", self, wrap=True)
        self.empty.setMargin(24)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(sheet)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_family(self, family_id: int) -> None:
        """Read and show this family."""
        self._family_id = family_id
        self.reload()

    def reload(self) -> None:
        """Read again the family shown."""
        if self._family_id is not None:
            self._desk.fetch(family_sheet.sheet, self._family_id, then=self._show, key=self)
            if self._tools.may(Permission.READ_BILLING):
                self._desk.fetch(
                    statements.balances_of, self._family_id, then=self._show_balances, key=(self, "balances")
                )

    def _add_balances(self, head: QHBoxLayout) -> tuple[Figure, Figure]:
        """Two figures, never confused: what was invoiced, and that with what was consumed since."""
        figures = []
        for title, tip in (
            (INVOICED, "Factures − avoirs − règlements"),
            (WITH_UNINVOICED, "Solde facturé + ce qui est consommé et pas encore facturé"),
        ):
            column = QVBoxLayout()
            name = text_label(title, "muted", self)
            figure = text_label("", "amount", self)
            for each in (name, figure):
                each.setAlignment(Qt.AlignmentFlag.AlignRight)
                each.setToolTip(tip)
                each.setVisible(self._tools.may(Permission.READ_BILLING))
                column.addWidget(each)
            head.addLayout(column)
            head.addSpacing(16)
            figures.append((name, figure))
        return figures[0], figures[1]

    def _show_balances(self, balances: Balances) -> None:
        for (name, figure), cents, title in (
            (self.balance, balances.account, INVOICED),
            (self.whole_balance, balances.with_uninvoiced, WITH_UNINVOICED),
        ):
            side = "à payer" if cents > 0 else "en crédit" if cents < 0 else "à jour"
            name.setText(f"{title} · {side}")
            figure.setText(format_euros(abs(cents)))
            figure.setAccessibleName(f"{title}, {side} : {format_euros(abs(cents))}")
            figure.setProperty("owed", cents > 0)
            restyle(figure)

    def _build_requests(self, tools: Tools) -> SqlList[RequestRow]:
        listed = SqlList[RequestRow](
            tools,
            requests.list_requests,
            FAMILY_COLUMNS,
            lambda row: row.request_id,
            name="Demandes de la famille",
            empty="Cette famille n’a encore rien demandé.",
            noun="demande",
            parent=self,
        )
        listed.table.opened.connect(self._open_request)
        return listed

    def _show_requests(self, family_id: int) -> None:
        query = RequestQuery(queue=Queue.ALL, family_id=family_id, sort="submitted_at", descending=True)
        self.requests.ask(query, own_order=True)

    def _open_request(self, row: RequestRow) -> None:
        self.go.emit(Destination("requests", RequestQuery(queue=Queue.ALL, text=row.external_id)))

    def _show_account(self, family_id: int) -> None:
        self.account.show_family(family_id, self.label.text())

    def _add_lazy(self, tab: QWidget, title: str, show: Callable[[int], None]) -> None:
        self._lazy[self.tabs.addTab(tab, title)] = show

    def _show(self, sheet: FamilySheet) -> None:
        self.label.setText(sheet.label)
        self.number.setText(f"Famille n°{NBSP}{sheet.number}")
        self.household.show_sheet(sheet)
        self.children_tab.show_sheet(sheet)
        self._stack.setCurrentIndex(1)
        self._read.clear()
        self._read_tab(self.tabs.currentIndex())

    def _read_tab(self, place: int) -> None:
        if place in self._lazy and place not in self._read and self._family_id is not None:
            self._read.add(place)
            self._lazy[place](self._family_id)
