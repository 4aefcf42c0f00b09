"""Money received from a family: how much, by what means, for which invoices."""

from collections.abc import Hashable
from datetime import date
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import AlreadyApplied, UserError
from guichet.rules.money import format_euros
from guichet.rules.text import format_date, paris_day
from guichet.services import billing_views, invoice_documents, payments
from guichet.services.billing_views import RegieView
from guichet.services.invoice_documents import InvoiceQuery, InvoiceRow
from guichet.services.paging import Page
from guichet.services.payment_targets import Target
from guichet.services.payments import PaymentResult, RecordPayment
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import MONEY
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import Form, button, text_label
from guichet.ui.widgets.notices import Banner
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.widgets.typed_fields import DateField, MoneyField
from guichet.ui.wording import NBSP, period

COLUMNS = (
    Column[InvoiceRow]("Facture", lambda row: row.number, 10, bold=True),
    Column[InvoiceRow]("Période", lambda row: period(row.period_start, row.period_end), None),
    Column[InvoiceRow]("Échéance", lambda row: format_date(row.due_on), 10),
    Column[InvoiceRow]("Reste dû", lambda row: format_euros(row.left_cents), 11, right=True),
)


class PaymentDialog(Dialog):
    """Records one payment. Ticked invoices are paid in that order; none ticked, the oldest first.

    `recorded` (PaymentResult) after the commit. What was typed stays until the base has it: Escape keeps it for the next
    time, « Annuler » forgets it.
    """

    recorded = Signal(object)

    def __init__(
        self, tools: Tools, family_id: int, family_label: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Encaisser un règlement")
        self._tools = tools
        self._family_id = family_id
        self._draft_label = f"Règlement de {family_label}"
        self.banner = Banner(tools.theme, self)
        self.banner.follow(tools.desk)
        self.regie = QComboBox(self)
        self.mode = QComboBox(self)
        self.amount = MoneyField(self, least=1)
        self.received_on = DateField(self._today, self, latest=self._today())
        self.reference = QLineEdit(self)
        self.reference.setPlaceholderText("Numéro de chèque, référence du virement…")
        self.form = Form(self, keys_in=self)
        self.form.add("regie", "&Régie", self.regie, required=True)
        self.form.add("mode", "&Moyen de paiement", self.mode, required=True)
        self.form.add("amount", "M&ontant", self.amount, required=True)
        self.form.add("received_on", "&Encaissé le", self.received_on, required=True)
        self.form.add("reference", "Référen&ce", self.reference)
        self.invoices = ShortTable(
            tools.theme, COLUMNS, "Factures à régler", "Aucune facture due\u00a0: le règlement restera en crédit.", self,
            checkable=True, identity=lambda row: row.invoice_id,
        )  # fmt: skip
        self.invoices.setMinimumHeight(self.fontMetrics().height() * 6)
        self._ticked: set[Hashable] = set()
        self.form.add_state("invoices", self._ticks, self._put_ticks, self.invoices.paged.checks_changed)
        self.rest = text_label("", "muted", self, wrap=True)
        self.save = button("Encaisser", self, role="primary")
        self.save.setDefault(True)
        self.form.finish(self.save)
        cancel = button("Annuler", self)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.save, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.WIDE, Space.LARGE, Space.WIDE, Space.LARGE)
        layout.setSpacing(Space.MEDIUM)
        layout.addWidget(text_label(family_label, "heading", self))
        layout.addWidget(self.banner)
        layout.addWidget(self.form)
        label = text_label(
            "&Factures à régler (aucune cochée\u00a0: les plus anciennes d’abord)", "section", self
        )
        label.setBuddy(self.invoices)
        layout.addWidget(label)
        layout.addWidget(self.invoices, 1)
        layout.addWidget(self.rest)
        layout.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 78)
        self.regie.currentIndexChanged.connect(self._regie_chosen)
        self.form.changed.connect(self._say_rest)
        self.form.submitted.connect(self._save)
        cancel.clicked.connect(self._cancel)
        tools.desk.fetch(billing_views.regies, None, then=self._show_regies)

    def _today(self) -> date:
        return paris_day(self._tools.desk.clock())

    def _show_regies(self, regies: tuple[RegieView, ...]) -> None:
        for regie in regies:
            if regie.collects:
                self.regie.addItem(regie.name, regie)
        if not self.regie.count():
            self.form.show_error(UserError("Aucune régie n’encaisse ici.", field="regie"))
            return
        self.form.set_values({"received_on": self._today()})
        self.form.keep_draft(self._tools.drafts, f"payment:{self._family_id}", self._draft_label)
        self.amount.setFocus(Qt.FocusReason.OtherFocusReason)

    def _regie_chosen(self) -> None:
        regie: RegieView | None = self.regie.currentData()
        self.mode.clear()
        self._ticked = set()
        if regie is None:
            return
        self.mode.addItems([label for _, label in regie.modes])
        query = InvoiceQuery(
            family_id=self._family_id,
            regie_id=regie.regie_id,
            unpaid=True,
            sort="issued_on",
            descending=False,
        )
        self._tools.desk.fetch(invoice_documents.search, query, then=self._show_invoices, key=self)

    def _show_invoices(self, page: Page[InvoiceRow]) -> None:
        self.invoices.show_rows(page.rows)
        self.invoices.paged.set_checked(self._ticked & {row.invoice_id for row in page.rows})
        self._say_rest()

    def _ticks(self) -> list[int]:
        return sorted(row.invoice_id for row in self._chosen())

    def _put_ticks(self, invoice_ids: list[int]) -> None:
        """Tick again what a draft kept, now or when the invoices are read."""
        self._ticked = set(invoice_ids)
        self.invoices.paged.set_checked(self._ticked)

    def _chosen(self) -> list[InvoiceRow]:
        paged = self.invoices.paged
        return [row for row in paged.rows_at_hand() if row.invoice_id in paged.checked]

    def _say_rest(self) -> None:
        chosen = self._chosen()
        owed = sum(row.left_cents for row in chosen or self.invoices.paged.rows_at_hand())
        what = "des factures cochées" if chosen else "de toutes les factures dues"
        text = f"Reste dû {what}{NBSP}: {format_euros(owed)}."
        amount = self.amount.value or 0
        if amount > owed:
            text += f" {format_euros(amount - owed)} resteront en crédit sur le compte."
        elif 0 < amount < owed:
            text += f" Il restera {format_euros(owed - amount)} à payer."
        self.rest.setText(text)

    def _save(self) -> None:
        self.form.send(
            self._tools.desk,
            payments.record,
            self._command,
            changes=MONEY,
            then=self._show_recorded,
            already=self._show_already,
        )

    def _command(self, values: dict[str, Any]) -> RecordPayment:
        regie: RegieView = values["regie"]
        return RecordPayment(
            family_id=self._family_id,
            regie_id=regie.regie_id,
            mode=regie.modes[self.mode.currentIndex()][0],  # Qt gives an enumeration back as plain text
            amount_cents=values["amount"],
            received_on=values["received_on"],
            reference=values["reference"],
            targets=tuple(Target(invoice_id=row.invoice_id) for row in self._chosen()),
            command_id=str(uuid4()),
        )

    def _show_recorded(self, result: PaymentResult) -> None:
        credit = f", dont {format_euros(result.credit_cents)} en crédit" if result.credit_cents else ""
        self._tools.messages.inform(
            f"Règlement {result.number}{NBSP}: {format_euros(result.amount_cents)}{credit}"
        )
        self.recorded.emit(result)
        self.accept()

    def _show_already(self, _error: AlreadyApplied) -> None:
        self._tools.messages.inform("Ce règlement était déjà enregistré.")
        self.accept()

    def reject(self) -> None:
        """Close; what is typed comes back next time."""
        if self.form.dirty:
            self._tools.messages.inform(f"Brouillon gardé{NBSP}: {self._draft_label}.")
        super().reject()

    def _cancel(self) -> None:
        self.form.discard()
        self.reject()
