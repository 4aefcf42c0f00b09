"""Two desks, one last place, one request, one child: each race shown to lose with the lock off, and gone with it on."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from guichet.models import database as databases
from guichet.models.database import Database, open_database
from guichet.models.offer import Activity, Confirmation, PoolDay
from guichet.rules.errors import AlreadyApplied, StaleVersion, UserError
from guichet.services import (
    bookings,
    bulk_decisions,
    confirmation,
    decisions,
    places,
    proposal_records,
    proposals,
    transaction,
    verify,
)
from guichet.services.decisions import Accept, Refuse
from guichet.services.transaction import Context
from tests.services import request_town as towns
from tests.services.request_town import WEDNESDAY, Town, slot_days

PATIENCE = 2.0


class Desks:
    """A town, and as many desks as asked, each with its own connections to the same base."""

    def __init__(self, url: URL, context: Context) -> None:
        self.url = url
        self.context = context
        self.first = open_database(url)
        self.opened = [self.first]
        self.town: Town = towns.build(self.first, size=1)

    def desk(self) -> Database:
        database = open_database(self.url)
        self.opened.append(database)
        return database

    def ask(self, *, child: int, family: int | None = None, slot: str = "JOURNEE", **members: Any) -> int:
        """A pending request with its proposal, ready to be decided."""
        with self.first.writing() as session:
            request_id = towns.submit(
                session,
                "bookings",
                slot_days(WEDNESDAY, slot=slot),
                family=family or self.town.family,
                child=child,
                **members,
            )
        transaction.run(self.first, self.context, proposals.propose, [request_id])
        return request_id

    def booked(self) -> int:
        return len(towns.live_bookings(self.first, WEDNESDAY))


@pytest.fixture
def desks(database_url: Callable[[], URL], context: Context) -> Iterator[Desks]:
    made = Desks(database_url(), context)
    yield made
    for database in made.opened:
        database.dispose()


@contextmanager
def no_lock(database: Database) -> Iterator[None]:
    """What the program would be without its lock: no BEGIN IMMEDIATE on SQLite."""
    if database.is_sqlite:
        event.remove(database.engine, "begin", databases._begin_sqlite)
    yield


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Both desks have counted the places before either writes, unless a lock keeps them apart."""
    barrier = threading.Barrier(2)
    counted = places.count

    def count(*arguments: Any) -> places.Counts:
        found = counted(*arguments)
        if threading.current_thread() is not threading.main_thread():
            with suppress(threading.BrokenBarrierError):
                barrier.wait(PATIENCE)
        return found

    monkeypatch.setattr(places, "count", count)
    return barrier


def turn_locks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither children nor pools are held; the rows go in one desk after the other, so that only the counting races."""
    one_by_one = threading.Lock()
    insert_rows = bookings.insert_rows

    def lock(session: Session, child_ids: Any, pools: Any) -> None:
        pass

    def insert(*arguments: Any) -> list[int]:
        with one_by_one:
            return insert_rows(*arguments)

    monkeypatch.setattr(places, "lock", lock)
    monkeypatch.setattr(bookings, "insert_rows", insert)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts together; each gives its result or the error that a person would read."""

    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except UserError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(run, act) for act in acts]]


def booker(desks: Desks, child: int, slot: int, *, locked: bool) -> Callable[[], Any]:
    """A desk about to book the child, straight on the bookings' own door."""
    database = desks.desk()
    order = bookings.Order(child, desks.town.family, slot, WEDNESDAY, desks.context.now)

    def act() -> Any:
        if locked:
            return transaction.run(database, desks.context, bookings.book, [order])[0]
        with no_lock(database), database.writing() as session:
            return bookings.book(session, desks.context, [order])[0]

    return act


