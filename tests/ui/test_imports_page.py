"""« Import de la nuit »: each batch's counts add up, each line has one outcome, what was set aside is mended and tried again."""

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.people import Family, Person
from guichet.models.requests import Request
from guichet.rules.permissions import Role
from guichet.services import intake
from guichet.services.transaction import Context
from guichet.ui.page import Destination
from guichet.ui.pages.imports import ImportsPage
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.account_tab import PdfDialog
from guichet.ui.window import MainWindow
from tests.services.exchange_town import write
from tests.ui import desk_town
from tests.ui.counter import states
from tests.ui.support import Opener, SqlGuard, type_text


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    sql_guard.aside(lambda: desk_town.build_with_night(sqlite_database, context, tmp_path))
    return sqlite_database


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window(Role.AGENT)


@pytest.fixture
def page(window: MainWindow) -> ImportsPage:
    window.go(Destination("imports"))
    settle(window.tools.desk)
    shown = window.current_page
    assert isinstance(shown, ImportsPage)
    return shown


def _mixed(folder: Path, name: str = "day") -> Path:
    """D-9 is fine, D-1 is known, D-10 names a family that is not there, and the last line is not JSON."""
    lines: list[Any] = [
        desk_town.bookings("D-9", "1003", "E3", desk_town.WIDE),
        desk_town.night()[0],
        desk_town.bookings("D-10", "9999", "E9", desk_town.WIDE),
        b"{pas du JSON",
    ]
    return write(folder / f"{name}.jsonl", lines, batch=name)


def _counts(page: ImportsPage) -> list[str]:
    return [made.text().replace("\u00a0", " ") for made in page.counts.buttons.values()]


def _numbers(page: ImportsPage) -> list[int]:
    return [row.number for row in page.lines.model.rows_at_hand()]


def _import(page: ImportsPage, path: Path) -> None:
    page.import_path(path)
    settle(page.desk)


def _choose(page: ImportsPage, qtbot: QtBot, outcome: str) -> None:
    qtbot.mouseClick(page.counts.buttons[outcome], Qt.MouseButton.LeftButton)
    settle(page.desk)
    page.lines.table.select(0)
    settle(page.desk)


def test_a_file_brought_by_hand_shows_its_batch_and_counts_that_add_up(
    page: ImportsPage, window: MainWindow, tmp_path: Path
) -> None:
    assert page.title.text() == "portail, lot 2026-03-17"
    _import(page, _mixed(tmp_path))
    assert page.title.text() == "portail, lot day"
    assert _counts(page) == ["4 reçues", "1 importée", "1 déjà connue", "2 en quarantaine"]
    assert [row.outcome.value for row in page.lines.model.rows_at_hand()] == [
        "imported",
        "duplicate",
        "quarantined",
        "quarantined",
    ]
    assert "4 lignes reçues" in window.toast.text.text().replace("\u00a0", " ")
    assert [row.batch for row in page.batches.model.rows_at_hand()] == ["day", "2026-03-17"]


def test_each_count_narrows_the_lines_to_its_own(page: ImportsPage, qtbot: QtBot, tmp_path: Path) -> None:
    _import(page, _mixed(tmp_path))
    for outcome, numbers in (
        ("imported", [1]),
        ("duplicate", [2]),
        ("quarantined", [3, 4]),
        ("", [1, 2, 3, 4]),
    ):
        _choose(page, qtbot, outcome)
        assert _numbers(page) == numbers
    _choose(page, qtbot, "quarantined")
    qtbot.keyClick(page.lines.table, Qt.Key.Key_Escape)
    settle(page.desk)
    assert _numbers(page) == [1, 2, 3, 4]


