"""« Accepter tout ce qui rentre »: the order, the places as they go, the simulation, stopping half-way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from guichet.models.database import Database
from guichet.models.requests import Outbox
from guichet.models.settings import Journal
from guichet.rules.errors import PermissionDenied
from guichet.rules.permissions import Role
from guichet.services import bulk_decisions, decisions, proposals, transaction, verify
from guichet.services.bulk_decisions import BulkOutcome
from guichet.services.decisions import Handle
from guichet.services.transaction import Actor, Context
from tests.services import request_town as towns
from tests.services.request_town import IN_TIME, NEXT_WEDNESDAY, TOO_LATE, WEDNESDAY, Town, slot_days

Ask = Callable[..., int]


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database, size=2)


@pytest.fixture
def ask(database: Database, context: Context, town: Town) -> Ask:
    """A request of a child of its own, with its proposal."""

    def write(payload: dict[str, Any] | None = None, **members: Any) -> int:
        with database.writing() as session:
            child, family = towns.enrolled_child(session, town)
            request_id = towns.submit(
                session, "bookings", payload or slot_days(WEDNESDAY), child=child, family=family, **members
            )
        transaction.run(database, context, proposals.propose, [request_id])
        return request_id

    return write


def outcomes(report: bulk_decisions.BulkReport) -> list[tuple[str, str]]:
    return [(one.external_id, one.outcome.value) for one in report.outcomes]


def test_requests_are_served_by_submission_then_portal_then_id(
    database: Database, context: Context, ask: Ask
) -> None:
    late_night = IN_TIME + timedelta(hours=1)
    ids = [
        ask(at=late_night, external_id="A-1"),
        ask(at=IN_TIME, external_id="B-2"),
        ask(at=IN_TIME, external_id="B-1"),
    ]
    report = bulk_decisions.accept_all_that_fits(database, context, ids)
    assert outcomes(report) == [("B-1", "accepted"), ("B-2", "accepted"), ("A-1", "waiting")]
    assert transaction.read(database, context, verify.verify).findings == ()


def test_the_simulation_tells_what_the_run_does_and_writes_nothing(
    database: Database, context: Context, ask: Ask
) -> None:
    ids = [ask(at=IN_TIME + timedelta(minutes=number)) for number in range(4)]
    ids += [ask(at=TOO_LATE), ask(slot_days(WEDNESDAY, NEXT_WEDNESDAY), at=IN_TIME + timedelta(hours=2))]
    ids.append(ask(slot_days(WEDNESDAY, slot="REPAS")))
    found = transaction.read(database, context, bulk_decisions.forecast, ids)
    assert (found.requests, found.fit, found.wait, found.late, found.examine) == (7, 4, 3, 1, 0)
    assert towns.live_bookings(database) == []
    assert towns.count_of(database, Journal) == towns.count_of(database, Outbox) == 0

    report = bulk_decisions.accept_all_that_fits(database, context, ids)

    states = [state for _, _, state in towns.live_bookings(database)]
    assert (states.count("booked"), states.count("waiting")) == (found.fit, found.wait)
    assert report.count(BulkOutcome.LEFT) == 1  # the late one is the agent's
    assert towns.count_of(database, Journal) == 6


def test_each_request_is_a_transaction_of_its_own(database: Database, context: Context, ask: Ask) -> None:
    ids = [ask(at=IN_TIME + timedelta(minutes=number)) for number in range(3)]
    seen: list[tuple[int, int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total, len(towns.live_bookings(database))))

    bulk_decisions.accept_all_that_fits(database, context, ids, progress)
    assert seen == [(1, 3, 1), (2, 3, 2), (3, 3, 3)]


def test_a_run_stopped_half_way_keeps_what_is_done_and_can_be_taken_up_again(
    database: Database, context: Context, ask: Ask
) -> None:
    ids = [ask(at=IN_TIME + timedelta(minutes=number)) for number in range(3)]
    report = bulk_decisions.accept_all_that_fits(
        database, context, ids, is_cancelled=lambda: len(towns.live_bookings(database)) == 1
    )
    assert (report.cancelled, len(report.outcomes), report.asked) == (True, 1, 3)
    again = bulk_decisions.accept_all_that_fits(database, context, ids)
    assert [one.outcome.value for one in again.outcomes] == ["accepted", "waiting"]


def test_requests_waiting_for_the_family_or_decided_are_left_out(
    database: Database, context: Context, ask: Ask
) -> None:
    asked, decided, pending = ask(), ask(), ask()
    transaction.run(database, context, decisions.ask_complement, decisions.AskComplement(asked, "Une pièce."))
    transaction.run(database, context, decisions.refuse, decisions.Refuse(decided, "complet"))
    report = bulk_decisions.accept_all_that_fits(database, context, [asked, decided, pending])
    assert [one.request_id for one in report.outcomes] == [pending]


def test_what_waited_is_taken_up_when_a_place_is_freed(
    database: Database, context: Context, ask: Ask
) -> None:
    ids = [ask(at=IN_TIME + timedelta(minutes=number)) for number in range(3)]
    bulk_decisions.accept_all_that_fits(database, context, ids)
    transaction.run(database, context, decisions.undo, Handle(ids[0]))
    transaction.run(database, context, decisions.refuse, decisions.Refuse(ids[0], "autre", "Erreur."))
    report = bulk_decisions.accept_all_that_fits(database, context, ids)
    assert [(one.request_id, one.outcome.value) for one in report.outcomes] == [(ids[2], "accepted")]


def test_refusing_many_says_why_to_each(database: Database, context: Context, ask: Ask) -> None:
    ids = [ask(), ask()]
    report = bulk_decisions.refuse_all(database, context, ids, "autre", "Accueil fermé pour travaux.")
    assert [one.outcome.value for one in report.outcomes] == ["refused", "refused"]
    assert [towns.state_of(database, request_id) for request_id in ids] == ["refused", "refused"]


def test_a_run_needs_the_permission_to_decide(database: Database, context: Context, ask: Ask) -> None:
    finance = Context(Actor("f", "F", frozenset({Role.FINANCE}), None, "w"), context.now)
    with pytest.raises(PermissionDenied):
        bulk_decisions.accept_all_that_fits(database, finance, [ask()])
