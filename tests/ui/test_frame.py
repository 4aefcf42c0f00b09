"""The frame around the pages: where one has been, where one is, what is kept, what is asked before leaving."""

import threading
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.services import accounts, transaction
from guichet.services.accounts import NewAccount
from guichet.services.transaction import Actor, Context
from guichet.ui.drafts import Drafts
from guichet.ui.history import BROWSING_SECONDS, History
from guichet.ui.messages import Messages, Question
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.tasks import Task
from guichet.ui.window import MainWindow
from tests.ui.support import Opener, SqlGuard, answer_next_question

LATER = BROWSING_SECONDS + 1


def walked(*pages: str) -> History:
    history = History()
    for step, page in enumerate(pages):
        history.note(Destination(page), step * LATER)
    return history


def test_back_and_forward_walk_the_places_seen() -> None:
    history = walked("home", "requests", "families")
    assert history.back(50 * LATER) == Destination("requests")
    assert history.back(50 * LATER) == Destination("home")
    assert not history.can_go_back
    assert history.forward(50 * LATER) == Destination("requests")
    assert history.can_go_forward


def test_a_new_place_forgets_the_way_forward() -> None:
    history = walked("home", "requests", "families")
    history.back(50 * LATER)
    history.note(Destination("billing"), 100 * LATER)
    assert not history.can_go_forward
    assert history.back(50 * LATER) == Destination("requests")


def test_arrowing_through_a_list_counts_as_one_step() -> None:
    history = walked("home", "families")
    for family in range(20):
        history.note(Destination("families", family), LATER + family * BROWSING_SECONDS / 2)
    assert history.present == Destination("families", 19)
    assert history.back(50 * LATER) == Destination("home")


def test_a_page_that_settles_after_one_went_back_keeps_the_way_forward() -> None:
    history = walked("home", "families", "billing")
    assert history.back(50 * LATER) == Destination("families")
    history.note(Destination("families", 12), 50 * LATER + BROWSING_SECONDS / 2)
    assert history.present == Destination("families", 12)
    assert history.forward(50 * LATER + BROWSING_SECONDS) == Destination("billing")


def test_looking_at_one_family_then_another_counts_as_two() -> None:
    history = walked("home")
    history.note(Destination("families", 1), LATER)
    history.note(Destination("families", 2), 3 * LATER)
    assert history.back(50 * LATER) == Destination("families", 1)
    assert history.recent == (Destination("families", 2), Destination("home"))


def test_a_page_is_built_when_it_is_first_opened(open_window: Opener) -> None:
    window = open_window(Role.ADMINISTRATOR)
    assert list(window.pages) == ["home"]
    window.go(Destination("families"))
    assert list(window.pages) == ["home", "families"]


