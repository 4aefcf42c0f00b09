"""The manual inside the program: the section of a page beside its keys, or the whole of it in a window of its own."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.text import fold
from guichet.ui.manual import ManualSection, chapters, find_section
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP

ADDRESS = Qt.ItemDataRole.UserRole
FIRST_SIZE_CHARACTERS = (120, 42)


class ManualText(QTextBrowser):
    """One section, in the look and size in force."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: ManualSection | None = None
        self.setAccessibleName("Manuel")
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        theme.changed.connect(self._draw)

    def show_section(self, section: ManualSection) -> None:
        """Show a section from its first line."""
        self._shown = section
        self._draw()

    def _draw(self) -> None:
        if self._shown is not None:
            accent = self._theme.colours.accent
            self.document().setDefaultStyleSheet(f"a {{ color: {accent}; }}")
            self.document().setDefaultFont(self.font())
            self.setMarkdown(self._shown.text)
            for frame in self.document().rootFrame().childFrames():
                air = frame.frameFormat()
                air.setTopMargin(Space.SMALL)
                air.setBottomMargin(Space.MEDIUM)
                frame.setFrameFormat(air)

    def _follow(self, link: QUrl) -> None:
        """A section of the manual is shown here, an address of the web by the system."""
        if link.scheme() in ("http", "https"):
            QDesktopServices.openUrl(link)
            return
        address = link.toString().replace(".md", "")
        if address.startswith("#") and self._shown is not None:
            address = self._shown.address.partition("#")[0] + address
        try:
            self.show_section(find_section(address))
        except KeyError:
            return


class ManualDialog(Dialog):
    """The whole manual: its sections on the left, searched by any word of their text, the one chosen on the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Manuel de Guichet")
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Chercher dans le manuel…")
        self.search.setAccessibleName("Chercher dans le manuel")
        self.search.setClearButtonEnabled(True)
        self.sections = QListWidget(self)
        self.sections.setAccessibleName("Sections du manuel")
        self.text = ManualText(theme, self)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.sections, 1)
        split = halves(Qt.Orientation.Horizontal, left, self.text, (1, 2), self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        layout.addWidget(split)
        self.search.textChanged.connect(self._list)
        self.sections.currentItemChanged.connect(self._show_current)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.activated.connect(self.search.setFocus)
        metrics = self.fontMetrics()
        across, down = FIRST_SIZE_CHARACTERS
        self.resize(metrics.averageCharWidth() * across, metrics.height() * down)
        self._list("")

    def open_at(self, address: str) -> None:
        """Show the window at a section, or at the first one when the manual has no such section."""
        self.search.clear()
        items = [self.sections.item(row) for row in range(self.sections.count())]
        found = next((item for item in items if item.data(ADDRESS) == address), items[0])
        self.sections.setCurrentItem(found)
        self.show()
        self.raise_()
        self.activateWindow()
        self.sections.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _list(self, words: str) -> None:
        wanted = fold(words).split()
        self.sections.clear()
        for chapter in chapters():
            for section in chapter.sections:
                if not all(word in fold(section.text) for word in wanted):
                    continue
                whole = section.address == chapter.name
                title = section.title if whole else f"{NBSP * 4}{section.title}"
                item = QListWidgetItem(title, self.sections)
                item.setData(ADDRESS, section.address)
                if whole:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
        self.sections.setCurrentRow(0)

    def _show_current(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.text.show_section(find_section(item.data(ADDRESS)))
