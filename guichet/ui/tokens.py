"""The visual language as named tokens: colours by meaning, type scale, spacing and radii. Pages name these, never a value."""

from dataclasses import dataclass
from enum import Enum, IntEnum

TYPE_SCALE = {
    "figure": 2.3,
    "title": 1.6,
    "brand": 1.5,
    "amount": 1.3,
    "heading": 1.15,
    "body": 1.0,
    "small": 0.9,
}
"""Text sizes, as multiples of the size in force."""

RADII = {"small": 4, "medium": 6, "large": 8}
"""Rounded corners in logical pixels: fields and buttons, boxes that hold rows, cards."""


class Space(IntEnum):
    """Distances between things, in logical pixels: Qt scales them with the screen."""

    TIGHT = 4
    SMALL = 8
    MEDIUM = 12
    LARGE = 16
    WIDE = 24


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
    nav_focus: str
    brand: str
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
    nav_focus="#9CC3FF",
    brand="#FFFFFF",
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
    nav_focus="#9CC3FF",
    brand="#FFFFFF",
    danger="#F7A099",
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
