"""Blocks that follow one another down the pages: what stays together, what is repeated, where a page ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from guichet.reports.pdf.sheet import (
    COLUMN_TITLE,
    HAIRLINE,
    LEFT,
    RIGHT,
    Align,
    Sheet,
    Style,
    wrap,
)

BOTTOM = 282.0


@dataclass(frozen=True)
class Block:
    """A piece of page of fixed height (mm), drawn from its top `y`.

    `repeat` is drawn again above it when it opens a new page (a table's column titles). `at_bottom` places
    it at the foot of its page.
    """

    height: float
    draw: Callable[[Sheet, float], None] = field(compare=False)
    keep_with_next: bool = False
    repeat: "Block | None" = None
    at_bottom: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table: `x` is its left edge, `width` its room, both in millimetres."""

    title: str
    x: float
    width: float
    align: Align = "left"

    @property
    def anchor(self) -> float:
        """The x that text of this column is drawn from."""
        return {"left": self.x, "right": self.x + self.width, "center": self.x + self.width / 2}[self.align]


Cell = Sequence[tuple[str, Style]]
"""The paragraphs of one cell, from top to bottom."""


def space(height: float) -> Block:
    """White."""
    return Block(height, lambda _sheet, _y: None)


def paragraph(
    text: str, style: Style, *, below: float = 0.0, keep_with_next: bool = False, width: float = RIGHT - LEFT
) -> Block:
    """Text over the width of the page."""
    lines = wrap(text, style, width, 40)

    def draw(sheet: Sheet, y: float) -> None:
        for index, line in enumerate(lines):
            sheet.text(LEFT, y + index * style.line, line, style)

    return Block(len(lines) * style.line + below, draw, keep_with_next)


def table_head(columns: Sequence[Column]) -> Block:
    """The titles of a table's columns over a rule."""
    titles = [(column, wrap(column.title, COLUMN_TITLE, column.width, 2)) for column in columns]
    lines = max(len(title) for _column, title in titles)
    height = lines * COLUMN_TITLE.line + 2.4

    def draw(sheet: Sheet, y: float) -> None:
        for column, title in titles:
            top = y + (lines - len(title)) * COLUMN_TITLE.line
            for index, line in enumerate(title):
                sheet.text(column.anchor, top + index * COLUMN_TITLE.line, line, COLUMN_TITLE, column.align)
        sheet.rule(LEFT, y + height - 1.2, RIGHT, colour=COLUMN_TITLE.colour, weight=0.8)

    return Block(height, draw, keep_with_next=True)


def table_row(
    columns: Sequence[Column],
    cells: Sequence[Cell],
    *,
    head: Block | None = None,
    padding: float = 0.7,
    rule: bool = False,
    keep_with_next: bool = False,
) -> Block:
    """One row, as high as its highest cell; `rule` draws a hairline under it."""
    placed = [
        (column, [(line, style) for text, style in cell for line in wrap(text, style, column.width)])
        for column, cell in zip(columns, cells, strict=True)
    ]
    content = max(sum(style.line for _line, style in lines) for _column, lines in placed)
    height = content + 2 * padding

    def draw(sheet: Sheet, y: float) -> None:
        for column, lines in placed:
            top = y + padding
            for line, style in lines:
                if line:
                    sheet.text(column.anchor, top, line, style, column.align)
                top += style.line
        if rule:
            sheet.rule(LEFT, y + height, RIGHT, colour=HAIRLINE)

    return Block(height, draw, keep_with_next, head)


def paginate(blocks: Sequence[Block], first_room: float, next_room: float) -> list[list[Block]]:
    """Share blocks among pages of the given heights (mm), in order; a chain of `keep_with_next` moves whole.

    A chain higher than a page is broken where the page ends: every block is printed once, whatever its size.
    """
    pages: list[list[Block]] = [[]]
    left = first_room
    for chain in _chains(blocks):
        if pages[-1] and sum(block.height for block in chain) > left:
            pages.append([])
            left = next_room
        for block in chain:
            if pages[-1] and block.height > left:
                pages.append([])
                left = next_room
            if not pages[-1] and len(pages) > 1 and block.repeat is not None:
                pages[-1].append(block.repeat)
                left -= block.repeat.height
            pages[-1].append(block)
            left -= block.height
    return pages


def _chains(blocks: Sequence[Block]) -> list[list[Block]]:
    chains: list[list[Block]] = []
    joined = False
    for block in blocks:
        if joined:
            chains[-1].append(block)
        else:
            chains.append([block])
        joined = block.keep_with_next
    return chains


def print_pages(
    sheet: Sheet,
    blocks: Sequence[Block],
    *,
    first_top: float,
    next_top: float,
    frame: Callable[[int, int], None],
) -> int:
    """Draw blocks over as many pages as they need and return how many.

    `frame(page, pages)` draws what surrounds each page: its head and its foot.
    """
    pages = paginate(blocks, BOTTOM - first_top, BOTTOM - next_top)
    for number, page in enumerate(pages, start=1):
        frame(number, len(pages))
        y = first_top if number == 1 else next_top
        for block in page:
            block.draw(sheet, BOTTOM - block.height if block.at_bottom else y)
            y += block.height
        sheet.end_page()
    return len(pages)
