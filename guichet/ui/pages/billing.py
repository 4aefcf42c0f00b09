"""Billing: a period from its checks to its invoices, what was issued, and the money that comes in."""

from typing import Any

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import payments
from guichet.services.payments import PaymentQuery, PaymentRow
from guichet.ui.page import Destination, Page, Tools
from guichet.ui.tables import Column
from guichet.ui.topics import Topic
from guichet.ui.widgets.invoice_list import UNPAID, InvoiceList
from guichet.ui.widgets.issue_panel import IssuePanel
from guichet.ui.widgets.sql_list import SqlList

PAYMENT_COLUMNS = (
    Column[PaymentRow]("Numéro", lambda row: row.number, 10, sort="number", bold=True),
    Column[PaymentRow]("Encaissé le", lambda row: format_date(row.received_on), 11, sort="received_on"),
    Column[PaymentRow]("Famille", lambda row: row.family_label, None, sort="family_label"),
    Column[PaymentRow]("Payeur", lambda row: row.payer_name, None, optional=2),
    Column[PaymentRow]("Moyen", lambda row: row.mode_label, 18),
    Column[PaymentRow]("Référence", lambda row: row.reference, 18, optional=1),
    Column[PaymentRow](
        "Montant", lambda row: format_euros(row.amount_cents), 11, right=True, sort="amount_cents"
    ),
    Column[PaymentRow](
        "Affecté", lambda row: format_euros(row.allocated_cents), 11, right=True,
        hint="Part du règlement qui paie des factures ; le reste est en crédit",
    ),
    Column[PaymentRow](
        "Annulation", lambda row: row.cancelled_by or (f"de {row.cancels}" if row.cancels else ""), 12, optional=3
    ),
)  # fmt: skip


class BillingPage(Page):
    """A clerk's month. `open(UNPAID)` shows what is still owed."""

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
        self.payments = SqlList[PaymentRow](
            tools,
            payments.search,
            PAYMENT_COLUMNS,
            lambda row: row.payment_id,
            name="Règlements",
            empty="Aucun règlement n’a encore été encaissé.",
            noun="règlement",
        )
        self.tabs.addTab(self.payments, "&Règlements")
        self.payments.table.opened.connect(lambda row: self.go.emit(Destination("families", row.family_id)))
        self.issue.issued.connect(self._show_issued)
        self.issue.go.connect(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 12)
        layout.addWidget(self.tabs)

    def first_focus(self) -> QWidget:
        shown = self.tabs.currentWidget()
        if shown is self.issue:
            return self.issue.month
        return self.payments.table if shown is self.payments else self.invoices.list.table

    def reload(self) -> None:
        self.invoices.reload()
        if self.payments.query is None:
            self.payments.ask(PaymentQuery())
        else:
            self.payments.reload()

    def open(self, wanted: Any) -> None:
        if wanted == UNPAID:
            self.tabs.setCurrentWidget(self.invoices)
            self.invoices.show_only_unpaid()

    def show_example(self) -> None:
        self.tabs.setCurrentWidget(self.invoices)
        self.invoices.list.table.select(0)

    def _show_issued(self) -> None:
        self.tabs.setCurrentWidget(self.invoices)
