"""Decisions: what each act does, what it leaves in the journal, what the family is told, and how it is undone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from guichet.models.bookings import Booking, BookingState
from guichet.models.database import Database
from guichet.models.offer import PoolDay
from guichet.models.requests import ItemDecision, Outbox, OutboxState, Request
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.errors import AlreadyApplied, PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import decisions, proposals, transaction
from guichet.services.deciding import Choice, DecisionResult
from guichet.services.decisions import Accept, ApplyProposals, AskComplement, Decide, Handle, Refuse, Wait
from guichet.services.transaction import Actor, Context
from tests.services import request_town as towns
from tests.services.request_town import NEXT_WEDNESDAY, TOO_LATE, WEDNESDAY, Town, slot_days


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database)


@pytest.fixture
def agent(context: Context) -> Context:
    actor = Actor("lucie", "Lucie Agent", frozenset({Role.AGENT}), None, "guichet-2")
    return replace(context, actor=actor)


Submit = Callable[..., int]


@pytest.fixture
def submit(database: Database, context: Context, town: Town) -> Submit:
    """Write a request of Léa's family and propose for it; returns its id."""

    def write(kind: str = "bookings", payload: dict[str, Any] | None = None, **members: Any) -> int:
        values = {"family": town.family, "child": town.lea} | members
        with database.writing() as session:
            request_id = towns.submit(
                session, kind, slot_days(WEDNESDAY) if payload is None else payload, **values
            )
        transaction.run(database, context, proposals.propose, [request_id])
        return request_id

    return write


def items(database: Database, request_id: int) -> list[int]:
    with database.reading() as session:
        return [item.id for item in towns.items_of(session, request_id)]


