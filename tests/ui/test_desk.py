"""The door between screens and services: threads, errors, outages, retries, closing."""

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from guichet.models.settings import Setting
from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, UserError
from guichet.services.transaction import Context
from guichet.ui.desk import Desk
from guichet.ui.tasks import Task
from guichet.ui.topics import Topic
from tests.ui.support import SqlGuard


@dataclass(frozen=True)
class Write:
    command_id: str
    key: str
    value: int = 1


def write_setting(session: Session, context: Context, command: Write) -> str:
    session.add(Setting(key=command.key, value=command.value))
    return threading.current_thread().name


def count_settings(session: Session, context: Context, query: None) -> int:
    return session.execute(select(func.count()).select_from(Setting)).scalar_one()


def test_a_reading_runs_off_the_gui_thread_and_comes_back_to_it(desk: Desk, qtbot: QtBot) -> None:
    seen: list[tuple[int, threading.Thread]] = []
    desk.fetch(count_settings, None, then=lambda count: seen.append((count, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(0, threading.main_thread())]


def test_the_guard_sees_sql_on_the_gui_thread(desk: Desk, sql_guard: SqlGuard) -> None:
    """The guard that protects every other test can fail."""
    with desk._database.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert "SELECT 1" in sql_guard.violations
    sql_guard.violations.clear()


def test_a_committed_act_announces_what_changed(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.changed) as announced:
        desk.execute(write_setting, Write("c-1", "a"), changes=frozenset({Topic.FAMILIES}))
    assert announced.args == [frozenset({Topic.FAMILIES})]


def test_a_refused_act_announces_nothing_and_leaves_no_row(
    desk: Desk, qtbot: QtBot, sql_guard: SqlGuard
) -> None:
    def refuse(session: Session, context: Context, command: Write) -> None:
        write_setting(session, context, command)
        session.flush()
        raise UserError("Ce nom est déjà pris.", field="name")

    announced: list[object] = []
    desk.changed.connect(announced.append)
    refused: list[UserError] = []
    desk.execute(refuse, Write("c-1", "a"), changes=frozenset({Topic.FAMILIES}), failed=refused.append)
    qtbot.waitUntil(lambda: bool(refused))
    assert refused[0].field == "name"
    assert not announced
    assert _rows(desk, sql_guard) == 0


def test_a_refusal_nobody_shows_goes_to_the_window(desk: Desk, qtbot: QtBot) -> None:
    def refuse(session: Session, context: Context, command: None) -> None:
        raise UserError("Non.")

    with qtbot.waitSignal(desk.refused) as refused:
        desk.execute(refuse, None, changes=frozenset())
    assert refused.args is not None
    assert refused.args[0].message == "Non."


def test_a_bug_is_not_taken_for_a_refusal(desk: Desk, qtbot: QtBot) -> None:
    def fail(session: Session, context: Context, command: None) -> None:
        raise KeyError("bug")

    refused: list[UserError] = []
    with qtbot.waitSignal(desk.crashed) as crashed:
        desk.execute(fail, None, changes=frozenset(), failed=refused.append)
    assert crashed.args is not None
    assert isinstance(crashed.args[0], KeyError)
    assert not refused


def test_a_newer_reading_supersedes_the_older(desk: Desk, qtbot: QtBot) -> None:
    go = threading.Event()
    seen: list[int] = []

    def slow(session: Session, context: Context, query: int) -> int:
        go.wait(5)
        return query

    desk.fetch(slow, 1, then=seen.append, key="list")
    desk.fetch(slow, 2, then=seen.append, key="list")
    desk.fetch(slow, 3, then=seen.append, key="other")
    go.set()
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [2, 3]


def test_long_work_does_not_delay_a_reading(desk: Desk, qtbot: QtBot) -> None:
    go = threading.Event()
    ended: list[str] = []

    def long(database: Any, context: Context, asked: None, task: Task) -> str:
        go.wait(5)
        return "long"

    desk.start(Task("Émission"), long, None, then=ended.append)
    desk.fetch(count_settings, None, then=lambda _: ended.append("short"))
    qtbot.waitUntil(lambda: "short" in ended)
    assert ended == ["short"]
    go.set()
    qtbot.waitUntil(lambda: ended == ["short", "long"])


def test_an_outage_keeps_the_act_and_retry_applies_it_once(
    desk: Desk, qtbot: QtBot, sql_guard: SqlGuard
) -> None:
    cut = [True]
    results: list[str] = []

    def flaky(session: Session, context: Context, command: Write) -> str:
        if cut[0]:
            raise OperationalError("INSERT", {}, Exception("server closed the connection"))
        return write_setting(session, context, command)

    with qtbot.waitSignal(desk.outage) as outage:
        desk.execute(flaky, Write("c-1", "a"), changes=frozenset({Topic.FAMILIES}), then=results.append)
    assert outage.args is not None
    assert isinstance(outage.args[0], EnvironmentProblem)
    assert desk.unsaved == 1
    assert not results
    cut[0] = False
    with qtbot.waitSignal(desk.recovered):
        desk.retry()
    qtbot.waitUntil(lambda: bool(results))
    assert desk.unsaved == 0
    assert _rows(desk, sql_guard) == 1


def test_an_act_whose_answer_was_lost_is_not_applied_twice(
    desk: Desk, qtbot: QtBot, sql_guard: SqlGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit arrived, the connection fell before the answer: typed again under a new id, it still applies once."""
    from guichet.services import transaction

    real, lost = transaction.run, [True]

    def run_and_lose_the_answer(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        if lost[0]:
            lost[0] = False
            raise EnvironmentProblem("La base ne répond pas.")
        return result

    monkeypatch.setattr(transaction, "run", run_and_lose_the_answer)
    topics = frozenset({Topic.BILLING})
    with qtbot.waitSignal(desk.outage):
        desk.execute(write_setting, Write("first", "a"), changes=topics)
    refused: list[UserError] = []
    desk.execute(write_setting, Write("second", "a"), changes=topics, failed=refused.append)
    qtbot.waitUntil(lambda: bool(refused))
    assert isinstance(refused[0], AlreadyApplied)
    assert _rows(desk, sql_guard) == 1


def test_a_cancelled_task_stops_and_says_what_changed(desk: Desk, qtbot: QtBot) -> None:
    steps: list[int] = []
    started = threading.Event()

    def long(database: Any, context: Context, asked: int, task: Task) -> None:
        for step in range(asked):
            task.step(step, asked)
            steps.append(step)
            started.set()
            threading.Event().wait(0.01)

    import_task = Task("Import")
    with qtbot.waitSignals([desk.changed, import_task.finished]):
        desk.start(import_task, long, 10_000, changes=frozenset({Topic.IMPORTS}))
        started.wait(5)
        import_task.cancel()
    assert 0 < len(steps) < 10_000


def test_closing_finishes_what_writes_and_drops_what_reads(
    desk: Desk, qtbot: QtBot, sql_guard: SqlGuard
) -> None:
    delivered: list[object] = []
    for number in range(5):
        desk.execute(
            write_setting, Write(f"c-{number}", f"k-{number}"), changes=frozenset(), then=delivered.append
        )
    desk.fetch(count_settings, None, then=delivered.append)
    desk.close()
    qtbot.wait(50)
    assert not delivered
    assert _rows(desk, sql_guard) == 5


def _rows(desk: Desk, guard: SqlGuard) -> int:
    def read() -> int:
        with desk._database.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(Setting)).scalar_one()

    return int(guard.aside(read))
