"""Icons take the colour asked for, at the size asked for, and grey where they cannot be used."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from guichet.ui.icons import characters, draw_icon
from guichet.ui.theme import Theme

SOURCES = Path(__file__).parents[2] / "guichet" / "ui"


def colours(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> set[str]:
    """The colours of the pixels that are wholly painted."""
    image = icon.pixmap(QSize(48, 48), 1.0, mode).toImage()
    points = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return {point.name() for point in points if point.alpha() == 255}


def test_an_icon_is_drawn_in_its_colour(theme: Theme) -> None:
    assert colours(draw_icon("account-group", "#c01030")) == {"#c01030"}


def test_a_disabled_icon_takes_the_palettes_grey(theme: Theme) -> None:
    grey = QApplication.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert colours(draw_icon("account-group", "#c01030"), QIcon.Mode.Disabled) == {QColor(grey).name()}


def test_a_screen_of_200_percent_gets_twice_the_pixels(theme: Theme) -> None:
    assert draw_icon("home", "#000000").pixmap(QSize(20, 20), 2.0).size() == QSize(40, 40)


def test_a_name_that_the_font_does_not_have_is_refused(theme: Theme) -> None:
    with pytest.raises(KeyError):
        draw_icon("no-such-icon", "#000000")


def test_every_icon_that_the_screens_name_is_in_the_font(theme: Theme) -> None:
    named = {
        name
        for source in SOURCES.rglob("*.py")
        for name in re.findall(r"\.icon\(\"([a-z0-9-]+)\"", source.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= set(characters())
