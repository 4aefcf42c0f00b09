"""Payments received: a list, and for the one chosen what it paid and how to undo it."""

from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import payment_views, payments
from guichet.services.payment_views import AllocationRow, PaymentDetail
from guichet.services.payments import CancelPayment, PaymentQuery, PaymentResult, PaymentRow
from guichet.ui.messages import Question
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import MONEY
from guichet.ui.widgets.facts import Facts, ShortTable
from guichet.ui.widgets.fields import Form, button, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.sql_list import SqlList

COLUMNS = (
    Column[PaymentRow]("Numéro", lambda row: row.number, 9, sort="number", bold=True),
    Column[PaymentRow](
        "Encaissé le", lambda row: format_date(row.received_on), 11, sort="received_on",
        value=lambda row: row.received_on,
    ),
    Column[PaymentRow]("Famille", lambda row: row.family_label, None, sort="family_label"),
    Column[PaymentRow]("Payeur", lambda row: row.payer_name, None, optional=5),
    Column[PaymentRow]("Moyen", lambda row: row.mode_label, 14, optional=2),
    Column[PaymentRow]("Référence", lambda row: row.reference, 14, optional=4),
    Column[PaymentRow](
        "Montant", lambda row: format_euros(row.amount_cents), 11, right=True, sort="amount_cents",
        value=lambda row: row.amount_cents / 100,
    ),
    Column[PaymentRow](
        "Affecté", lambda row: format_euros(row.allocated_cents), 11, right=True, optional=1,
        hint="Part du règlement qui paie des factures\u202f; le reste est en crédit",
        value=lambda row: row.allocated_cents / 100,
    ),
    Column[PaymentRow](
        "Annulation", lambda row: row.cancelled_by or (f"de {row.cancels}" if row.cancels else ""), 11,
        optional=3,
    ),
)  # fmt: skip

ALLOCATION_COLUMNS = (
    Column[AllocationRow]("Facture", lambda row: row.invoice or "non facturé", 11, bold=True),
    Column[AllocationRow]("Jour", lambda row: format_date(row.day), 10, optional=1),
    Column[AllocationRow]("Enfant", lambda row: row.child, 9, optional=2),
    Column[AllocationRow]("Prestation", lambda row: f"{row.activity}, {row.label}".strip(", "), None),
    Column[AllocationRow]("Payé", lambda row: format_euros(row.amount_cents), 10, right=True),
)


