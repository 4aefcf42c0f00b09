"""The home page: each number is the length of the list it opens, on a base where everything is mixed."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from guichet.models.bookings import Booking, BookingState, Enrolment, Offer
from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentScope, DocumentState, DocumentType, ValidityRule
from guichet.models.money import PaymentMode
from guichet.models.offer import Slot
from guichet.models.people import Family, HealthSheet
from guichet.models.requests import (
    BatchState,
    ImportBatch,
    ImportLine,
    LineOutcome,
    Origin,
    Request,
    RequestKind,
    RequestState,
)
from guichet.models.settings import Journal, UserAccount
from guichet.rules.errors import PermissionDenied
from guichet.rules.permissions import Role
from guichet.services import (
    day_list,
    decisions,
    expiring_pieces,
    freed_places,
    home,
    import_views,
    payments,
    proposals,
    request_rows,
    requests,
    settings,
)
from guichet.services.day_list import DayQuery
from guichet.services.decisions import Wait
from guichet.services.expiring_pieces import ExpiringQuery, ExpiringRow
from guichet.services.freed_places import FreedQuery, FreedRow
from guichet.services.home import Home
from guichet.services.payments import PaymentQuery, RecordPayment
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.transaction import Context, read, run
from tests import builders
from tests.services import request_town as towns
from tests.services.request_town import NEXT_WEDNESDAY, WEDNESDAY, Town, slot_days

TODAY = date(2026, 3, 18)


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database)


@pytest.fixture
def agent(database: Database, context: Context) -> Context:
    with database.writing() as session:
        account = UserAccount(login="lucie", display_name="Lucie Agent", roles=["agent"])
        session.add(account)
        session.flush()
        actor = replace(context.actor, login="lucie", roles=frozenset({Role.AGENT}), user_id=account.id)
    return replace(context, actor=actor)


def _look(database: Database, context: Context) -> Home:
    return read(database, context, home.home)


def _mix_requests(database: Database, context: Context, town: Town, agent_id: int | None) -> int:
    """120 requests of every state, kind, holder, deadline and anomaly; half came by one batch, whose id is returned."""
    chance = random.Random(7)
    states = [state for state in RequestState if state is not RequestState.DRAFT]
    with database.writing() as session:
        batch = ImportBatch(
            portal="portail",
            batch="nuit",
            sha256="0" * 64,
            source="nuit.jsonl",
            state=BatchState.DONE,
            started_at=context.now - timedelta(hours=6),
            expected=60,
            received=60,
            imported=60,
        )
        session.add(batch)
        session.flush()
        made: list[Request] = []
        for number in range(120):
            kind = RequestKind.COMPLEMENT if number % 6 == 5 else chance.choice(list(RequestKind))
            state = RequestState.ACCEPTED if kind is RequestKind.COMPLEMENT else chance.choice(states)
            request = Request(
                portal="portail",
                external_id=f"M-{number}",
                revision=1,
                payload_hash="0" * 64,
                payload={"kind": kind.value, "payload": {}},
                kind=kind,
                origin=Origin.PORTAL,
                refers_to_id=chance.choice(made).id if made and kind is RequestKind.COMPLEMENT else None,
                family_id=chance.choice([town.family, town.other_family, None]),
                submitted_at=context.now - timedelta(hours=number),
                imported_at=context.now,
                state=state,
                anomaly=chance.choice([None, None, "Déjà payée."]),
                agent_id=chance.choice([None, agent_id]),
                answer_by=chance.choice([None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]),
            )
            session.add(request)
            session.flush()
            made.append(request)
            if number % 2:
                session.add(
                    ImportLine(
                        batch_id=batch.id, number=number, outcome=LineOutcome.IMPORTED, request_id=request.id
                    )
                )
        return batch.id


def test_each_number_is_the_length_of_the_list_it_opens(
    database: Database, context: Context, agent: Context, town: Town
) -> None:
    batch_id = _mix_requests(database, context, town, agent.actor.user_id)
    found = _look(database, agent)
    for name, query in home.QUERIES.items():
        page = read(database, agent, requests.list_requests, replace(query, size=200))
        assert (name, getattr(found, name)) == (name, page.total)
        assert page.total == len(page.rows) > 0
    assert found.night is not None
    of_night = RequestQuery(queue=Queue.ALL, batch_id=batch_id, size=200)
    listed = read(database, agent, requests.list_requests, of_night)
    assert found.night.proposed == listed.total == len(listed.rows)


def test_each_view_keeps_what_its_name_says(
    database: Database, context: Context, agent: Context, town: Town
) -> None:
    _mix_requests(database, context, town, agent.actor.user_id)

    def rows(name: str) -> tuple[request_rows.RequestRow, ...]:
        return read(database, agent, requests.list_requests, replace(home.QUERIES[name], size=200)).rows

    assert all(
        row.is_overdue and row.answer_by is not None and row.answer_by < TODAY for row in rows("late_answers")
    )
    assert {row.state for row in rows("complements")} == {RequestState.IN_PROGRESS}
    assert {row.kind for row in rows("attestations_asked")} == {RequestKind.ATTESTATION}
    assert {row.state for row in rows("waiting_list")} == {RequestState.WAITING_LIST}
    with database.reading() as session:
        answered = {
            target.id
            for complement in session.scalars(select(Request).where(Request.kind == RequestKind.COMPLEMENT))
            for target in session.scalars(select(Request).where(Request.id == complement.refers_to_id))
            if target.state is RequestState.IN_PROGRESS
        }
    assert {row.request_id for row in rows("complements")} == answered


def _piece(database: Database, context: Context, kind: int | None = None, **fields: object) -> int:
    values: dict[str, object] = {
        "state": DocumentState.VALID,
        "name": "assurance.pdf",
        "received_at": context.now,
        "type_id": kind,
        "valid_until": date(2026, 4, 1),
    }
    with database.writing() as session:
        document = Document(**(values | fields))
        session.add(document)
        session.flush()
        return document.id


def _kind(database: Database, code: str, scope: DocumentScope) -> int:
    with database.writing() as session:
        kind = DocumentType(code=code, label=code.title(), scope=scope, validity=ValidityRule.DATE)
        session.add(kind)
        session.flush()
        return kind.id


def _expiring(database: Database, context: Context, **query: object) -> list[ExpiringRow]:
    page = read(database, context, expiring_pieces.list_expiring, ExpiringQuery(**query))  # type: ignore[arg-type]
    assert page.total == _look(database, context).expiring_pieces
    return list(page.rows)


def test_a_piece_expires_from_today_to_thirty_days_unless_a_newer_one_is_there(
    database: Database, context: Context, town: Town
) -> None:
    insurance = _kind(database, "ASSURANCE", DocumentScope.CHILD)
    income = _kind(database, "IMPOTS", DocumentScope.FAMILY)
    today = _piece(database, context, insurance, person_id=town.tom, valid_until=TODAY)
    last = _piece(database, context, income, family_id=town.family, valid_until=TODAY + timedelta(days=30))
    _piece(database, context, income, family_id=town.other_family, valid_until=TODAY + timedelta(days=31))
    _piece(database, context, income, family_id=town.other_family, valid_until=TODAY - timedelta(days=1))
    _piece(database, context, insurance, person_id=town.tom, valid_until=TODAY, state=DocumentState.INVALID)
    _piece(database, context, insurance, person_id=town.lea, valid_until=TODAY + timedelta(days=3))
    _piece(database, context, insurance, person_id=town.lea, valid_until=TODAY + timedelta(days=300))
    rows = _expiring(database, context)
    assert [(row.document_id, row.child, row.piece, row.days_left) for row in rows] == [
        (today, "Tom Martin", "Assurance", 0),
        (last, "", "Impots", 30),
    ]
    assert [(row.family_id, row.family_number) for row in rows] == [(town.family, "1001")] * 2
    assert [row.document_id for row in _expiring(database, context, sort="piece", descending=True)] == [
        last,
        today,
    ]


def test_a_family_put_away_is_asked_for_nothing(database: Database, context: Context, town: Town) -> None:
    _piece(database, context, family_id=town.family)
    with database.writing() as session:
        session.get_one(Family, town.family).archived = True
    assert _expiring(database, context) == []


def _wait(database: Database, context: Context, town: Town, *days: date) -> int:
    with database.writing() as session:
        child, family = towns.enrolled_child(session, town)
        request_id = towns.submit(
            session, "bookings", slot_days(*days), family=family, child=child, activity=town.activity
        )
    run(database, context, proposals.propose, [request_id])
    run(database, context, decisions.wait, Wait(request_id, override_reason="essai"))
    return request_id


def _freed(database: Database, context: Context) -> list[FreedRow]:
    page = read(database, context, freed_places.list_freed, FreedQuery())
    assert page.total == len(page.rows) == _look(database, context).freed_places
    return list(page.rows)


def test_a_freed_place_is_free_only_while_no_offer_holds_it(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 1)
        towns.fill(session, town, town.journee, NEXT_WEDNESDAY, 2)
    first = _wait(database, context, town, WEDNESDAY, NEXT_WEDNESDAY)
    second = _wait(database, context, town, WEDNESDAY)
    (row,) = _freed(database, context)  # the next Wednesday is full
    assert (row.date, row.activity, row.size, row.free, row.waiting) == (
        WEDNESDAY,
        "Activité MERCREDI",
        2,
        1,
        2,
    )
    waiting = RequestQuery(queue=Queue.ALL, activity_id=row.activity_id, waiting_on=row.date)
    opened = read(database, context, requests.list_requests, waiting)
    assert {each.request_id for each in opened.rows} == {first, second}
    assert opened.total == row.waiting
    with database.writing() as session:
        booking = session.scalars(
            select(Booking).where(Booking.date == WEDNESDAY, Booking.state == BookingState.WAITING)
        ).first()
        assert booking is not None
        offer = Offer(
            booking_id=booking.id, offered_at=context.now, expires_at=context.now + timedelta(hours=1)
        )
        session.add(offer)
    assert _freed(database, context) == []
    later = replace(context, now=context.now + timedelta(hours=1))
    assert [(each.free, each.waiting) for each in _freed(database, later)] == [(1, 2)]


def test_money_is_counted_for_those_who_read_it(database: Database, context: Context, town: Town) -> None:
    with database.writing() as session:
        regie = builders.add_regie(session).id
    for received, cents in ((TODAY, 1250), (TODAY, 750), (TODAY - timedelta(days=1), 9900)):
        payment = RecordPayment(town.family, regie, PaymentMode.CASH, cents, received)
        run(database, context, payments.record, payment)
    found = read(database, context, home.money)
    listed = read(database, context, payments.search, PaymentQuery(start=TODAY, end=TODAY))
    assert (found.payments_today, found.payments_today_cents) == (listed.total, 2000) == (2, 2000)
    director = replace(context, actor=replace(context.actor, roles=frozenset({Role.ALSH_DIRECTOR})))
    with pytest.raises(PermissionDenied):
        read(database, director, home.money)


def test_today_names_the_children_it_counts(database: Database, context: Context, town: Town) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.matin, TODAY, 3)
        lea = session.scalars(
            select(Enrolment).where(Enrolment.child_id == town.lea, Enrolment.family_id == town.family)
        ).one()
        tom = session.scalars(select(Enrolment).where(Enrolment.child_id == town.tom)).one()
        for slot in (town.matin, town.repas):  # twice in the day, one child
            builders.book(session, lea, session.get_one(Slot, slot), TODAY)
        builders.book(session, tom, session.get_one(Slot, town.journee), TODAY, BookingState.WAITING)
        builders.book(session, tom, session.get_one(Slot, town.repas), TODAY, BookingState.CANCELLED)
        session.add(HealthSheet(child_id=town.lea, allergies="Arachide", pai=True))
    (site,) = _look(database, context).sites
    query = DayQuery(day=TODAY, activity_id=town.activity)
    expected = read(database, context, day_list.list_children, query)
    waiting = read(database, context, day_list.list_children, replace(query, waiting=True))
    assert (site.booked, site.waiting) == (expected.total, waiting.total) == (4, 1)
    row = next(row for row in expected.rows if row.child_id == town.lea)
    assert (row.child, row.age, row.slots, row.family) == (
        "Léa Martin",
        7,
        "Matin, Repas",
        "Martin (n° 1001)",
    )
    assert [child.child for child in waiting.rows] == ["Tom Martin"]
    assert {child.health for child in expected.rows} == {""}
    pages = [
        child.child_id
        for start in (0, 3)
        for child in read(
            database, context, day_list.list_children, replace(query, offset=start, size=3)
        ).rows
    ]
    assert pages == [child.child_id for child in expected.rows]


def test_health_in_the_day_s_list_leaves_a_trace(database: Database, context: Context, town: Town) -> None:
    with database.writing() as session:
        lea = session.scalars(
            select(Enrolment).where(Enrolment.child_id == town.lea, Enrolment.family_id == town.family)
        ).one()
        builders.book(session, lea, session.get_one(Slot, town.matin), TODAY)
        session.add(HealthSheet(child_id=town.lea, allergies="Arachide", pai=True))
    query = DayQuery(day=TODAY, activity_id=town.activity)
    finance = replace(context, actor=replace(context.actor, roles=frozenset({Role.FINANCE})))
    with pytest.raises(PermissionDenied):
        run(database, finance, day_list.list_with_health, query)
    page = run(database, context, day_list.list_with_health, query)
    assert [row.health for row in page.rows] == ["PAI · allergies : Arachide"]
    with database.reading() as session:
        entry = session.scalars(select(Journal).order_by(Journal.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.subject_kind, entry.subject_id) == (
            "health.read",
            "activity",
            town.activity,
        )
        assert "Arachide" not in entry.summary


def test_an_empty_base_says_what_comes_first(database: Database, context: Context) -> None:
    steps = _look(database, context).first_steps
    assert steps is not None
    assert (steps.town_named, steps.has_activities) == (False, False)
    run(database, context, settings.change, {"town.name": "Valmont"})
    with database.writing() as session:
        builders.add_activity(session)
    steps = _look(database, context).first_steps
    assert steps is not None
    assert (steps.town_named, steps.has_activities) == (True, True)
    with database.writing() as session:
        builders.add_family(session)
    assert _look(database, context).first_steps is None


def _file(
    database: Database, at: datetime, state: BatchState, portal: str = "portail", refusal: str = ""
) -> None:
    with database.writing() as session:
        session.add(
            ImportBatch(
                portal=portal,
                batch=f"{at} {state}",
                sha256="0" * 64,
                source="nuit.jsonl",
                state=state,
                refusal=refusal or None,
                started_at=at,
            )
        )


def test_a_night_that_did_not_come_is_said_after_a_day(database: Database, context: Context) -> None:
    assert _look(database, context).missing == ()
    _file(database, context.now - timedelta(hours=24), BatchState.DONE)
    assert _look(database, context).missing == ()
    later = replace(context, now=context.now + timedelta(seconds=1))
    (missing,) = _look(database, later).missing
    assert (missing.portal, missing.last, missing.refusal) == (
        "portail",
        context.now - timedelta(hours=24),
        "",
    )
    _file(database, context.now, BatchState.REFUSED, refusal="Le fichier est coupé.")
    (missing,) = read(database, later, import_views.missing_nights)
    assert missing.refusal == "Le fichier est coupé."
    _file(database, context.now, BatchState.DONE)
    assert _look(database, later).missing == ()
