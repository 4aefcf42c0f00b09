"""The head and foot of a document: issuer, title, facts, the address in the envelope's window."""

from collections.abc import Sequence

from guichet.reports.letterhead import Letterhead, PostalAddress
from guichet.reports.pdf import fonts
from guichet.reports.pdf.sheet import (
    ACCENT,
    BODY,
    LABEL,
    LEFT,
    RIGHT,
    SMALL,
    Sheet,
    Style,
    wrap,
)

_TOWN = Style(15, 18, fonts.BOLD, ACCENT)
_SERVICE = Style(10.5, 14, fonts.SEMIBOLD)
_TITLE = Style(23, 27, fonts.SEMIBOLD, ACCENT)
_SUBTITLE = Style(11, 15)
_ADDRESS = Style(10.5, 12.5)
_FOOT = Style(7.5, 10, colour=SMALL.colour)

_ADDRESS_LEFT = 110.0
_ADDRESS_TOP = 53.0
"""Where a window envelope shows the address: through a DL window one sees 90–200 mm by 50–80 mm of an A4."""


def draw_head(
    sheet: Sheet,
    letterhead: Letterhead,
    *,
    title: str,
    subtitle: str,
    facts: Sequence[tuple[str, str]],
    address: PostalAddress | None,
) -> float:
    """Draw the first page's head (issuer, title, facts, address in the window) and return where it ends."""
    facts_top = max(_ADDRESS_TOP, _draw_issuer(sheet, letterhead) + 4)
    y = 13.0 + sheet.paragraph(RIGHT, 13, title, _TITLE, 80, align="right", max_lines=2)
    sheet.paragraph(RIGHT, y, subtitle, _SUBTITLE, 80, align="right", max_lines=3)
    left_end = _draw_facts(sheet, facts, facts_top, width=48 if address else 120)
    return max(left_end, _draw_address(sheet, address) if address else 0.0) + 8


def draw_running_head(sheet: Sheet, left: str, right: str) -> None:
    """The head of the pages that follow the first."""
    sheet.text(LEFT, 13, wrap(left, BODY, 125, 1)[0], BODY)
    sheet.text(RIGHT, 13, right, LABEL, "right")
    sheet.rule(LEFT, 19, RIGHT)


def draw_foot(sheet: Sheet, letterhead: Letterhead, reference: str, page: int, pages: int) -> None:
    """The foot of every page: issuer, reference and page number."""
    issuer = " · ".join(part for part in (letterhead.town, letterhead.service, reference) if part)
    sheet.text(LEFT, 286, wrap(issuer, _FOOT, 145, 1)[0], _FOOT)
    sheet.text(RIGHT, 286, f"Page\u00a0{page}/{pages}", _FOOT, "right")


def format_siret(siret: str) -> str:
    """A SIRET as people read it: « 213 100 001 00017 »."""
    digits = "".join(char for char in siret if char.isdigit())
    if len(digits) != 14:
        return siret
    return "\u00a0".join((digits[:3], digits[3:6], digits[6:9], digits[9:]))


def _draw_issuer(sheet: Sheet, letterhead: Letterhead) -> float:
    x = LEFT
    if letterhead.logo is not None:
        x += sheet.image(letterhead.logo, LEFT, 13, 32, 24) + 5
    width = 105 - x
    y = 13.0 + sheet.paragraph(x, 13, letterhead.town, _TOWN, width, max_lines=2)
    y += sheet.paragraph(x, y, letterhead.service, _SERVICE, width, max_lines=2)
    contact = " · ".join(part for part in (letterhead.phone, letterhead.email) if part)
    siret = f"SIRET {format_siret(letterhead.siret)}" if letterhead.siret else ""
    for line in (*letterhead.address, contact, letterhead.opening_hours, siret, letterhead.regie):
        if line:
            y += sheet.paragraph(x, y, line, SMALL, width, max_lines=2)
    return y


def _draw_facts(sheet: Sheet, facts: Sequence[tuple[str, str]], y: float, *, width: float) -> float:
    for label, value in facts:
        sheet.text(LEFT, y, label, LABEL)
        y += sheet.paragraph(LEFT + 34, y, value, BODY, width, max_lines=3)
    return y


def _draw_address(sheet: Sheet, address: PostalAddress) -> float:
    y = _ADDRESS_TOP
    for line in (address.name, *address.lines):
        y += sheet.paragraph(_ADDRESS_LEFT, y, line, _ADDRESS, RIGHT - _ADDRESS_LEFT, max_lines=3)
    return y
