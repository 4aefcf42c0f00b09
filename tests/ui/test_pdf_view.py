"""A document read on screen: pages, search, zoom, printing to a real (PDF) printer, saving."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtGui import QPageLayout
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from guichet.reports import printing as reports
from guichet.reports.letterhead import Letterhead, PostalAddress
from guichet.reports.statement import Statement, StatementLine
from guichet.ui.files import Files
from guichet.ui.messages import Messages
from guichet.ui.printing import Printers
from guichet.ui.theme import Theme
from guichet.ui.widgets.pdf_view import PdfView

LINES = 90


def statement(lines: int = LINES) -> bytes:
    """A statement of account of several pages; each line names its own payment."""
    operations = tuple(
        StatementLine(f"AL-{rank}", date(2026, 3, 1), f"Règlement numéro {rank}", "Régie", None, 100)
        for rank in range(1, lines + 1)
    )
    return reports.statement_pdf(
        Statement(
            letterhead=Letterhead("Valmont", "Guichet unique", ("1 place de la Mairie",), "", "", "", ""),
            title="2026",
            period_start=date(2026, 1, 1),
            period_end=date(2026, 12, 31),
            issued_on=date(2026, 3, 18),
            family_number="F0001",
            holder=PostalAddress("Madame Jeanne ZOLA", ("12 rue des Bonbons", "31400 Saint-Jean")),
            previous_balance=0,
            lines=operations,
            total_debit=0,
            total_credit=100 * lines,
            balance=-100 * lines,
            uninvoiced=0,
        )
    )


@pytest.fixture
def view(theme: Theme, messages: Messages, qtbot: QtBot) -> PdfView:
    view = PdfView(theme, messages, "Choisissez un document.")
    qtbot.addWidget(view)
    view.resize(700, 800)
    view.show()
    qtbot.waitExposed(view)
    view.show_pdf("Relevé 2026", statement(), "releve.pdf")
    view.view.setFocus()
    return view


def test_the_page_shown_is_said_among_all_pages(view: PdfView) -> None:
    pages = view.document.pageCount()
    assert pages > 1
    assert view.pages.text() == f"page 1 sur {pages}"
    view.view.pageNavigator().jump(pages - 1, view.view.pageNavigator().currentLocation(), 0)
    assert view.pages.text() == f"page {pages} sur {pages}"


def test_words_are_found_counted_and_walked_through_by_keys(view: PdfView, qtbot: QtBot) -> None:
    qtbot.keyClick(view.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.search.text.hasFocus()
    view.search.text.insert("Règlement")
    qtbot.waitUntil(lambda: view.search.results == LINES)
    assert view.search.found.text() == f"1 sur {LINES}\u00a0résultats"
    qtbot.keyClick(view.search.text, Qt.Key.Key_F3)
    assert view.search.found.text().startswith("2 sur")
    qtbot.keyClick(view.search.text, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view.search.text, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert view.search.found.text().startswith(f"{LINES} sur"), "before the first comes the last"
    assert view.view.pageNavigator().currentPage() == view.document.pageCount() - 1
    qtbot.keyClick(view.search.text, Qt.Key.Key_Escape)
    assert view.search.isHidden()
    assert view.view.hasFocus()


def test_words_that_are_not_there_are_said_so(view: PdfView, qtbot: QtBot) -> None:
    view.open_search()
    view.search.text.insert("introuvable")
    qtbot.waitUntil(lambda: view.search.found.text() == "aucun résultat")
    assert not view.search.after.isEnabled()


def test_keys_enlarge_reduce_and_fit(view: PdfView, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(view.view, Qt.Key.Key_Plus, control)
    first = view.view.zoomFactor()
    qtbot.keyClick(view.view, Qt.Key.Key_Plus, control)
    assert view.view.zoomFactor() == pytest.approx(first * 1.2)
    qtbot.keyClick(view.view, Qt.Key.Key_Minus, control)
    assert view.view.zoomFactor() == pytest.approx(first)
    qtbot.keyClick(view.view, Qt.Key.Key_0, control)
    assert view.view.zoomMode() is view.view.ZoomMode.FitToWidth


def to_file(path: Path, first: int = 0, last: int = 0) -> Callable[..., None]:
    """The answer of someone who chooses to print to a file, some pages or all."""

    def ask(_parent: QWidget, title: str, _pages: int, then: Callable[[QPrinter], None]) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(path))
        printer.setDocName(title)
        if first:
            printer.setPrintRange(QPrinter.PrintRange.PageRange)
            printer.setFromTo(first, last)
        then(printer)

    return ask


def darkest(path: Path, page: int = 0) -> int:
    """The darkest grey of a printed page, 0 black to 255 white."""
    document = QPdfDocument()
    document.load(str(path))
    picture = document.render(page, (document.pagePointSize(page)).toSize())
    grey = min(
        picture.pixelColor(x, y).value() if picture.pixelColor(x, y).alpha() else 255
        for x in range(0, picture.width(), 2)
        for y in range(0, picture.height() // 3, 2)
    )
    document.close()
    return grey


def test_every_page_is_printed_on_a_sheet_of_its_own(
    view: PdfView, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    said: list[str] = []
    messages.toast.connect(lambda confirmation: said.append(confirmation.text))
    monkeypatch.setattr(Printers, "asker", staticmethod(to_file(tmp_path / "papier.pdf")))
    qtbot.keyClick(view.view, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    printed = PdfReader(tmp_path / "papier.pdf")
    assert len(printed.pages) == view.document.pageCount()
    size = printed.pages[0].mediabox
    assert (round(float(size.width)), round(float(size.height))) == (595, 842)
    assert darkest(tmp_path / "papier.pdf") < 100, "the sheet is not blank"
    assert view.printing.isHidden()
    assert view.print.isEnabled()


def test_a_range_of_pages_is_printed_alone(
    view: PdfView, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Printers, "asker", staticmethod(to_file(tmp_path / "papier.pdf", 2, 2)))
    view.ask_printer()
    qtbot.waitUntil(view.print.isEnabled, timeout=30_000)
    assert len(PdfReader(tmp_path / "papier.pdf").pages) == 1


def test_printing_can_be_stopped(
    view: PdfView, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    said: list[str] = []
    messages.warning.connect(said.append)
    monkeypatch.setattr(Printers, "asker", staticmethod(to_file(tmp_path / "papier.pdf")))
    view.ask_printer()
    view.stop.click()
    assert said
    assert "pas allée au bout" in said[0]
    assert view.print.isEnabled()


def test_the_document_is_saved_where_chosen_and_a_refusal_of_the_disk_is_said(
    view: PdfView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    said: list[str] = []
    messages.warning.connect(said.append)
    target = tmp_path / "absent" / "releve.pdf"
    monkeypatch.setattr(Files, "chooser", staticmethod(lambda *asked: asked[-1](target)))
    view.ask_where_to_save()
    assert "Choisissez un autre dossier" in said[0]
    target.parent.mkdir()
    view.ask_where_to_save()
    assert target.read_bytes() == view.data


def test_an_upright_sheet_is_asked_for_an_upright_page(view: PdfView, tmp_path: Path, qtbot: QtBot) -> None:
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "papier.pdf"))
    printer.setPageOrientation(QPageLayout.Orientation.Landscape)
    view.print_on(printer)
    qtbot.waitUntil(view.print.isEnabled, timeout=30_000)
    size = PdfReader(tmp_path / "papier.pdf").pages[0].mediabox
    assert size.height > size.width
