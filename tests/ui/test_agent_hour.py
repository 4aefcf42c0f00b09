"""An hour at the counter, by the keyboard alone: sixteen requests of every kind, and nothing of what was typed is lost."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentContent, DocumentState
from guichet.models.requests import Outbox, Request
from guichet.rules.permissions import Role
from guichet.services import decisions, intake, transaction
from guichet.services.decisions import Handle, Refuse
from guichet.services.transaction import Actor, Context
from guichet.ui.page import Destination
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.bulk_dialog import AcceptDialog, RefuseDialog
from guichet.ui.widgets.bulk_report import BulkReportDialog
from guichet.ui.widgets.decision_bar import Key
from guichet.ui.window import MainWindow
from tests.services.exchange_town import write
from tests.ui import desk_town
from tests.ui.counter import CTRL, current, open_requests, press, states
from tests.ui.desk_town import NARROW, WIDE, bookings
from tests.ui.support import Opener, SqlGuard, type_text

SHIFT = Qt.KeyboardModifier.ShiftModifier
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def line(identifier: str, kind: str, family: str, payload: dict[str, Any], minute: int) -> dict[str, Any]:
    return {
        "id": identifier,
        "revision": 1,
        "kind": kind,
        "submitted_at": f"2026-03-17T21:{minute:02d}:00+01:00",
        "family": family,
        "payload": payload,
    }


def hour() -> list[dict[str, Any]]:
    """What waits beside the night's four requests."""
    asked = [
        (
            "FIC-1",
            "family_sheet",
            "1001",
            {"responsable": {"city": "Valmont", "address_line1": "2 rue Haute"}},
        ),
        ("FIC-2", "family_sheet", "1002", {"responsable": {"profession": "Menuisier"}}),
        ("MSG-1", "message", "1001", {"subject": "Merci", "body": "Merci pour votre aide."}),
        ("MSG-2", "message", "1002", {"subject": "Tarifs", "body": "Où trouver les tarifs ?"}),
        ("MSG-3", "message", "1003", {"subject": "Stage", "body": "Avez-vous des stages ?"}),
        ("ENF-1", "child_sheet", "1001", {"identity": {"birth_place": "Chambéry"}}),
        ("ENF-2", "child_sheet", "1002", {"identity": {"birth_place": "Annecy"}}),
        ("ATT-1", "attestation", "1001", {"year": 2025}),
        ("ATT-2", "attestation", "1003", {"year": 2025}),
    ]
    lines = [
        line(identifier, kind, family, payload, rank)
        for rank, (identifier, kind, family, payload) in enumerate(asked)
    ]
    for one, child in zip((one for one in lines if one["kind"] == "child_sheet"), ("E1", "E2"), strict=True):
        one["child"] = child
    more = [
        bookings("RES-1", "1003", "E3", WIDE, minute=40),
        bookings("RES-2", "1003", "E3", NARROW, minute=41),
        bookings("RES-3", "1002", "E2", WIDE, minute=42),
    ]
    return [*lines, *more]


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Database:
    """An empty base: SQLite unless the test names others."""
    found_base: Database = request.getfixturevalue(getattr(request, "param", "sqlite_database"))
    return found_base


