"""Issued invoices and credit notes: a list, and the one chosen as it was printed."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date, paris_day
from guichet.services import invoice_documents, transaction
from guichet.services.invoice_documents import ExportInvoices, InvoiceQuery, InvoiceRow
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.tasks import Task
from guichet.ui.theme import Tone
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.payment_form import PaymentDialog
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import count, period

TYPING_MILLISECONDS = 150
UNPAID = "unpaid"
MOST_EXPORTED = 1_000_000

PAID = State("✓", "Réglée", Tone.GREEN)
PARTLY = State("½", "En partie", Tone.YELLOW)
OWED = State("D", "Due", Tone.BLUE)
OVERDUE = State("!", "En retard", Tone.RED)
CREDIT_NOTE = State("A", "Avoir", Tone.GREY)


class InvoiceList(QWidget):
    """All invoices, or those of one family."""

    def __init__(self, tools: Tools, parent: QWidget | None = None, *, of_family: bool = False) -> None:
        super().__init__(parent)
        self._tools = tools
        self._desk = tools.desk
        self._of_family = of_family
        self._query = InvoiceQuery()
        today = paris_day(tools.desk.clock())

        def state(row: InvoiceRow) -> State:
            if row.kind != "invoice":
                return CREDIT_NOTE
            if row.left_cents <= 0:
                return PAID
            if row.due_on < today:
                return OVERDUE
            return PARTLY if row.paid_cents else OWED

        family = (
            ()
            if of_family
            else (Column[InvoiceRow]("Famille", lambda row: row.family_label, None, sort="family"),)
        )
        columns = (
            Column[InvoiceRow]("Numéro", lambda row: row.number, 9, sort="number", bold=True),
            Column[InvoiceRow](
                "Émise le", lambda row: format_date(row.issued_on), 10, sort="issued_on", optional=1
            ),
            *family,
            Column[InvoiceRow]("Période", _period, None if of_family else 15, optional=2),
            Column[InvoiceRow](
                "Montant", lambda row: format_euros(_signed(row)), 12, right=True, sort="total"
            ),
            Column[InvoiceRow](
                "Reste dû", lambda row: format_euros(row.left_cents) if row.left_cents else "", 11, right=True
            ),
            Column[InvoiceRow](
                "Échéance", lambda row: format_date(row.due_on), 10, sort="due_on", optional=3
            ),
            Column[InvoiceRow]("État", lambda row: state(row).label, 12, state=state),
        )
        self.list = SqlList[InvoiceRow](
            tools,
            invoice_documents.search,
            columns,
            lambda row: row.invoice_id,
            name="Factures émises",
            empty="Aucune facture." if of_family else "Aucune facture ne correspond à ces critères.",
            noun="facture",
        )
        self.pdf = PdfView(tools.theme, tools.messages, "Choisissez une facture pour la lire.", self)
        self.receive = button("Encaisser…", self, tip="Encaisser un règlement de cette famille")
        self.receive.setVisible(not of_family and tools.may(Permission.RECORD_PAYMENTS))
        self.export = button("Enregistrer les PDF…", self, tip="Un fichier par facture, et un qui les réunit")
        self.export.setVisible(not of_family)
        self.list.foot.addWidget(self.export)
        self.list.foot.addWidget(self.receive)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Numéro de facture, nom ou numéro de famille")
        self.text.setClearButtonEnabled(True)
        self.unpaid = QCheckBox("&Restant dues", self)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 8, 0)
        column.addLayout(self._filters())
        column.addWidget(self.list, 1)
        split = QSplitter(Qt.Orientation.Vertical if of_family else Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.pdf)
        split.setStretchFactor(0, 1 if of_family else 3)
        split.setStretchFactor(1, 2)
        if of_family:
            split.setSizes([200, 400])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addWidget(split)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._ask)
        self.text.textEdited.connect(self._typed)
        self.unpaid.toggled.connect(self._ask)
        self.list.table.current_changed.connect(self._choose)
        self.list.loaded.connect(lambda page: self.export.setEnabled(page.total > 0))
        self.receive.clicked.connect(self._receive)
        self.export.clicked.connect(self._choose_folder)

    def show_all(self, family_id: int | None = None) -> None:
        """List every invoice, or a family's."""
        self._query = replace(self._query, family_id=family_id)
        self._ask()

    def reload(self) -> None:
        """Read the list again."""
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()

    def show_only_unpaid(self) -> None:
        """List what is still owed."""
        self.unpaid.setChecked(True)

    def _filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = text_label("Re&chercher", "", self)
        label.setBuddy(self.text)
        row.addWidget(label)
        row.addWidget(self.text, 1)
        row.addWidget(self.unpaid)
        for widget in (label, self.text):
            widget.setVisible(not self._of_family)
        if self._of_family:
            row.addStretch(1)
        return row

    def _typed(self) -> None:
        self._typing.start()

    def _ask(self) -> None:
        self._query = replace(self._query, text=self.text.text(), unpaid=self.unpaid.isChecked())
        self.list.ask(self._query)

    def _choose(self, row: InvoiceRow | None) -> None:
        self.receive.setEnabled(row is not None)
        self._read()

    def _read(self) -> None:
        row = self.list.table.current_row()
        if row is None:
            self.pdf.clear()
            return

        def show(data: bytes) -> None:
            self.pdf.show_pdf(f"{_word(row)} {row.number}", data, f"{row.number}.pdf")

        self._desk.fetch(invoice_documents.pdf, (row.invoice_id,), then=show, key=(self, "pdf"))

    def _receive(self) -> None:
        row: InvoiceRow | None = self.list.table.current_row()
        if row is not None:
            PaymentDialog(self._tools, row.family_id, row.family_label, self).open()

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Dossier où enregistrer les factures")
        if folder:
            self.export_to(Path(folder))

    def export_to(self, folder: Path) -> None:
        """Write the PDF of every invoice listed, whatever the page, and one that holds them all."""
        self.export.setEnabled(False)
        self._desk.start(
            Task("Écriture des factures en PDF", cancellable=False),
            _export,
            (self._query, folder),
            then=self._exported,
            settled=lambda: self.export.setEnabled(True),
        )

    def _exported(self, files: tuple[Path, ...]) -> None:
        self._tools.messages.inform(f"{count(len(files), 'fichier enregistré', 'fichiers enregistrés')}")


def _export(
    database: OpenedDatabase, context: Context, asked: tuple[InvoiceQuery, Path], _task: Task
) -> tuple[Path, ...]:
    """In the order of their numbers, as they are put in envelopes."""
    query, folder = asked
    whole = replace(query, size=MOST_EXPORTED, offset=0, sort="number", descending=False)
    found = transaction.read(database, context, invoice_documents.search, whole)
    command = ExportInvoices(tuple(row.invoice_id for row in found.rows), folder)
    return transaction.read(database, context, invoice_documents.export, command)


def _signed(row: InvoiceRow) -> int:
    return row.total_cents if row.kind == "invoice" else -row.total_cents


def _word(row: InvoiceRow) -> str:
    return "Facture" if row.kind == "invoice" else "Avoir"


def _period(row: InvoiceRow) -> str:
    return period(row.period_start, row.period_end)
