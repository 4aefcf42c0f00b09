"""How the program looks: two readable palettes, one font family, icons of the theme's colour, text from 100 to 200 %."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum, StrEnum
from pathlib import Path

import font_source_sans_pro
import qtawesome
from PySide6.QtCore import QLocale, QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from guichet import resources_access

FONT_FAMILY = "Source Sans Pro"
FONT_POINTS = 10.5
FONT_STYLES = ("Regular", "Semibold", "Bold", "It")
SCALES = (100, 125, 150, 175, 200)


class Look(StrEnum):
    """The palette a person chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Tone(Enum):
    """What a coloured pill says; a letter always stands beside the colour (screens.md §2, domain.md §3)."""

    WHITE = "white"
    GREEN = "green"
    YELLOW = "yellow"
    BLUE = "blue"
    ORANGE = "orange"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True)
class Pill:
    """Colours of one tone: text on background, within an edge."""

    text: str
    back: str
    edge: str


@dataclass(frozen=True)
class Colours:
    """Every colour on screen, by use. Text on its background is at least 4.5 to 1 (a test computes it)."""

    window: str
    surface: str
    raised: str
    text: str
    muted: str
    line: str
    control_line: str
    accent: str
    on_accent: str
    accent_hover: str
    selection: str
    hover: str
    alternate: str
    nav: str
    nav_text: str
    nav_hover: str
    nav_current: str
    on_nav_current: str
    danger: str
    on_danger: str
    danger_back: str
    warning_text: str
    warning_back: str
    warning_line: str
    success_text: str
    success_back: str
    success_line: str
    info_text: str
    info_back: str
    info_line: str
    disabled: str


LIGHT = Colours(
    window="#F3F5F8",
    surface="#FFFFFF",
    raised="#FFFFFF",
    text="#18222D",
    muted="#4F5D6B",
    line="#D5DCE3",
    control_line="#7C8A98",
    accent="#1F4E9E",
    on_accent="#FFFFFF",
    accent_hover="#173D7E",
    selection="#D7E4F8",
    hover="#E9EFF7",
    alternate="#F8FAFC",
    nav="#16294A",
    nav_text="#D9E2F0",
    nav_hover="#233B66",
    nav_current="#FFFFFF",
    on_nav_current="#16294A",
    danger="#A8201A",
    on_danger="#FFFFFF",
    danger_back="#FCE9E8",
    warning_text="#6B4700",
    warning_back="#FFF3D6",
    warning_line="#E0B252",
    success_text="#175C33",
    success_back="#E3F4E9",
    success_line="#7FBF97",
    info_text="#173D7E",
    info_back="#E6EEFB",
    info_line="#9DB9E6",
    disabled="#7D8894",
)

DARK = Colours(
    window="#14181D",
    surface="#1B2128",
    raised="#232A33",
    text="#E7ECF1",
    muted="#A7B3BF",
    line="#323B45",
    control_line="#778592",
    accent="#8DB8F2",
    on_accent="#0E1B2E",
    accent_hover="#AFCEF7",
    selection="#2A4468",
    hover="#26303B",
    alternate="#1E252D",
    nav="#0D1117",
    nav_text="#C3CEDA",
    nav_hover="#1C2530",
    nav_current="#2A4468",
    on_nav_current="#FFFFFF",
    danger="#F2938C",
    on_danger="#2B0A08",
    danger_back="#3A1C1B",
    warning_text="#F3CE7D",
    warning_back="#3A2E14",
    warning_line="#80662A",
    success_text="#93D8AE",
    success_back="#173324",
    success_line="#3B7A55",
    info_text="#B5D0F7",
    info_back="#1B2C45",
    info_line="#3F628F",
    disabled="#7E8995",
)

PILLS: dict[bool, dict[Tone, Pill]] = {
    False: {
        Tone.WHITE: Pill("#2B3641", "#FFFFFF", "#8A97A4"),
        Tone.GREEN: Pill("#14512D", "#D6F0DF", "#5FAE7E"),
        Tone.YELLOW: Pill("#5A4300", "#FFEFB0", "#CDA52F"),
        Tone.BLUE: Pill("#143D78", "#D8E6FB", "#6C98DA"),
        Tone.ORANGE: Pill("#6A3200", "#FFDDBF", "#DB8A3C"),
        Tone.RED: Pill("#8A1712", "#FBDCDA", "#D9736D"),
        Tone.GREY: Pill("#434E59", "#E6EAEE", "#A3AEB9"),
    },
    True: {
        Tone.WHITE: Pill("#E7ECF1", "#1B2128", "#778592"),
        Tone.GREEN: Pill("#A4E2BC", "#193A27", "#3F8A5D"),
        Tone.YELLOW: Pill("#F7DC86", "#40350F", "#96792A"),
        Tone.BLUE: Pill("#BBD5FA", "#1E3658", "#4A76B5"),
        Tone.ORANGE: Pill("#FFC793", "#46290F", "#A56526"),
        Tone.RED: Pill("#FBB5B0", "#461B19", "#A64B45"),
        Tone.GREY: Pill("#C2CBD4", "#2A323B", "#5A6672"),
    },
}


def contrast(first: str, second: str) -> float:
    """The WCAG 2.1 contrast ratio of two colours, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = []
        for position in (1, 3, 5):
            value = int(colour[position : position + 2], 16) / 255
            parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


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
        icon: QIcon = qtawesome.icon(f"mdi6.{name}", color=colour or self.colours.text)
        return icon

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


def style_sheet(colours: Colours, points: float, pictures: Mapping[str, str]) -> str:
    """The style sheet with each `@name` replaced by its colour or the file of its picture, and `@points(x)` or
    `@pixels(x)` by x times the text size.
    """
    text = resources_access.read_text("style/guichet.qss")
    text = re.sub(r"@points\(([\d.]+)\)", lambda found: f"{points * float(found[1]):.1f}pt", text)
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
