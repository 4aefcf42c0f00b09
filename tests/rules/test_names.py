"""What is typed becomes the words that search keys hold."""

import pytest

from guichet.rules.names import searched_words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0612345678", ["0612345678"]),
        ("06 12 34", ["061234"]),
        ("06.12.34.56.78", ["0612345678"]),
        ("06\u202f12\u00a034", ["061234"]),
        ("(06) 12 34 56 78", ["0612345678"]),
        ("+33 6 12 34 56 78", ["0612345678"]),
        ("+33 (0)6 12", ["0612"]),
        ("0033 6 12", ["0612"]),
        ("33612345678", ["0612345678"]),
        ("+33", ["0"]),
        ("12 34 56 78", ["12345678"]),
        ("+41 22 123 45 67", ["41221234567"]),
        ("martin 06 12", ["0612", "martin"]),
    ],
)
def test_a_phone_number_is_one_word_however_it_is_spaced(typed: str, words: list[str]) -> None:
    assert searched_words(typed) == words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Élodie  MÜLLER-Lefèvre", ["elodie", "muller", "lefevre"]),
        ("1001001818331", ["1001001818331"]),
        ("R-2026-000134", ["r", "2026", "000134"]),
        ("2026-000134", ["2026", "000134"]),
        ("E0000010", ["e0000010"]),
        ("jean.dupont@exemple.fr", ["jean", "dupont", "exemple", "fr"]),
        ("dupont 1001", ["dupont", "1001"]),
        ("19/03/2020", ["19", "03", "2020"]),
        (" % _ ", []),
    ],
)
def test_anything_else_is_folded_word_by_word(typed: str, words: list[str]) -> None:
    assert searched_words(typed) == words
