"""The window tries itself out on a base of its own: every page, a night, a month's invoices, a print, an export.

No test framework here: the packaged program does this where nothing else is installed.
"""

import re
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QWidget

from guichet.rules.money import format_euros
from guichet.services.intake_batch import BatchReport
from guichet.services.invoices import IssueResult
from guichet.services.transaction import Actor, OpenedDatabase
from guichet.ui.desktop import build_window
from guichet.ui.messages import Answer, CrashReport, Messages, Question, impersonal_details
from guichet.ui.page import Destination
from guichet.ui.pages.billing import BillingPage
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.printing import Chosen, Printers
from guichet.ui.screenshots import HEIGHT, WIDTH, settle
from guichet.ui.theme import Look, Theme
from guichet.ui.widgets.import_file import import_file
from guichet.ui.widgets.manual_view import ManualDialog
from guichet.ui.window import MainWindow, Place
from guichet.ui.wording import NBSP, count, grouped

Found = TypeVar("Found")
translate = QCoreApplication.translate

# What the platform without a display has to say has nothing to do with the program.
_NOISE = re.compile(r"^This plugin does not support (propagateSizeHints|raise|grabbing the (keyboard|mouse))")
_PRINTING_SECONDS = 60.0


class SelfTestFailed(Exception):
    """Something is not as it should be; the message is a French sentence."""


Note = Callable[[str, str, float, tuple[str, ...]], None]
"""Hears of each step: its title, what came of it, its seconds, what went wrong on the way."""


def try_window(
    open_base: Callable[[], OpenedDatabase],
    actor: Actor,
    clock: Callable[[], datetime],
    place: Place,
    night: Path,
    directory: Path,
    note: Note,
) -> None:
    """Do in the window, without a display, what a day asks of it, and leave the papers and pictures in `directory`.

    `night` is the exchange file to import. A step that fails says so and the next ones go on: one run tells all that
    is wrong. Warnings of Qt, errors that nobody caught and outages are problems of the step they fall in.
    """
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)  # noqa: S101 - pages are widgets
    directory.mkdir(parents=True, exist_ok=True)
    with _watched(application) as (messages, problems):
        trial = _Trial(messages, problems, directory, note)
        window = trial.open(open_base, actor, clock, place, Theme(application, Look.LIGHT))
        trial.run("Import de la nuit", partial(trial.import_night, window, night))
        for name, entry in window.entries.items():
            trial.run(f"Page {entry.title}", partial(trial.visit, window, name))
        trial.run("Factures du mois", partial(trial.issue_month, window))
        trial.run("Impression d’une facture", partial(trial.print_invoice, window))
        trial.run("Export vers Excel", partial(trial.export, window))
        trial.run("Manuel", partial(trial.read_manual, window))
        trial.run("Fermeture", partial(trial.close, window))


