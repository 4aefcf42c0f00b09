"""The counter agent's day by the keyboard alone: the night's requests, one key per decision, nothing lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from guichet.models.bookings import Booking, BookingState
from guichet.models.database import Database
from guichet.models.offer import Activity, DeadlineAction, DeadlineKind, DeadlineRule
from guichet.models.people import Person
from guichet.rules.permissions import Role
from guichet.services import decisions, transaction
from guichet.services.decisions import Refuse
from guichet.services.transaction import Actor, Context
from guichet.ui.page import Destination
from guichet.ui.pages.home import HomePage
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.bulk_dialog import BulkDialog
from guichet.ui.widgets.bulk_report import BulkReportDialog
from guichet.ui.widgets.decision_bar import Key
from guichet.ui.window import MainWindow
from tests.ui import desk_town
from tests.ui.counter import CTRL, current, open_requests, press, states
from tests.ui.support import Opener, SqlGuard, type_text


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    sql_guard.aside(lambda: desk_town.build_with_night(sqlite_database, context, tmp_path))
    return sqlite_database


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window(Role.AGENT)


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> RequestsPage:
    return open_requests(window, qtbot)


def booked(guard: SqlGuard, database: Database) -> list[tuple[str, str]]:
    def read() -> list[tuple[str, str]]:
        with database.reading() as session:
            rows = session.execute(select(Booking).order_by(Booking.date, Booking.id)).scalars()
            return [
                (row.date.isoformat(), row.state.value)
                for row in rows
                if row.state is not BookingState.CANCELLED
            ]

    found: list[tuple[str, str]] = guard.aside(read)
    return found


def test_the_whole_night_is_decided_without_a_mouse_nor_a_dialog(
    page: RequestsPage, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    assert current(page) == "D-1"
    press(qtbot, page, Qt.Key.Key_A)
    assert current(page) == "D-2", "the next request comes by itself"
    press(qtbot, page, Qt.Key.Key_A)
    assert window.notice.isVisible(), "the only place is taken: said, not done"
    assert states(sql_guard, town)["D-2"] == "pending"
    press(qtbot, page, Qt.Key.Key_L)
    assert current(page) == "D-3"
    press(qtbot, page, Qt.Key.Key_A)
    assert current(page) == "D-4"
    press(qtbot, page, Qt.Key.Key_C)
    type_text(QApplication.focusWidget(), "Quel accueil : celui du mercredi ?")
    press(qtbot, page, Qt.Key.Key_Return)
    assert states(sql_guard, town) == {
        "D-1": "accepted",
        "D-2": "waiting_list",
        "D-3": "accepted",
        "D-4": "needs_info",
    }
    assert booked(sql_guard, town) == [
        ("2026-04-08", "booked"),
        ("2026-04-15", "booked"),
        ("2026-04-15", "waiting"),
    ]
    assert _address(sql_guard, town) == "4 rue des Roses"


def _address(guard: SqlGuard, database: Database) -> str:
    def read() -> str:
        with database.reading() as session:
            adult = session.execute(select(Person).where(Person.number == "A1003")).scalar_one()
            return adult.address or ""

    return str(guard.aside(read))


def test_dates_are_ticked_one_by_one_and_the_rest_refused_with_a_coded_reason(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_Return)
    assert page.view.items.hasFocus(), "Enter goes among the dates"
    press(qtbot, page, Qt.Key.Key_Down)
    press(qtbot, page, Qt.Key.Key_Space)
    assert len(page.view.chosen()) == 1
    press(qtbot, page, Qt.Key.Key_A)
    assert states(sql_guard, town)["D-1"] == "in_progress"
    assert current(page) == "D-1", "a date is still to decide"
    press(qtbot, page, Qt.Key.Key_R)
    page.bar.code.setCurrentIndex(page.bar.code.findData("complet"))
    type_text(page.bar.text, "Sortie au zoo, groupe complet")
    press(qtbot, page, Qt.Key.Key_Return)
    assert states(sql_guard, town)["D-1"] == "partly_accepted"
    assert booked(sql_guard, town) == [("2026-04-08", "booked")]
    assert current(page) == "D-2"


def test_ctrl_z_takes_the_last_decision_back_while_its_answer_has_not_left(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_A)
    assert booked(sql_guard, town)
    press(qtbot, page, Qt.Key.Key_Z, CTRL)
    assert states(sql_guard, town)["D-1"] == "in_progress"
    assert booked(sql_guard, town) == []
    assert current(page) == "D-1"
    assert len(page.view.chosen()) == 2, "both dates are to decide again"


def test_autre_needs_its_text_and_escape_gives_the_refusal_up(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_R)
    page.bar.code.setCurrentIndex(page.bar.code.findData("autre"))
    page.bar.text.setFocus()
    press(qtbot, page, Qt.Key.Key_Return)
    assert page.bar.error.isVisible()
    assert page.bar.text.hasFocus()
    press(qtbot, page, Qt.Key.Key_Escape)
    assert not page.bar.writing
    assert page.list.table.hasFocus()
    assert states(sql_guard, town)["D-1"] == "pending"


def test_letters_typed_in_a_field_decide_nothing(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    page.list.filter.setFocus()
    qtbot.keyClicks(page.list.filter, "al")
    settle(page.desk)
    assert page.list.filter.text() == "al"
    assert set(states(sql_guard, town).values()) == {"pending", "in_progress"}


def test_what_another_desk_decided_meanwhile_is_told_with_who_and_when(
    page: RequestsPage,
    window: MainWindow,
    qtbot: QtBot,
    town: Database,
    sql_guard: SqlGuard,
    context: Context,
) -> None:
    detail = page.view.detail
    assert detail is not None
    other = Context(Actor("yann", "Yann Morel", frozenset({Role.AGENT}), workstation="poste-2"), context.now)
    refusal = Refuse(detail.request_id, "complet")
    sql_guard.aside(lambda: transaction.run(town, other, decisions.refuse, refusal))
    press(qtbot, page, Qt.Key.Key_A)
    assert "yann" in window.notice.text.text().lower()
    assert "18/03/2026" in window.notice.text.text()
    assert states(sql_guard, town)["D-1"] == "refused"
    assert booked(sql_guard, town) == []
    assert "D-1" not in {row.external_id for row in page.list.model.rows_at_hand()}, "the list was read again"


def test_a_late_request_passes_only_with_a_written_derogation(
    town: Database, open_window: Opener, qtbot: QtBot, sql_guard: SqlGuard
) -> None:
    def close_bookings() -> None:
        with town.writing() as session:
            activity = session.execute(select(Activity)).scalar_one()
            session.add(
                DeadlineRule(activity_id=activity.id, action=DeadlineAction.BOOK, kind=DeadlineKind.NEVER)
            )

    sql_guard.aside(close_bookings)
    window = open_window(Role.AGENT)
    window.go(Destination("requests"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, RequestsPage)
    press(qtbot, page, Qt.Key.Key_A)
    assert page.bar.reason.hasFocus(), "the reason is asked for in the bar"
    assert states(sql_guard, town)["D-1"] == "pending"
    type_text(page.bar.reason, "Hospitalisation de la mère")
    press(qtbot, page, Qt.Key.Key_Return)
    assert states(sql_guard, town)["D-1"] == "accepted"


def test_a_cut_base_keeps_the_refusal_being_written_and_retry_decides_once(
    page: RequestsPage, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_R)
    type_text(page.bar.text, "Dossier incomplet : il manque l’assurance")

    def cut(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("server closed the connection unexpectedly"))

    event.listen(town.engine, "before_cursor_execute", cut)
    press(qtbot, page, Qt.Key.Key_Return)
    assert window.banner.isVisible()
    assert "1\u00a0action attend" in window.banner.text.text()
    assert page.bar.text.text() == "Dossier incomplet : il manque l’assurance"
    assert not page.bar.buttons[Key.ACCEPT].isEnabled(), "no second decision before the first is known"
    event.remove(town.engine, "before_cursor_execute", cut)
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    settle(page.desk)
    assert states(sql_guard, town)["D-1"] == "refused"
    assert not page.bar.writing


def test_all_that_fits_is_simulated_first_then_accepted_in_order_of_submission(
    page: RequestsPage, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    qtbot.mouseClick(page.many.accept, Qt.MouseButton.LeftButton)
    settle(page.desk)
    dialog = page.findChild(BulkDialog)
    assert dialog is not None
    said = "Sur 4\u00a0demandes ouvertes\u00a0: 1\u00a0tient, 1\u00a0en attente, 2\u00a0à examiner"
    assert dialog.heading.text() == said, "the second Wednesday has one place only"
    groups = {
        group.state.label: [line.external_id for line in group.lines] for group in dialog.groups.paged.rows
    }
    assert groups == {"Tiennent": ["D-1"], "Liste d’attente": ["D-2"], "À examiner": ["D-3", "D-4"]}
    assert states(sql_guard, town)["D-1"] == "pending", "a simulation writes nothing"
    qtbot.keyClick(dialog.go, Qt.Key.Key_Space)
    settle(page.desk)
    found = states(sql_guard, town)
    assert (found["D-1"], found["D-2"]) == ("accepted", "waiting_list")
    assert (found["D-3"], found["D-4"]) == ("in_progress", "pending"), "what must be examined is left"
    report = page.findChild(BulkReportDialog)
    assert report is not None
    assert "4\u00a0demandes traitées sur 4" in report.summary.text()


def test_only_ticked_requests_are_accepted_in_bulk(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_Down)
    press(qtbot, page, Qt.Key.Key_Space)
    assert "1\u00a0cochée" in page.many.accept.text()
    qtbot.keyClick(page.many.accept, Qt.Key.Key_Space)
    settle(page.desk)
    dialog = page.findChild(BulkDialog)
    assert dialog is not None
    qtbot.keyClick(dialog.go, Qt.Key.Key_Space)
    settle(page.desk)
    found = states(sql_guard, town)
    assert (found["D-1"], found["D-2"]) == ("pending", "accepted")


def test_a_tile_opens_the_list_it_counts(window: MainWindow, qtbot: QtBot) -> None:
    window.go(Destination("home"))
    settle(window.tools.desk)
    home = window.current_page
    assert isinstance(home, HomePage)
    assert home.tiles["to_take"].accessibleName() == "À prendre\u00a0: 4"
    home.tiles["to_take"].setFocus()
    qtbot.keyClick(home.tiles["to_take"], Qt.Key.Key_Space)
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, RequestsPage)
    assert page.filters.queue.currentText() == "À prendre"
    assert len(page.list.model.rows_at_hand()) == 4


def test_tiles_follow_what_is_decided_elsewhere_in_the_window(
    page: RequestsPage, window: MainWindow, qtbot: QtBot
) -> None:
    press(qtbot, page, Qt.Key.Key_A)
    qtbot.keyClick(window, Qt.Key.Key_1, CTRL)
    settle(window.tools.desk)
    home = window.current_page
    assert isinstance(home, HomePage)
    assert home.tiles["to_take"].accessibleName() == "À prendre\u00a0: 3"


def test_someone_who_may_only_read_has_no_decision_bar(
    open_window: Callable[..., MainWindow], town: Database
) -> None:
    window = open_window(Role.FINANCE)
    window.go(Destination("requests"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, RequestsPage)
    assert page.list.model.rows_at_hand()
    assert page.bar.isHidden()
    assert page.many.isHidden()
    assert isinstance(page.view.head.family, QPushButton)
