"""Billing: a period from its checks to its invoices, what was issued, and the money that comes in."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.ui.actions import Action
from guichet.ui.page import Page, Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.invoice_list import UNPAID, InvoiceList
from guichet.ui.widgets.issue_panel import STEPS, IssuePanel
from guichet.ui.widgets.payment_list import PaymentList


class BillingPage(Page):
    """A clerk's month.

    `open` takes UNPAID (what is still owed), {"invoice": id}, {"payment": id}, or {"tab": "issue" | "invoices" |
    "payments"} with what each tab's `here` says: {"step": "preview", "start": "2026-02-01", "end": "2026-02-28"}.
    """

    topics = frozenset({Topic.BILLING})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Facturation")
        self.tabs.setDocumentMode(True)
        self.issue = IssuePanel(tools, self)
        self.invoices = InvoiceList(tools, self)
        self.payments = PaymentList(tools, self)
        self._unread: set[IssuePanel | InvoiceList | PaymentList] = set()
        self._tabs: dict[str, IssuePanel | InvoiceList | PaymentList] = {}
        if tools.may(Permission.ISSUE_INVOICES):
            self._add("issue", self.issue, "&Facturer une période")
        else:
            self.issue.hide()
        self._add("invoices", self.invoices, "Factures ém&ises")
        self._add("payments", self.payments, "&Règlements")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.MEDIUM)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(self._tab_changed)

    def _add(self, name: str, tab: IssuePanel | InvoiceList | PaymentList, title: str) -> None:
        self._tabs[name] = tab
        self.tabs.addTab(tab, title)
        tab.go.connect(self.go)
        tab.moved.connect(self.moved)

    def first_focus(self) -> QWidget:
        shown = self._shown()
        return shown.first_focus() if isinstance(shown, IssuePanel) else shown.list.table

    def reload(self) -> None:
        self._unread = set(self._tabs.values())
        self._read_shown()

    def _read_shown(self) -> None:
        """A tab is read when it is looked at: years of invoices wait for nobody."""
        shown = self._shown()
        if shown in self._unread:
            self._unread.discard(shown)
            shown.reload()

    def _tab_changed(self) -> None:
        self._read_shown()
        self.moved.emit()

    def open(self, wanted: Any) -> None:
        if wanted == UNPAID:
            self.tabs.setCurrentWidget(self.invoices)
            self.invoices.show_only_unpaid()
        if not isinstance(wanted, dict):
            return
        named = "payments" if "payment" in wanted else "invoices" if "invoice" in wanted else "issue"
        tab = self._tabs.get(wanted.get("tab", named), self.invoices)
        self.tabs.setCurrentWidget(tab)
        if isinstance(tab, IssuePanel):
            tab.open(wanted)
        elif isinstance(tab, InvoiceList):
            tab.show_filters(wanted)
        else:
            payment_id = wanted.get("payment")
            tab.show_payment(payment_id if isinstance(payment_id, int) else None)

    def here(self) -> Any:
        shown = self._shown()
        name = next(name for name, tab in self._tabs.items() if tab is shown)
        return {"tab": name, **shown.here()}

    def crumbs(self) -> tuple[str, ...]:
        shown = self._shown()
        if shown is self.issue:
            return shown.crumbs()
        return (self.tabs.tabText(self.tabs.currentIndex()).replace("&", ""), *shown.crumbs())

    def page_actions(self) -> Sequence[Action]:
        if "issue" not in self._tabs:
            return ()
        return tuple(
            Action(action.label, partial(self._act, action), action.shortcut, action.icon, action.words)
            for action in self.issue.page_actions()
        )

    def step_back(self) -> bool:
        return self._shown().step_back()

    def show_example(self) -> None:
        shown = self._shown()
        if not isinstance(shown, IssuePanel):
            shown.list.table.select(0)
        elif shown.step == STEPS[0]:
            rows = shown.preview.list
            rows.loaded.connect(lambda _: rows.table.select(0), Qt.ConnectionType.SingleShotConnection)
            shown.show_step("preview")

    def _shown(self) -> IssuePanel | InvoiceList | PaymentList:
        return next(tab for tab in self._tabs.values() if tab is self.tabs.currentWidget())

    def _act(self, action: Action) -> None:
        self.tabs.setCurrentWidget(self.issue)
        action.run()
