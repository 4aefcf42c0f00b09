"""Good French everywhere: what the source writes, and what a walk through the window shows, hints and says."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

import guichet
from guichet.cli import command
from guichet.rules.typography import NARROW_NBSP, NBSP, french
from guichet.services.demo import build as demo_build
from guichet.ui.window import MainWindow
from tests.ui import audit, walk
from tests.ui.test_accessibility import open_long_town as open_long_town

SOURCE = Path(guichet.__file__).parent
LETTER = r"[A-Za-zÀ-ÖØ-öø-ÿœŒ]"
ACCENT_OR_ARTICLE = re.compile(r"[àâçéèêëîïôûùœ]|\b(le|la|les|un|une|des|de|du|est|pour|pas|qui|sur|dans)\b")
STRAIGHT = re.compile(rf"(?<={LETTER})'(?={LETTER})")
STATED_PLURAL = re.compile(rf"{LETTER}\((s|x|es|nt)\)")
ENGLISH = re.compile(
    r"\b(the|and|with|file|open|close|save|cancel|error|yes|search|settings|family|child|request|invoice|delete|copy)\b",
    re.IGNORECASE,
)
ISO_DATE = re.compile(r"(?<![-\w])\d{4}-\d{2}-\d{2}\b")
MARKUP = re.compile(r"<[^>]+>")
AS_PUBLISHED = {"Vacances d'été"}  # how the national calendar writes it
TYPED_BY_THE_TOWN = re.compile(r"« (Les Pommiers|Les Marmottes) »")
DATA = {Path(demo_build.__file__).parent}  # names of invented people, not sentences


def literals(folder: Path) -> Iterator[tuple[str, str]]:
    """Each text of the source that a person may read, docstrings left out, with where it stands."""
    for file in sorted(folder.rglob("*.py")):
        if any(data in file.parents for data in DATA):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        notes = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            where = f"{file.relative_to(SOURCE.parent)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.JoinedStr):
                notes |= {id(part) for part in node.values}
                yield where, "".join(_piece(part) for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
                yield where, node.value


def _piece(part: ast.expr) -> str:
    """A part of an f-string, with one letter for what is only known later."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    named = part.value.id if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name) else ""
    return {"NBSP": NBSP, "NARROW_NBSP": NARROW_NBSP}.get(named, "x")


def is_french(text: str) -> bool:
    """Whether a literal is words of French rather than code, a pattern or a query."""
    return bool(ACCENT_OR_ARTICLE.search(text)) and "http" not in text and "\\" not in text


def test_no_sentence_of_the_source_has_straight_apostrophes_or_three_points() -> None:
    wrong = [
        f"{where} {text!r}"
        for where, text in literals(SOURCE)
        if is_french(text)
        and text not in AS_PUBLISHED
        and (STRAIGHT.search(text) or re.search(r"\w\.\.\.", text))
    ]
    assert not wrong


def test_a_plural_is_worked_out_not_left_to_the_reader() -> None:
    wrong = [
        f"{where} {text!r}"
        for where, text in literals(SOURCE)
        if is_french(text) and STATED_PLURAL.search(text)
    ]
    assert not wrong


def test_what_pages_write_has_its_spaces() -> None:
    """A page writes for tooltips, names and menus too, which no door sets: its literals are right by themselves."""
    wrong = [
        f"{where} {text!r}"
        for where, text in literals(SOURCE / "ui")
        if is_french(text) and french(text) != text and not _set_by_its_caller(where, text)
    ]
    assert not wrong


def _set_by_its_caller(where: str, text: str) -> bool:
    return text.startswith("JJ/MM/AAAA, « lun. 23 »") and "typed_fields" in where


def test_the_helps_of_the_command_line_are_printed_well() -> None:
    whole = command()
    helps = [part.help for part in _parts(whole) if getattr(part, "help", None)]
    assert len(helps) > 50
    assert not [text for text in helps if french(text) != text or STRAIGHT.search(text)]


def _parts(one: Any) -> Iterator[Any]:
    yield one
    yield from getattr(one, "params", [])
    for inside in getattr(one, "commands", {}).values():
        yield from _parts(inside)


def wrongs(text: str) -> Iterator[str]:
    """What a French reader would correct in a text on screen."""
    words = TYPED_BY_THE_TOWN.sub("x", MARKUP.sub("", text))
    if french(words) != words:
        yield "spaces"
    if "..." in words:
        yield "three points"
    if STATED_PLURAL.search(words):
        yield "plural"
    if ENGLISH.search(words):
        yield "English"
    if ISO_DATE.search(words):
        yield "date"


def test_everything_shown_hinted_or_said_is_good_french(
    open_long_town: Callable[..., MainWindow], qapp: QApplication
) -> None:
    window = open_long_town(100, 1280, 720)
    found: dict[str, str] = {}
    for scene in walk.scenes():
        with walk.shown(window, scene) as root:
            whole = root if root.window() is not window else window
            for where, text in audit.texts(whole):
                for wrong in wrongs(text):
                    found.setdefault(f"{wrong}: {where} {text!r}", scene.name)
    walk.close_everything(window)
    window.close()
    window.deleteLater()
    assert not [f"{finding} ({place})" for finding, place in sorted(found.items())]


@pytest.mark.parametrize(
    "text", ["Motif : x", "l'école... (s)", "3 ligne(s)", "Open the file", "le 2026-03-18"]
)
def test_the_walk_sees_what_is_wrong(text: str) -> None:
    assert list(wrongs(text))