@pytest.fixture
def town(base: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    def build() -> None:
        desk_town.build_with_night(base, context, tmp_path)
        report = intake.import_path(base, context, write(tmp_path / "hour.jsonl", hour(), batch="hour"))
        assert (report.refusal, report.quarantined) == (None, 0), report

    sql_guard.aside(build)
    return base


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window(Role.AGENT)


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> RequestsPage:
    return open_requests(window, qtbot)


def shown(page: RequestsPage) -> str:
    return page.view.detail.external_id if page.view.detail is not None else ""


def go_to(qtbot: QtBot, page: RequestsPage, identifier: str) -> None:
    """Find a request by its number, as one types, and stand on it."""
    press(qtbot, page, Qt.Key.Key_F, CTRL)
    qtbot.keyClicks(page.list.filter, identifier)
    press(qtbot, page, Qt.Key.Key_Return)
    assert (current(page), shown(page)) == (identifier, identifier)


def show_all(qtbot: QtBot, page: RequestsPage) -> None:
    press(qtbot, page, Qt.Key.Key_F, CTRL)
    press(qtbot, page, Qt.Key.Key_Escape)
    press(qtbot, page, Qt.Key.Key_Escape)


@pytest.mark.parametrize("base", ["sqlite_database", "postgresql_database"], indirect=True)
def test_an_hour_at_the_counter(
    page: RequestsPage, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    assert (current(page), page.list.model.total) == ("D-1", 16)
    press(qtbot, page, Qt.Key.Key_A)  # D-1: both Wednesdays fit
    assert (current(page), shown(page)) == ("D-2", "D-2")
    press(qtbot, page, Qt.Key.Key_L)  # D-2: the last place is taken
    press(qtbot, page, Qt.Key.Key_P)  # D-3: taken up, still on screen
    assert shown(page) == "D-3"
    assert "Demande prise en charge" in [event.summary for event in page.view.history.paged.rows_at_hand()]
    press(qtbot, page, Qt.Key.Key_A)
    press(qtbot, page, Qt.Key.Key_C)  # D-4: a question to the family
    type_text(QApplication.focusWidget(), "Pour quel enfant ?")
    press(qtbot, page, Qt.Key.Key_Return)
    assert states(sql_guard, town)["D-4"] == "needs_info"

    go_to(qtbot, page, "FIC-1")  # one field accepted, the other refused
    press(qtbot, page, Qt.Key.Key_Return)
    press(qtbot, page, Qt.Key.Key_Space)
    assert len(page.view.chosen()) == 1
    press(qtbot, page, Qt.Key.Key_A)
    assert shown(page) == "FIC-1", "a field is still to decide"
    press(qtbot, page, Qt.Key.Key_R)
    page.bar.code.setFocus()
    qtbot.keyClicks(page.bar.code, "au")
    type_text(page.bar.text, "L’adresse est hors de la commune.")
    press(qtbot, page, Qt.Key.Key_Return)
    assert states(sql_guard, town)["FIC-1"] == "partly_accepted"

    show_all(qtbot, page)
    for identifier in ("FIC-2", "MSG-1", "ENF-1", "ATT-1"):
        go_to(qtbot, page, identifier)
        press(qtbot, page, Qt.Key.Key_A)
    press(qtbot, page, Qt.Key.Key_Z, CTRL)  # the attestation was a mistake
    assert states(sql_guard, town)["ATT-1"] == "in_progress"
    assert (current(page), shown(page)) == ("ATT-1", "ATT-1")
    press(qtbot, page, Qt.Key.Key_A)

    show_all(qtbot, page)
    for identifier in ("MSG-2", "MSG-3"):  # refused together
        row = next(place for place, one in page.list.model.read_rows() if one.external_id == identifier)
        page.list.table.select(row)
        press(qtbot, page, Qt.Key.Key_Space)
    press(qtbot, page, Qt.Key.Key_R, SHIFT)
    refusal = page.findChild(RefuseDialog)
    assert refusal is not None
    type_text(refusal.text, "Voyez le site de la ville.")
    qtbot.waitUntil(lambda: not refusal._pause.isActive())
    settle(page.desk)
    assert "2\u00a0demandes seront refusées" in refusal.heading.text()
    qtbot.keyClick(refusal.go, Qt.Key.Key_Space)
    settle(page.desk)
    report = page.findChild(BulkReportDialog)
    assert report is not None
    assert "refusée\u00a0: 2" in report.summary.text()
    report.accept()
    window.activateWindow()
    settle(page.desk)

    press(qtbot, page, Qt.Key.Key_A, SHIFT)  # what is left and fits, after its simulation
    dialog = page.findChild(AcceptDialog)
    assert dialog is not None
    assert "tiennent" in dialog.heading.text() or "tient" in dialog.heading.text()
    qtbot.keyClick(dialog.go, Qt.Key.Key_Space)
    settle(page.desk)
    found = states(sql_guard, town)
    assert found == {
        **found,
        "D-1": "accepted",
        "D-2": "waiting_list",
        "D-3": "accepted",
        "FIC-2": "accepted",
        "MSG-1": "accepted",
        "MSG-2": "refused",
        "MSG-3": "refused",
        "ENF-1": "accepted",
        "ATT-1": "accepted",
        "RES-1": "accepted",
        "RES-2": "waiting_list",
        "RES-3": "accepted",
    }
    assert not window.tools.drafts.pending, "all that was typed was sent"


def test_several_keys_in_a_row_each_decide_the_request_then_on_screen(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    qtbot.keyClick(page.list.table, Qt.Key.Key_A)
    assert shown(page) == "D-2", "the next request is there before the base has answered"
    qtbot.keyClick(page.list.table, Qt.Key.Key_L)
    assert shown(page) == "D-3"
    settle(page.desk)
    found = states(sql_guard, town)
    assert (found["D-1"], found["D-2"], found["D-3"]) == ("accepted", "waiting_list", "in_progress")


def test_a_decision_that_the_base_refuses_brings_its_request_back(
    page: RequestsPage, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_A)
    qtbot.keyClick(page.list.table, Qt.Key.Key_A)  # the only place is taken by now
    settle(page.desk)
    assert (current(page), shown(page)) == ("D-2", "D-2")
    assert window.notice.isVisible()
    assert states(sql_guard, town)["D-2"] == "pending"


def test_what_is_typed_about_a_request_waits_for_it(
    page: RequestsPage, window: MainWindow, qtbot: QtBot
) -> None:
    press(qtbot, page, Qt.Key.Key_R)
    type_text(page.bar.text, "Il manque l’assurance")
    page.list.table.setFocus()
    press(qtbot, page, Qt.Key.Key_Down)
    assert (shown(page), page.bar.writing, page.bar.text.text()) == ("D-2", False, "")
    assert len(window.tools.drafts.pending) == 1
    window.go(Destination("home"))
    settle(page.desk)
    window.go_back()
    settle(page.desk)
    page.list.table.setFocus()
    press(qtbot, page, Qt.Key.Key_Up)
    assert (shown(page), page.bar.writing) == ("D-1", True)
    assert page.bar.text.text() == "Il manque l’assurance"
    page.bar.text.setFocus()
    press(qtbot, page, Qt.Key.Key_Escape)
    assert not page.bar.writing
    press(qtbot, page, Qt.Key.Key_R)
    assert page.bar.text.text() == "Il manque l’assurance", "Escape folds, it does not throw away"
    press(qtbot, page, Qt.Key.Key_Return)
    assert not window.tools.drafts.pending


def test_ticks_stay_while_one_looks_at_another_request(page: RequestsPage, qtbot: QtBot) -> None:
    press(qtbot, page, Qt.Key.Key_Return)
    press(qtbot, page, Qt.Key.Key_Space)
    kept = page.view.chosen()
    assert len(kept) == 1
    page.list.table.setFocus()
    press(qtbot, page, Qt.Key.Key_Down)
    press(qtbot, page, Qt.Key.Key_Up)
    assert page.view.chosen() == kept
    press(qtbot, page, Qt.Key.Key_Space)
    assert len(page.list.model.checked) == 1
    page.reload()
    settle(page.desk)
    assert (page.view.chosen(), len(page.list.model.checked)) == (kept, 1)


def test_the_answer_tab_reads_as_the_answer_that_leaves(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    page.view.tabs.setCurrentWidget(page.view.answer)
    settle(page.desk)
    page.list.table.setFocus()
    press(qtbot, page, Qt.Key.Key_R)
    type_text(page.bar.text, "Sortie au zoo.")
    settle(page.desk)
    preview = page.view.answer.letter.toPlainText()
    assert "n’a pas pu être acceptée" in preview
    assert preview.count("Sortie au zoo.") == 2, "each of the two dates says it"
    press(qtbot, page, Qt.Key.Key_Return)
    page.open({"request": request_id(sql_guard, town, "D-1")})
    settle(page.desk)
    assert shown(page) == "D-1"
    assert page.view.answer.letter.toPlainText() == preview


def request_id(guard: SqlGuard, database: Database, identifier: str) -> int:
    def read() -> int:
        with database.reading() as session:
            return session.scalars(select(Request.id).where(Request.external_id == identifier)).one()

    found: int = guard.aside(read)
    return found


def test_a_request_is_opened_by_its_number_wherever_it_stands(
    window: MainWindow, page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_A)
    window.go(Destination("home"))
    wanted = request_id(sql_guard, town, "D-1")
    window.go(Destination("requests", {"request": wanted}))
    settle(page.desk)
    assert (current(page), shown(page)) == ("D-1", "D-1"), "decided, so out of the queue, and yet shown"
    place = page.here()
    page.open({"view": {}})
    settle(page.desk)
    assert shown(page) != "D-1"
    page.open(place)
    settle(page.desk)
    assert (current(page), shown(page)) == ("D-1", "D-1")


def test_the_second_agent_sees_who_holds_a_request_and_is_told_who_decided(
    page: RequestsPage,
    window: MainWindow,
    qtbot: QtBot,
    town: Database,
    sql_guard: SqlGuard,
    context: Context,
) -> None:
    wanted = request_id(sql_guard, town, "D-1")
    yann = sql_guard.aside(lambda: _account(town))
    other = Context(
        Actor("yann", "Yann Morel", frozenset({Role.AGENT}), user_id=yann, workstation="poste-2"), context.now
    )
    sql_guard.aside(lambda: transaction.run(town, other, decisions.take_up, Handle(wanted)))
    page.reload()
    settle(page.desk)
    assert page.view.head.holder.text() == "Prise en charge par Yann Morel depuis le 18/03/2026 à 09:00."
    sql_guard.aside(lambda: transaction.run(town, other, decisions.refuse, Refuse(wanted, "complet")))
    qtbot.keyClick(page.list.table, Qt.Key.Key_A)
    settle(page.desk)
    assert "Yann Morel a traité cette demande" in window.notice.text.text()
    assert states(sql_guard, town)["D-1"] == "refused"


def _account(database: Database) -> int:
    from guichet.models.settings import UserAccount

    with database.writing() as session:
        account = UserAccount(login="yann", display_name="Yann Morel", password_hash="x", roles=["agent"])
        session.add(account)
        session.flush()
        return account.id


def test_a_piece_is_shown_inside_the_program_by_what_its_bytes_are(
    page: RequestsPage,
    window: MainWindow,
    qtbot: QtBot,
    town: Database,
    sql_guard: SqlGuard,
    context: Context,
) -> None:
    def attach() -> None:
        with town.writing() as session:
            wanted = session.scalars(select(Request).where(Request.external_id == "D-1")).one()
            for name, content in (("photo.pdf", PIXEL), ("vaccins.png", b"MZ\x90\x00"), ("absent.pdf", None)):
                document = Document(
                    family_id=wanted.family_id,
                    request_id=wanted.id,
                    state=DocumentState.RECEIVED,
                    name=name,
                    size=10,
                    received_at=context.now,
                )
                session.add(document)
                session.flush()
                if content is not None:
                    session.add(DocumentContent(document_id=document.id, content=content))

    sql_guard.aside(attach)
    page.reload()
    settle(page.desk)
    pieces = page.view.pieces
    page.view.tabs.setCurrentWidget(pieces)
    pieces.table.setFocus()
    press(qtbot, page, Qt.Key.Key_Return)
    assert pieces.shown.currentWidget() is pieces.image, "a picture, whatever its name says"
    press(qtbot, page, Qt.Key.Key_Down)
    press(qtbot, page, Qt.Key.Key_Return)
    assert "n’est ni un PDF ni une image" in pieces.note.text(), "never executed, never guessed"
    press(qtbot, page, Qt.Key.Key_Down)
    assert not pieces.look.isEnabled()


def test_a_letter_typed_in_a_list_of_choices_decides_nothing(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    before = states(sql_guard, town)
    page.filters.kind.setFocus()
    press(qtbot, page, Qt.Key.Key_A)
    assert page.filters.kind.currentText().startswith("A")
    assert states(sql_guard, town) == before


def test_a_bulk_run_is_taken_back_before_the_answers_leave(
    page: RequestsPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    press(qtbot, page, Qt.Key.Key_A, SHIFT)
    dialog = page.findChild(AcceptDialog)
    assert dialog is not None
    qtbot.keyClick(dialog.go, Qt.Key.Key_Space)
    settle(page.desk)
    report = page.findChild(BulkReportDialog)
    assert report is not None
    assert states(sql_guard, town)["RES-1"] == "accepted"
    qtbot.keyClick(report.undo, Qt.Key.Key_Space)
    settle(page.desk)
    found = states(sql_guard, town)
    assert (found["D-1"], found["RES-1"], found["RES-3"]) == ("in_progress", "in_progress", "in_progress")

    def sent_of_the_run() -> set[str]:
        with town.reading() as session:
            rows = session.scalars(select(Outbox).where(Outbox.subject_id.in_(report.request_ids)))
            return {row.state.value for row in rows if row.payload["status"] == "accepted"}

    assert sql_guard.aside(sent_of_the_run) == {"withdrawn"}


def test_escape_goes_one_step_back(page: RequestsPage, window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, page, Qt.Key.Key_Return)
    assert page.view.items.hasFocus()
    press(qtbot, page, Qt.Key.Key_Escape)
    assert page.list.table.hasFocus()
    press(qtbot, page, Qt.Key.Key_C)
    assert page.bar.buttons[Key.COMPLEMENT].isEnabled()
    press(qtbot, page, Qt.Key.Key_Escape)
    assert (page.bar.writing, page.list.table.hasFocus()) == (False, True)
    assert window.current_name == "requests"


def test_a_page_that_is_left_comes_back_as_it_was(
    page: RequestsPage, window: MainWindow, qtbot: QtBot
) -> None:
    page.open({"view": {"kinds": ["message"], "sort": "family"}})
    settle(page.desk)
    assert {row.external_id for row in page.list.model.rows_at_hand()} == {"D-4", "MSG-1", "MSG-2", "MSG-3"}
    press(qtbot, page, Qt.Key.Key_Down)
    place, seen = page.here(), current(page)
    page.open({"view": {}})
    settle(page.desk)
    assert page.list.model.total == 16
    page.open(place)
    settle(page.desk)
    assert (page.list.model.total, current(page), page.filters.kind.currentText()) == (4, seen, "Message")
    assert page.crumbs() == ("À traiter", page.view.detail.family if page.view.detail else "")