def test_the_arrows_and_their_keys_go_back_and_forward(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    assert not window.header.back.isEnabled()
    window.go(Destination("requests"))
    window.go(Destination("families"))
    qtbot.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.current_name == "requests"
    window.header.back.click()
    assert window.current_name == "home"
    assert not window.header.back.isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert window.current_name == "requests"


def test_escape_where_nothing_is_open_goes_one_step_back(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.go(Destination("attestations"))
    settle(window.tools.desk)
    window.tools.messages.warn("À lire")
    qtbot.keyClick(window.current_page.first_focus(), Qt.Key.Key_Escape)
    assert not window.notice.isVisible(), "the sentence first"
    assert window.current_name == "attestations"
    qtbot.keyClick(window.current_page.first_focus(), Qt.Key.Key_Escape)
    assert window.current_name == "home"


@pytest.fixture
def agent(town: Database, context: Context, sql_guard: SqlGuard) -> Actor:
    """Someone with an account, where choices can be kept."""
    account = NewAccount("agathe", "Agathe Blin", frozenset({Role.AGENT}), "Passe-Partout1")

    def create() -> Actor:
        transaction.run(town, context, accounts.create, account)
        return transaction.read(town, context, accounts.acting_as, "agathe")

    made: Actor = sql_guard.aside(create)
    return made


def test_the_next_time_opens_where_one_left(open_window: Opener, agent: Actor) -> None:
    window: MainWindow = open_window(actor=agent)
    window.go(Destination("families"))
    window.rail.toggle()
    settle(window.tools.desk)
    window.close()
    again: MainWindow = open_window(actor=agent)
    assert again.current_name == "families"
    assert list(again.pages) == ["families"], "no page is built for nothing"
    assert again.rail.narrow


def test_a_last_place_that_the_role_lost_falls_back_to_the_first_page(
    open_window: Opener, agent: Actor, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    def keep(session: Session, acting: Context, _: None) -> None:
        accounts.save_preferences(session, acting, {"place": {"page": "attestations", "wanted": None}})

    sql_guard.aside(lambda: transaction.run(town, Context(agent, context.now), keep, None))
    assert open_window(actor=agent).current_name == "home"


def test_a_toast_takes_back_what_it_confirms(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    undone: list[str] = []
    window.tools.messages.inform("Fait", undo=lambda: undone.append("oui"))
    assert window.toast.undo.isVisible()
    qtbot.mouseClick(window.toast.undo, Qt.MouseButton.LeftButton)
    assert undone == ["oui"]
    assert not window.toast.isVisible()
    window.tools.messages.inform("Fait aussi")
    assert not window.toast.undo.isVisible()


def test_a_toast_is_acted_on_from_the_keyboard_while_it_is_shown(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    undone: list[str] = []
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    window.tools.messages.inform("Fait", undo=lambda: undone.append("oui"))
    qtbot.keyClick(window, Qt.Key.Key_Z, both)
    qtbot.keyClick(window, Qt.Key.Key_Z, both)
    assert undone == ["oui"], "once, and no more when it is gone"


def test_what_is_typed_and_not_saved_is_named_before_leaving(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    drafts: Drafts = window.tools.drafts
    drafts.keep("payment:1", "Règlement de la famille Müller", {"amount": "12,5"})
    asked = answer_next_question(yes=False)
    assert not window.close()
    qtbot.waitUntil(lambda: bool(asked))
    assert "Règlement de la famille Müller" in asked[0]
    assert drafts.of("payment:1") == {"amount": "12,5"}
    drafts.drop("payment:1")
    assert window.close()


def test_giving_up_leaving_for_someone_else_stays_with_the_same_person(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.AGENT)
    window.tools.drafts.keep("a", "Une saisie", {})
    asked = answer_next_question(yes=False)
    window.change_user()
    qtbot.waitUntil(lambda: bool(asked))
    window.tools.drafts.drop("a")
    with qtbot.waitSignal(window.closed) as closed:
        window.close()
    assert closed.args == [False]


class LongWork:
    """Work of three steps that waits in each to be told to go on, or to stop."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.steps = 0

    def __call__(self, _database: Any, _context: Context, _asked: None, task: Task) -> None:
        for step in range(3):
            self.steps += 1
            task.step(step, 3)
            while not (task.cancelled or self.go_on.wait(0.01)):
                pass


def test_two_long_tasks_queue_and_the_second_can_be_stopped_before_it_begins(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.AGENT)
    first, second = LongWork(), LongWork()
    tasks = Task("Premier"), Task("Second")
    ended: list[str] = []
    for task, work in zip(tasks, (first, second), strict=True):
        window.tools.desk.start(task, work, None, settled=lambda task=task: ended.append(task.title))
    assert window.tasks.running == ("Premier", "Second")
    assert "1\u00a0autre travail attend" in window.tasks.label.text()
    tasks[1].cancel()
    first.go_on.set()
    qtbot.waitUntil(lambda: ended == ["Premier", "Second"])
    assert (first.steps, second.steps) == (3, 0)
    assert window.tasks.running == ()


def test_closing_during_long_work_asks_then_stops_it_between_two_steps(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.AGENT)
    work = LongWork()
    window.tools.desk.start(Task("Émission de mars"), work, None)
    qtbot.waitUntil(lambda: work.steps == 1)
    asked = answer_next_question(yes=True)
    assert not window.close()
    qtbot.waitSignal(window.closed).wait()
    assert "Émission de mars" in asked[0]
    assert work.steps < 3


@pytest.mark.parametrize("danger", [False, True])
def test_a_question_that_cannot_be_taken_back_has_the_safe_answer_under_the_cursor(
    messages: Messages, qtbot: QtBot, danger: bool
) -> None:
    answers: list[str] = []
    messages.ask(
        Question("Titre", "Faire ?", "Faire", danger=danger),
        then=lambda: answers.append("fait"),
        otherwise=lambda: answers.append("non"),
    )
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert box.defaultButton().text() == ("Annuler" if danger else "Faire")
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: answers == ["non"])
