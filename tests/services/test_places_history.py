"""Random histories of decisions on a small town: whatever agents do, no place is given twice and nothing is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import URL

from guichet.models.bookings import Booking, BookingState
from guichet.models.database import Database, open_database
from guichet.models.requests import ItemDecision, RequestItem
from guichet.rules.errors import UserError
from guichet.services import decisions, proposals, transaction, verify
from guichet.services.decisions import Accept, ApplyProposals, Handle, Refuse, Wait
from guichet.services.transaction import Context
from tests.services import request_town as towns
from tests.services.request_town import IN_TIME, NEXT_WEDNESDAY, WEDNESDAY, Town, slot_days

SLOTS = ("JOURNEE", "MATIN", "REPAS")
asked = st.lists(
    st.tuples(
        st.integers(0, 3),  # which child
        st.sampled_from(SLOTS),
        st.sampled_from([(WEDNESDAY,), (NEXT_WEDNESDAY,), (WEDNESDAY, NEXT_WEDNESDAY)]),
    ),
    min_size=2,
    max_size=6,
)
acts = st.lists(
    st.tuples(
        st.sampled_from(["accept", "force", "refuse", "wait", "follow", "undo", "cancel"]), st.integers(0, 5)
    ),
    min_size=3,
    max_size=14,
)


@contextmanager
def opened(url: URL) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()


def commands(request_id: int) -> dict[str, tuple[Callable[..., Any], Any]]:
    return {
        "accept": (decisions.accept, Accept(request_id)),
        "force": (decisions.accept, Accept(request_id, override_reason="Décision du maire.")),
        "refuse": (decisions.refuse, Refuse(request_id, "autre", "Non.")),
        "wait": (decisions.wait, Wait(request_id)),
        "follow": (decisions.apply_proposals, ApplyProposals(request_id)),
        "undo": (decisions.undo, Handle(request_id)),
    }


def check(database: Database, context: Context, town: Town) -> None:
    assert transaction.read(database, context, verify.verify).findings == ()
    with database.reading() as session:
        live = session.scalars(select(Booking).where(Booking.state != BookingState.CANCELLED)).all()
        taken = Counter(
            one.date
            for one in live
            if one.state is BookingState.BOOKED and one.slot_id in (town.journee, town.matin)
        )
        assert all(count <= 2 for count in taken.values())
        moments = Counter((one.child_id, one.date, one.slot_id) for one in live)
        assert all(count == 1 for count in moments.values())
        exclusive = Counter((one.child_id, one.date) for one in live if one.slot_id != town.repas)
        assert all(count == 1 for count in exclusive.values())
        states = {one.request_item_id: one.state for one in live}
        for item in session.scalars(select(RequestItem).where(RequestItem.slot_id.is_not(None))):
            if item.decision is ItemDecision.WAITING:
                assert states[item.id] is BookingState.WAITING
            if item.decision in (None, ItemDecision.REFUSED):
                assert item.id not in states


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked, acts)
def test_no_history_of_decisions_gives_a_place_twice(
    sqlite_url: Callable[[], URL],
    context: Context,
    asked: list[tuple[int, str, tuple[Any, ...]]],
    acts: list[tuple[str, int]],
) -> None:
    with opened(sqlite_url()) as database:
        town = towns.build(database, size=2)
        with database.writing() as session:
            children = [towns.enrolled_child(session, town) for _ in range(4)]
            ids = [
                towns.submit(
                    session,
                    "bookings",
                    slot_days(*days, slot=slot),
                    child=children[child][0],
                    family=children[child][1],
                    at=IN_TIME + timedelta(minutes=number),
                )
                for number, (child, slot, days) in enumerate(asked)
            ]
            proposals.propose(session, context, ids)
        for name, chosen in acts:
            position = chosen % len(ids)
            if name == "cancel":
                function, command = cancellation(database, context, asked[position], children)
            else:
                function, command = commands(ids[position])[name]
            with suppress(UserError):
                transaction.run(database, context, function, command)
            check(database, context, town)


def cancellation(
    database: Database,
    context: Context,
    request: tuple[int, str, tuple[Any, ...]],
    children: list[tuple[int, int]],
) -> tuple[Callable[..., Any], Any]:
    """The same family asks to cancel what it asked to book, and an agent accepts."""
    child, slot, days = request
    with database.writing() as session:
        request_id = towns.submit(
            session,
            "cancellations",
            slot_days(*days, slot=slot),
            child=children[child][0],
            family=children[child][1],
        )
        proposals.propose(session, context, [request_id])
    return decisions.accept, Accept(request_id)
