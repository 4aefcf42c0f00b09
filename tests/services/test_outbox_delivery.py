"""Queued answers leave in order, once from the family's view, and stay queued when the portal is away."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from guichet.models.database import Database, open_database
from guichet.models.requests import Outbox
from guichet.portal.connectors import Outgoing, Sent
from guichet.portal.folder import FolderConnector
from guichet.portal.https import HttpsConnector, Patience
from guichet.rules.errors import EnvironmentProblem
from guichet.services import outbox, transaction
from guichet.services.outbox_delivery import DeliveryReport, deliver, outbox_status
from guichet.services.transaction import Context

QUICK = Patience(retries=1, first_pause=0.0, longest_pause=0.0)


class Portal:
    """A portal that keeps each answer once by its key, and may be told to fail."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.kept: dict[str, str] = {}
        self.calls: list[str] = []
        self.status: Callable[[str], int] = lambda _: 200
        server.expect_request("/answers", method="POST").respond_with_handler(self._take)
        self.connector = HttpsConnector(
            server.url_for(""), portal="portail", token=lambda: "jeton", spool=folder, patience=QUICK
        )

    def _take(self, request: Request) -> Response:
        key = request.headers["Idempotency-Key"]
        self.calls.append(key)
        status = self.status(key)
        if status == 200:
            self.kept.setdefault(key, json.loads(request.data)["status"])
        return Response(status=status)


@pytest.fixture
def portal(make_httpserver: HTTPServer, tmp_path: Path) -> Iterator[Portal]:
    yield Portal(make_httpserver, tmp_path / "spool")
    make_httpserver.clear()


def queue(
    database: Database, context: Context, *answers: tuple[str, int, str], not_before: datetime | None = None
) -> None:
    """Queue answers given as (key, request, status)."""
    with database.writing() as session:
        for key, subject, status in answers:
            outbox.queue(
                session,
                context,
                kind=outbox.ANSWER,
                portal="portail",
                subject=("request", subject),
                payload={"key": key, "status": status},
                key=key,
                not_before=not_before,
            )


def states(database: Database) -> dict[str, tuple[str, int]]:
    with database.reading() as session:
        rows = session.execute(select(Outbox.idempotency_key, Outbox.state, Outbox.attempts))
        return {row.idempotency_key: (row.state.value, row.attempts) for row in rows}


def later(context: Context, **time: float) -> Context:
    return Context(context.actor, context.now + timedelta(**time))


def test_what_is_due_leaves_and_what_may_still_be_undone_waits(
    database: Database, context: Context, portal: Portal
) -> None:
    queue(database, context, ("a", 1, "in_progress"), ("b", 2, "accepted"))
    queue(database, context, ("c", 3, "refused"), not_before=context.now + timedelta(seconds=30))

    assert deliver(database, context, "portail", portal.connector) == DeliveryReport(sent=2, failed=0)
    assert portal.kept == {"a": "in_progress", "b": "accepted"}
    assert states(database)["c"] == ("queued", 0)

    assert deliver(database, later(context, minutes=1), "portail", portal.connector).sent == 1
    assert deliver(database, later(context, days=1), "portail", portal.connector).sent == 0
    assert portal.calls == ["a", "b", "c"]


def test_answers_to_one_request_arrive_in_order_even_when_the_first_fails(
    database: Database, context: Context, portal: Portal
) -> None:
    queue(database, context, ("a1", 1, "in_progress"), ("b1", 2, "in_progress"), ("a2", 1, "accepted"))
    portal.status = lambda key: 422 if key == "a1" else 200

    assert deliver(database, context, "portail", portal.connector) == DeliveryReport(sent=1, failed=1)
    assert states(database) == {"a1": ("queued", 1), "b1": ("sent", 1), "a2": ("queued", 0)}

    portal.status = lambda _: 200
    assert deliver(database, later(context, seconds=30), "portail", portal.connector).sent == 0
    assert deliver(database, later(context, minutes=2), "portail", portal.connector).sent == 2
    assert portal.calls[-2:] == ["a1", "a2"]


def test_a_portal_that_is_away_loses_nothing_and_is_tried_less_and_less_often(
    database: Database, context: Context, portal: Portal
) -> None:
    queue(database, context, ("a", 1, "accepted"))
    portal.status = lambda _: 503
    waits = []
    for _ in range(12):
        with pytest.raises(EnvironmentProblem):
            deliver(database, context, "portail", portal.connector)
        with database.reading() as session:
            entry = session.scalars(select(Outbox)).one()
            waits.append(entry.not_before - context.now)
            context = Context(context.actor, entry.not_before)

    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits[-1] == timedelta(hours=6)
    (waiting,) = transaction.read(database, context, outbox_status)
    assert (waiting.portal, waiting.queued) == ("portail", 1)
    assert "indisponible" in (waiting.last_error or "")
    portal.status = lambda _: 200
    assert deliver(database, context, "portail", portal.connector).sent == 1
    assert transaction.read(database, context, outbox_status) == []


def test_a_program_stopped_after_sending_sends_again_with_the_same_key_and_the_family_sees_one(
    database: Database, context: Context, portal: Portal
) -> None:
    queue(database, context, ("a", 1, "accepted"))

    class StoppedAfterSending:
        cursor = None
        deliveries = portal.connector.deliveries

        def send(self, answers: Sequence[Outgoing], now: datetime) -> Iterator[Sent]:
            yield from portal.connector.send(answers, now)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(database, context, "portail", StoppedAfterSending())
    assert states(database) == {"a": ("queued", 1)}
    assert deliver(database, later(context, minutes=5), "portail", portal.connector).sent == 0

    assert deliver(database, later(context, minutes=11), "portail", portal.connector).sent == 1
    assert portal.calls == ["a", "a"]
    assert portal.kept == {"a": "accepted"}


def test_two_senders_at_once_send_each_answer_once(
    database: Database, context: Context, portal: Portal
) -> None:
    queue(database, context, *((f"k{number}", number, "accepted") for number in range(60)))
    meeting = threading.Barrier(2, timeout=60)
    failures: list[BaseException] = []

    def work() -> None:
        own = open_database(database.engine.url)
        try:
            meeting.wait()
            deliver(own, context, "portail", portal.connector)
        except BaseException as failure:  # noqa: BLE001 (shown by the test's own thread)
            failures.append(failure)
        finally:
            own.dispose()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(portal.calls) == sorted(f"k{number}" for number in range(60))


def test_a_folder_gets_one_whole_file_of_answers(
    database: Database, context: Context, tmp_path: Path
) -> None:
    queue(database, context, ("a", 1, "accepted"), ("b", 2, "refused"), ("a2", 1, "cancelled"))

    report = deliver(database, context, "portail", FolderConnector(tmp_path, portal="portail"))

    assert report == DeliveryReport(sent=3, failed=0)
    files = [path.read_text(encoding="utf-8").splitlines() for path in (tmp_path / "answers").iterdir()]
    keys = sorted([json.loads(line)["key"] for line in lines[1:-1]] for lines in files)
    assert keys == [["a", "b"], ["a2"]]
