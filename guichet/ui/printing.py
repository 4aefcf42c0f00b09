"""Printing a PDF through the system's dialog: pages are drawn one by one, so that the window stays alive and one can stop."""

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPageLayout, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

MOST_DOTS_PER_INCH = 300
"""A page is sent as a picture: beyond, a hundred pages would fill the printer's memory for no sharper letter."""

POINTS_PER_INCH = 72

Chosen = Callable[[QPrinter], None]
Asker = Callable[[QWidget, str, int, Chosen], None]


def _ask_printer(parent: QWidget, title: str, pages: int, then: Chosen) -> None:
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setDocName(title)
    printer.setFullPage(True)
    dialog = QPrintDialog(printer, parent)
    dialog.setMinMax(1, pages)
    dialog.setOption(QPrintDialog.PrintDialogOption.PrintPageRange)
    # The system's own dialog on Windows only opens this way.
    agreed = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    if agreed:
        then(printer)


class Printers:
    """The system's print dialog; a test puts its own printer in `asker`."""

    asker: Asker = staticmethod(_ask_printer)

    @classmethod
    def ask(cls, parent: QWidget, title: str, pages: int, then: Chosen) -> None:
        """Ask which printer and pages; `then` is called when someone agrees."""
        cls.asker(parent, title, pages, then)


class PrintJob(QObject):
    """One document on its way to a printer. `progressed` (pages done, pages), `finished` (whether all went out)."""

    progressed = Signal(int, int)
    finished = Signal(bool)

    def __init__(self, data: bytes, printer: QPrinter, parent: QObject) -> None:
        super().__init__(parent)
        self._printer = printer
        self._buffer = QBuffer(self)
        self._buffer.setData(QByteArray(data))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._document = QPdfDocument(self)
        self._document.load(self._buffer)
        self._pages = self._wanted()
        self._done = 0
        self._painter: QPainter | None = None
        self._turn = QTimer(self)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._print_next)

    def start(self) -> None:
        """Begin; the pages follow one another when the window has a moment."""
        painter = QPainter()
        self._printer.setFullPage(True)
        self._turn_sheet(self._pages[0] if self._pages else 0)
        if not self._pages or not painter.begin(self._printer):
            self._end(False)
            return
        self._painter = painter
        self._turn.start()

    def stop(self) -> None:
        """Print no more pages."""
        if self._painter is not None:
            self._printer.abort()
            self._end(False)

    def _wanted(self) -> list[int]:
        pages = list(range(self._document.pageCount()))
        first, last = self._printer.fromPage(), self._printer.toPage()
        if self._printer.printRange() is QPrinter.PrintRange.PageRange and first:
            pages = pages[first - 1 : last or None]
        if self._printer.pageOrder() is QPrinter.PageOrder.LastPageFirst:
            pages.reverse()
        copies = 1 if self._printer.supportsMultipleCopies() else max(1, self._printer.copyCount())
        return pages * copies

    def _turn_sheet(self, page: int) -> None:
        size = self._document.pagePointSize(page)
        wide = size.width() > size.height()
        way = QPageLayout.Orientation.Landscape if wide else QPageLayout.Orientation.Portrait
        self._printer.setPageOrientation(way)

    def _print_next(self) -> None:
        if self._painter is None:
            return
        page = self._pages[self._done]
        if self._done:
            self._turn_sheet(page)
            if not self._printer.newPage():
                self._end(False)
                return
        self._draw(self._painter, page)
        self._done += 1
        self.progressed.emit(self._done, len(self._pages))
        if self._done == len(self._pages):
            self._end(True)

    def _draw(self, painter: QPainter, page: int) -> None:
        points = self._document.pagePointSize(page)
        dots = min(self._printer.resolution(), MOST_DOTS_PER_INCH) / POINTS_PER_INCH
        picture = self._document.render(
            page, QSize(round(points.width() * dots), round(points.height() * dots))
        )
        sheet = QRectF(self._printer.paperRect(QPrinter.Unit.DevicePixel))
        drawn = points.scaled(sheet.size(), Qt.AspectRatioMode.KeepAspectRatio)
        painter.drawImage(QRectF(sheet.topLeft(), drawn), picture)

    def _end(self, whole: bool) -> None:
        self._turn.stop()
        if self._painter is not None:
            self._painter.end()
            self._painter = None
        self._document.close()
        self.finished.emit(whole)
