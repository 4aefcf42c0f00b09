"""The list of a real query on a real base: read where one looks, filtered as one types, counted, summed, exported."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.people import Family
from guichet.rules.errors import UserError
from guichet.rules.text import sort_key
from guichet.services import families
from guichet.services.families import FamilyQuery, FamilyRow
from guichet.services.transaction import Context
from guichet.ui.actions import Action
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.files import Files
from guichet.ui.messages import Confirmation, Messages
from guichet.ui.page import Tools
from guichet.ui.preferences import Preferences
from guichet.ui.screenshots import settle
from guichet.ui.tables import Column
from guichet.ui.theme import Theme
from guichet.ui.widgets.sql_list import SqlList, Sums
from tests.ui.support import SqlGuard, type_text

FAMILIES = 1234
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
COLUMNS = (
    Column[FamilyRow]("Famille", lambda row: row.label, None, sort="label", bold=True),
    Column[FamilyRow]("Numéro", lambda row: row.number, 13, sort="number", value=lambda row: int(row.number)),
    Column[FamilyRow]("Ville", lambda row: row.town, 20, extra=True),
)

Made = Callable[..., SqlList[FamilyRow]]


@pytest.fixture
def base(sqlite_database: Database, sql_guard: SqlGuard) -> Database:
    def build() -> None:
        with sqlite_database.writing() as session:
            session.add_all(family(number) for number in range(FAMILIES))

    sql_guard.aside(build)
    return sqlite_database


def family(number: int) -> Family:
    label = f"Famille {number:05d}"
    return Family(
        number=str(number), label=label, town="Valmont", search_key=label.lower(), sort_key=sort_key(label)
    )


@pytest.fixture
def tools(base: Database, desk: Desk, messages: Messages, theme: Theme) -> Tools:
    return Tools(desk, messages, theme, Preferences(desk), Drafts(desk))


@pytest.fixture
def make(tools: Tools, desk: Desk, qtbot: QtBot) -> Made:
    def made(function: Any = families.search, **features: Any) -> SqlList[FamilyRow]:
        words = {"name": "Familles", "empty": "Aucune famille.", "noun": "famille"}
        listed = SqlList[FamilyRow](tools, function, COLUMNS, lambda row: row.family_id, **words, **features)
        qtbot.addWidget(listed)
        listed.resize(900, 500)
        listed.show()
        listed.table.setFocus()
        listed.ask(FamilyQuery())
        settle(desk)
        return listed

    return made


@pytest.fixture
def read(base: Database) -> Iterator[list[tuple[int, int]]]:
    """What was asked of the base, as (offset, size)."""
    asked: list[tuple[int, int]] = []

    def watch(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if "LIMIT ? OFFSET ?" in statement:
            asked.append((values[-1], values[-2]))

    event.listen(base.engine, "before_cursor_execute", watch)
    yield asked
    event.remove(base.engine, "before_cursor_execute", watch)


def test_jumping_to_the_end_reads_the_end_only(
    make: Made, read: list[tuple[int, int]], desk: Desk, qtbot: QtBot
) -> None:
    listed = make()
    qtbot.keyClick(listed.table, Qt.Key.Key_End, CTRL)
    settle(desk)
    row = listed.table.current_row()
    assert row is not None
    assert row.label == "Famille 01233"
    assert all(offset == 0 or offset >= 1100 for offset, _ in read)


def test_a_drag_through_the_list_shows_where_it_ends_and_reads_little_of_the_way(
    make: Made, read: list[tuple[int, int]], desk: Desk
) -> None:
    listed = make()
    bar = listed.table.verticalScrollBar()
    for step in range(200):
        bar.setValue(bar.maximum() * step // 200)
    settle(desk)
    first, last = listed.table.visible_places()
    assert first > 1000
    assert all(listed.model.row_at(place) is not None for place in range(first, last + 1))
    assert sum(size for _, size in read) <= 700


def test_reading_again_keeps_the_cursor_far_down_although_rows_left_above_it(
    make: Made, base: Database, desk: Desk, sql_guard: SqlGuard
) -> None:
    listed = make()
    listed.table.select(1000)
    settle(desk)
    scrolled = listed.table.verticalScrollBar().value()

    def leave() -> None:
        with base.writing() as session:
            session.execute(delete(Family).where(Family.label.in_(["Famille 00999", "Famille 00998"])))

    sql_guard.aside(leave)
    listed.reload()
    settle(desk)
    row = listed.table.current_row()
    assert row is not None
    assert row.label == "Famille 01000"
    assert listed.model.total == FAMILIES - 2
    assert abs(listed.table.verticalScrollBar().value() - scrolled) <= 2 * listed.table.rowHeight(0)


def test_a_list_that_shrank_below_the_cursor_shows_its_new_end(
    make: Made, base: Database, desk: Desk, sql_guard: SqlGuard
) -> None:
    listed = make()
    listed.table.select(1200)
    settle(desk)

    def shrink() -> None:
        with base.writing() as session:
            session.execute(delete(Family).where(Family.label > "Famille 00007"))

    sql_guard.aside(shrink)
    listed.reload()
    settle(desk)
    row = listed.table.current_row()
    assert row is not None
    assert (listed.model.total, row.label) == (8, "Famille 00007")


def test_a_page_that_comes_from_a_list_changed_meanwhile_is_not_mixed_in(
    make: Made, base: Database, desk: Desk, sql_guard: SqlGuard
) -> None:
    listed = make()

    def change() -> None:
        with base.writing() as session:
            session.execute(delete(Family).where(Family.label == "Famille 00003"))

    sql_guard.aside(change)
    listed.table.select(600)
    settle(desk)
    assert listed.model.total == FAMILIES - 1
    labels = [row.label for row in listed.model.rows_at_hand()]
    assert len(labels) == len(set(labels))


def test_typing_narrows_the_list_and_escape_comes_back_in_two_steps(
    make: Made, desk: Desk, qtbot: QtBot
) -> None:
    listed = make(filter_hint="Nom, numéro…")
    qtbot.keyClick(listed.table, Qt.Key.Key_F, CTRL)
    assert listed.filter.hasFocus()
    type_text(listed.filter, "00012")
    qtbot.waitUntil(lambda: listed.model.total == 1)
    assert listed.counted.text() == "1\u00a0famille"
    qtbot.keyClick(listed.filter, Qt.Key.Key_Escape)
    settle(desk)
    assert (listed.filter.text(), listed.model.total) == ("", FAMILIES)
    assert listed.filter.hasFocus()
    qtbot.keyClick(listed.filter, Qt.Key.Key_Escape)
    assert listed.table.hasFocus()


def test_enter_in_the_filter_goes_to_the_first_row_found(make: Made, desk: Desk, qtbot: QtBot) -> None:
    listed = make(filter_hint="Nom, numéro…")
    type_text(listed.filter, "0005")
    qtbot.keyClick(listed.filter, Qt.Key.Key_Return)
    assert listed.table.hasFocus()
    settle(desk)
    assert listed.table.current_row() is not None
    assert listed.model.total == 10 + 1


def test_letters_typed_in_the_rows_go_to_the_filter_where_the_list_says_so(
    make: Made, desk: Desk, qtbot: QtBot
) -> None:
    listed = make(filter_hint="Nom, numéro…", type_ahead=True)
    qtbot.keyClicks(listed.table, "f")
    assert listed.filter.hasFocus()
    assert listed.filter.text() == "f"


def test_a_filter_that_finds_nothing_says_so_and_offers_to_wipe_it(
    make: Made, desk: Desk, qtbot: QtBot
) -> None:
    listed = make(filter_hint="Nom, numéro…")
    type_text(listed.filter, "zzz")
    qtbot.waitUntil(listed.table.empty.isVisible)
    assert listed.table.empty.text.text() == "Rien ne correspond à «\u00a0zzz\u00a0»."
    qtbot.mouseClick(listed.table.empty.button, Qt.MouseButton.LeftButton)
    settle(desk)
    assert listed.model.total == FAMILIES


def test_an_empty_list_offers_what_can_be_done_about_it(
    make: Made, base: Database, desk: Desk, sql_guard: SqlGuard, qtbot: QtBot
) -> None:
    def wipe() -> None:
        with base.writing() as session:
            session.execute(delete(Family))

    sql_guard.aside(wipe)
    done: list[str] = []
    listed = make(empty_action=Action("Reprendre une base…", lambda: done.append("resumed")))
    assert listed.table.empty.text.text() == "Aucune famille."
    assert listed.table.empty.button.text() == "Reprendre une base…"
    qtbot.keyClick(listed.table.empty.button, Qt.Key.Key_Space)
    assert done == ["resumed"]


def _highest(session: Session, context: Context, query: FamilyQuery) -> int:
    matching = select(func.max(Family.id)).where(Family.search_key.contains(query.text))
    return session.execute(matching).scalar_one() or 0


def test_the_foot_says_how_many_what_sql_adds_up_and_how_many_are_selected(
    make: Made, desk: Desk, qtbot: QtBot
) -> None:
    listed = make(
        filter_hint="Nom",
        totals=lambda page: f"{len(page.rows)} lues",
        sums=Sums(_highest, lambda highest: f"jusqu’à {highest}"),
    )
    assert listed.counted.text() == f"1\u202f234\u00a0familles · 100 lues · jusqu’à {FAMILIES}"
    listed.table.select(3)
    qtbot.keyClick(listed.table, Qt.Key.Key_Down, SHIFT)
    assert listed.counted.text().endswith(" · 2\u00a0lignes sélectionnées")
    type_text(listed.filter, "00012")
    qtbot.waitUntil(lambda: "jusqu’à 13" in listed.counted.text())


def test_what_is_done_with_all_rows_gets_those_never_shown_too(make: Made, desk: Desk, qtbot: QtBot) -> None:
    listed = make()
    got: list[tuple[Any, ...]] = []
    listed.table.selectAll()
    listed.table.with_selected(got.append)
    settle(desk)
    assert [row.label for row in got[0]] == [f"Famille {number:05d}" for number in range(FAMILIES)]


def test_a_click_on_a_title_sorts_in_sql_and_the_order_stays_for_the_next_words(
    make: Made, desk: Desk, qtbot: QtBot
) -> None:
    listed = make(filter_hint="Nom")
    listed.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    settle(desk)
    first = listed.model.row_at(0)
    assert first is not None
    assert first.label == "Famille 01233"
    type_text(listed.filter, "famille")
    qtbot.waitUntil(lambda: listed.query is not None and getattr(listed.query, "text", "") == "famille")
    settle(desk)
    assert listed.model.row_at(0) == first


def test_a_list_is_sorted_from_the_keyboard_and_turned_round(make: Made, desk: Desk, qtbot: QtBot) -> None:
    listed = make()

    def sort_by(title: str) -> None:
        listed.table.setFocus()
        qtbot.keyClick(listed.table, Qt.Key.Key_F10, SHIFT)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        under = next(entry.menu() for entry in menu.actions() if entry.text() == "Trier par")
        assert isinstance(under, QMenu)
        next(entry for entry in under.actions() if entry.text().split(" ")[0] == title).trigger()
        menu.close()
        settle(desk)

    for title, first in (("Numéro", "0"), ("Numéro", "999"), ("Famille", "0"), ("Famille", "1233")):
        sort_by(title)
        row = listed.model.row_at(0)
        assert row is not None
        assert row.number == first


@pytest.fixture
def toasts(messages: Messages) -> list[Confirmation]:
    said: list[Confirmation] = []
    messages.toast.connect(said.append)
    return said


def test_what_is_shown_is_exported_whole_with_its_columns_in_their_order(
    make: Made, desk: Desk, tmp_path: Path, toasts: list[Confirmation], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = make(key="families", filter_hint="Nom", describe=lambda: "Familles actives")
    listed.table.columns.choose(replace(listed.table.columns.choice, shown=("Ville", "Numéro", "Famille")))
    listed.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    settle(desk)
    file = tmp_path / "familles.xlsx"
    proposed: list[str] = []

    def choose(parent: QWidget, title: str, name: str, kinds: str, then: Callable[[Path], None]) -> None:
        proposed.append(name)
        then(file)

    monkeypatch.setattr(Files, "chooser", staticmethod(choose))
    listed.choose_export()
    settle(desk)
    assert proposed == ["Familles 2026-03-18.xlsx"]
    sheet = load_workbook(file).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "Familles"
    assert rows[1][0] == "Familles actives · 1\u202f234\u00a0familles · le 18/03/2026 à 09:00"
    assert rows[2] == ("Ville", "Numéro", "Famille")
    assert rows[3:] == [("Valmont", number, f"Famille {number:05d}") for number in reversed(range(FAMILIES))]
    assert toasts[-1].text == "Liste exportée\u00a0: familles.xlsx"
    assert (toasts[-1].label, toasts[-1].undo is not None) == ("Ouvrir", True)


def test_an_export_that_is_stopped_leaves_no_file(make: Made, desk: Desk, tmp_path: Path) -> None:
    listed = make()
    desk.task_started.connect(lambda task: task.cancel())
    listed.export_to(tmp_path / "familles.xlsx")
    settle(desk)
    assert list(tmp_path.glob("*.xlsx*")) == []


def test_a_file_that_cannot_be_written_is_said_in_words(make: Made, desk: Desk, tmp_path: Path) -> None:
    listed = make()
    refused: list[UserError] = []
    desk.refused.connect(refused.append)
    listed.export_to(tmp_path / "absent" / "familles.xlsx")
    settle(desk)
    assert "Impossible d’écrire «\u00a0familles.xlsx\u00a0»" in refused[0].message


def test_a_list_that_has_no_room_on_screen_yet_reads_its_first_rows_only(
    make: Made, read: list[tuple[int, int]], desk: Desk
) -> None:
    listed = make()
    listed.table.setFixedHeight(0)
    listed.hide()
    read.clear()
    listed.ask(FamilyQuery(sort="number"))
    settle(desk)
    assert read
    assert all(size <= 300 for _, size in read)