class PaymentList(QWidget):
    """`go` (Destination) opens a family or an invoice, `moved` when another payment is shown."""

    go = Signal(object)
    moved = Signal()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._shown: PaymentDetail | None = None
        self._alone: int | None = None
        self.list = SqlList[PaymentRow](
            tools,
            payments.search,
            COLUMNS,
            lambda row: row.payment_id,
            name="Règlements",
            empty="Aucun règlement n’a encore été encaissé.",
            noun="règlement",
            key="billing.payments",
            filter_hint="Numéro, référence, nom ou numéro de famille",
            parent=self,
        )
        self.whole = button("Tous les règlements", self, role="link")
        self.whole.hide()
        self.list.add_views()
        self.list.head.addWidget(self.whole)
        self.detail = QWidget(self)
        self.title = text_label(
            "Choisissez un règlement pour lire ce qu’il a payé.", "heading", self, wrap=True
        )
        self.open_family = button("Ouvrir la famille", self, role="link")
        self.facts = Facts(self.detail)
        self.allocations = ShortTable(
            tools.theme, ALLOCATION_COLUMNS, "Ce que le règlement a payé", "Ce règlement ne paie encore rien.",
            self.detail, identity=lambda row: row.allocation_id,
        )  # fmt: skip
        self.reason = QLineEdit(self.detail)
        self.reason.setPlaceholderText("Chèque impayé, erreur de famille…")
        self.form = Form(self.detail)
        self.form.add("reason", "&Motif de l’annulation", self.reason)
        self.form.finish()
        self.cancel = button("Annuler ce règlement…", self.detail, role="danger")
        self.cancel.setToolTip(
            "Une écriture inverse, datée d’aujourd’hui\u202f; les factures redeviennent dues"
        )
        self._lay_out()
        self.list.table.current_changed.connect(self._choose)
        self.list.table.opened.connect(
            lambda _row: self.allocations.setFocus(Qt.FocusReason.OtherFocusReason)
        )
        self.list.loaded.connect(self._loaded)
        self.allocations.opened.connect(self._open_invoice)
        self.open_family.clicked.connect(self._open_family)
        self.reason.returnPressed.connect(self._confirm)
        self.cancel.clicked.connect(self._confirm)
        self.whole.clicked.connect(self._show_whole)
        self._show_none()

    def _lay_out(self) -> None:
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.open_family)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        column = QVBoxLayout(self.detail)
        column.setContentsMargins(Space.SMALL, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addLayout(head)
        column.addWidget(self.facts)
        column.addWidget(self.allocations, 1)
        column.addWidget(self.form)
        column.addLayout(foot)
        split = halves(Qt.Orientation.Horizontal, self.list, self.detail, (3, 2), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addWidget(split)

    def reload(self) -> None:
        """Read the list, and the payment shown, again."""
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()
        if self._shown is not None:
            self._read(self._shown.payment_id)

    def show_payment(self, payment_id: int | None) -> None:
        """Show one payment alone; a button leads back to the others. None: all of them."""
        if payment_id != self._alone:
            self._alone = payment_id
            self._ask()

    def here(self) -> dict[str, Any]:
        """What is shown, as plain values."""
        return {} if self._alone is None else {"payment": self._alone}

    def crumbs(self) -> tuple[str, ...]:
        """The number of the payment shown."""
        return (f"Règlement {self._shown.number}",) if self._shown else ()

    def step_back(self) -> bool:
        """Come back from one payment to all."""
        if self._alone is None:
            return False
        self._show_whole()
        return True

    def _ask(self) -> None:
        self.whole.setVisible(self._alone is not None)
        if self._alone is not None:
            self.list.filter.show_text("")
        self.list.ask(PaymentQuery(payment_id=self._alone))

    def _show_whole(self) -> None:
        self._alone = None
        self._ask()

    def _loaded(self, page: Any) -> None:
        if self._alone is not None and page.rows:
            self.list.table.select(0)

    def _choose(self, row: PaymentRow | None) -> None:
        if row is None:
            self._show_none()
        elif self._shown is None or self._shown.payment_id != row.payment_id:
            self.form.clear_errors()
            self.reason.clear()
            self._read(row.payment_id)

    def _read(self, payment_id: int) -> None:
        self._tools.desk.fetch(payment_views.detail, payment_id, then=self._show, key=(self, "detail"))

    def _show_none(self) -> None:
        self._shown = None
        self.title.setText("Choisissez un règlement pour lire ce qu’il a payé.")
        self.allocations.show_rows([])
        for widget in (self.facts, self.form, self.cancel, self.open_family):
            widget.hide()

    def _show(self, shown: PaymentDetail) -> None:
        self._shown = shown
        self.title.setText(f"Règlement {shown.number}, {format_euros(shown.amount_cents)}")
        pairs = [
            ("Famille", shown.family_label),
            ("Payeur", shown.payer_name),
            ("Régie", shown.regie),
            ("Moyen", shown.mode_label),
            ("Encaissé le", format_date(shown.received_on)),
            ("Reste en crédit", format_euros(shown.credit_cents)),
        ]
        optional = (
            ("Référence", shown.reference),
            ("Remise", shown.deposit),
            ("Annule", shown.cancels),
            ("Annulé par", shown.cancelled_by),
            ("Note", shown.note),
        )
        self.facts.show_pairs([*pairs, *(pair for pair in optional if pair[1])])
        self.allocations.show_rows(shown.allocations)
        undoable = shown.cancellable and self._tools.may(Permission.RECORD_PAYMENTS)
        self.facts.show()
        self.open_family.show()
        self.form.setVisible(undoable)
        self.cancel.setVisible(undoable)
        self.moved.emit()

    def _confirm(self) -> None:
        shown = self._shown
        if shown is None or not shown.cancellable:
            return
        self.form.clear_errors()
        reason = self.reason.text().strip()
        if not reason:
            self.form.show_error(UserError("Indiquez le motif de l’annulation.", field="reason"))
            return
        command = CancelPayment(shown.payment_id, reason, command_id=str(uuid4()))
        self._tools.messages.ask(
            Question(
                "Annuler un règlement",
                f"Annuler le règlement {shown.number} de {format_euros(shown.amount_cents)}, "
                f"{shown.family_label}\u202f?\n\n"
                "Une écriture inverse est enregistrée à la date d’aujourd’hui. Ce qu’il payait redevient dû.",
                "Annuler ce règlement",
                refuse="Garder",
                danger=True,
            ),
            then=lambda: self._cancel(command),
            parent=self,
        )

    def _cancel(self, command: CancelPayment) -> None:
        self.cancel.setEnabled(False)
        self._tools.desk.execute(
            payments.cancel,
            command,
            changes=MONEY,
            then=self._cancelled,
            failed=self.form.show_error,
            settled=lambda: self.cancel.setEnabled(True),
        )

    def _cancelled(self, result: PaymentResult) -> None:
        self.reason.clear()
        self._tools.messages.inform(f"Règlement annulé par l’écriture {result.number}")

    def _open_family(self) -> None:
        if self._shown is not None:
            self.go.emit(Destination("families", self._shown.family_id))

    def _open_invoice(self, row: AllocationRow) -> None:
        if row.invoice_id is not None:
            self.go.emit(Destination("billing", {"invoice": row.invoice_id}))
