"""A family's account: operations of a period between two balances, its printed statement, money received."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.statement import Operation
from guichet.rules.text import format_date, paris_day
from guichet.services import statements
from guichet.services.statements import StatementQuery, StatementView
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.payment_form import PaymentDialog
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP, euros_or_blank

CALENDAR_YEARS = 4

COLUMNS = (
    Column[Operation]("Numéro", lambda row: row.number, 9, bold=True),
    Column[Operation]("Date", lambda row: format_date(row.dated), 10),
    Column[Operation]("Opération", lambda row: row.description, 27),
    Column[Operation]("Régie", lambda row: row.regie, None, optional=1),
    Column[Operation]("Débit", lambda row: euros_or_blank(row.debit), 9, right=True),
    Column[Operation]("Crédit", lambda row: euros_or_blank(row.credit), 9, right=True),
)


class AccountTab(QWidget):
    """The statement on screen, and its PDF."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._family_id: int | None = None
        self._label = ""
        self.period = QComboBox(self)
        self.period.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        label = text_label("&Période", "", self)
        label.setBuddy(self.period)
        self.print = button("Relevé de compte (PDF)", self)
        self.receive = button("Encaisser…", self, role="primary")
        self.receive.setVisible(tools.may(Permission.RECORD_PAYMENTS))
        self.table = ShortTable(
            tools.theme, COLUMNS, "Opérations du compte", "Aucune opération sur cette période.", self
        )
        self.previous = text_label("", "muted", self)
        self.totals = text_label("", "heading", self)
        self.totals.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        for widget in (label, self.period):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.print)
        row.addWidget(self.receive)
        foot = QHBoxLayout()
        foot.addWidget(self.previous)
        foot.addStretch(1)
        foot.addWidget(self.totals)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.table, 1)
        layout.addLayout(foot)
        self.period.currentIndexChanged.connect(self._fetch)
        self.print.clicked.connect(self._print)
        self.receive.clicked.connect(self.receive_payment)

    def show_family(self, family_id: int, label: str) -> None:
        """Read and show the account of a family."""
        self._family_id, self._label = family_id, label
        if self.period.count():
            self._fetch()
        else:
            self._tools.desk.fetch(_school_years, None, then=self._show_periods)

    def receive_payment(self) -> None:
        """Open the dialog that records a payment of this family."""
        if self._family_id is not None:
            PaymentDialog(self._tools, self._family_id, self._label, self).open()

    def _show_periods(self, school_years: tuple[str, ...]) -> None:
        if self.period.count():
            return
        today = paris_day(self._tools.desk.clock())
        self.period.blockSignals(True)
        for year in range(today.year, today.year - CALENDAR_YEARS, -1):
            self.period.addItem(f"Année civile {year}", (None, year))
        for label in school_years:
            self.period.addItem(f"Année scolaire {label}", (label, None))
        self.period.blockSignals(False)
        self._fetch()

    def _query(self) -> StatementQuery | None:
        chosen = self.period.currentData()
        if chosen is None or self._family_id is None:
            return None
        school_year, year = chosen
        return StatementQuery(self._family_id, school_year=school_year or "", year=year)

    def _fetch(self) -> None:
        query = self._query()
        if query is not None:
            self._tools.desk.fetch(statements.statement, query, then=self._show, key=self)

    def _show(self, view: StatementView) -> None:
        account = view.account
        self.table.show_rows(account.operations)
        self.previous.setText(f"Ancien solde{NBSP}: {format_euros(account.previous_balance)}")
        self.totals.setText(
            f"Débit {format_euros(account.total_debit)}  ·  Crédit {format_euros(account.total_credit)}  ·  "
            f"Solde {format_euros(account.balance)}"
        )

    def _print(self) -> None:
        query = self._query()
        if query is None:
            return
        name = f"releve-{self.period.currentText().rsplit(' ', 1)[-1]}.pdf"

        def show(data: bytes) -> None:
            PdfDialog(self._tools, "Relevé de compte", data, name, self).open()

        self._tools.desk.fetch(statements.pdf, query, then=show, key=(self, "pdf"))


class PdfDialog(Dialog):
    """A printed document over the page."""

    def __init__(
        self, tools: Tools, title: str, data: bytes, suggested: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.pdf = PdfView(tools.theme, tools.messages, "", self)
        self.pdf.show_pdf(title, data, suggested)
        close = button("Fermer", self)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.pdf, 1)
        layout.addLayout(row)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 110, metrics.height() * 40)


def _school_years(session: Any, context: Any, _query: None) -> tuple[str, ...]:
    return statements.school_years(session, context)
