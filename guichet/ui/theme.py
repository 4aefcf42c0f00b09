"""How the program looks: two readable palettes, one font family, icons of the theme's colour, text from 100 to 200 %."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

import font_source_sans_pro
from PySide6.QtCore import QLibraryInfo, QLocale, QObject, Qt, QTemporaryDir, QTranslator, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from guichet import resources_access
from guichet.ui.icons import draw_icon
from guichet.ui.tokens import DARK, LIGHT, PILLS, RADII, TYPE_SCALE, Colours, Pill
from guichet.ui.tokens import Tone as Tone

FONT_FAMILY = "Source Sans Pro"
FONT_POINTS = 10.5
FONT_STYLES = ("Regular", "Semibold", "Bold", "It")
SCALES = (100, 125, 150, 175, 200)


class Look(StrEnum):
    """The palette a person chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """The look in force; `changed` tells widgets that paint by themselves to fetch colours and icons again."""

    changed = Signal()

    def __init__(self, application: QApplication, look: Look = Look.SYSTEM, scale: int = 100) -> None:
        super().__init__(application)
        self._application = application
        self._drawn = QTemporaryDir()
        self.look = look
        self.scale = scale
        application.setStyle("Fusion")
        QLocale.setDefault(QLocale(QLocale.Language.French, QLocale.Country.France))
        register_fonts()
        speak_french(application)
        # Nothing moves on screen: who is made ill by motion has nothing to turn off.
        for effect in (
            Qt.UIEffect.UI_AnimateMenu,
            Qt.UIEffect.UI_AnimateCombo,
            Qt.UIEffect.UI_AnimateTooltip,
        ):
            application.setEffectEnabled(effect, False)
        application.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.apply(look, scale)

    @property
    def dark(self) -> bool:
        """Whether the dark palette is shown now."""
        if self.look is Look.SYSTEM:
            return self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self.look is Look.DARK

    @property
    def colours(self) -> Colours:
        """The palette shown now."""
        return DARK if self.dark else LIGHT

    def pill(self, tone: Tone) -> Pill:
        """Colours of a tone in the palette shown now."""
        return PILLS[self.dark][tone]

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """A Material Design icon (`account-group`) in the theme's text colour, or the one given."""
        return draw_icon(name, colour or self.colours.text)

    def apply(self, look: Look, scale: int) -> None:
        """Show the palette `look` with text at `scale` percent (100 to 200)."""
        self.look, self.scale = look, max(SCALES[0], min(SCALES[-1], scale))
        colours = self.colours
        font = QFont(FONT_FAMILY)
        font.setPointSizeF(FONT_POINTS * self.scale / 100)
        self._application.setFont(font)
        self._application.setPalette(_palette(colours))
        pictures = {
            "chevron": self._draw("chevron", "chevron-down", colours.muted),
            "chevron_up": self._draw("chevron_up", "chevron-up", colours.muted),
            "tick": self._draw("tick", "check-bold", colours.on_accent),
        }
        self._application.setStyleSheet(style_sheet(colours, font.pointSizeF(), pictures))
        self.changed.emit()

    def _draw(self, name: str, icon: str, colour: str) -> str:
        """An icon as a file: a style sheet takes no other picture."""
        path = self._drawn.filePath(f"{name}-{colour[1:]}.png")
        self.icon(icon, colour).pixmap(64, 64).save(path)
        return path.replace("\\", "/")

    def _follow_system(self) -> None:
        if self.look is Look.SYSTEM:
            self.apply(self.look, self.scale)


def register_fonts() -> None:
    """Give Qt the one family every screen uses; without a font it draws boxes and says nothing.

    Raises RuntimeError when the packaged files cannot be read.
    """
    folder = Path(font_source_sans_pro.font_directory)
    for style in FONT_STYLES:
        if QFontDatabase.addApplicationFont(str(folder / f"SourceSansPro-{style}.ttf")) < 0:
            raise RuntimeError(f"font file unusable: {style}")


def speak_french(application: QApplication) -> None:
    """Have Qt say in French what it says by itself: the names of keys, the menus of fields, its own dialogs."""
    if application.findChild(QTranslator) is None:
        translator = QTranslator(application)
        if translator.load("qtbase_fr", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            application.installTranslator(translator)


def style_sheet(colours: Colours, points: float, pictures: Mapping[str, str]) -> str:
    """The style sheet with each `@name` replaced by its colour or the file of its picture, `@size(name)` by a size of
    the type scale, `@radius(name)` by a corner and `@pixels(x)` by x times the text size.
    """
    text = resources_access.read_text("style/guichet.qss")
    text = re.sub(r"@size\((\w+)\)", lambda found: f"{points * TYPE_SCALE[found[1]]:.1f}pt", text)
    text = re.sub(r"@radius\((\w+)\)", lambda found: f"{RADII[found[1]]}px", text)
    text = re.sub(
        r"@pixels\(([\d.]+)\)", lambda found: f"{round(points * float(found[1]) * 96 / 72)}px", text
    )
    values = {**asdict(colours), **pictures}
    return re.sub(r"@([a-z_]+)", lambda found: values[found[1]], text)


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.window,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.alternate,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.BrightText: colours.danger,
        QPalette.ColorRole.ToolTipBase: colours.raised,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.Highlight: colours.selection,
        QPalette.ColorRole.HighlightedText: colours.text,
        QPalette.ColorRole.Link: colours.accent,
        QPalette.ColorRole.LinkVisited: colours.accent,
        QPalette.ColorRole.Accent: colours.accent,
        QPalette.ColorRole.Mid: colours.line,
        QPalette.ColorRole.Midlight: colours.hover,
        QPalette.ColorRole.Light: colours.raised,
        QPalette.ColorRole.Dark: colours.control_line,
        QPalette.ColorRole.Shadow: colours.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.disabled))
    return palette