def test_with_the_lock_off_the_last_place_is_given_twice(
    desks: Desks, meeting: threading.Barrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_locks_off(monkeypatch)
    town = desks.town
    outcomes = at_once(*(booker(desks, child, town.journee, locked=False) for child in (town.lea, town.tom)))
    assert [outcome.is_done for outcome in outcomes] == [True, True]
    assert desks.booked() == 2  # one place, two children: this is the race that the lock removes


def test_with_the_lock_on_the_last_place_is_given_once(desks: Desks, meeting: threading.Barrier) -> None:
    town = desks.town
    outcomes = at_once(*(booker(desks, child, town.journee, locked=True) for child in (town.lea, town.tom)))
    assert sorted(outcome.is_done for outcome in outcomes) == [False, True]
    (refused,) = [outcome for outcome in outcomes if not outcome.is_done]
    assert (refused.code, desks.booked()) == ("complet", 1)


def test_with_the_lock_off_a_child_gets_two_slots_that_exclude_each_other(
    desks: Desks, meeting: threading.Barrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_locks_off(monkeypatch)
    with desks.first.writing() as session:
        session.execute(PoolDay.__table__.delete())
    town = desks.town
    outcomes = at_once(*(booker(desks, town.lea, slot, locked=False) for slot in (town.journee, town.matin)))
    assert [outcome.is_done for outcome in outcomes] == [True, True]


def test_with_the_lock_on_a_child_gets_one_of_them(desks: Desks, meeting: threading.Barrier) -> None:
    with desks.first.writing() as session:
        session.execute(PoolDay.__table__.delete())
    town = desks.town
    outcomes = at_once(*(booker(desks, town.lea, slot, locked=True) for slot in (town.journee, town.matin)))
    assert sorted(outcome.is_done for outcome in outcomes) == [False, True]
    assert desks.booked() == 1


def accepter(desks: Desks, request_id: int, **options: Any) -> Callable[[], Any]:
    database = desks.desk()
    command = Accept(request_id, **options)
    return lambda: transaction.run(database, desks.context, decisions.accept, command)


def test_two_agents_accept_two_requests_for_the_last_place(desks: Desks) -> None:
    requests = [desks.ask(child=desks.town.lea), desks.ask(child=desks.town.tom)]
    outcomes = at_once(*(accepter(desks, request_id) for request_id in requests))
    (loser,) = [outcome for outcome in outcomes if isinstance(outcome, UserError)]
    assert loser.code == "complet"
    assert "Plus de place" in loser.message
    assert desks.booked() == 1
    states = sorted(towns.state_of(desks.first, request_id) for request_id in requests)
    assert states == ["accepted", "pending"]


def test_two_agents_on_one_request_decide_it_once_and_the_second_is_told(desks: Desks) -> None:
    request_id = desks.ask(child=desks.town.lea)
    database = desks.desk()
    refuse = Refuse(request_id, "autre", "Non.", version=1)
    outcomes = at_once(
        accepter(desks, request_id, version=1),
        lambda: transaction.run(database, desks.context, decisions.refuse, refuse),
    )
    (loser,) = [outcome for outcome in outcomes if isinstance(outcome, UserError)]
    assert isinstance(loser, StaleVersion)
    assert "18/03/2026 à 09:00" in loser.message
    state = towns.state_of(desks.first, request_id)
    assert (state, desks.booked()) in (("accepted", 1), ("refused", 0))
    assert [status for status, _ in towns.answers(desks.first, request_id)] == [state]


def test_both_parents_accepted_at_once_make_one_booking(desks: Desks) -> None:
    with desks.first.writing() as session:
        session.execute(PoolDay.__table__.delete())
    town = desks.town
    requests = [desks.ask(child=town.lea), desks.ask(child=town.lea, family=town.other_family)]
    outcomes = at_once(*(accepter(desks, request_id) for request_id in requests))
    (loser,) = [outcome for outcome in outcomes if isinstance(outcome, UserError)]
    assert loser.code == "doublon"
    assert desks.booked() == 1


def test_one_command_sent_by_two_connections_applies_once(desks: Desks) -> None:
    request_id = desks.ask(child=desks.town.lea)
    outcomes = at_once(*(accepter(desks, request_id, command_id="c-1") for _ in range(2)))
    errors = [outcome for outcome in outcomes if isinstance(outcome, UserError)]
    assert [type(error) for error in errors] == [AlreadyApplied]
    assert len(towns.answers(desks.first, request_id)) == 1


def test_four_desks_and_a_bulk_run_fill_five_places_and_no_more(desks: Desks) -> None:
    with desks.first.writing() as session:
        session.execute(PoolDay.__table__.update().values(size=5))
        children = [towns.enrolled_child(session, desks.town) for _ in range(12)]
    requests = [desks.ask(child=child, family=family) for child, family in children]
    bulk = desks.desk()
    outcomes = at_once(
        lambda: bulk_decisions.accept_all_that_fits(bulk, desks.context, requests),
        *(accepter(desks, request_id) for request_id in reversed(requests[4:])),
    )
    assert isinstance(outcomes[0], bulk_decisions.BulkReport)
    booked = [state for _, _, state in towns.live_bookings(desks.first, WEDNESDAY) if state == "booked"]
    assert len(booked) == 5
    accepted = [one for one in requests if towns.state_of(desks.first, one) == "accepted"]
    assert len(accepted) == 5


def test_a_night_s_confirmations_and_an_agent_do_not_share_the_last_place(desks: Desks) -> None:
    with desks.first.writing() as session:
        session.execute(PoolDay.__table__.update().values(size=3))
        session.execute(Activity.__table__.update().values(confirmation=Confirmation.IMMEDIATE))
        children = [towns.enrolled_child(session, desks.town) for _ in range(8)]
    requests = [desks.ask(child=child, family=family) for child, family in children]
    importer = desks.desk()

    def confirm(session: Session, context: Context) -> tuple[int, ...]:
        proposed = proposal_records.recall(session, context, requests[:4])
        return confirmation.confirm_automatically(session, context, proposed)

    outcomes = at_once(
        lambda: transaction.run(importer, desks.context, confirm),
        *(accepter(desks, request_id) for request_id in requests[4:]),
    )
    accepted = [one for one in requests if towns.state_of(desks.first, one) == "accepted"]
    assert len(accepted) == desks.booked() == 3
    by_agents = [one for one in outcomes[1:] if not isinstance(one, UserError)]
    assert len(outcomes[0]) + len(by_agents) == 3
    assert transaction.read(desks.first, desks.context, verify.verify).findings == ()
