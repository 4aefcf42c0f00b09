"""No meaning by colour alone, no list out of the French order, no model that Qt's own tester has not looked at."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QObject, Qt
from PySide6.QtTest import QTest

import guichet.ui
from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.ui.legend import LEGEND
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.tables import State
from tests.builders import add_family, add_person
from tests.ui.support import Opener, SqlGuard

TESTED = {
    "RowsModel": "test_tables.py",
    "PagedTableModel": "test_tables.py",
    "EntryModel": "test_palette.py",
    "PlanningModel": "test_families_page.py",
}
ABSTRACT = {"TableModel"}


def modules() -> Iterator[object]:
    for found in pkgutil.walk_packages(guichet.ui.__path__, "guichet.ui."):
        yield importlib.import_module(found.name)


def sets_of_states() -> dict[str, dict[object, State]]:
    """Every dictionary of states that a screen draws from."""
    return {
        f"{module.__name__}.{name}": value  # type: ignore[attr-defined]
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, dict) and value and all(isinstance(each, State) for each in value.values())
    }


def test_each_state_has_a_word_and_a_letter_of_its_own_in_its_set() -> None:
    found = sets_of_states()
    assert len(found) >= 8
    wrong = []
    for name, states in found.items():
        letters: dict[str, str] = {}
        for state in states.values():
            if not state.letter.strip() or len(state.label) < 3:
                wrong.append(f"{name}: {state}")
            if letters.setdefault(state.letter, state.label) != state.label:
                wrong.append(f"{name}: {state.letter} is {letters[state.letter]} and {state.label}")
    assert not wrong


def test_each_sign_of_the_planning_has_a_word_and_a_letter_of_its_own() -> None:
    letters = [mark.letter for mark in LEGEND.values()]
    assert len(set(letters)) == len(letters)
    assert len({mark.word for mark in LEGEND.values()}) == len(letters)


def test_qt_looks_at_every_model() -> None:
    for _ in modules():
        pass
    found = {
        each.__name__
        for each in _heirs(QAbstractItemModel)
        if each.__module__.startswith("guichet.ui") and "[" not in each.__name__
    }
    assert found - ABSTRACT == set(TESTED)
    for file in TESTED.values():
        assert "qtmodeltester.check" in (Path(__file__).parent / file).read_text(encoding="utf-8")


def _heirs(kind: type[QObject]) -> Iterator[type[QObject]]:
    heirs: list[type[QObject]] = kind.__subclasses__()
    for heir in heirs:
        yield heir
        yield from _heirs(heir)


NAMES = ("Zola", "Œuvrard", "Le Goff", "Émile", "Eluard", "legrand", "Oeuf", "Ézéchiel", "Lebel")
IN_ORDER = ["Eluard", "Émile", "Ézéchiel", "Le Goff", "Lebel", "legrand", "Oeuf", "Œuvrard", "Zola"]


@pytest.fixture
def town(sqlite_database: Database, sql_guard: SqlGuard) -> Database:
    def build() -> None:
        with sqlite_database.writing() as session:
            for number, name in enumerate(NAMES):
                add_family(session, str(1000 + number), adults=[add_person(session, name, "Anne")])

    sql_guard.aside(build)
    return sqlite_database


def test_a_click_on_a_title_sorts_as_a_french_reader_does(open_window: Opener) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.go(Destination("families"))
    settle(window.tools.desk)
    table = window.current_page.list.table  # type: ignore[attr-defined]
    header = table.horizontalHeader()
    shown: list[list[str]] = []
    for _ in range(2):
        where = header.viewport().rect().center()
        where.setX(header.sectionViewportPosition(0) + header.sectionSize(0) // 2)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
        settle(window.tools.desk)
        shown.append([row.label for row in table.paged.rows_at_hand()])
    assert sorted(shown) == sorted([IN_ORDER, IN_ORDER[::-1]])
