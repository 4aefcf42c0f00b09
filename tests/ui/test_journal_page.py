"""« Journal »: found by period, person, act, words and subject; each value before and after; the way to the subject."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.requests import Request
from guichet.rules.permissions import Role
from guichet.services import accounts, decisions, settings
from guichet.services.accounts import NewAccount
from guichet.services.decisions import AskComplement, Handle
from guichet.services.transaction import Actor, Context, run
from guichet.ui.page import Destination
from guichet.ui.pages.imports import ImportsPage
from guichet.ui.pages.journal import JournalPage
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.fields import choose
from guichet.ui.widgets.journal_entry import CHANGED, SAME, destination_of
from guichet.ui.window import MainWindow
from tests.ui import desk_town
from tests.ui.support import Opener, SqlGuard, type_text

# Its telephone was taken by the rules in the night, then Léa asked for a complement.
D3 = ["request.ask_complement", "request.decide"]


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    """A night imported this morning, two acts of Léa's on it, and a setting changed two months ago."""

    def build() -> None:
        desk_town.build_with_night(sqlite_database, context, tmp_path)
        account = NewAccount("lea", "Léa Brûlé", password="Un-Mot-2-Passe", roles=frozenset({Role.AGENT}))
        run(sqlite_database, context, accounts.create, account)
        agent = Actor("lea", "Léa Brûlé", frozenset({Role.AGENT}), workstation="guichet-2")
        with sqlite_database.reading() as session:
            ids = {row.external_id: row.id for row in session.scalars(select(Request))}
        soon = Context(agent, context.now + timedelta(minutes=5))
        run(sqlite_database, soon, decisions.take_up, Handle(ids["D-1"]))
        run(sqlite_database, soon, decisions.ask_complement, AskComplement(ids["D-3"], "Un justificatif"))
        before = Context(context.actor, datetime(2026, 1, 10, 9, tzinfo=UTC))
        changed = {"town.phone": "04 79 00 00 00", "requests.answer_days": 2}
        run(sqlite_database, before, settings.change, changed)

    sql_guard.aside(build)
    return sqlite_database


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window(Role.ADMINISTRATOR)


@pytest.fixture
def page(window: MainWindow) -> JournalPage:
    window.go(Destination("journal"))
    settle(window.tools.desk)
    shown = window.current_page
    assert isinstance(shown, JournalPage)
    return shown


def _acts(page: JournalPage) -> list[str]:
    settle(page.desk)
    return [row.action for row in page.list.model.rows_at_hand()]


def _read(page: JournalPage, action: str) -> None:
    page.list.table.select(_acts(page).index(action))
    settle(page.desk)


def test_the_last_month_stands_first_the_latest_above(page: JournalPage) -> None:
    acts = _acts(page)
    assert set(acts[:2]) == {"request.take_up", "request.ask_complement"}
    assert "setting.change" not in acts
    choose(page.period, "always")
    assert "setting.change" in _acts(page)
    choose(page.period, "today")
    assert "setting.change" not in _acts(page)


def test_person_act_and_words_narrow_together(page: JournalPage) -> None:
    choose(page.person, "lea")
    assert set(_acts(page)) == {"request.take_up", "request.ask_complement"}
    choose(page.group, "import")
    assert _acts(page) == []
    choose(page.person, "")
    assert _acts(page) == ["import.done"]
    choose(page.group, "")
    type_text(page.list.filter, "complement")
    page.list.filter.changed.emit()
    assert _acts(page) == ["request.ask_complement"]


def test_an_entry_shows_each_value_before_and_after_by_sign_and_words(page: JournalPage) -> None:
    choose(page.period, "always")
    choose(page.group, "setting")
    _read(page, "setting.change")
    rows = page.entry.changes.paged.rows_at_hand()
    assert [(row.label, row.before, row.after) for row in rows] == [
        ("Jours pour répondre", "2", "2"),
        ("Téléphone", "—", "04 79 00 00 00"),
    ]
    sign = page.entry.changes.paged.columns[0]
    assert sign.state is not None
    assert [sign.state(row) for row in rows] == [SAME, CHANGED]
    assert SAME.letter != CHANGED.letter
    assert "10/01/2026 à 10:00" in page.entry.facts.text()


def test_an_entry_leads_to_its_subject_and_back(page: JournalPage, window: MainWindow, qtbot: QtBot) -> None:
    _read(page, "request.take_up")
    qtbot.mouseClick(page.entry.open, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    shown = window.current_page
    assert isinstance(shown, RequestsPage)
    assert shown.view.detail is not None
    assert shown.view.detail.external_id == "D-1"
    window.go_back()
    settle(window.tools.desk)
    assert window.current_page is page
    _read(page, "import.done")
    qtbot.keyClick(page.list.table, Qt.Key.Key_Return)
    settle(window.tools.desk)
    assert isinstance(window.current_page, ImportsPage)


def test_every_act_on_one_subject(page: JournalPage, window: MainWindow, qtbot: QtBot) -> None:
    _read(page, "request.ask_complement")
    qtbot.mouseClick(page.entry.same, Qt.MouseButton.LeftButton)
    assert _acts(page) == D3
    place = page.here()
    assert json.loads(json.dumps(place)) == place
    assert "D-3" in page.crumbs()[0]
    qtbot.keyClick(page.list.table, Qt.Key.Key_Escape)
    assert len(_acts(page)) > len(D3)
    page.open(place)
    assert _acts(page) == D3


def test_a_family_s_entries_are_asked_by_another_page(
    page: JournalPage, town: Database, sql_guard: SqlGuard
) -> None:
    def family() -> int:
        with town.reading() as session:
            return session.scalars(select(Request.family_id).where(Request.external_id == "D-3")).one() or 0

    page.open({"family": sql_guard.aside(family), "label": "Famille Petit"})
    assert _acts(page) == D3
    assert page.narrowed.text().startswith("Famille Petit")


def test_each_subject_that_has_a_page_leads_there(page: JournalPage, window: MainWindow) -> None:
    choose(page.period, "always")
    settle(page.desk)
    for row in page.list.model.rows_at_hand():
        destination = destination_of(row)
        assert destination is None or destination.page in window.entries


def test_the_journal_is_for_those_who_verify(open_window: Opener) -> None:
    assert "journal" not in open_window(Role.AGENT).entries
    assert "journal" in open_window(Role.FINANCE).entries
