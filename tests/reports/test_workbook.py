"""A list written as a workbook and read back: real numbers and dates, text that stays text, a file whole or none."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from guichet.reports.workbook import Euros, Sheet, Title, write

SHEET = Sheet("Factures", "Restant dues · le 18/03/2026", (Title("Numéro", 9), Title("Valeur", right=True)))


def written(file: Path, *values: Any) -> list[Any]:
    write(SHEET, [("AL-1", value) for value in values], file)
    return [row[1] for row in opened(file).iter_rows(min_row=4)]


def opened(file: Path) -> Worksheet:
    sheet = load_workbook(file).active
    assert isinstance(sheet, Worksheet)
    return sheet


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "factures.xlsx"


def test_amounts_and_dates_are_what_a_spreadsheet_can_reckon_with(file: Path) -> None:
    issued = datetime(2026, 3, 18, 23, 30, tzinfo=UTC)
    euros, credit, day, instant, number, nothing = written(
        file, Euros(1_234_567), Euros(-1), date(2026, 3, 18), issued, 42, None
    )
    assert (euros.value, euros.number_format) == (12345.67, '#,##0.00\\ "€"')
    assert credit.value == -0.01
    assert (day.value, day.number_format) == (datetime(2026, 3, 18), "dd/mm/yyyy")  # noqa: DTZ001 - a civil day
    assert instant.value == datetime(2026, 3, 19, 0, 30), "in Paris"  # noqa: DTZ001
    assert (number.value, number.data_type) == (42, "n")
    assert nothing.value is None


def test_cents_are_written_exactly(file: Path) -> None:
    amounts = [Euros(cents) for cents in (1, 10, 305, 99_999_999_99)]
    assert [Decimal(str(cell.value)) for cell in written(file, *amounts)] == [
        Decimal("0.01"),
        Decimal("0.1"),
        Decimal("3.05"),
        Decimal("99999999.99"),
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+33 6 12 34 56 78", "-1", "@SUM(A1)", "\t=1", "\r=1", "#N/A", '=HYPERLINK("x","y")']
)
def test_what_looks_like_a_formula_stays_the_text_it_is(file: Path, text: str) -> None:
    (cell,) = written(file, text)
    assert cell.data_type == "s"
    assert cell.value.strip() == text.strip()
    assert cell.quotePrefix, "edited in the spreadsheet, it does not become a formula either"


def test_the_words_of_a_head_cannot_run_either(file: Path) -> None:
    sheet = Sheet("=A", "=B", (Title("=C"),))
    write(sheet, [], file)
    cells = [opened(file).cell(row, 1) for row in (1, 2, 3)]
    assert [(cell.value, cell.data_type) for cell in cells] == [("=A", "s"), ("=B", "s"), ("=C", "s")]


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=5))
def test_any_text_of_a_family_can_be_written_and_read_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    cells = written(tmp_path_factory.mktemp("any") / "any.xlsx", *texts)
    for text, cell in zip(texts, cells, strict=True):
        kept = "".join(letter for letter in text if letter >= " " or letter in "\t\n\r")
        kept = kept.replace("\ufffe", "").replace("\uffff", "")
        assert _flat(cell.value) == _flat(kept)
        assert cell.data_type in {"s", "n", "inlineStr"}, "never a formula"


def _flat(text: str | None) -> str:
    """XML makes one kind of line end of all."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


def test_the_head_says_what_was_listed_and_stays_in_sight(file: Path) -> None:
    write(SHEET, [("AL-1", Euros(100)), ("AL-2", Euros(200))], file)
    sheet = opened(file)
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == [SHEET.title, SHEET.subtitle, "Numéro"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.title) == ("A4", "A3:B5", "Factures")
    assert sheet.column_dimensions["A"].width >= 9


def test_a_title_that_no_sheet_may_bear_is_shortened(file: Path) -> None:
    write(Sheet("Demandes : reçues [mars] / avril " * 2, "", (Title("N°"),)), [], file)
    assert len(opened(file).title) <= 31


def test_an_error_half_way_leaves_the_former_file_and_nothing_else(file: Path) -> None:
    write(SHEET, [("AL-1", 1)], file)
    before = file.read_bytes()

    def broken() -> Iterator[tuple[str, int]]:
        yield "AL-2", 2
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write(SHEET, broken(), file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_rows_kept_aside_while_writing_are_wiped_when_it_stops(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))

    def broken() -> Iterator[tuple[str, int]]:
        yield "Dupont", 2
        assert list(aside.iterdir()), "openpyxl keeps the rows aside"
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write(SHEET, broken(), file)
    assert list(aside.iterdir()) == []
