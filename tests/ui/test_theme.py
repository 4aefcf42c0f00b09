"""Colours can be read, the font is there, text grows."""

from dataclasses import asdict

import pytest
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QLabel

from guichet.ui.theme import (
    DARK,
    FONT_FAMILY,
    LIGHT,
    PILLS,
    Colours,
    Look,
    Theme,
    Tone,
    contrast,
    style_sheet,
)

TEXT_ON_BACKGROUND = [
    ("text", "window"), ("text", "surface"), ("text", "raised"), ("text", "selection"), ("text", "hover"),
    ("text", "alternate"), ("muted", "window"), ("muted", "surface"), ("muted", "alternate"),
    ("accent", "surface"), ("accent", "window"), ("on_accent", "accent"), ("on_accent", "accent_hover"),
    ("nav_text", "nav"), ("nav_text", "nav_hover"), ("on_nav_current", "nav_current"),
    ("danger", "surface"), ("danger", "danger_back"), ("danger", "window"), ("warning_text", "warning_back"),
    ("success_text", "success_back"), ("info_text", "info_back"),
]  # fmt: skip


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "back"), TEXT_ON_BACKGROUND)
def test_text_stands_out_from_its_background(colours: Colours, text: str, back: str) -> None:
    values = asdict(colours)
    assert contrast(values[text], values[back]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_edge_of_a_field_can_be_seen(colours: Colours) -> None:
    assert contrast(colours.control_line, colours.surface) >= 3
    assert contrast(colours.accent, colours.surface) >= 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("tone", list(Tone))
def test_pills_can_be_read(dark: bool, tone: Tone) -> None:
    pill = PILLS[dark][tone]
    assert contrast(pill.text, pill.back) >= 4.5


def test_contrast_is_the_published_formula() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_every_colour_name_of_the_style_sheet_exists() -> None:
    assert "@" not in style_sheet(LIGHT, 10, {"chevron": "c.png", "tick": "t.png"})


def test_the_font_of_the_package_is_used(theme: Theme, qapp: QApplication) -> None:
    assert FONT_FAMILY in QFontDatabase.families()
    assert qapp.font().family() == FONT_FAMILY


def test_text_grows_up_to_200_percent_and_no_further(theme: Theme, qapp: QApplication) -> None:
    label = QLabel("Réservations")
    small = label.fontMetrics().height()
    theme.apply(Look.LIGHT, 200)
    label.ensurePolished()
    assert label.fontMetrics().height() >= 1.9 * small
    theme.apply(Look.LIGHT, 900)
    assert theme.scale == 200


def test_dark_is_dark_and_choosing_it_wins_over_the_system(theme: Theme, qapp: QApplication) -> None:
    theme.apply(Look.DARK, 100)
    assert theme.dark
    assert qapp.palette().window().color().lightness() < 60
    theme.apply(Look.LIGHT, 100)
    assert qapp.palette().window().color().lightness() > 200
