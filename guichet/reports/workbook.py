"""An Excel workbook of a list: typed cells, nothing that can run."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from guichet.rules.spreadsheets import is_formula

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell

PARIS = ZoneInfo("Europe/Paris")
EUROS = '#,##0.00\\ "€"'
DAY = "dd/mm/yyyy"
INSTANT = "dd/mm/yyyy hh:mm"
LONGEST_NAME = 31
FORBIDDEN_IN_NAMES = str.maketrans("", "", "[]:*?/\\'")
LONGEST_TEXT = 32_767
FLEXIBLE_WIDTH = 30
HEAD_ROWS = 3
# Control characters that XML cannot carry.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Euros:
    """An amount, in cents, that a spreadsheet gets as a number of euros."""

    cents: int


@dataclass(frozen=True)
class Title:
    """The title of a column, and its width in characters."""

    text: str
    width: int | None = None
    right: bool = False


@dataclass(frozen=True)
class Sheet:
    """What stands above the rows: a title, under it what the list was narrowed to and when it was read."""

    title: str
    subtitle: str
    columns: tuple[Title, ...]


def write(sheet: Sheet, rows: Iterable[Sequence[Any]], path: Path) -> None:
    """Write the rows under their titles; the file appears whole or not at all.

    A cell is a text, a whole number, a Decimal, `Euros` (cents), a civil date, an aware instant (shown in Paris time)
    or None. Text that starts as a formula does stays text. Raises OSError when the file cannot be written, and what
    `rows` raises.
    """
    # A tenth of a second that the start of the program does without.
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page: Any = book.create_sheet(sheet.title.translate(FORBIDDEN_IN_NAMES)[:LONGEST_NAME])
    _set_up(page, sheet)
    unfinished = path.with_name(f"{path.name}.part")
    try:
        _write_head(page, sheet)
        cells = _Cells(page)
        count = HEAD_ROWS
        for row in rows:
            page.append(cells.of(row))
            count += 1
        page.auto_filter.ref = f"A{HEAD_ROWS}:{get_column_letter(len(sheet.columns))}{count}"
        book.save(unfinished)
        unfinished.replace(path)
    finally:
        if not page.closed:
            # Stopped half-way: what openpyxl keeps aside, which may name children, would stay until the program ends.
            page.close()
            page._writer.cleanup()  # noqa: SLF001
        unfinished.unlink(missing_ok=True)


def _set_up(page: Any, sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter

    for place, title in enumerate(sheet.columns, 1):
        width = max(title.width or FLEXIBLE_WIDTH, len(title.text)) + 3
        page.column_dimensions[get_column_letter(place)].width = width
    page.freeze_panes = f"A{HEAD_ROWS + 1}"
    page.print_title_rows = f"{HEAD_ROWS}:{HEAD_ROWS}"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


def _write_head(page: Any, sheet: Sheet) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    def cell(text: str, *, bold: bool = False, right: bool = False) -> "Cell":
        made: Cell = WriteOnlyCell(page)
        _set_text(made, text)
        if bold:
            made.font = Font(bold=True)
        if right:
            made.alignment = Alignment(horizontal="right")
        return made

    page.append([cell(sheet.title, bold=True)])
    page.append([cell(sheet.subtitle)])
    page.append([cell(title.text, bold=True, right=title.right) for title in sheet.columns])


def _set_text(cell: "Cell", text: str) -> None:
    cell.value = _UNWRITABLE.sub("", text)[:LONGEST_TEXT]
    cell.data_type = (
        "s"  # whatever it looks like: openpyxl takes « =… » for a formula and « #N/A » for an error
    )


class _Cells:
    """One cell of each kind, written again and again: giving each its own style would cost more than all the rest."""

    def __init__(self, page: Any) -> None:
        from openpyxl.cell import WriteOnlyCell

        self._euros, self._day, self._instant, self._quoted = (WriteOnlyCell(page) for _ in range(4))
        self._euros.number_format = EUROS
        self._day.number_format = DAY
        self._instant.number_format = INSTANT
        self._quoted.quotePrefix = (
            True  # as when a person types an apostrophe first: it stays text when edited
        )

    def of(self, row: Sequence[Any]) -> Iterator[Any]:
        """The cells of a row, each to be written before the next is asked for."""
        for value in row:
            yield self._cell(value)

    def _cell(self, value: Any) -> Any:
        match value:
            case Euros(cents):
                self._euros.value = Decimal(cents) / 100
                return self._euros
            case datetime():
                self._instant.value = value.astimezone(PARIS).replace(tzinfo=None)
                return self._instant
            case date():
                self._day.value = value
                return self._day
            case str():
                return self._text(value)
        return value

    def _text(self, value: str) -> Any:
        text = _UNWRITABLE.sub("", value)
        if is_formula(text) or text.startswith("#") or len(text) > LONGEST_TEXT:
            _set_text(self._quoted, text)
            return self._quoted
        return text