def test_accepting_books_every_date_journals_and_queues_the_answer(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    request_id = submit(payload=slot_days(WEDNESDAY, NEXT_WEDNESDAY))

    result = transaction.run(database, agent, decisions.accept, Accept(request_id))

    assert result.state.value == "accepted"
    assert towns.live_bookings(database) == [(town.lea, town.journee, "booked")] * 2
    with database.reading() as session:
        (answer,) = session.scalars(select(Outbox)).all()
        assert answer.payload["status"] == "accepted"
        assert [item["outcome"] for item in answer.payload["items"]] == ["accepted", "accepted"]
        assert [item["date"] for item in answer.payload["items"]] == ["2026-04-01", "2026-04-22"]
        assert answer.not_before == agent.now + timedelta(seconds=30) == result.undo_until
        entry = session.scalars(select(Journal).where(Journal.action == "request.decide")).one()
        assert (entry.login, entry.subject_id, entry.summary) == ("lucie", request_id, "Demande acceptée")
        request = session.get_one(Request, request_id)
        assert (request.decided_by, request.taken_at) == ("lucie", agent.now)


def test_date_by_date_some_accepted_one_refused_one_waiting(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    request_id = submit(payload=slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    first, second = items(database, request_id)
    choices = (
        Choice(first, ItemDecision.ACCEPTED),
        Choice(second, ItemDecision.REFUSED, "autre", "Sortie ce jour-là."),
    )

    result = transaction.run(database, agent, decisions.decide, Decide(request_id, choices))

    assert result.state.value == "partly_accepted"
    with database.reading() as session:
        (answer,) = session.scalars(select(Outbox)).all()
        second_item = answer.payload["items"][1]
        assert (second_item["outcome"], second_item["reason_code"]) == ("refused", "autre")
        assert second_item["text"] == "Sortie ce jour-là."
    assert towns.live_bookings(database, NEXT_WEDNESDAY) == []


def test_deciding_one_date_leaves_the_request_in_progress_until_the_last(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit(payload=slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    first, second = items(database, request_id)

    part = transaction.run(database, agent, decisions.accept, Accept(request_id, item_ids=(first,)))
    assert part.state.value == "in_progress"
    whole = transaction.run(
        database, agent, decisions.accept, Accept(request_id, part.version, item_ids=(second,))
    )

    assert whole.state.value == "accepted"
    assert [status for status, _ in towns.answers(database, request_id)] == ["in_progress", "accepted"]


def test_a_full_date_is_not_accepted_and_nothing_of_the_request_is(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    request_id = submit(payload=slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    with database.writing() as session:
        towns.fill(session, town, town.journee, NEXT_WEDNESDAY, 2)

    with pytest.raises(UserError, match="Plus de place le 22/04/2026") as caught:
        transaction.run(database, agent, decisions.accept, Accept(request_id))

    assert caught.value.code == "complet"
    assert towns.state_of(database, request_id) == "pending"
    assert towns.live_bookings(database, WEDNESDAY) == []
    assert towns.answers(database, request_id) == []


def test_a_journee_takes_a_place_of_the_matin(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.matin, WEDNESDAY, 2)
    request_id = submit()
    with pytest.raises(UserError, match="Plus de place"):
        transaction.run(database, agent, decisions.accept, Accept(request_id))


def test_waiting_gives_a_rank_and_a_freed_place_goes_to_the_first(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    with database.writing() as session:
        taken = towns.fill(session, town, town.journee, WEDNESDAY, 2)
    first = submit()
    second = submit(child=town.tom, at=towns.IN_TIME + timedelta(minutes=1))
    for request_id in (first, second):
        result = transaction.run(database, agent, decisions.wait, Wait(request_id))
        assert result.state.value == "waiting_list"
    with database.reading() as session:
        ranks = [answer.payload["items"][0]["rank"] for answer in session.scalars(select(Outbox))]
    assert ranks == [1, 2]

    with database.writing() as session:
        session.execute(update(Booking).where(Booking.id == taken[0]).values(state=BookingState.CANCELLED))
    with pytest.raises(UserError, match="1 en attente avant"):
        transaction.run(database, agent, decisions.accept, Accept(second))
    assert transaction.run(database, agent, decisions.accept, Accept(first)).state.value == "accepted"
    assert towns.live_bookings(database, WEDNESDAY)[-2:] == [
        (town.lea, town.journee, "booked"),
        (town.tom, town.journee, "waiting"),
    ]


def test_passing_before_those_who_wait_needs_a_reason_that_is_journalled(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 1)
    first = submit()
    transaction.run(database, agent, decisions.wait, Wait(first))
    second = submit(child=town.tom)
    with pytest.raises(UserError, match="en attente avant"):
        transaction.run(database, agent, decisions.accept, Accept(second))
    command = Accept(second, override_reason="Fratrie déjà inscrite.")
    assert transaction.run(database, agent, decisions.accept, command).state.value == "accepted"


def test_refusing_what_waited_frees_its_turn(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 2)
    request_id = submit()
    transaction.run(database, agent, decisions.wait, Wait(request_id))
    result = transaction.run(database, agent, decisions.refuse, Refuse(request_id, "complet"))
    assert result.state.value == "refused"
    assert [state for _, _, state in towns.live_bookings(database, WEDNESDAY)] == ["booked", "booked"]


def test_a_late_request_needs_a_derogation_and_its_reason_is_journalled(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit(at=TOO_LATE)
    with pytest.raises(UserError, match="jusqu’au jeudi 26/03/2026 à 13:00") as caught:
        transaction.run(database, agent, decisions.accept, Accept(request_id))
    assert caught.value.field == "override_reason"

    command = Accept(request_id, override_reason="Hospitalisation de la mère.")
    assert transaction.run(database, agent, decisions.accept, command).state.value == "accepted"
    with database.reading() as session:
        entry = session.scalars(select(Journal).where(Journal.action == "request.decide")).one()
        detail = session.scalars(
            select(JournalDetail.detail).where(JournalDetail.journal_id == entry.id)
        ).one()
        assert entry.summary == "Demande acceptée, par dérogation"
        assert "Hospitalisation de la mère." in detail


def test_an_account_without_the_permission_decides_nothing(
    database: Database, context: Context, submit: Submit
) -> None:
    request_id = submit()
    finance = replace(context, actor=replace(context.actor, roles=frozenset({Role.FINANCE})))
    acts: list[tuple[Any, Any]] = [
        (decisions.accept, Accept(request_id)),
        (decisions.refuse, Refuse(request_id, "complet")),
        (decisions.wait, Wait(request_id)),
        (decisions.take_up, Handle(request_id)),
        (decisions.hand_back, Handle(request_id)),
        (decisions.undo, Handle(request_id)),
        (decisions.ask_complement, AskComplement(request_id, "Merci.")),
        (decisions.apply_proposals, ApplyProposals(request_id)),
        (decisions.decide, Decide(request_id, ())),
    ]
    for function, command in acts:
        with pytest.raises(PermissionDenied):
            transaction.run(database, finance, function, command)
    assert towns.state_of(database, request_id) == "pending"


def test_the_same_command_sent_twice_applies_once(database: Database, agent: Context, submit: Submit) -> None:
    command = Accept(submit(), command_id="c-1")
    transaction.run(database, agent, decisions.accept, command)
    with pytest.raises(AlreadyApplied):
        transaction.run(database, agent, decisions.accept, command)
    assert len(towns.live_bookings(database)) == 1


def test_a_stale_version_says_who_decided_what_and_when(
    database: Database, agent: Context, context: Context, submit: Submit
) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.refuse, Refuse(request_id, "complet", version=1))
    with pytest.raises(StaleVersion) as caught:
        transaction.run(database, context, decisions.accept, Accept(request_id, version=1))
    message = caught.value.message
    assert "lucie" in message
    assert "18/03/2026 à 09:00" in message
    assert "Demande refusée (complet)" in message
    assert message.endswith("elle est maintenant refusée.")


def test_every_act_makes_a_new_version(database: Database, agent: Context, submit: Submit) -> None:
    request_id = submit(payload=slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    seen = [1]
    first, second = items(database, request_id)
    commands: list[tuple[Any, Any]] = [
        (decisions.take_up, Handle(request_id)),
        (decisions.take_up, Handle(request_id)),
        (decisions.accept, Accept(request_id, item_ids=(first,))),
        (decisions.accept, Accept(request_id, item_ids=(second,))),
        (decisions.undo, Handle(request_id)),
    ]
    for function, command in commands:
        result: DecisionResult = transaction.run(database, agent, function, command)
        seen.append(result.version)
    assert seen == sorted(set(seen))


def test_an_end_is_final(database: Database, agent: Context, submit: Submit) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.refuse, Refuse(request_id, "age"))
    for function, command in (
        (decisions.accept, Accept(request_id)),
        (decisions.take_up, Handle(request_id)),
        (decisions.ask_complement, AskComplement(request_id, "Merci.")),
    ):
        with pytest.raises(UserError) as caught:
            transaction.run(database, agent, function, command)  # type: ignore[arg-type]
        assert caught.value.code == "illegal_transition"


def test_taking_up_asking_and_handing_back_are_told_to_the_family(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.take_up, Handle(request_id))
    transaction.run(database, agent, decisions.hand_back, Handle(request_id))
    transaction.run(database, agent, decisions.ask_complement, AskComplement(request_id, "Votre RIB, svp."))
    assert [status for status, _ in towns.answers(database, request_id)] == [
        "in_progress",
        "pending",
        "needs_info",
    ]
    with database.reading() as session:
        last = session.scalars(select(Outbox).order_by(Outbox.id.desc())).first()
        assert last is not None
        assert last.payload["text"] == "Votre RIB, svp."
    with pytest.raises(UserError):
        transaction.run(database, agent, decisions.ask_complement, AskComplement(request_id, "  "))


def test_a_request_partly_decided_is_not_handed_back(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit(payload=slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    first, _ = items(database, request_id)
    transaction.run(database, agent, decisions.accept, Accept(request_id, item_ids=(first,)))
    with pytest.raises(UserError) as caught:
        transaction.run(database, agent, decisions.hand_back, Handle(request_id))
    assert caught.value.code == "partly_decided"


def test_following_the_proposals_accepts_and_waits_and_leaves_the_rest(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, NEXT_WEDNESDAY, 2)
    payload = slot_days(WEDNESDAY, NEXT_WEDNESDAY)
    payload["items"] += slot_days(WEDNESDAY, slot="MATIN")["items"]
    request_id = submit(payload=payload)

    result = transaction.run(database, agent, decisions.apply_proposals, ApplyProposals(request_id))

    assert [one.decision for one in result.items] == [ItemDecision.ACCEPTED, ItemDecision.WAITING, None]
    assert result.state.value == "in_progress"


def test_following_proposals_that_refuse_decides_nothing(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit(at=TOO_LATE)
    result = transaction.run(database, agent, decisions.apply_proposals, ApplyProposals(request_id))
    assert (result.state.value, result.items[0].decision) == ("pending", None)
    assert towns.answers(database, request_id) == []


def test_undo_frees_the_place_and_calls_the_answer_back(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.accept, Accept(request_id))

    result = transaction.run(database, agent, decisions.undo, Handle(request_id))

    assert (result.state.value, result.items[0].decision) == ("in_progress", None)
    assert towns.live_bookings(database) == []
    assert towns.answers(database, request_id) == [("accepted", "withdrawn"), ("in_progress", "queued")]
    again = transaction.run(database, agent, decisions.refuse, Refuse(request_id, "complet"))
    assert again.state.value == "refused"


@pytest.mark.parametrize("left", [{"attempts": 1}, {"state": OutboxState.SENT, "attempts": 1}])
def test_nothing_is_undone_once_the_answer_may_have_left(
    database: Database, agent: Context, submit: Submit, left: dict[str, Any]
) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.accept, Accept(request_id))
    with database.writing() as session:
        session.execute(update(Outbox).values(**left))
    with pytest.raises(UserError) as caught:
        transaction.run(database, agent, decisions.undo, Handle(request_id))
    assert caught.value.code == "answer_left"
    assert len(towns.live_bookings(database)) == 1


def test_an_answer_still_queued_may_be_undone_long_after(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.accept, Accept(request_id))
    next_day = replace(agent, now=agent.now + timedelta(days=1))
    assert transaction.run(database, next_day, decisions.undo, Handle(request_id)).accepted == 0


def test_undoing_the_end_of_a_wait_gives_the_turn_back(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit()
    transaction.run(database, agent, decisions.wait, Wait(request_id))
    transaction.run(database, agent, decisions.accept, Accept(request_id))
    result = transaction.run(database, agent, decisions.undo, Handle(request_id))
    assert [one.decision for one in result.items] == [ItemDecision.WAITING]
    assert [state for _, _, state in towns.live_bookings(database)] == ["waiting"]


def test_a_refusal_needs_a_known_code_and_autre_its_text(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit()
    for code in ("autre", "fantaisie"):
        with pytest.raises(UserError):
            transaction.run(database, agent, decisions.refuse, Refuse(request_id, code))
    assert towns.state_of(database, request_id) == "pending"


def test_the_other_parent_s_booking_bars_acceptance_whichever_family_asks(
    database: Database, agent: Context, town: Town, submit: Submit
) -> None:
    transaction.run(database, agent, decisions.accept, Accept(submit(family=town.other_family)))
    request_id = submit()
    with pytest.raises(UserError, match="l’autre famille") as caught:
        transaction.run(database, agent, decisions.accept, Accept(request_id))
    assert caught.value.code == "doublon"


def test_a_booking_that_can_no_longer_be_cancelled_says_so_in_the_answer(
    database: Database, agent: Context, submit: Submit
) -> None:
    request_id = submit(at=towns.IN_TIME + timedelta(days=8))
    transaction.run(database, agent, decisions.accept, Accept(request_id))
    with database.reading() as session:
        (answer,) = session.scalars(select(Outbox)).all()
        assert answer.payload["items"][0]["text"] == "Cette réservation ne pourra plus être annulée."


def test_no_size_is_no_limit(database: Database, agent: Context, submit: Submit) -> None:
    with database.writing() as session:
        session.execute(PoolDay.__table__.delete())
    request_id = submit()
    assert transaction.run(database, agent, decisions.accept, Accept(request_id)).state.value == "accepted"


def test_hostile_text_is_kept_as_text(database: Database, agent: Context, submit: Submit) -> None:
    hostile = "<b>=cmd|' /C calc'!A0</b> \u202eoloc 👩‍👧 '; DROP TABLE booking; --"
    request_id = submit()
    transaction.run(database, agent, decisions.refuse, Refuse(request_id, "autre", hostile))
    with database.reading() as session:
        (item,) = towns.items_of(session, request_id)
        (answer,) = session.scalars(select(Outbox)).all()
        summary = session.scalars(select(Journal.summary).where(Journal.action == "request.decide")).one()
        assert item.decision_text == hostile
        assert answer.payload["items"][0]["text"] == hostile
        assert hostile not in summary
