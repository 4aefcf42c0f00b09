"""A printed document shown as it will come out of the printer: read, searched, printed, saved."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from guichet.ui.files import PDF_DOCUMENTS, Files
from guichet.ui.messages import Messages
from guichet.ui.printing import Printers, PrintJob
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.pdf_search import PdfSearch
from guichet.ui.wording import NBSP

ZOOM_STEP = 1.2
SMALLEST, LARGEST = 0.2, 5.0

_KEYS = {
    "larger": ("Ctrl++", "Ctrl+="),
    "smaller": ("Ctrl+-",),
    "fit": ("Ctrl+0",),
    "print": ("Ctrl+P",),
    "save": ("Ctrl+Shift+S",),
    "find": ("Ctrl+F",),
    "next": ("F3",),
    "previous": ("Shift+F3",),
}


class PdfView(QWidget):
    """A PDF held in memory, with zoom, search, printing and saving; until one is shown, a sentence says what will stand here.

    Its keys work while the cursor is anywhere inside: they are taken before the window's own.
    """

    def __init__(self, theme: Theme, messages: Messages, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._messages = messages
        self._data = b""
        self._suggested = "document.pdf"
        self._job: PrintJob | None = None
        self._buffer = QBuffer(self)
        self.document = QPdfDocument(self)
        self.view = QPdfView(self)
        self.view.setAccessibleName("Document")
        self.view.setDocument(self.document)
        self.view.setPageMode(QPdfView.PageMode.MultiPage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.view.pageNavigator().currentPageChanged.connect(self._say_page)
        self.search = PdfSearch(theme, self.document, self.view, self)
        self.search.closed.connect(self._close_search)
        self.empty = text_label(empty, "muted", self, wrap=True)
        self.empty.setMargin(Space.WIDE)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = text_label("", "heading", self)
        self.title.setMinimumWidth(0)
        self.pages = text_label("", "muted", self)
        self._build_buttons()
        self._lay_out()

    def _build_buttons(self) -> None:
        self.smaller = button("−", self, tip="Réduire le document (Ctrl+-)")
        self.larger = button("+", self, tip="Agrandir le document (Ctrl++)")
        self.fit = button("", self, tip="Ajuster à la largeur (Ctrl+0)")
        self.seek = button("", self, tip="Chercher dans le document (Ctrl+F)")
        self.print = button("Imprimer…", self, tip="Imprimer par la fenêtre du système (Ctrl+P)")
        self.save = button("", self, tip="Enregistrer ce document (Ctrl+Maj+S)")
        for each, name in (
            (self.smaller, "Réduire le document"),
            (self.larger, "Agrandir le document"),
            (self.fit, "Ajuster à la largeur"),
            (self.seek, "Chercher dans le document"),
            (self.save, "Enregistrer le document"),
        ):
            each.setAccessibleName(name)
        self._draw_icons()
        self._theme.changed.connect(self._draw_icons)
        self.printing = text_label("", "muted", self)
        self.stop = button("Arrêter l’impression", self)
        self.smaller.clicked.connect(lambda: self._zoom(1 / ZOOM_STEP))
        self.larger.clicked.connect(lambda: self._zoom(ZOOM_STEP))
        self.fit.clicked.connect(self.fit_width)
        self.seek.clicked.connect(self.open_search)
        self.print.clicked.connect(self.ask_printer)
        self.save.clicked.connect(self.ask_where_to_save)
        self.stop.clicked.connect(self._stop_printing)

    def _draw_icons(self) -> None:
        for each, icon in (
            (self.fit, "arrow-expand-horizontal"),
            (self.seek, "magnify"),
            (self.print, "printer-outline"),
            (self.save, "content-save-outline"),
        ):
            each.setIcon(self._theme.icon(icon))

    def _lay_out(self) -> None:
        self._tools = QWidget(self)
        bar = QVBoxLayout(self._tools)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(Space.TIGHT)
        head, row, printing = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.pages)
        for each in (self.smaller, self.larger, self.fit, self.seek):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self.print)
        row.addWidget(self.save)
        printing.addWidget(self.printing, 1)
        printing.addWidget(self.stop)
        for each_row in (head, row, printing):
            bar.addLayout(each_row)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tools)
        layout.addWidget(self.search)
        layout.addWidget(self._stack, 1)
        for each_widget in (self._tools, self.search, self.printing, self.stop):
            each_widget.hide()

    @property
    def data(self) -> bytes:
        """The bytes shown, empty when nothing is."""
        return self._data

    def show_pdf(self, title: str, data: bytes, suggested: str) -> None:
        """Show a document; `suggested` is the file name offered when it is saved."""
        self.document.close()
        self._buffer.close()
        self._data = data
        self._suggested = suggested
        self._buffer.setData(QByteArray(data))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self.document.load(self._buffer)
        self.view.setAccessibleName(title)
        self.title.setText(title)
        self._say_page()
        self._tools.show()
        self._stack.setCurrentWidget(self.view)
        self.search.search_again()

    def clear(self) -> None:
        """Show no document any more."""
        self.document.close()
        self._data = b""
        self._tools.hide()
        self.search.hide()
        self._stack.setCurrentWidget(self.empty)

    def open_search(self) -> None:
        """Show the search field and go to it."""
        if self._data:
            self.search.open()

    def fit_width(self) -> None:
        """Show the page in its whole width."""
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)

    def step_back(self) -> bool:
        """Close the search, if it is open."""
        if self.search.isHidden():
            return False
        self._close_search()
        return True

    def ask_where_to_save(self) -> None:
        """Ask where to save the document shown."""
        if self._data:
            Files.save_as(self, "Enregistrer le document", self._suggested, PDF_DOCUMENTS, self._save)

    def ask_printer(self) -> None:
        """Ask for a printer and print the document shown."""
        if self._data and self._job is None:
            Printers.ask(self, self.title.text(), self.document.pageCount(), self.print_on)

    def print_on(self, printer: QPrinter) -> None:
        """Print the document shown, page after page."""
        job = self._job = PrintJob(self._data, printer, self)
        job.progressed.connect(self._say_printing)
        job.finished.connect(self._printed)
        self.print.setEnabled(False)
        self.printing.setText("Impression…")
        self.printing.show()
        self.stop.show()
        job.start()

    def _say_printing(self, done: int, total: int) -> None:
        self.printing.setText(f"Impression{NBSP}: page {done} sur {total}")

    def _stop_printing(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _printed(self, whole: bool) -> None:
        if self._job is not None:
            self._job.deleteLater()
            self._job = None
        self.printing.hide()
        self.stop.hide()
        self.print.setEnabled(True)
        if whole:
            self._messages.inform(f"{self.title.text()}{NBSP}: envoyé à l’imprimante")
        else:
            self._messages.warn(
                "L’impression n’est pas allée au bout\u00a0: vérifiez l’imprimante, puis recommencez."
            )

    def _say_page(self) -> None:
        count = self.document.pageCount()
        if count < 2:
            self.pages.setText(f"{count} page")
        else:
            self.pages.setText(f"page {self.view.pageNavigator().currentPage() + 1} sur {count}")

    def _zoom(self, factor: float) -> None:
        if self.view.zoomMode() is QPdfView.ZoomMode.FitToWidth and self.document.pageCount():
            points = self.document.pagePointSize(self.view.pageNavigator().currentPage()).width()
            shown = points * self.logicalDpiX() / 72
            factor *= self.view.viewport().width() / shown
        else:
            factor *= self.view.zoomFactor()
        self.view.setZoomMode(QPdfView.ZoomMode.Custom)
        self.view.setZoomFactor(min(LARGEST, max(SMALLEST, factor)))

    def _close_search(self) -> None:
        self.search.hide()
        self.search.forget()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _save(self, target: Path) -> None:
        save_bytes(target, self._data, self._messages)

    # Keys

    def _act_of(self, event: QKeyEvent) -> str:
        if not self._data:
            return ""
        pressed = QKeySequence(event.keyCombination())
        return next(
            (act for act, keys in _KEYS.items() if any(pressed == QKeySequence(key) for key in keys)), ""
        )

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._act_of(event)
        ):
            event.accept()  # here Ctrl++ is the document's, not the text size of the window
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match self._act_of(event):
            case "larger":
                self._zoom(ZOOM_STEP)
            case "smaller":
                self._zoom(1 / ZOOM_STEP)
            case "fit":
                self.fit_width()
            case "print":
                self.ask_printer()
            case "save":
                self.ask_where_to_save()
            case "find":
                self.open_search()
            case "next":
                self.search.go(1)
            case "previous":
                self.search.go(-1)
            case _:
                super().keyPressEvent(event)


def save_bytes(target: Path, data: bytes, messages: Messages) -> None:
    """Write a document where the person chose, and say so or why not."""
    try:
        target.write_bytes(data)
    except OSError as problem:
        messages.warn(
            f"Le fichier n’a pas pu être enregistré\u00a0: {problem.strerror}. Choisissez un autre dossier."
        )
        return
    messages.inform(f"Document enregistré{NBSP}: {target.name}")
