"""French typography: which space before which sign, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.rules.typography import agreed, count, french, grouped

N, T = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("Le motif : autre", f"Le motif{N}: autre"),
        ("Prêt ; le reste attend", f"Prêt{T}; le reste attend"),
        ("Quitter ?", f"Quitter{T}?"),
        ("Vraiment ?!", f"Vraiment{T}?!"),
        ("Vue « du soir » mise à jour", f"Vue «{N}du soir{N}» mise à jour"),
        ("«mardi»", f"«{N}mardi{N}»"),
        (f"Fini «{T}ici{T}»", f"Fini «{N}ici{N}»"),
        ("12,30 € et 100%, soit 5 %.", f"12,30{N}€ et 100{N}%, soit 5{N}%."),
        ("Un instant...", "Un instant…"),
        ("Est-ce « oui » ?", f"Est-ce «{N}oui{N}»{T}?"),
        ("(déjà là) : voir", f"(déjà là){N}: voir"),
        ("Famille :", f"Famille{N}:"),
    ],
)
def test_signs_take_their_space(plain: str, printed: str) -> None:
    assert french(plain) == printed


@pytest.mark.parametrize(
    "text",
    [
        "à 08:30",
        "https://portail.exemple.fr/a?b=1%20c",
        "sqlite:///ville.db",
        "Marie-Ève D’Ours",
        "16:00:00",
        f"Déjà{N}: fait{T}; bien{T}!",
        "R refuser, ? à examiner",
        "",
    ],
)
def test_what_needs_nothing_is_left_alone(text: str) -> None:
    assert french(text) == text


@given(st.text(alphabet="aé :;!?«»€%5.\u00a0\u202f\n", max_size=30))
def test_it_can_be_applied_again_and_changes_spaces_alone(text: str) -> None:
    once = french(text)
    assert french(once) == once

    def bare(words: str) -> str:
        return "".join(words.replace("…", "...").split())

    assert bare(once) == bare(text)


def test_what_is_said_of_an_error_is_printed_so() -> None:
    assert UserError("Le mot « oui » : non").message == f"Le mot «{N}oui{N}»{N}: non"
    assert str(EnvironmentProblem("Disque plein : libérez")) == f"Disque plein{N}: libérez"


def test_words_agree_with_their_number() -> None:
    assert [agreed(n, "reste", "restent") for n in (0, 1, 2)] == ["reste", "reste", "restent"]
    assert count(1, "journal", "journaux") == f"1{N}journal"
    assert count(12000, "facture") == f"12{T}000{N}factures"
    assert grouped(999) == "999"
