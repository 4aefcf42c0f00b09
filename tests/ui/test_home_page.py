"""« Accueil »: what waits for each role; every number opens exactly the rows it counts."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import select, update

from guichet.models.bookings import BookingState, Enrolment
from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentState
from guichet.models.money import PaymentMode
from guichet.models.offer import Activity
from guichet.models.people import Family, HealthSheet, Person
from guichet.models.requests import Request
from guichet.models.settings import Journal
from guichet.rules.permissions import Role
from guichet.services import decisions, payments
from guichet.services.decisions import AskComplement, Wait
from guichet.services.payments import RecordPayment
from guichet.services.transaction import Context, run
from guichet.ui.page import Destination
from guichet.ui.pages.home import HomePage
from guichet.ui.pages.imports import ImportsPage
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.home_lists import DayDialog, FreedDialog, ListDialog
from guichet.ui.window import MainWindow
from tests.builders import add_regie, book, limit_places, open_day, slot_of
from tests.ui import desk_town
from tests.ui.support import Opener, SqlGuard

TODAY = date(2026, 3, 18)


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    """A night of four requests, one waiting for its family, one on the list, one late; children, pieces and money today."""

    def build() -> None:
        desk_town.build_with_night(sqlite_database, context, tmp_path)
        with sqlite_database.reading() as session:
            ids = {row.external_id: row.id for row in session.scalars(select(Request))}
        run(sqlite_database, context, decisions.ask_complement, AskComplement(ids["D-4"], "Quel accueil ?"))
        run(sqlite_database, context, decisions.wait, Wait(ids["D-2"], override_reason="essai"))
        with sqlite_database.writing() as session:
            late = {"answer_by": TODAY - timedelta(days=1), "anomaly": "Déjà payée."}
            session.execute(update(Request).where(Request.id == ids["D-3"]).values(**late))
            activity = session.scalars(select(Activity)).one()
            slot = slot_of(session, activity, "JOURNEE")
            open_day(session, slot, TODAY)
            limit_places(session, [slot], TODAY, 12)
            enrolments = session.scalars(select(Enrolment).order_by(Enrolment.id)).all()
            for enrolment, state in zip(enrolments, ("booked", "booked", "waiting"), strict=True):
                book(session, enrolment, slot, TODAY, BookingState(state))
            session.add(HealthSheet(child_id=enrolments[0].child_id, allergies="Arachide"))
            family = session.scalars(select(Family).order_by(Family.id)).first()
            child = session.scalars(select(Person).where(Person.number == "E1")).one()
            assert family is not None
            piece = {"state": DocumentState.VALID, "received_at": context.now, "name": "assurance.pdf"}
            session.add(Document(family_id=family.id, valid_until=TODAY, **piece))
            session.add(Document(person_id=child.id, valid_until=TODAY + timedelta(days=9), **piece))
            family_id, regie_id = family.id, add_regie(session).id
        paid = RecordPayment(family_id, regie_id, PaymentMode.CASH, 1250, TODAY)
        run(sqlite_database, context, payments.record, paid)

    sql_guard.aside(build)
    return sqlite_database


def _home(opener: Opener, *roles: Role) -> tuple[MainWindow, HomePage]:
    window = opener(*roles)
    window.go(Destination("home"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, HomePage)
    return window, page


def _figure(page: HomePage, name: str) -> int:
    return int(page.tiles[name].number.text().replace("\u202f", ""))


def _total_opened(window: MainWindow, page: HomePage, name: str, qtbot: QtBot) -> int:
    page.tiles[name].setFocus()
    qtbot.keyClick(page.tiles[name], Qt.Key.Key_Space)
    settle(window.tools.desk)
    dialog = page.findChild(ListDialog)
    if dialog is not None:
        total = dialog.list.model.total
        dialog.close()
        settle(window.tools.desk)
        return total
    shown = window.current_page
    if isinstance(shown, RequestsPage):
        return shown.list.model.total
    if name == "to_bill":
        return window.page("billing").issue.preview.list.model.total  # type: ignore[attr-defined, no-any-return]
    invoices = getattr(shown, "invoices", None)
    assert invoices is not None, f"{name} opened {shown}"
    total = invoices.list.model.total
    assert isinstance(total, int)
    return total


def test_every_tile_opens_as_many_rows_as_it_says(open_window: Opener, qtbot: QtBot) -> None:
    window, page = _home(open_window, Role.ADMINISTRATOR)
    seen = {}
    for name in page.tiles:
        window.go(Destination("home"))
        settle(window.tools.desk)
        seen[name] = (_figure(page, name), _total_opened(window, page, name, qtbot))
    assert all(said == opened for said, opened in seen.values()), seen
    assert {name: said for name, (said, _) in seen.items()} == {
        "to_take": 2,
        "mine": 0,
        "complements": 0,
        "late_answers": 1,
        "anomalies": 1,
        "waiting_family": 1,
        "expiring_pieces": 2,
        "waiting_list": 1,
        "freed_places": 2,
        "to_bill": 0,
        "overdue_invoices": 0,
        "payments_today": 1,
        "attestations_asked": 0,
    }
    assert page.tiles["payments_today"].detail.text() == "12,50\u00a0€"


@pytest.mark.parametrize(
    ("role", "there", "absent"),
    [
        (Role.AGENT, {"to_take", "mine", "complements", "expiring_pieces", "anomalies"}, {"freed_places"}),
        (
            Role.FINANCE,
            {"to_bill", "overdue_invoices", "payments_today", "attestations_asked"},
            {"to_take", "mine"},
        ),
        (Role.ALSH_DIRECTOR, {"waiting_list", "freed_places"}, {"overdue_invoices", "payments_today"}),
    ],
)
def test_each_role_sees_its_own_work(
    open_window: Opener, role: Role, there: set[str], absent: set[str]
) -> None:
    _, page = _home(open_window, role)
    assert there <= set(page.tiles)
    assert not absent & set(page.tiles)
    assert page.night.isHidden() is (role is not Role.AGENT)


def test_the_night_s_numbers_open_its_lines_and_its_requests(open_window: Opener, qtbot: QtBot) -> None:
    window, page = _home(open_window, Role.AGENT)
    assert page.night.received.text() == "4\u00a0reçues"
    assert page.night.proposed.text().startswith("4\u00a0proposées")
    qtbot.mouseClick(page.night.proposed, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    requests = window.current_page
    assert isinstance(requests, RequestsPage)
    assert requests.list.model.total == 4
    window.go(Destination("home"))
    qtbot.mouseClick(page.night.quarantined, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    imports = window.current_page
    assert isinstance(imports, ImportsPage)
    assert (imports.counts.outcome, imports.lines.model.total) == ("quarantined", 0)


def test_today_s_numbers_open_the_children_by_name(
    open_window: Opener, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    window, page = _home(open_window, Role.ALSH_DIRECTOR)
    (site,) = page.sites.paged.rows_at_hand()
    assert (site.booked, site.waiting, site.places) == (2, 1, 12)
    page.sites.setFocus()
    page.sites.select(0)
    qtbot.keyClick(page.sites, Qt.Key.Key_Return)
    settle(window.tools.desk)
    dialog = page.findChild(DayDialog)
    assert dialog is not None
    assert [row.child for row in dialog.list.model.rows_at_hand()] == ["Tom Durand", "Léa Martin"]
    assert dialog.expected.text() == "Attendus\u00a0: 2"
    qtbot.mouseClick(dialog.waiting, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    assert [row.child for row in dialog.list.model.rows_at_hand()] == ["Zoé Petit"]
    qtbot.mouseClick(dialog.expected, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    assert "Santé" not in {column.title for column in dialog.list.model.columns}
    qtbot.mouseClick(dialog.health, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    shown = {column.title: column for column in dialog.list.model.columns}
    lea = next(row for row in dialog.list.model.rows_at_hand() if row.child == "Léa Martin")
    assert shown["Santé"].text(lea) == "allergies\u00a0: Arachide"

    def last_act() -> str:
        with town.reading() as session:
            return session.scalars(select(Journal.action).order_by(Journal.id.desc())).first() or ""

    assert sql_guard.aside(last_act) == "health.read"
    dialog.close()


def test_a_freed_place_leads_to_the_requests_that_wait(open_window: Opener, qtbot: QtBot) -> None:
    window, page = _home(open_window, Role.ALSH_DIRECTOR)
    qtbot.mouseClick(page.tiles["freed_places"], Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    dialog = page.findChild(FreedDialog)
    assert dialog is not None
    rows = dialog.list.model.rows_at_hand()
    dialog.list.table.select(next(place for place, row in enumerate(rows) if row.date == desk_town.NARROW))
    qtbot.keyClick(dialog.list.table, Qt.Key.Key_Return)
    settle(window.tools.desk)
    shown = window.current_page
    assert isinstance(shown, RequestsPage)
    assert [row.external_id for row in shown.list.model.rows_at_hand()] == ["D-2"]
    assert not any(each.isVisible() for each in page.findChildren(FreedDialog))


def test_numbers_follow_what_another_page_does(open_window: Opener, qtbot: QtBot) -> None:
    window, page = _home(open_window, Role.AGENT)
    before = _figure(page, "to_take")
    window.go(Destination("requests", {"request": None}))
    settle(window.tools.desk)
    requests = window.current_page
    assert isinstance(requests, RequestsPage)
    ids = [row.external_id for row in requests.list.model.rows_at_hand()]
    requests.list.table.select(ids.index("D-3"))
    settle(window.tools.desk)
    qtbot.keyClick(requests.list.table, Qt.Key.Key_A)
    settle(window.tools.desk)
    window.go(Destination("home"))
    settle(window.tools.desk)
    assert _figure(page, "to_take") == before - 1


def test_a_night_that_did_not_come_stands_above_everything(open_window: Opener, context: Context) -> None:
    window, page = _home(open_window, Role.AGENT)
    assert page.missing.isHidden()
    window.tools.desk.clock = lambda: context.now + timedelta(hours=25)
    page.reload()
    settle(window.tools.desk)
    assert not page.missing.isHidden()
    assert "plus de 24\u00a0heures" in page.missing.text()


class TestAnEmptyBase:
    @pytest.fixture
    def town(self, sqlite_database: Database) -> Database:
        return sqlite_database

    def test_says_what_comes_first(self, open_window: Opener, qtbot: QtBot) -> None:
        window, page = _home(open_window, Role.ADMINISTRATOR)
        assert not page.first_steps.isHidden()
        assert not page.tiles["to_take"].isVisible()
        qtbot.mouseClick(page.first_steps.settings, Qt.MouseButton.LeftButton)
        settle(window.tools.desk)
        assert window.current_name == "settings"

    def test_an_agent_is_told_whom_to_ask(self, open_window: Opener) -> None:
        _, page = _home(open_window, Role.AGENT)
        assert page.first_steps.settings.isHidden()
        assert "Demandez à l’administration" in page.first_steps.text.text()
