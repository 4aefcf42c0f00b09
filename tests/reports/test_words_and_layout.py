"""Amounts in words, and blocks that share pages without losing one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.reports.pdf.layout import Block, paginate
from guichet.reports.pdf.sheet import BODY, width_of, wrap
from guichet.reports.words import euros_in_words, number_in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zéro"),
        (1, "un"),
        (16, "seize"),
        (17, "dix-sept"),
        (21, "vingt-et-un"),
        (70, "soixante-dix"),
        (71, "soixante-et-onze"),
        (77, "soixante-dix-sept"),
        (80, "quatre-vingts"),
        (81, "quatre-vingt-un"),
        (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"),
        (100, "cent"),
        (101, "cent-un"),
        (200, "deux-cents"),
        (201, "deux-cent-un"),
        (1000, "mille"),
        (1100, "mille-cent"),
        (80_000, "quatre-vingt-mille"),
        (200_000, "deux-cent-mille"),
        (1_000_000, "un-million"),
        (2_345_678, "deux-millions-trois-cent-quarante-cinq-mille-six-cent-soixante-dix-huit"),
    ],
)
def test_numbers_are_spelt_as_french_does(number: int, words: str) -> None:
    assert number_in_words(number) == words


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "zéro euro"),
        (1, "un centime"),
        (100, "un euro"),
        (12060, "cent-vingt euros et soixante centimes"),
        (200_000_000, "deux-millions d’euros"),
    ],
)
def test_amounts_are_spelt_as_on_a_cheque(cents: int, words: str) -> None:
    assert euros_in_words(cents) == words


def test_an_amount_that_words_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        euros_in_words(-1)
    with pytest.raises(ValueError, match="billion"):
        euros_in_words(10**11)


@given(st.integers(0, 10**6 - 1), st.integers(0, 10**6 - 1))
def test_two_numbers_never_read_the_same(one: int, other: int) -> None:
    assert (number_in_words(one) == number_in_words(other)) == (one == other)


@given(st.text(max_size=400), st.integers(10, 120))
def test_wrapped_lines_fit_and_keep_every_letter(text: str, width: int) -> None:
    lines = wrap(text, BODY, width, 10_000)
    assert all(width_of(line, BODY) <= width or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(wrap(text, BODY, 100_000)).replace(" ", "")


@given(st.lists(st.tuples(st.integers(1, 120), st.booleans()), max_size=60))
def test_every_block_is_printed_once_in_order_on_a_page_that_holds_it(sizes: list[tuple[int, bool]]) -> None:
    blocks = [Block(height, lambda _sheet, _y: None, keep) for height, keep in sizes]
    pages = paginate(blocks, 80, 100)
    printed = [id(block) for page in pages for block in page]
    assert printed == [id(block) for block in blocks]
    for number, page in enumerate(pages):
        room = 80 if number == 0 else 100
        assert sum(block.height for block in page) <= room or len(page) == 1


def test_a_heading_is_never_left_alone_at_the_foot_of_a_page() -> None:
    filler = Block(70, lambda _sheet, _y: None)
    heading = Block(10, lambda _sheet, _y: None, keep_with_next=True)
    row = Block(10, lambda _sheet, _y: None)
    assert [len(page) for page in paginate([filler, heading, row], 85, 85)] == [1, 2]