def test_a_line_leads_to_its_request(
    page: ImportsPage, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    _import(page, _mixed(tmp_path))
    _choose(page, qtbot, "duplicate")
    assert "Répète Réservations D-1" in page.line.reason.text()
    qtbot.mouseClick(page.line.open, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    shown = window.current_page
    assert isinstance(shown, RequestsPage)
    assert shown.view.detail is not None
    assert shown.view.detail.external_id == "D-1"


def test_a_line_set_aside_shows_its_text_and_why(page: ImportsPage, qtbot: QtBot, tmp_path: Path) -> None:
    _import(page, _mixed(tmp_path))
    _choose(page, qtbot, "quarantined")
    assert "famille" in page.line.reason.text()
    shown = json.loads(page.line.raw.text.toPlainText())
    assert (shown["id"], shown["family"]) == ("D-10", "9999")
    assert page.line.raw.text.isReadOnly()
    type_text(page.line.raw.search, "9999")
    assert page.line.raw.text.textCursor().selectedText() == "9999"
    page.lines.table.select(1)
    settle(page.desk)
    assert page.line.raw.text.toPlainText() == "{pas du JSON"
    assert "JSON" in page.line.reason.text()


def test_health_in_a_line_set_aside_is_not_shown(page: ImportsPage, qtbot: QtBot, tmp_path: Path) -> None:
    line = {
        "id": "D-11",
        "revision": 1,
        "kind": "child_sheet",
        "submitted_at": "2026-03-17T20:03:00+01:00",
        "family": "9999",
        "child": "E9",
        "payload": {"health": {"allergies": "Arachide"}},
    }
    _import(page, write(tmp_path / "h.jsonl", [line], batch="h"))
    _choose(page, qtbot, "quarantined")
    text = page.line.raw.text.toPlainText()
    assert "allergies" in text
    assert "Arachide" not in text


def test_a_mended_line_is_tried_again_alone_then_all(
    page: ImportsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard, tmp_path: Path
) -> None:
    _import(page, _mixed(tmp_path))
    assert states(sql_guard, town)["D-9"] == "pending"
    sql_guard.aside(lambda: _rename_family(town, "1002", "9999", "E2", "E9"))
    _choose(page, qtbot, "quarantined")
    qtbot.mouseClick(page.line.try_again, Qt.MouseButton.LeftButton)
    settle(page.desk)
    assert states(sql_guard, town)["D-10"] == "pending"
    assert _counts(page) == ["4 reçues", "2 importées", "1 déjà connue", "1 en quarantaine"]
    assert _numbers(page) == [4]
    qtbot.mouseClick(page.retry_all, Qt.MouseButton.LeftButton)
    settle(page.desk)
    assert _counts(page)[-1] == "1 en quarantaine"  # it still is no JSON
    _choose(page, qtbot, "")
    page.lines.table.select(2)
    settle(page.desk)
    assert "→" in page.line.attempts.text()  # set aside, then imported


def test_a_torn_file_is_refused_whole_in_words(
    page: ImportsPage, window: MainWindow, tmp_path: Path, town: Database, sql_guard: SqlGuard
) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(_mixed(tmp_path, "x").read_bytes()[:-40])
    _import(page, torn)
    assert "refusé en entier" in window.notice.text.text()
    assert "refusé en entier" in page.refusal.text()
    assert _counts(page)[0] == "0 reçue"
    assert "D-9" not in states(sql_guard, town)


def test_the_same_file_again_changes_nothing_and_says_so(
    page: ImportsPage, window: MainWindow, tmp_path: Path, town: Database, sql_guard: SqlGuard
) -> None:
    path = _mixed(tmp_path)
    _import(page, path)
    before = states(sql_guard, town)
    _import(page, path)
    assert "déjà importé en entier" in window.toast.text.text()
    assert _counts(page) == ["4 reçues", "1 importée", "1 déjà connue", "2 en quarantaine"]
    assert states(sql_guard, town) == before


def test_a_file_dropped_on_the_page_is_imported(page: ImportsPage, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(_mixed(tmp_path)))])
    how = (mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, *how)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, *how))
    settle(page.desk)
    assert page.title.text() == "portail, lot day"


def test_the_report_is_on_paper(page: ImportsPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.report, Qt.MouseButton.LeftButton)
    settle(page.desk)
    dialog = page.findChild(PdfDialog)
    assert dialog is not None
    dialog.close()


def test_the_place_shown_is_found_again(page: ImportsPage, qtbot: QtBot, tmp_path: Path) -> None:
    _import(page, _mixed(tmp_path))
    _choose(page, qtbot, "quarantined")
    place = page.here()
    assert json.loads(json.dumps(place)) == place
    page.batches.table.select(1)
    settle(page.desk)
    _choose(page, qtbot, "")
    assert page.title.text() == "portail, lot 2026-03-17"
    page.open(place)
    settle(page.desk)
    assert page.title.text() == "portail, lot day"
    assert _numbers(page) == [3, 4]


def test_a_night_that_did_not_come_is_said(
    page: ImportsPage, town: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard
) -> None:
    assert page.missing.isHidden()
    page.desk.clock = lambda: context.now.replace(day=20)
    page.reload()
    settle(page.desk)
    assert not page.missing.isHidden()
    assert "18/03/2026 à 09:00" in page.missing.text()
    later = Context(context.actor, context.now.replace(day=20))
    sql_guard.aside(lambda: intake.import_path(town, later, _mixed(tmp_path, "next")))
    page.reload()
    settle(page.desk)
    assert page.missing.isHidden()


def test_who_may_not_import_has_no_such_page(open_window: Opener) -> None:
    window = open_window(Role.FINANCE)
    assert "imports" not in window.entries


def _rename_family(database: Database, number: str, new: str, child: str, new_child: str) -> None:
    with database.writing() as session:
        session.execute(select(Family).where(Family.number == number)).scalar_one().number = new
        session.execute(select(Person).where(Person.number == child)).scalar_one().number = new_child
        assert session.execute(select(Request)).first() is not None
