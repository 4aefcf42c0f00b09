"""Icons drawn from the Material Design font: any size and colour, sharp at any scale of the screen."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

FONT_PACKAGE = "qtawesome"
FONT_FILE = "materialdesignicons6-webfont-[0-9]*.ttf"
CHARACTERS_FILE = "materialdesignicons6-webfont-charmap-*.json"
# Of the height asked for: the font's own margin makes up the rest.
GLYPH_HEIGHT = 0.875


def draw_icon(name: str, colour: str | QColor) -> QIcon:
    """The icon of this name (`account-group`), in the colour given and in the palette's own where it is disabled.

    Raises KeyError for a name that the font does not have.
    """
    return QIcon(_Glyph(characters()[name], QColor(colour)))


@cache
def characters() -> dict[str, str]:
    """The font's character for each name.

    Raises FileNotFoundError or StopIteration when the packaged font cannot be read.
    """
    text = _packaged(CHARACTERS_FILE).read_text(encoding="utf-8")
    return {name: chr(int(code, 16)) for name, code in json.loads(text).items()}


class _Glyph(QIconEngine):
    """One character of the font."""

    def __init__(self, character: str, colour: QColor) -> None:
        super().__init__()
        self._character = character
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002
        disabled = mode is QIcon.Mode.Disabled
        text = QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text
        font = QFont(_family())
        font.setPixelSize(max(1, round(rect.height() * GLYPH_HEIGHT)))
        painter.save()
        painter.setPen(QApplication.palette().color(*text) if disabled else self._colour)
        painter.setFont(font)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Glyph(self._character, self._colour)


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(_packaged(FONT_FILE)))
    if number < 0:
        raise RuntimeError("icon font unusable")
    return QFontDatabase.applicationFontFamilies(number)[0]


def _packaged(pattern: str) -> Path:
    # The package is found, not imported: importing it loads twelve fonts and all of Qt, a fifth of the start.
    package = find_spec(FONT_PACKAGE)
    if package is None or package.submodule_search_locations is None:
        raise FileNotFoundError(FONT_PACKAGE)
    return next((Path(next(iter(package.submodule_search_locations))) / "fonts").glob(pattern))
