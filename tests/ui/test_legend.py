"""The planning's legend: colour is never the only sign (domain.md §3)."""

from guichet.rules.planning import Sign
from guichet.ui.legend import LEGEND


def test_every_sign_has_a_letter_and_a_word_of_its_own() -> None:
    assert set(LEGEND) == set(Sign)
    assert len({mark.letter for mark in LEGEND.values()}) == len(Sign)
    assert len({mark.word for mark in LEGEND.values()}) == len(Sign)
    assert all(len(mark.letter) == 1 and mark.word for mark in LEGEND.values())
