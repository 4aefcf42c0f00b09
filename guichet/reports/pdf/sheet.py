"""A sheet of A4 paper one draws on in millimetres from its top left corner, and the text that fits on it."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Literal

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from guichet.reports.pdf import fonts
from guichet.rules.typography import french

MM = 72 / 25.4
PAGE_WIDTH = 210.0
PAGE_HEIGHT = 297.0
LEFT = 20.0
RIGHT = 190.0

INK = "#1d2733"
MUTED = "#5b6673"
ACCENT = "#1b4a7a"
WARNING = "#9a3412"
HAIRLINE = "#c5cdd6"
TINT = "#f0f4f8"

Align = Literal["left", "right", "center"]
_ASCENT = 0.75  # of the type size; what Source Sans Pro declares


@dataclass(frozen=True)
class Style:
    """How a text is set: `size` and `leading` in points."""

    size: float
    leading: float
    font: str = fonts.REGULAR
    colour: str = INK

    @property
    def line(self) -> float:
        """Height of a line in millimetres."""
        return self.leading / MM


BODY = Style(9.5, 12.5)
BODY_STRONG = Style(9.5, 12.5, fonts.SEMIBOLD)
SMALL = Style(8, 10.5, colour=MUTED)
SMALL_ITALIC = Style(8, 10.5, fonts.ITALIC, MUTED)
LABEL = Style(8.5, 12.5, colour=MUTED)
HEADING = Style(10.5, 14, fonts.SEMIBOLD, ACCENT)
COLUMN_TITLE = Style(8, 10, fonts.SEMIBOLD, MUTED)


@lru_cache(maxsize=8192)
def clean(text: str) -> str:
    """Text as it may be printed: composed accents, white space as spaces, no control or direction character.

    What a family typed is never markup: it is drawn character by character. Direction overrides and other
    invisible characters are left out, so that a name cannot rearrange the words beside it. Signs get their French spaces.
    """
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if char in "\t\n\r\v\f\u2028\u2029" else char for char in composed)
    printed = "".join(
        char for char in spaced if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}
    ).strip()
    return french(printed)


def width_of(text: str, style: Style) -> float:
    """Width in millimetres of cleaned text."""
    fonts.register()
    return float(stringWidth(text, style.font, style.size)) / MM


@lru_cache(maxsize=8192)
def wrap(text: str, style: Style, width: float, max_lines: int = 12) -> tuple[str, ...]:
    """Break text into lines of at most `width` millimetres, at plain spaces, inside a word only if wider.

    Beyond `max_lines` the rest is left out and an ellipsis says so.
    """
    lines: list[str] = []
    current = ""
    for word in clean(text).split(" "):
        candidate = f"{current} {word}" if current else word
        if width_of(candidate, style) <= width:
            current = candidate
            continue
        if current:
            lines.append(current)
        *full, current = _break_word(word, style, width)
        lines.extend(full)
    lines.append(current)
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and width_of(last + "…", style) > width:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last + "…"]
    return tuple(lines)


def _break_word(word: str, style: Style, width: float) -> list[str]:
    parts: list[str] = []
    current = ""
    for char in word:
        if current and width_of(current + char, style) > width:
            parts.append(current)
            current = ""
        current += char
    return [*parts, current]


class Sheet:
    """One PDF document being drawn; the same drawing gives the same bytes."""

    def __init__(self, *, title: str, author: str, subject: str) -> None:
        fonts.register()
        self._bytes = BytesIO()
        self._canvas = Canvas(
            self._bytes,
            pagesize=(PAGE_WIDTH * MM, PAGE_HEIGHT * MM),
            invariant=1,
            pageCompression=1,
            lang="fr-FR",
        )
        self._canvas.setTitle(clean(title))
        self._canvas.setAuthor(clean(author))
        self._canvas.setSubject(clean(subject))
        self._canvas.setCreator("Guichet")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")

    def text(self, x: float, y: float, text: str, style: Style, align: Align = "left") -> None:
        """Draw one line whose box begins at `y`; `x` is its left edge, right edge or centre."""
        canvas = self._canvas
        canvas.setFont(style.font, style.size)
        canvas.setFillColor(_colour(style.colour))
        baseline = (PAGE_HEIGHT - y) * MM - (style.leading - style.size) / 2 - style.size * _ASCENT
        printed = clean(text)
        if align == "right":
            canvas.drawRightString(x * MM, baseline, printed)
        elif align == "center":
            canvas.drawCentredString(x * MM, baseline, printed)
        else:
            canvas.drawString(x * MM, baseline, printed)

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        style: Style,
        width: float,
        *,
        align: Align = "left",
        max_lines: int = 12,
    ) -> float:
        """Draw text wrapped to `width` and return its height."""
        lines = wrap(text, style, width, max_lines)
        for index, line in enumerate(lines):
            self.text(x, y + index * style.line, line, style, align)
        return len(lines) * style.line

    def rule(self, x: float, y: float, to: float, *, colour: str = HAIRLINE, weight: float = 0.5) -> None:
        """A horizontal line from `x` to `to`, `weight` in points."""
        self._canvas.setStrokeColor(_colour(colour))
        self._canvas.setLineWidth(weight)
        self._canvas.line(x * MM, (PAGE_HEIGHT - y) * MM, to * MM, (PAGE_HEIGHT - y) * MM)

    def cut_line(self, y: float) -> None:
        """A dashed line across the whole paper, to cut along."""
        self._canvas.saveState()
        self._canvas.setDash(3, 3)
        self.rule(0, y, PAGE_WIDTH, colour=MUTED)
        self._canvas.restoreState()

    def box(self, x: float, y: float, width: float, height: float, *, fill: str = TINT) -> None:
        """A filled rectangle whose top left corner is (x, y)."""
        self._canvas.setFillColor(_colour(fill))
        self._canvas.rect(x * MM, (PAGE_HEIGHT - y - height) * MM, width * MM, height * MM, stroke=0, fill=1)

    def image(self, content: bytes, x: float, y: float, max_width: float, max_height: float) -> float:
        """Draw a PNG or JPEG within the given size, proportions kept; return the width taken."""
        reader = ImageReader(BytesIO(content))
        pixels_wide, pixels_high = reader.getSize()
        scale = min(max_width / float(pixels_wide), max_height / float(pixels_high))
        width, height = float(pixels_wide) * scale, float(pixels_high) * scale
        self._canvas.drawImage(
            reader, x * MM, (PAGE_HEIGHT - y - height) * MM, width * MM, height * MM, mask="auto"
        )
        return width

    def qr_code(self, payload: str, x: float, y: float, side: float) -> None:
        """A QR code (error level M) of `side` millimetres, its quiet zone included."""
        matrix = _qr_matrix(payload)
        quiet = 4
        module = side / (len(matrix) + 2 * quiet)
        path = self._canvas.beginPath()
        for row_index, row in enumerate(matrix):
            top = y + (row_index + quiet) * module
            for start, length in _dark_runs(row):
                path.rect(
                    (x + (start + quiet) * module) * MM,
                    (PAGE_HEIGHT - top - module) * MM,
                    length * module * MM,
                    module * MM,
                )
        self._canvas.setFillColor(_colour("#000000"))
        self._canvas.drawPath(path, stroke=0, fill=1)

    def bookmark(self, title: str) -> None:
        """Add the current page to the reader's table of contents."""
        key = f"page-{self._canvas.getPageNumber()}"
        self._canvas.bookmarkPage(key)
        self._canvas.addOutlineEntry(clean(title), key)

    def end_page(self) -> None:
        """Close the page; what follows goes on the next."""
        self._canvas.showPage()

    def to_bytes(self) -> bytes:
        """The finished document. Nothing can be drawn afterwards."""
        self._canvas.save()
        return self._bytes.getvalue()


@lru_cache(maxsize=32)
def _colour(code: str) -> HexColor:
    return HexColor(code)


@lru_cache(maxsize=1024)
def _qr_matrix(payload: str) -> tuple[bytes, ...]:
    """The modules, a byte each: kept, since an invoice is printed alone and again in the file of them all."""
    return tuple(bytes(row) for row in segno.make_qr(payload, error="m").matrix)


def _dark_runs(row: bytes) -> list[tuple[int, int]]:
    """The (start, length) of each stretch of dark modules: one rectangle each, so that no seam shows."""
    runs: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if not dark:
            continue
        if runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((index, 1))
    return runs
