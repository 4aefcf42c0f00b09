"""Billing, last step: the invoices issued, by the way they leave; written to a folder, or printed for the envelopes."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Signal
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.text import format_instant
from guichet.services import billing_state, invoice_documents, invoice_files, transaction
from guichet.services.billing_state import NoteSending, PeriodState, SendingQuery, Sent
from guichet.services.invoice_files import WriteFiles
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.desk import Lane
from guichet.ui.files import Files
from guichet.ui.page import Destination, Tools
from guichet.ui.printing import Printers, PrintJob
from guichet.ui.tasks import Task
from guichet.ui.tokens import Space
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.billing_run import BillingRun
from guichet.ui.widgets.facts import Card
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.wording import NBSP, count

EMAIL, PAPER = "email", "paper"


class SendingStep(QWidget):
    """`go` (Destination) opens the list of the invoices issued."""

    go = Signal(object)

    def __init__(self, tools: Tools, run: BillingRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._run = run
        self._job: PrintJob | None = None
        self.summary = text_label("", "heading", self, wrap=True)
        self.show_list = button("Voir les factures", self, role="link")
        self.email = Way(EMAIL, "Par courriel", self)
        self.paper = Way(PAPER, "Sur papier", self)
        self.progress = text_label("", "muted", self)
        self.stop = button("Arrêter l’impression", self)
        self.done = text_label("", "", self, wrap=True)
        self.done.setAccessibleName("Ce qui est déjà parti")
        head, ways, printing = QHBoxLayout(), QGridLayout(), QHBoxLayout()
        head.addWidget(self.summary, 1)
        head.addWidget(self.show_list)
        for place, way in enumerate((self.email, self.paper)):
            ways.addWidget(way, 0, place)
            ways.setColumnStretch(place, 1)
            way.each.clicked.connect(lambda _=False, way=way: self._choose_folder(way, merged=False))
            way.together.clicked.connect(lambda _=False, way=way: self._choose_folder(way, merged=True))
            way.print.clicked.connect(lambda _=False, way=way: self._prepare_printing(way))
        printing.addWidget(self.progress, 1)
        printing.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.LARGE)
        layout.addLayout(head)
        layout.addLayout(ways)
        layout.addLayout(printing)
        layout.addWidget(self.done)
        layout.addStretch(1)
        self.stop.hide()
        self.stop.clicked.connect(self._stop_printing)
        self.show_list.clicked.connect(self._open_list)
        run.state_read.connect(self._show_state)
        run.period_changed.connect(self._show_state)

    def enter(self) -> None:
        """The step is shown; what it says follows the run by itself."""

    def first_focus(self) -> QWidget:
        """Where the cursor goes when the step is shown."""
        return next((way.each for way in (self.email, self.paper) if way.each.isEnabled()), self.show_list)

    def _show_state(self) -> None:
        state = self._run.state
        issued = state.issued if state else 0
        self.show_list.setEnabled(issued > 0)
        if state is None:
            self.summary.setText("Lecture en cours…")
        elif not issued:
            self.summary.setText("Aucune facture de cette période n’est encore émise.")
        else:
            self.summary.setText(
                f"{count(issued, 'facture émise', 'factures émises')}, {state.first_number} à {state.last_number}"
            )
        self.email.show_count(state.by_email if state else 0, _consents(state))
        self.paper.show_count(state.by_paper if state else 0, "À imprimer et à mettre sous pli.")
        acts = state.sendings if state else ()
        self.done.setText(
            "\n".join(
                f"{act.summary}, par {act.login} le {format_instant(act.happened_at)}" for act in acts[:5]
            )
        )

    def _query(self, way: "Way") -> SendingQuery:
        return billing_state.sending_query(self._run.start, self._run.end, self._run.regie_ids, way.mode)

    def _choose_folder(self, way: "Way", *, merged: bool) -> None:
        title = "Dossier où enregistrer les factures"
        Files.choose_folder(self, title, lambda folder: self.write(way, folder, merged=merged))

    def write(self, way: "Way", folder: Path, *, merged: bool) -> None:
        """Write the invoices that leave this way: a file each, or all in one."""
        name = f"factures-{way.mode}-{self._run.start.isoformat()}" if merged else ""
        self._tools.desk.start(
            Task(f"Écriture des factures en PDF, {way.name.lower()}"),
            _write,
            (self._query(way), folder, name),
            then=self._written,
        )

    def _written(self, files: tuple[Path, ...]) -> None:
        self._tools.messages.inform(count(len(files), "fichier enregistré", "fichiers enregistrés"))
        self._run.read()

    def _prepare_printing(self, way: "Way") -> None:
        self.progress.setText("Préparation de l’impression…")

        def show(found: tuple[tuple[int, ...], bytes]) -> None:
            self._print(way, *found)

        self._tools.desk.fetch(
            _merged, self._query(way), then=show, failed=self._refused, key=(self, "pdf"), lane=Lane.LONG
        )

    def _refused(self, error: Any) -> None:
        self.progress.setText("")
        self._tools.messages.refuse(error)

    def _print(self, way: "Way", ids: tuple[int, ...], data: bytes) -> None:
        self.progress.setText("")

        def begin(printer: QPrinter) -> None:
            job = self._job = PrintJob(data, printer, self)
            job.progressed.connect(self._say_printing)
            job.finished.connect(lambda whole: self._printed(ids, whole))
            self.email.print.setEnabled(False)
            self.paper.print.setEnabled(False)
            self.stop.show()
            job.start()

        Printers.ask(self, f"Factures {way.name.lower()}", 9999, begin)

    def _say_printing(self, done: int, total: int) -> None:
        self.progress.setText(f"Impression{NBSP}: page {done} sur {total}")

    def _stop_printing(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _printed(self, ids: tuple[int, ...], whole: bool) -> None:
        if self._job is not None:
            self._job.deleteLater()
            self._job = None
        self.stop.hide()
        self.progress.setText("")
        self._show_state()
        if not whole:
            self._tools.messages.warn("L’impression n’est pas allée au bout\u00a0: vérifiez l’imprimante.")
            return
        self._tools.messages.inform(f"{count(len(ids), 'facture')} à l’imprimante")
        self._tools.desk.execute(
            billing_state.note_sending,
            NoteSending(ids, Sent.PRINTED, command_id=str(uuid4())),
            changes=NOTHING,
            settled=self._run.read,
        )

    def _open_list(self) -> None:
        wanted = {"start": self._run.start.isoformat(), "end": self._run.end.isoformat()}
        self.go.emit(Destination("billing", {"tab": "invoices", **wanted}))


class Way(Card):
    """One way of leaving: how many invoices, and what can be done with them."""

    def __init__(self, mode: str, name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self.mode = mode
        self.name = name
        self.counted = text_label("", "figure", self)
        self.note = text_label("", "muted", self, wrap=True)
        self.each = button("Un PDF par facture…", self)
        self.together = button("Un seul PDF…", self)
        self.print = button("Imprimer…", self)
        row = QHBoxLayout()
        for widget in (self.each, self.together, self.print):
            widget.setAccessibleName(f"{name}, {widget.text()}")
            row.addWidget(widget)
        row.addStretch(1)
        self.body.addWidget(self.counted)
        self.body.addWidget(self.note)
        self.body.addLayout(row)

    def show_count(self, invoices: int, note: str) -> None:
        """Say how many leave this way."""
        self.counted.setText(count(invoices, "facture"))
        self.note.setText(note)
        for widget in (self.each, self.together, self.print):
            widget.setEnabled(invoices > 0)


def _consents(state: PeriodState | None) -> str:
    if state is None or not state.without_consent:
        return "Un fichier par famille, à joindre au courriel."
    return f"{count(state.without_consent, 'famille')} sans accord enregistré pour la facture électronique."


def _merged(session: Any, context: Context, query: SendingQuery) -> tuple[tuple[int, ...], bytes]:
    ids = billing_state.issued_ids(session, context, query)
    return ids, invoice_documents.pdf(session, context, ids)


def _write(
    database: OpenedDatabase, context: Context, asked: tuple[SendingQuery, Path, str], task: Task
) -> tuple[Path, ...]:
    query, folder, name = asked
    ids = transaction.read(database, context, billing_state.issued_ids, query)
    files = invoice_files.write_invoices(database, context, WriteFiles(ids, folder, name), task.step)
    note = NoteSending(ids, Sent.SAVED)
    transaction.run(database, context, billing_state.note_sending, note)
    return files
