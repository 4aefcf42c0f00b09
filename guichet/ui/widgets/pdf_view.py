"""A printed document shown as it will come out of the printer."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QStandardPaths
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from guichet.ui.messages import Messages
from guichet.ui.theme import Theme
from guichet.ui.widgets.fields import button, text_label

ZOOM_STEP = 1.2


class PdfView(QWidget):
    """A PDF held in memory, with zoom and saving; until one is shown, a sentence says what will stand here."""

    def __init__(self, theme: Theme, messages: Messages, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._messages = messages
        self._data = b""
        self._suggested = "document.pdf"
        self._buffer = QBuffer(self)
        self.document = QPdfDocument(self)
        self.view = QPdfView(self)
        self.view.setAccessibleName("Document")
        self.view.setDocument(self.document)
        self.view.setPageMode(QPdfView.PageMode.MultiPage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.empty = text_label(empty, "muted", self, wrap=True)
        self.empty.setMargin(24)
        self.title = text_label("", "heading", self)
        self.pages = QLabel(self)
        self.pages.setProperty("role", "muted")
        self.smaller = button("−", self, tip="Réduire")
        self.larger = button("+", self, tip="Agrandir")
        self.fit = button("Largeur", self, tip="Ajuster à la largeur")
        self.save = button("Enregistrer…", self, tip="Enregistrer ce document (Ctrl+Maj+S)")
        for each, name in ((self.smaller, "Réduire"), (self.larger, "Agrandir")):
            each.setAccessibleName(name)
        self.smaller.clicked.connect(lambda: self._zoom(1 / ZOOM_STEP))
        self.larger.clicked.connect(lambda: self._zoom(ZOOM_STEP))
        self.fit.clicked.connect(lambda: self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth))
        self.save.clicked.connect(self._save)
        shortcut = QAction("Enregistrer le document", self)
        shortcut.setShortcut(QKeySequence("Ctrl+Shift+S"))
        shortcut.triggered.connect(self._save)
        self.addAction(shortcut)
        self._tools = QWidget(self)
        bar = QHBoxLayout(self._tools)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(self.title)
        bar.addWidget(self.pages)
        bar.addStretch(1)
        for each in (self.smaller, self.larger, self.fit, self.save):
            bar.addWidget(each)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tools)
        layout.addWidget(self._stack, 1)
        self._tools.hide()

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
        count = self.document.pageCount()
        self.title.setText(title)
        self.pages.setText("1 page" if count == 1 else f"{count} pages")
        self._tools.show()
        self._stack.setCurrentWidget(self.view)

    def clear(self) -> None:
        """Show no document any more."""
        self.document.close()
        self._data = b""
        self._tools.hide()
        self._stack.setCurrentWidget(self.empty)

    def _zoom(self, factor: float) -> None:
        factor *= self.view.zoomFactor()
        self.view.setZoomMode(QPdfView.ZoomMode.Custom)
        self.view.setZoomFactor(min(5.0, max(0.2, factor)))

    def _save(self) -> None:
        if not self._data:
            return
        folder = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        name, _ = QFileDialog.getSaveFileName(
            self, "Enregistrer le document", str(folder / self._suggested), "Documents PDF (*.pdf)"
        )
        if name:
            save_bytes(Path(name), self._data, self._messages)


def save_bytes(target: Path, data: bytes, messages: Messages) -> None:
    """Write a document where the person chose, and say so or why not."""
    try:
        target.write_bytes(data)
    except OSError as problem:
        messages.warn(
            f"Le fichier n’a pas pu être enregistré : {problem.strerror}. Choisissez un autre dossier."
        )
        return
    messages.inform(f"Document enregistré : {target.name}")
