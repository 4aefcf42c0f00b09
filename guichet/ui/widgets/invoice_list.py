"""Issued invoices and credit notes: a list, and the one chosen as it was printed or line by line."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QTabWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date, paris_day
from guichet.services import invoice_documents, invoice_files, invoice_lines, transaction
from guichet.services.invoice_documents import InvoiceQuery, InvoiceRow, InvoiceTotals, Standing
from guichet.services.invoice_files import WriteFiles
from guichet.services.invoice_lines import InvoiceLineRow
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.files import Files
from guichet.ui.page import Destination, Tools
from guichet.ui.tasks import Task
from guichet.ui.tokens import Space
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.invoice_columns import LINE_COLUMNS, invoice_columns, signed_cents
from guichet.ui.widgets.payment_form import PaymentDialog
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.widgets.sql_list import SqlList, Sums
from guichet.ui.widgets.why_panel import Story
from guichet.ui.wording import MONTHS, NBSP, count, last_day_of_month, period

UNPAID = "unpaid"
MOST_EXPORTED = 1_000_000
MONTHS_OFFERED = 24


FILTERS: tuple[tuple[str, str], ...] = (
    ("Toutes", ""),
    ("Restant dues", UNPAID),
    ("En retard", Standing.OVERDUE.value),
    ("Réglées en partie", Standing.PARTLY_PAID.value),
    ("Réglées", Standing.PAID.value),
    ("Au Trésor", Standing.TREASURY.value),
    ("Avoirs", Standing.CREDIT_NOTE.value),
)


class InvoiceList(QWidget):
    """All invoices, or those of one family. `go` (Destination) opens a family, `moved` when another invoice is shown."""

    go = Signal(object)
    moved = Signal()

    def __init__(self, tools: Tools, parent: QWidget | None = None, *, of_family: bool = False) -> None:
        super().__init__(parent)
        self._tools = tools
        self._desk = tools.desk
        self._of_family = of_family
        self._query = InvoiceQuery()
        self._today = paris_day(tools.desk.clock())
        self.list = SqlList[InvoiceRow](
            tools,
            invoice_documents.search,
            invoice_columns(self._today, of_family=of_family),
            lambda row: row.invoice_id,
            name="Factures émises",
            empty="Aucune facture." if of_family else "Aucune facture ne correspond à ces critères.",
            noun="facture",
            key="" if of_family else "billing.invoices",
            filter_hint="" if of_family else "Numéro de facture, nom ou numéro de famille",
            sums=Sums(invoice_documents.totals, say_totals),
            describe=self._describe,
            parent=self,
        )
        self.months = QComboBox(self)
        self.standing = QComboBox(self)
        self.whole = button(
            "Toutes les factures", self, role="link", tip="Ne plus montrer cette seule facture"
        )
        self._build_filters()
        self._build_detail(tools)
        self.receive = button("Encaisser…", self, tip="Encaisser un règlement de cette famille")
        self.receive.setVisible(not of_family and tools.may(Permission.RECORD_PAYMENTS))
        self.export = button(
            "Enregistrer les PDF…", self, tip="Un fichier par facture listée, dans un dossier"
        )
        self.export.setVisible(not of_family)
        self.family = button("Ouvrir la famille", self, role="link")
        self.family.setVisible(not of_family)
        for widget in (self.export, self.receive):
            self.list.foot.addWidget(widget)
        self.detail.setCornerWidget(self.family)
        direction = Qt.Orientation.Vertical if of_family else Qt.Orientation.Horizontal
        split = halves(direction, self.list, self.detail, (1 if of_family else 3, 2), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addWidget(split)
        self._connect()

    def _build_filters(self) -> None:
        first = self._today.replace(day=1)
        self.months.setAccessibleName("Période")
        self.months.addItem("Toutes les périodes", None)
        for _ in range(MONTHS_OFFERED):
            self.months.addItem(f"{MONTHS[first.month - 1]} {first.year}", (first, last_day_of_month(first)))
            first = (first - timedelta(days=1)).replace(day=1)
        self.standing.setAccessibleName("État")
        for title, value in FILTERS:
            self.standing.addItem(title, value)
        for widget in (self.months, self.standing):
            widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            widget.setMinimumContentsLength(13)
            widget.setVisible(not self._of_family)
            self.list.head.addWidget(widget)
        if not self._of_family:
            self.list.add_views(self.here, self.show_filters)
        self.list.head.addWidget(self.whole)
        self.whole.hide()

    def _build_detail(self, tools: Tools) -> None:
        self.pdf = PdfView(tools.theme, tools.messages, "Choisissez une facture pour la lire.", self)
        self.lines = ShortTable(
            tools.theme, LINE_COLUMNS, "Lignes de la facture", "Choisissez une facture pour lire ses lignes.",
            self, identity=lambda row: row.line_id,
        )  # fmt: skip
        self.story = Story(self)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        self.about = text_label("", "heading", page, wrap=True)
        for widget, stretch in ((self.about, 0), (self.lines, 1), (self.story, 0)):
            column.addWidget(widget, stretch)
        self.detail = QTabWidget(self)
        self.detail.setAccessibleName("Facture choisie")
        self.detail.setDocumentMode(True)
        self.detail.addTab(self.pdf, "&Document")
        self.detail.addTab(page, "&Lignes et prix")

    def _connect(self) -> None:
        self.months.currentIndexChanged.connect(self._ask)
        self.standing.currentIndexChanged.connect(self._ask)
        self.whole.clicked.connect(self._show_whole)
        self.list.table.current_changed.connect(self._choose)
        self.list.loaded.connect(self._loaded)
        self.lines.current_changed.connect(self._tell)
        self.receive.clicked.connect(self._receive)
        self.family.clicked.connect(self._open_family)
        self.list.table.opened.connect(lambda _row: self.pdf.view.setFocus(Qt.FocusReason.OtherFocusReason))
        self.export.clicked.connect(
            lambda: Files.choose_folder(self, "Dossier où enregistrer les factures", self.export_to)
        )

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
        self._forget_one()
        choose(self.standing, UNPAID)

    def show_invoice(self, invoice_id: int) -> None:
        """Show one invoice alone; a button leads back to the others."""
        self._query = replace(self._query, invoice_id=invoice_id)
        self._ask()

    def show_filters(self, wanted: dict[str, Any]) -> None:
        """Show what `here` said: a period, a standing, one invoice."""
        if "start" in wanted:
            first, last = date.fromisoformat(wanted["start"]), date.fromisoformat(wanted["end"])
            offered = [self.months.itemData(place) for place in range(self.months.count())]
            if (first, last) not in offered:
                self.months.addItem(period(first, last), (first, last))
                offered.append((first, last))
            self.months.setCurrentIndex(offered.index((first, last)))
        else:
            self.months.setCurrentIndex(0)
        if "standing" in wanted:
            choose(self.standing, wanted["standing"])
        if wanted.get("invoice") is not None:
            self.show_invoice(int(wanted["invoice"]))
        elif self._query.invoice_id is not None:
            self._show_whole()

    def here(self) -> dict[str, Any]:
        """The filters and the invoice shown, as plain values."""
        shown: dict[str, Any] = {"standing": self.standing.currentData()}
        if self.months.currentData():
            first, last = self.months.currentData()
            shown |= {"start": first.isoformat(), "end": last.isoformat()}
        if self._query.invoice_id is not None:
            shown["invoice"] = self._query.invoice_id
        return shown

    def crumbs(self) -> tuple[str, ...]:
        """The number of the invoice shown."""
        row: InvoiceRow | None = self.list.table.current_row()
        return (f"{_word(row)} {row.number}",) if row else ()

    def step_back(self) -> bool:
        """Close the search in the document, or come back from one invoice to all."""
        if self.pdf.step_back():
            return True
        if self._query.invoice_id is None:
            return False
        self._show_whole()
        return True

    def _describe(self) -> str:
        return f"{self.months.currentText()}, {self.standing.currentText().lower()}"

    def _ask(self) -> None:
        wanted = self.standing.currentData()
        first, last = self.months.currentData() or (None, None)
        self._query = replace(
            self._query,
            start=first,
            end=last,
            unpaid=wanted == UNPAID,
            standing=Standing(wanted) if wanted and wanted != UNPAID else None,
        )
        alone = self._query.invoice_id is not None
        self.whole.setVisible(alone)
        if alone:
            self.list.filter.show_text("")
            self.list.ask(InvoiceQuery(invoice_id=self._query.invoice_id))
        else:
            self.list.ask(self._query)

    def _show_whole(self) -> None:
        self._forget_one()
        self._ask()

    def _forget_one(self) -> None:
        self._query = replace(self._query, invoice_id=None)

    def _loaded(self, page: Any) -> None:
        self.export.setEnabled(page.total > 0)
        if self._query.invoice_id is not None and page.rows:
            self.list.table.select(0)

    def _choose(self, row: InvoiceRow | None) -> None:
        self.receive.setEnabled(row is not None)
        self.family.setEnabled(row is not None)
        if row is None:
            self.pdf.clear()
            self.lines.show_rows([])
            self.about.setText("")
            return

        def show(data: bytes) -> None:
            self.pdf.show_pdf(f"{_word(row)} {row.number}", data, f"{row.number}.pdf")

        self._desk.fetch(invoice_documents.pdf, (row.invoice_id,), then=show, key=(self, "pdf"))
        self._desk.fetch(invoice_lines.of_invoice, row.invoice_id, then=self._show_lines, key=(self, "lines"))
        left = f", reste dû {format_euros(row.left_cents)}" if row.left_cents else ""
        self.about.setText(f"{_word(row)} {row.number}, {format_euros(signed_cents(row))}{left}")
        self.moved.emit()

    def _show_lines(self, rows: tuple[InvoiceLineRow, ...]) -> None:
        self.lines.show_rows(rows)
        self.lines.select(0)

    def _tell(self, row: InvoiceLineRow | None) -> None:
        if row is None:
            self.story.tell("", ())
        else:
            paid = f", payé {format_euros(row.paid_cents)}" if row.paid_cents else ""
            about = f"{row.label}, {format_date(row.day)}{NBSP}: {format_euros(row.amount_cents)}{paid}"
            self.story.tell(about, row.story)

    def _receive(self) -> None:
        row: InvoiceRow | None = self.list.table.current_row()
        if row is not None:
            PaymentDialog(self._tools, row.family_id, row.family_label, self).open()

    def _open_family(self) -> None:
        row: InvoiceRow | None = self.list.table.current_row()
        if row is not None:
            self.go.emit(Destination("families", row.family_id))

    def export_to(self, folder: Path) -> None:
        """Write the PDF of every invoice listed, whatever the page."""
        if not isinstance(self.list.query, InvoiceQuery):
            return
        self.export.setEnabled(False)
        self._desk.start(
            Task("Écriture des factures en PDF"),
            _export,
            (self.list.query, folder),
            then=self._exported,
            settled=lambda: self.export.setEnabled(True),
        )

    def _exported(self, files: tuple[Path, ...]) -> None:
        self._tools.messages.inform(f"{count(len(files), 'fichier enregistré', 'fichiers enregistrés')}")


def say_totals(totals: InvoiceTotals) -> str:
    """« 12 345,60 € · reste dû 1 230,00 € »."""
    left = f" · reste dû {format_euros(totals.left_cents)}" if totals.left_cents else ""
    return f"{format_euros(totals.total_cents)}{left}" if totals.documents else ""


def _export(
    database: OpenedDatabase, context: Context, asked: tuple[InvoiceQuery, Path], task: Task
) -> tuple[Path, ...]:
    """In the order of their numbers, as they are put in envelopes."""
    query, folder = asked
    whole = replace(query, size=MOST_EXPORTED, offset=0, sort="number", descending=False)
    found = transaction.read(database, context, invoice_documents.search, whole)
    command = WriteFiles(tuple(row.invoice_id for row in found.rows), folder)
    return invoice_files.write_invoices(database, context, command, task.step)


def _word(row: InvoiceRow) -> str:
    return "Facture" if row.kind == "invoice" else "Avoir"