class _Trial:
    def __init__(self, messages: Messages, problems: list[str], directory: Path, note: Note) -> None:
        self._messages = messages
        self._problems = problems
        self._directory = directory
        self._note = note
        self._issued: list[IssueResult] = []

    def run(self, title: str, work: Callable[[], str]) -> None:
        """Do a step and note how it went."""
        start = time.perf_counter()
        try:
            said = work()
        except SelfTestFailed as failure:
            said = ""
            self._problems.append(str(failure))
        except Exception as failure:  # noqa: BLE001 - told like the rest: the steps that follow have more to say
            said = ""
            self._problems.append(f"{failure!r}\n{impersonal_details(failure)}")
        self._note(title, said, time.perf_counter() - start, tuple(self._problems))
        self._problems.clear()

    def open(
        self,
        open_base: Callable[[], OpenedDatabase],
        actor: Actor,
        clock: Callable[[], datetime],
        place: Place,
        theme: Theme,
    ) -> MainWindow:
        """The window with its first page."""
        made: list[MainWindow] = []

        def work() -> str:
            settings = QSettings(str(self._directory / "window.ini"), QSettings.Format.IniFormat)
            window = build_window(open_base(), actor, clock, place, theme, self._messages, settings)
            made.append(window)
            window.tools.desk.outage.connect(lambda problem: self._problems.append(problem.message))
            window.resize(WIDTH, HEIGHT)
            window.show()
            settle(window.tools.desk)
            return count(len(window.entries), "page")

        self.run("Fenêtre", work)
        return made[0]

    def import_night(self, window: MainWindow, night: Path) -> str:
        """The portal's file, as someone brings it by hand."""
        reports: list[BatchReport] = []
        import_file(window.tools, night, reports.append)
        settle(window.tools.desk)
        report = _only(reports, "l’import n’a rien rendu")
        if report.refusal is not None:
            raise SelfTestFailed(f"fichier refusé{NBSP}: {report.refusal}")
        known = report.imported + report.duplicate + report.quarantined
        _expect(report.received == known and report.imported > 0, f"{report} ne s’additionne pas")
        return (
            f"{count(report.received, 'ligne reçue', 'lignes reçues')}{NBSP}: {grouped(report.imported)} importées, "
            f"{grouped(report.duplicate)} en double, {grouped(report.quarantined)} en quarantaine"
        )

    def visit(self, window: MainWindow, name: str) -> str:
        """A page with its data, something of it open, and its picture."""
        window.go(Destination(name))
        settle(window.tools.desk)
        window.current_page.show_example()
        settle(window.tools.desk)
        rows = _rows_shown(window.current_page)
        _expect(rows > 0, "la page ne montre aucune donnée")
        file = self._directory / f"{name}.png"
        _expect(window.grab().save(str(file)), f"{file} ne s’écrit pas")
        return count(rows, "ligne affichée", "lignes affichées")

    def issue_month(self, window: MainWindow) -> str:
        """The month just over, priced and issued by the five steps."""
        page = _billing(window, {"tab": "issue", "step": "checks"})
        page.issue.issued.connect(self._issued.append)
        page.issue.checks.launch.click()
        settle(window.tools.desk)
        page.issue.show_step("issue")
        settle(window.tools.desk)
        page.issue.issue.despite.setChecked(page.issue.issue.despite.isVisible())
        _expect(
            page.issue.issue.issue.isEnabled(), f"rien à émettre{NBSP}: {page.issue.issue.summary.text()}"
        )
        page.issue.issue.issue.click()
        settle(window.tools.desk)
        result = _only(self._issued, f"l’émission n’a pas abouti{NBSP}: {page.issue.issue.error.text()}")
        many = count(len(result.invoices), "facture émise", "factures émises")
        return f"{many}, {format_euros(result.total_cents)}"

    def print_invoice(self, window: MainWindow) -> str:
        """The first invoice issued: shown as a PDF, sent to a printer that is a file, and read back."""
        issued = _only(self._issued, "aucune facture à imprimer")
        page = _billing(window, {"tab": "invoices", "invoice": issued.invoices[0].invoice_id})
        shown = page.invoices.pdf
        _expect(shown.data.startswith(b"%PDF"), "la facture ne s’affiche pas")
        printed = self._directory / "impression.pdf"
        with _printing_to(printed):
            shown.print.click()
            _work_until(shown.print.isEnabled, _PRINTING_SECONDS)
        copy = QPdfDocument()
        copy.load(str(printed))
        pages = copy.pageCount()
        copy.close()
        _expect(pages == shown.document.pageCount(), f"{pages} pages imprimées")
        return f"{shown.title.text()}, {count(pages, 'page imprimée', 'pages imprimées')}"

    def export(self, window: MainWindow) -> str:
        """The list of families as an Excel file, read back."""
        window.go(Destination("families"))
        settle(window.tools.desk)
        page = window.current_page
        assert isinstance(page, FamiliesPage)  # noqa: S101 - this is what the name means
        file = self._directory / "familles.xlsx"
        page.list.export_to(file)
        settle(window.tools.desk)
        with zipfile.ZipFile(file) as workbook:
            rows = workbook.read("xl/worksheets/sheet1.xml").count(b"<row ")
        _expect(rows > page.list.model.total, f"{rows} lignes pour {page.list.model.total} familles")
        return count(page.list.model.total, "famille")

    def read_manual(self, window: MainWindow) -> str:
        """The manual of the page shown, and Qt in French."""
        _expect(translate("QPlatformTheme", "Cancel") == "Annuler", "Qt ne parle pas français")
        window.open_manual()
        settle(window.tools.desk)
        manual = _only(window.findChildren(ManualDialog), "le manuel ne s’ouvre pas")
        words = len(manual.text.toPlainText().split())
        manual.close()
        _expect(words > 0, "le manuel est vide")
        return count(words, "mot")

    def close(self, window: MainWindow) -> str:
        """The window closes at once, with nothing left to do."""
        window.close()
        _expect(not window.isVisible(), "la fenêtre ne se ferme pas")
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return ""


@contextmanager
def _watched(application: QApplication) -> Iterator[tuple[Messages, list[str]]]:
    """Every message of Qt, every error that nobody caught; questions are answered yes."""
    problems: list[str] = []
    messages = Messages(application)
    messages.asker = _agree
    messages.crash.connect(lambda report: problems.append(_said(report)))
    messages.warning.connect(problems.append)

    def on_message(kind: QtMsgType, _context: object, text: str) -> None:
        if kind not in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg} and not _NOISE.match(text):
            problems.append(f"Qt{NBSP}: {text}")

    before = qInstallMessageHandler(on_message), sys.excepthook, threading.excepthook
    messages.install_hooks()
    try:
        yield messages, problems
    finally:
        handler, sys.excepthook, threading.excepthook = before
        qInstallMessageHandler(handler)


def _said(report: CrashReport) -> str:
    return f"{report.reference}\n{report.details}"


def _agree(_question: Question, _parent: QWidget | None, then: Answer, _otherwise: Answer | None) -> None:
    then()


@contextmanager
def _printing_to(file: Path) -> Iterator[None]:
    """Whoever is asked for a printer takes one that writes to `file`."""

    def ask(_parent: QWidget, title: str, _pages: int, then: Chosen) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(file))
        printer.setDocName(title)
        then(printer)

    system, Printers.asker = Printers.asker, staticmethod(ask)
    try:
        yield
    finally:
        Printers.asker = staticmethod(system)


def _billing(window: MainWindow, wanted: dict[str, object]) -> BillingPage:
    window.go(Destination("billing", wanted))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, BillingPage)  # noqa: S101 - this is what the name means
    return page


def _rows_shown(page: QWidget) -> int:
    """In every list or table of the page that can be seen."""
    views = [view for view in page.findChildren(QAbstractItemView) if not isinstance(view, QHeaderView)]
    return sum(view.model().rowCount() for view in views if view.isVisible())


def _work_until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        QCoreApplication.processEvents()
        if time.monotonic() > end:
            raise TimeoutError(f"rien au bout de {seconds:.0f}{NBSP}s")


def _only(found: list[Found], otherwise: str) -> Found:
    if not found:
        raise SelfTestFailed(otherwise)
    return found[0]


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SelfTestFailed(otherwise)
