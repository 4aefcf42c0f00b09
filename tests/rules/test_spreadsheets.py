"""What is pasted in a spreadsheet is never run by it, and amounts stay amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.money import format_euros
from guichet.rules.spreadsheets import FORMULA_STARTS, pasted


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "+33 6 12 34 56 78x"]
)
def test_a_formula_becomes_text(text: str) -> None:
    assert pasted(text) == f"'{' '.join(text.split())}" if text.strip() == text else "=" in pasted(text)


@given(st.integers(-(10**9), 10**9))
def test_an_amount_is_pasted_as_it_is_read(cents: int) -> None:
    assert pasted(format_euros(cents)) == format_euros(cents)


@given(st.text(max_size=60))
def test_no_cell_breaks_its_row_nor_starts_a_formula(text: str) -> None:
    cell = pasted(text)
    assert not set(cell) & set("\t\r\n")
    if cell.startswith(FORMULA_STARTS):
        assert all(letter in "+-0123456789,€% \u00a0\u202f" for letter in cell)
