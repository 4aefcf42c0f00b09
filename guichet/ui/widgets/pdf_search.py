"""Words sought in a document: how many times they are there, and the next or the one before."""

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtPdf import QPdfDocument, QPdfSearchModel
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from guichet.ui.theme import Theme
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.wording import count


class PdfSearch(QWidget):
    """A field, the count, and two buttons; Enter and Shift+Enter as well go on and back. `closed` on Escape."""

    closed = Signal()

    def __init__(self, theme: Theme, document: QPdfDocument, view: QPdfView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._current = -1
        self.model = QPdfSearchModel(self)
        self.model.setDocument(document)
        view.setSearchModel(self.model)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Chercher dans le document")
        self.text.setAccessibleName("Chercher dans le document")
        self.text.setClearButtonEnabled(True)
        self.found = text_label("", "muted", self)
        self.before = button("", self, tip="Résultat précédent (Maj+F3)")
        self.after = button("", self, tip="Résultat suivant (F3)")
        self.before.setAccessibleName("Résultat précédent")
        self.after.setAccessibleName("Résultat suivant")
        self._theme = theme
        self._draw_icons()
        theme.changed.connect(self._draw_icons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        for each_widget in (self.found, self.before, self.after):
            row.addWidget(each_widget)
        self.text.textChanged.connect(self._typed)
        self.before.clicked.connect(lambda: self.go(-1))
        self.after.clicked.connect(lambda: self.go(1))
        self.model.countChanged.connect(self._counted)

    def _draw_icons(self) -> None:
        self.before.setIcon(self._theme.icon("chevron-up"))
        self.after.setIcon(self._theme.icon("chevron-down"))

    @property
    def results(self) -> int:
        """How many times the words were found so far."""
        return self.model.rowCount(QModelIndex())

    @property
    def current(self) -> int:
        """Which result is shown, from 0; -1 for none."""
        return self._current

    def open(self) -> None:
        """Show the field, its words ready to be typed over."""
        self.show()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()
        self.search_again()

    def search_again(self) -> None:
        """Seek the same words in another document."""
        if not self.isHidden():
            self._typed(self.text.text())

    def forget(self) -> None:
        """Seek nothing any more, but keep the words for the next time."""
        self.model.setSearchString("")
        self._current = -1

    def go(self, by: int) -> None:
        """Show the next result, or the one before; after the last comes the first."""
        if self.isHidden():
            self.open()
        elif self.results:
            start = self._current if self._current >= 0 else (-1 if by > 0 else 0)
            self._show((start + by) % self.results)

    def _typed(self, text: str) -> None:
        self._current = -1
        self.model.setSearchString("")
        self.model.setSearchString(text.strip())
        self._say()

    def _counted(self) -> None:
        if self._current < 0 and self.results:
            self._show(0)
        self._say()

    def _show(self, place: int) -> None:
        self._current = place
        self._view.setCurrentSearchResultIndex(place)
        link = self.model.resultAtIndex(place)
        self._view.pageNavigator().jump(link.page(), link.location(), 0)
        self._say()

    def _say(self) -> None:
        results = self.results
        for each in (self.before, self.after):
            each.setEnabled(results > 0)
        if not self.text.text().strip():
            self.found.setText("")
        elif not results:
            self.found.setText("aucun résultat")
        else:
            place = f"{self._current + 1} sur " if self._current >= 0 else ""
            self.found.setText(place + count(results, "résultat"))

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Escape:
                self.closed.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.go(-1 if shift else 1)
            case _:
                super().keyPressEvent(event)
