"""Billing: a period from its checks to its invoices, what was issued, and the money that comes in."""

from typing import Any

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.ui.page import Page, Tools
from guichet.ui.topics import Topic
from guichet.ui.widgets.invoice_list import UNPAID, InvoiceList
from guichet.ui.widgets.issue_panel import IssuePanel


class BillingPage(Page):
    """A clerk's month. `open(UNPAID)` shows what is still owed."""

    name = "billing"
    title = "Facturation"
    icon = "file-document-outline"
    permission = Permission.READ_BILLING
    topics = frozenset({Topic.BILLING})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Facturation")
        self.tabs.setDocumentMode(True)
        self.issue = IssuePanel(tools, self)
        self.invoices = InvoiceList(tools, self)
        if tools.may(Permission.ISSUE_INVOICES):
            self.tabs.addTab(self.issue, "&Facturer une période")
        else:
            self.issue.hide()
        self.tabs.addTab(self.invoices, "Factures é&mises")
        self.issue.issued.connect(self._show_issued)
        self.issue.go.connect(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 12)
        layout.addWidget(self.tabs)

    def first_focus(self) -> QWidget:
        return self.issue.month if self.tabs.currentWidget() is self.issue else self.invoices.list.table

    def reload(self) -> None:
        self.invoices.reload()

    def open(self, wanted: Any) -> None:
        if wanted == UNPAID:
            self.tabs.setCurrentWidget(self.invoices)
            self.invoices.show_only_unpaid()

    def show_example(self) -> None:
        self.tabs.setCurrentWidget(self.invoices)
        self.invoices.list.table.select(0)

    def _show_issued(self) -> None:
        self.tabs.setCurrentWidget(self.invoices)
