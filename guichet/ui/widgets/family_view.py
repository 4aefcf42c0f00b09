"""The sheet of one family: its name, balances and what waits above, its tabs below."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QLabel,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import family_alerts, family_sheet, requests, statements
from guichet.services.family_sheet import FamilySheet
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.request_rows import RequestRow
from guichet.ui.page import Destination, Tools
from guichet.ui.tokens import Space
from guichet.ui.widgets.family_alerts import AlertStrip
from guichet.ui.widgets.family_head import FamilyHead, Figure
from guichet.ui.widgets.family_household import HouseholdTab
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.request_columns import FAMILY_COLUMNS
from guichet.ui.widgets.sql_list import SqlList

if TYPE_CHECKING:
    from guichet.services.invoice_documents import InvoiceRow
    from guichet.ui.widgets.account_tab import AccountTab
    from guichet.ui.widgets.family_children import ChildrenTab
    from guichet.ui.widgets.family_journal import JournalTab
    from guichet.ui.widgets.family_messages import MessagesTab
    from guichet.ui.widgets.family_pieces import PiecesTab
    from guichet.ui.widgets.family_planning import PlanningTab
    from guichet.ui.widgets.invoice_list import InvoiceList


def _read_family(part: Any, family_id: int) -> None:
    part.show_family(family_id)


@dataclass(frozen=True)
class Tab:
    """One tab: its module imported and its widget built when first looked at, read when looked at after a change."""

    key: str
    title: str
    build: Callable[[], QWidget]
    read: Callable[[Any, int], None] | None = _read_family
    permission: Permission = Permission.READ_FAMILIES


class FamilyView(QWidget):
    """`show_family` reads and shows a family; a tab reads its own part when it is first looked at.

    `go` as on a page; `moved` when another tab is shown; `named` (id, label) once the family's name is known.
    """

    go = Signal(object)
    moved = Signal()
    named = Signal(object, str)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._desk = tools.desk
        self.family_id: int | None = None
        self.family_label = ""
        self._sheet: FamilySheet | None = None
        self._stale = False
        self.head = FamilyHead(self, with_balances=tools.may(Permission.READ_BILLING))
        self.head.uninvoiced_wanted.connect(self.show_uninvoiced)
        self.alerts = AlertStrip(tools.theme, self)
        self.alerts.wanted.connect(self.show_tab)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Fiche famille")
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self._read: set[str] = set()
        self._built: dict[str, QWidget] = {}
        self._tabs = tuple(tab for tab in self._offered() if tools.may(tab.permission))
        for tab in self._tabs:
            self.tabs.addTab(QWidget(self.tabs), tab.title)
        self.tabs.currentChanged.connect(self._tab_changed)
        sheet = QWidget(self)
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(Space.SMALL, Space.MEDIUM, Space.LARGE, Space.SMALL)
        inside.addWidget(self.head)
        inside.addWidget(self.alerts)
        inside.addWidget(self.tabs, 1)
        self.empty = text_label(
            "Choisissez une famille dans la liste pour lire sa fiche. "
            "Entrée la garde ouverte dans un onglet, les flèches la montrent en passant.",
            "muted",
            self,
            wrap=True,
        )
        self.empty.setMargin(Space.WIDE)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(sheet)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _offered(self) -> tuple[Tab, ...]:
        return (
            Tab("household", "&Foyer", self._build_household, None),
            Tab("children", "&Enfants", self._build_children),
            Tab("pieces", "Pièce&s", self._build_pieces),
            Tab(
                "requests",
                "De&mandes",
                self._build_requests,
                lambda _, family_id: self._show_requests(family_id),
                Permission.READ_REQUESTS,
            ),
            Tab("bookings", "Réser&vations", self._build_planning),
            Tab(
                "invoices",
                "Fac&tures",
                self._build_invoices,
                lambda part, family_id: part.show_all(family_id),
                Permission.READ_BILLING,
            ),
            Tab(
                "account",
                "&Compte",
                self._build_account,
                lambda part, family_id: part.show_family(family_id, self.family_label),
                Permission.READ_BILLING,
            ),
            Tab("messages", "Échan&ges", self._build_messages),
            Tab("journal", "&Journal", self._build_journal),
        )

    # What is shown

    def show_family(self, family_id: int, tab: str = "") -> None:
        """Read and show this family, at this tab (as it was, when none is named)."""
        if family_id != self.family_id:
            self._forget_parts()
            self.head.clear()
            self.family_id = family_id
            self.alerts.show_alerts(())
        if tab:
            self.show_tab(tab)
        self.reload()

    def await_family(self, family_id: int, label: str, tab: str = "") -> None:
        """Hold a family that is read when the view is first shown."""
        self.family_id, self.family_label, self._stale = family_id, label, True
        self.head.clear(label)
        if tab:
            self.show_tab(tab)

    def reload(self) -> None:
        """Read again the family shown; a view that is not on screen waits until it is."""
        if self.family_id is None:
            return
        self._stale = False
        self._desk.fetch(
            family_sheet.sheet, self.family_id, then=self._show, failed=self._lost, key=(self, "sheet")
        )
        self._desk.fetch(
            family_alerts.alerts, self.family_id, then=self.alerts.show_alerts, key=(self, "alerts")
        )
        if self._tools.may(Permission.READ_BILLING):
            self._desk.fetch(
                statements.balances_of, self.family_id, then=self.head.show_balances, key=(self, "balances")
            )

    def mark_stale(self) -> None:
        """Something changed: read again when next looked at."""
        self._stale = True

    def refresh_if_stale(self) -> None:
        """Read again what changed while the view was hidden."""
        if self._stale:
            self.reload()

    @property
    def current_tab(self) -> str:
        """The key of the tab shown."""
        return self._tabs[self.tabs.currentIndex()].key

    @property
    def current_title(self) -> str:
        """The title of the tab shown."""
        return self._tabs[self.tabs.currentIndex()].title.replace("&", "")

    @property
    def tab_titles(self) -> tuple[tuple[str, str], ...]:
        """The key and title of each tab that this family has."""
        return tuple(
            (tab.key, tab.title.replace("&", ""))
            for place, tab in enumerate(self._tabs)
            if self.tabs.isTabVisible(place)
        )

    def show_tab(self, key: str) -> None:
        """Show a tab by its key; one that this account may not see is left."""
        for place, tab in enumerate(self._tabs):
            if tab.key == key:
                self.tabs.setCurrentIndex(place)

    def part(self, key: str) -> Any:
        """The widget of a tab, built now if it was never looked at. Raises KeyError for one the role may not see."""
        if key not in self._built:
            place = next((place for place, tab in enumerate(self._tabs) if tab.key == key), None)
            if place is None:
                raise KeyError(key)
            self._put(place)
        return self._built[key]

    @property
    def number(self) -> QLabel:
        """Where the family's number is shown."""
        return self.head.number

    @property
    def balance(self) -> Figure:
        """What was invoiced, less what was paid: its title and its figure."""
        return self.head.balance

    @property
    def whole_balance(self) -> Figure:
        """The same with what is not invoiced yet."""
        return self.head.whole_balance

    @property
    def account(self) -> "AccountTab":
        """The account's tab."""
        found: AccountTab = self.part("account")
        return found

    @property
    def household(self) -> HouseholdTab:
        """The household's tab."""
        found: HouseholdTab = self.part("household")
        return found

    def _put(self, place: int) -> None:
        """Put a tab's widget in the place that was held for it."""
        tab = self._tabs[place]
        self._built[tab.key] = made = tab.build()
        self._replace(place, made, tab.title)

    def _replace(self, place: int, made: QWidget, title: str) -> None:
        current, held = self.tabs.currentIndex(), self.tabs.widget(place)
        visible = self.tabs.isTabVisible(place)
        self.tabs.blockSignals(True)
        self.tabs.removeTab(place)
        self.tabs.insertTab(place, made, title)
        self.tabs.setTabVisible(place, visible)
        self.tabs.setCurrentIndex(current)
        self.tabs.blockSignals(False)
        if held is not None:
            held.deleteLater()

    def _forget_parts(self) -> None:
        """Empty every tab: nothing of one family may stand, even for a moment, under the name of another."""
        for place, tab in enumerate(self._tabs):
            part = self._built.pop(tab.key, None)
            if part is not None:
                self._replace(place, QWidget(self.tabs), tab.title)
        self._read.clear()

    def _build_household(self) -> HouseholdTab:
        tab = HouseholdTab(self._tools, self)
        tab.edit_wanted.connect(self.edit_contacts)
        if self._sheet is not None:
            tab.show_sheet(self._sheet)
        return tab

    def _build_children(self) -> "ChildrenTab":
        from guichet.ui.widgets.family_children import ChildrenTab

        return ChildrenTab(self._tools, self)

    def _build_account(self) -> "AccountTab":
        from guichet.ui.widgets.account_tab import AccountTab

        return AccountTab(self._tools, self)

    def _build_messages(self) -> "MessagesTab":
        from guichet.ui.widgets.family_messages import MessagesTab

        return MessagesTab(self._tools, self)

    def _build_journal(self) -> "JournalTab":
        from guichet.ui.widgets.family_journal import JournalTab

        return JournalTab(self._tools, self)

    def _build_pieces(self) -> "PiecesTab":
        from guichet.ui.widgets.family_pieces import PiecesTab

        tab = PiecesTab(self._tools, self)
        tab.go.connect(self.go)
        return tab

    def _build_planning(self) -> "PlanningTab":
        from guichet.ui.widgets.family_planning import PlanningTab

        tab = PlanningTab(self._tools, self)
        tab.go.connect(self.go)
        return tab

    def _build_requests(self) -> SqlList[RequestRow]:
        listed = SqlList[RequestRow](
            self._tools,
            requests.list_requests,
            FAMILY_COLUMNS,
            lambda row: row.request_id,
            name="Demandes de la famille",
            empty="Cette famille n’a encore rien demandé.",
            noun="demande",
            parent=self,
        )
        listed.table.opened.connect(self._open_request)
        listed.table.setToolTip("Entrée ouvre la demande")
        return listed

    def _build_invoices(self) -> "InvoiceList":
        from guichet.ui.widgets.invoice_list import InvoiceList

        listed = InvoiceList(self._tools, self, of_family=True)
        listed.list.table.opened.connect(self._open_invoice)
        return listed

    def _open_invoice(self, row: "InvoiceRow") -> None:
        self.go.emit(Destination("billing", {"invoice": row.invoice_id}))

    def _show_requests(self, family_id: int) -> None:
        query = RequestQuery(queue=Queue.ALL, family_id=family_id, sort="submitted_at", descending=True)
        self.part("requests").ask(query, own_order=True)

    def _open_request(self, row: RequestRow) -> None:
        self.go.emit(Destination("requests", {"request": row.request_id}))

    def show_uninvoiced(self) -> None:
        """Open the lines that no invoice carries yet."""
        from guichet.ui.widgets.uninvoiced import UninvoicedDialog

        if self.family_id is not None:
            UninvoicedDialog(
                self._tools, self.family_id, self.family_label, self.head.balances.uninvoiced, self
            ).open()

    def edit_contacts(self, person_id: int) -> None:
        """Open the form that changes how a person is reached."""
        from guichet.ui.widgets.contacts_form import ContactsDialog

        if self.family_id is not None:
            ContactsDialog(self._tools, self.family_id, person_id, self).open()

    def _show(self, sheet: FamilySheet) -> None:
        self._sheet = sheet
        self.family_label = sheet.label
        self.head.show_sheet(sheet)
        self._show_place_of_messages(sheet)
        if "household" in self._built:
            self.household.show_sheet(sheet)
        self._stack.setCurrentIndex(1)
        self._read.clear()
        self._read_tab()
        self.named.emit(sheet.family_id, sheet.label)

    def _lost(self, error: UserError) -> None:
        """The family no longer exists: say it in its place."""
        self.empty.setText(error.message)
        self._stack.setCurrentIndex(0)

    def _show_place_of_messages(self, sheet: FamilySheet) -> None:
        place = next(place for place, tab in enumerate(self._tabs) if tab.key == "messages")
        self.tabs.setTabVisible(place, sheet.messages > 0)

    def _tab_changed(self, _place: int) -> None:
        self._read_tab()
        self.moved.emit()

    def _read_tab(self) -> None:
        """Build and read the tab shown, once the family's name is known."""
        if self._sheet is None or self._sheet.family_id != self.family_id:
            return
        tab = self._tabs[self.tabs.currentIndex()]
        if tab.key in self._read:
            return
        self._read.add(tab.key)
        part = self.part(tab.key)
        if tab.read is not None:
            tab.read(part, self.family_id)
