"""The queue, a request's detail and the home tiles: what they show, and in how many queries."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, update

from guichet.models.database import Database
from guichet.models.dossiers import (
    Document,
    DocumentScope,
    DocumentState,
    DocumentType,
    ValidityRule,
)
from guichet.models.people import Quotient, QuotientSource
from guichet.models.requests import (
    BatchState,
    ImportBatch,
    ImportLine,
    LineOutcome,
    Request,
    RequestKind,
    RequestState,
)
from guichet.models.settings import Journal, UserAccount
from guichet.rules.errors import PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.rules.requests import Act
from guichet.services import (
    decisions,
    home,
    proposals,
    request_detail,
    request_item_views,
    request_rows,
    requests,
    transaction,
)
from guichet.services.decisions import Accept, AskComplement, Handle, Refuse, Wait
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.transaction import Context
from tests.services import request_town as towns
from tests.services.request_town import NEXT_WEDNESDAY, WEDNESDAY, Town, slot_days

T = TypeVar("T")


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database)


@pytest.fixture
def agent(database: Database, context: Context) -> Context:
    with database.writing() as session:
        account = UserAccount(login="lucie", display_name="Lucie Agent", roles=["agent"])
        session.add(account)
        session.flush()
        user_id = account.id
    actor = replace(
        context.actor,
        login="lucie",
        display_name="Lucie Agent",
        roles=frozenset({Role.AGENT}),
        user_id=user_id,
    )
    return replace(context, actor=actor)


def submit(database: Database, context: Context, kind: str, payload: dict[str, Any], **members: Any) -> int:
    with database.writing() as session:
        request_id = towns.submit(session, kind, payload, **members)
    transaction.run(database, context, proposals.propose, [request_id])
    return request_id


def booking(database: Database, context: Context, town: Town, **members: Any) -> int:
    values = {"family": town.family, "child": town.lea, "activity": town.activity} | members
    return submit(database, context, "bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY), **values)


def listed(database: Database, context: Context, **query: Any) -> list[int]:
    page = transaction.read(database, context, requests.list_requests, RequestQuery(**query))
    assert page.total == len(page.rows)
    return [row.request_id for row in page.rows]


def count_queries(database: Database, read: Callable[[], T]) -> tuple[int, T]:
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        result = read()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return len(seen), result


def test_a_row_holds_what_an_agent_needs_before_accepting(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        session.add(
            DocumentType(
                code="FICHE",
                label="Fiche sanitaire",
                scope=DocumentScope.CHILD,
                validity=ValidityRule.UNLIMITED,
                required=True,
            )
        )
        session.add(
            Quotient(
                family_id=town.family,
                source=QuotientSource.CAF,
                value=542,
                valid_from=date(2026, 1, 1),
            )
        )
        towns.fill(session, town, town.journee, NEXT_WEDNESDAY, 1)
    booking(database, context, town, external_id="D-77")
    (row,) = transaction.read(database, context, requests.list_requests, RequestQuery()).rows
    assert (row.external_id, row.portal, row.origin, row.kind_label) == (
        "D-77",
        "portail",
        "portail",
        "Réservations",
    )
    assert (row.family_number, row.family_label, row.child, row.child_age) == (
        "1001",
        "Martin",
        "Léa Martin",
        7,
    )
    assert (row.activity, row.items, row.undecided) == ("Activité MERCREDI", 2, 2)
    assert (row.first_date, row.last_date) == (WEDNESDAY, NEXT_WEDNESDAY)
    assert (row.proposal, row.places_left, row.age_days) == ("accept", 1, 2)
    assert (row.quotient, row.quotient_from, row.unpaid) == (542, date(2026, 1, 1), 0)
    assert row.pieces == (request_rows.PieceState.MISSING,)


def test_the_views_an_agent_works_from(
    database: Database, context: Context, agent: Context, town: Town
) -> None:
    pending, mine, asked, refused, waiting = (
        booking(database, context, town, at=towns.IN_TIME + timedelta(minutes=number)) for number in range(5)
    )
    transaction.run(database, agent, decisions.take_up, Handle(mine))
    transaction.run(database, context, decisions.ask_complement, AskComplement(asked, "Votre RIB."))
    transaction.run(database, context, decisions.refuse, Refuse(refused, "complet"))
    transaction.run(database, context, decisions.wait, Wait(waiting))
    assert listed(database, agent, queue=Queue.ALL) == [pending, mine, asked, refused, waiting]
    assert listed(database, agent) == [pending, mine, asked, waiting]
    assert listed(database, agent, queue=Queue.MINE) == [mine]
    assert listed(database, agent, queue=Queue.TO_TAKE) == [pending]
    assert listed(database, agent, queue=Queue.WAITING_FAMILY) == [asked]
    assert listed(database, agent, queue=Queue.ALL, states=(RequestState.REFUSED,)) == [refused]
    assert listed(database, agent, queue=Queue.ALL, kinds=(RequestKind.MESSAGE,)) == []
    assert listed(database, agent, queue=Queue.OPEN, descending=True)[0] == waiting


def test_words_find_a_request_by_family_child_number_or_the_portal_s_id(
    database: Database, context: Context, town: Town
) -> None:
    first = booking(database, context, town, external_id="PORT-71")
    second = booking(database, context, town, family=town.other_family, external_id="PORT-83")
    with database.writing() as session:
        session.execute(update(Request).where(Request.id == first).values(search_key="port 71 martin lea"))
        session.execute(update(Request).where(Request.id == second).values(search_key="port 83 durand lea"))
    assert listed(database, context, text="durand léa") == [second]
    assert listed(database, context, text="1001") == [first]
    assert listed(database, context, text="PORT-83") == [second]
    assert listed(database, context, text="léa") == [first, second]
    assert listed(database, context, text="%") == [first, second]
    assert listed(database, context, text="personne") == []


def test_the_activity_filter_also_finds_requests_on_several_activities(
    database: Database, context: Context, town: Town
) -> None:
    request_id = booking(database, context, town, activity=None)
    assert listed(database, context, activity_id=town.activity) == [request_id]
    assert listed(database, context, activity_id=town.activity + 1) == []


def test_superseded_revisions_are_not_listed(database: Database, context: Context, town: Town) -> None:
    request_id = booking(database, context, town)
    with database.writing() as session:
        session.execute(update(Request).where(Request.id == request_id).values(state=RequestState.SUPERSEDED))
    assert listed(database, context, queue=Queue.ALL) == []


def test_the_list_costs_the_same_for_three_rows_as_for_three_thousand(
    database: Database, context: Context, town: Town
) -> None:
    def fill(count: int) -> None:
        with database.writing() as session:
            ids = [
                towns.submit(
                    session,
                    "bookings",
                    slot_days(WEDNESDAY),
                    family=town.family,
                    child=town.lea,
                    activity=town.activity,
                )
                for _ in range(count)
            ]
            proposals.propose(session, context, ids)

    def read() -> Any:
        return transaction.read(database, context, requests.list_requests, RequestQuery(size=100))

    fill(3)
    few, _ = count_queries(database, read)
    fill(2_997)
    many, page = count_queries(database, read)
    assert many == few
    assert (page.total, len(page.rows)) == (3_000, 100)


@pytest.mark.parametrize("sort", requests.SORTS)
def test_every_column_sorts_in_both_directions_and_pages_hold_each_request_once(
    database: Database, context: Context, town: Town, sort: str
) -> None:
    ids = {booking(database, context, town) for _ in range(5)}
    for descending in (False, True):
        seen: list[int] = []
        for offset in (0, 2, 4):
            query = RequestQuery(sort=sort, descending=descending, size=2, offset=offset)
            page = transaction.read(database, context, requests.list_requests, query)
            seen += [row.request_id for row in page.rows]
        assert sorted(seen) == sorted(ids)


def test_a_request_is_named_by_its_portal_id_or_its_number(
    database: Database, context: Context, town: Town
) -> None:
    request_id = booking(database, context, town, external_id="PORT-9")
    for reference in ("PORT-9", f"#{request_id}", " PORT-9 "):
        assert transaction.read(database, context, requests.find_request, reference) == request_id
    for unknown in ("PORT-8", "#999999", "#x", ""):
        with pytest.raises(UserError):
            transaction.read(database, context, requests.find_request, unknown)


def test_two_portals_with_the_same_id_are_told_apart(
    database: Database, context: Context, town: Town
) -> None:
    first, second = (booking(database, context, town, external_id="X") for _ in range(1)), None
    (first_id,) = first
    with database.writing() as session:
        session.execute(update(Request).where(Request.id == first_id).values(portal="autre"))
    second = booking(database, context, town, external_id="X")
    with pytest.raises(UserError, match=f"#{first_id}.*#{second}"):
        transaction.read(database, context, requests.find_request, "X")


def test_the_detail_shows_before_after_reasons_history_and_answers(
    database: Database, context: Context, agent: Context, town: Town
) -> None:
    sheet = {"responsable": {"city": "Albertville", "phone_mobile": "0611223344"}}
    request_id = submit(database, context, "family_sheet", sheet, family=town.family)
    transaction.run(database, agent, decisions.accept, Accept(request_id))
    found = transaction.read(database, context, request_detail.request_detail, request_id)
    city, phone = found.items
    assert (city.label, city.before, city.after) == ("Ville (responsable)", "—", "Albertville")
    assert [reason.effect for reason in city.reasons] == ["examine"]
    assert [reason.code for reason in phone.reasons] == ["automatic"]
    assert found.family == "Martin (n° 1001)"
    assert [(one.who, one.summary) for one in found.history] == [("Lucie Agent", "Demande acceptée")]
    assert [(one.status, one.state.value) for one in found.answers] == [("accepted", "queued")]
    assert found.can == {Act.UNDO}
    assert (city.decided_by, city.decision) == ("Lucie Agent", "accepted")


def test_health_is_masked_and_its_reading_leaves_a_trace(
    database: Database, context: Context, town: Town
) -> None:
    payload = {"health": {"allergies": "Arachides"}, "identity": {"birth_place": "Chambéry"}}
    request_id = submit(database, context, "child_sheet", payload, family=town.family, child=town.lea)
    found = transaction.read(database, context, request_detail.request_detail, request_id)
    shown = {item.field: (item.after, item.masked) for item in found.items}
    assert shown == {
        "identity.birth_place": ("Chambéry", False),
        "health.allergies": (request_item_views.MASKED, True),
    }
    revealed = transaction.run(database, context, request_detail.reveal_health, request_id)
    assert "Arachides" in [item.after for item in revealed.items]
    with database.reading() as session:
        entry = session.query(Journal).filter_by(action="health.read").one()
        assert (entry.login, entry.subject_id) == ("admin", request_id)
    finance = replace(context, actor=replace(context.actor, roles=frozenset({Role.FINANCE})))
    with pytest.raises(PermissionDenied):
        transaction.run(database, finance, request_detail.reveal_health, request_id)


def test_income_is_masked_for_who_may_not_read_it(database: Database, context: Context, town: Town) -> None:
    payload = {"fiscal": {"income_cents": 1300000}, "bank": {"bank_name": "Banque"}}
    request_id = submit(database, context, "family_sheet", payload, family=town.family)
    director = replace(context, actor=replace(context.actor, roles=frozenset({Role.ALSH_DIRECTOR})))
    masked = transaction.read(database, director, request_detail.request_detail, request_id)
    assert {item.after for item in masked.items} == {request_item_views.MASKED}
    clear = transaction.read(database, context, request_detail.request_detail, request_id)
    assert [item.after for item in clear.items] == ["13\u202f000,00\u00a0€", "Banque"]


def test_an_unknown_request_says_so(database: Database, context: Context) -> None:
    with pytest.raises(UserError):
        transaction.read(database, context, request_detail.request_detail, 404)


def test_the_home_tiles_count_the_work_that_waits(
    database: Database, context: Context, agent: Context, town: Town
) -> None:
    pending, mine, asked, waiting = (booking(database, context, town) for _ in range(4))
    transaction.run(database, agent, decisions.take_up, Handle(mine))
    transaction.run(database, context, decisions.ask_complement, AskComplement(asked, "Votre RIB."))
    transaction.run(database, context, decisions.wait, Wait(waiting))
    with database.writing() as session:
        session.execute(
            update(Request)
            .where(Request.id == pending)
            .values(answer_by=date(2026, 3, 17), anomaly="Déjà payée.")
        )
        session.add(
            Document(
                family_id=town.family,
                state=DocumentState.VALID,
                name="assurance.pdf",
                received_at=context.now,
                valid_until=date(2026, 4, 1),
            )
        )
        batch = ImportBatch(
            portal="portail",
            batch="nuit",
            sha256="0" * 64,
            source="nuit.jsonl",
            state=BatchState.DONE,
            started_at=datetime(2026, 3, 17, 22, 0, tzinfo=UTC),
            expected=1,
            received=1,
            imported=1,
        )
        session.add(batch)
        session.flush()
        session.add(ImportLine(batch_id=batch.id, number=1, outcome=LineOutcome.IMPORTED, request_id=pending))
        towns.fill(session, town, town.journee, date(2026, 3, 18), 3)
    found = transaction.read(database, agent, home.home)
    assert (found.mine, found.to_take, found.waiting_family) == (1, 1, 1)
    assert (found.anomalies, found.late_answers, found.expiring_pieces) == (1, 1, 1)
    assert found.freed_places == 2  # both Wednesdays of the request that waits have room
    assert found.night is not None
    assert (found.night.received, found.night.fits, found.night.anomalies) == (1, 1, 1)
    assert [(site.activity, site.booked, site.waiting) for site in found.sites] == [
        ("Activité MERCREDI", 3, 0)
    ]


def test_the_home_page_costs_the_same_whatever_waits(
    database: Database, context: Context, town: Town
) -> None:
    def read() -> Any:
        return transaction.read(database, context, home.home)

    few, _ = count_queries(database, read)
    for _ in range(10):
        booking(database, context, town)
    many, _ = count_queries(database, read)
    assert many == few
