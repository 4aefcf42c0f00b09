"""Colours can be read, the font is there, text grows."""

import re
from dataclasses import asdict, dataclass

import pytest
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QLabel

from guichet import resources_access
from guichet.ui.theme import FONT_FAMILY, Look, Theme, style_sheet
from guichet.ui.tokens import DARK, LIGHT, PILLS, Tone, contrast

PALETTES = {
    "light": LIGHT,
    "dark": DARK,
}
PLAIN_BACKGROUNDS = ("window", "surface", "raised", "alternate", "hover", "selection")
"""What a text without a background of its own may stand on: the page, a card, a row, a row under the mouse or chosen."""

PAINTED = [("success_text", back) for back in ("surface", "alternate", "selection")] + [
    ("warning_text", back) for back in ("surface", "alternate", "selection")
]
"""Graphic signs drawn by code: dots of the pieces, icons of the reasons."""


@dataclass(frozen=True)
class Rule:
    """One selector of the style sheet with what it sets."""

    selector: str
    values: dict[str, str]

    def colour(self, name: str) -> str | None:
        """The token of a property, None for a fixed word such as `transparent`."""
        found = re.search(r"@([a-z_]+)", self.values.get(name, ""))
        return found[1] if found else None


def rules() -> list[Rule]:
    """The style sheet as written, one entry a selector."""
    text = re.sub(r"/\*.*?\*/", "", resources_access.read_text("style/guichet.qss"), flags=re.DOTALL)
    found = []
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        values = dict(part.split(":", 1) for part in body.split(";") if ":" in part)
        found += [
            Rule(selector.strip(), {key.strip(): value for key, value in values.items()})
            for selector in selectors.split(",")
        ]
    return found


def base(selector: str) -> str:
    """A selector without its states: what it looks like at rest."""
    return re.sub(r":(?!:)[a-z-]+|\[(tone|owed|invalid)=[^]]*\]", "", selector)


def backgrounds(rule: Rule, every: list[Rule]) -> set[str]:
    """Each token that the rule's text may stand on."""
    own = rule.colour("background")
    if own:
        return {own}
    places = [rule.selector]
    if " " in rule.selector and rule.selector.startswith("QFrame[role="):
        places.append(rule.selector.split(" ")[0])
    for place in places:
        same = {each.colour("background") for each in every if each.selector == place}
        same |= {each.colour("background") for each in every if each.selector == base(place)}
        if same - {None}:
            return {token for token in same if token}
    return set(PLAIN_BACKGROUNDS)


def text_pairs() -> set[tuple[str, str]]:
    """Every text colour of the style sheet with every background it meets; what is disabled is not read."""
    every = rules()
    return {
        (text, back)
        for rule in every
        if (text := rule.colour("color")) and ":disabled" not in rule.selector and text != "disabled"
        for back in backgrounds(rule, every)
    }


@pytest.mark.parametrize("palette", PALETTES)
def test_every_text_of_the_style_sheet_stands_out_from_what_it_stands_on(palette: str) -> None:
    values = asdict(PALETTES[palette])
    pairs = text_pairs() | {("text", back) for back in PLAIN_BACKGROUNDS}
    assert len(pairs) > 25, "the style sheet was not understood"
    weak = {pair: round(contrast(values[pair[0]], values[pair[1]]), 2) for pair in pairs}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 4.5}


@pytest.mark.parametrize("palette", PALETTES)
def test_every_edge_that_says_where_the_focus_is_can_be_seen(palette: str) -> None:
    values = asdict(PALETTES[palette])
    edges = {
        (edge, "nav" if "nav" in rule.selector else "surface")
        for rule in rules()
        if ":focus" in rule.selector
        and (edge := rule.colour("border") or rule.colour("border-color"))
        and "primary" not in rule.selector
    }
    assert edges
    edges |= {("control_line", "surface"), ("control_line", "window"), *PAINTED}
    weak = {pair: round(contrast(values[pair[0]], values[pair[1]]), 2) for pair in edges}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 3}


def test_the_style_sheet_names_every_colour_size_and_corner_by_its_token() -> None:
    for rule in rules():
        for name, value in rule.values.items():
            assert "#" not in value, f"{rule.selector} writes a colour out"
            assert name != "font-size" or "@size(" in value, f"{rule.selector} writes a size out"
            assert name != "border-radius" or "@radius(" in value, f"{rule.selector} writes a corner out"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("tone", list(Tone))
def test_pills_can_be_read(dark: bool, tone: Tone) -> None:
    pill = PILLS[dark][tone]
    assert contrast(pill.text, pill.back) >= 4.5


def test_contrast_is_the_published_formula() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_every_colour_name_of_the_style_sheet_exists() -> None:
    assert "@" not in style_sheet(LIGHT, 10, {"chevron": "c.png", "chevron_up": "u.png", "tick": "t.png"})


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
