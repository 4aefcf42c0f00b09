"""What the rules decide by themselves when requests come in, and what they leave to an agent."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from guichet.models.bookings import Enrolment, EnrolmentState
from guichet.models.database import Database
from guichet.models.dossiers import Document, Dossier, DossierState
from guichet.models.people import Consent, Family, SendingMode
from guichet.models.requests import Outbox, Request
from guichet.models.settings import Journal
from guichet.services import confirmation, decisions, proposals, transaction
from guichet.services.decisions import AskComplement, Handle
from guichet.services.transaction import Context
from tests.services import request_town as towns
from tests.services.request_town import NEXT_WEDNESDAY, TOO_LATE, WEDNESDAY, Town, slot_days


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database, immediate=True)


def confirm(session: Session, context: Context, request_ids: list[int]) -> None:
    """Propose for requests that just came in, then let the rules decide what they may."""
    proposed = proposals.propose(session, context, request_ids)
    confirmation.confirm_automatically(session, context, proposed)


def arrive(
    database: Database, context: Context, *asked: tuple[str, dict[str, Any], dict[str, Any]]
) -> list[int]:
    """Requests that come in with one import: kind, payload, members."""
    with database.writing() as session:
        ids = [towns.submit(session, kind, payload, **members) for kind, payload, members in asked]
    transaction.run(database, context, confirm, ids)
    return ids


def states(database: Database, ids: list[int]) -> list[str]:
    return [towns.state_of(database, request_id) for request_id in ids]


def test_a_request_that_passes_every_rule_is_accepted_by_the_program_itself(
    database: Database, context: Context, town: Town
) -> None:
    ids = arrive(
        database,
        context,
        ("bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY), {"family": town.family, "child": town.lea}),
    )
    assert states(database, ids) == ["accepted"]
    assert len(towns.live_bookings(database)) == 2
    with database.reading() as session:
        request = session.scalars(select(Request)).one()
        assert (request.decided_by, request.agent_id) == ("regles", None)
        answer = session.scalars(select(Outbox)).one()
        assert answer.not_before == context.now
        summary = session.scalars(select(Journal.summary).where(Journal.subject_kind == "request")).one()
        assert summary == "Demande acceptée par les règles"


def test_one_date_that_fails_leaves_the_whole_request_to_an_agent(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, NEXT_WEDNESDAY, 2)
    ids = arrive(
        database,
        context,
        ("bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY), {"family": town.family, "child": town.lea}),
    )
    assert states(database, ids) == ["pending"]
    assert towns.live_bookings(database, WEDNESDAY) == []


def test_two_requests_of_one_night_for_the_last_place_are_served_in_order(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 1)
    first, second = arrive(
        database,
        context,
        ("bookings", slot_days(WEDNESDAY), {"family": town.family, "child": town.tom}),
        ("bookings", slot_days(WEDNESDAY), {"family": town.family, "child": town.lea}),
    )
    assert states(database, [first, second]) == ["accepted", "pending"]
    with database.reading() as session:
        assert towns.verdicts(session, second) == [("wait", None)]


def test_the_last_place_paid_by_two_families_is_an_anomaly_for_the_second(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 1)
    paid = {"family": town.family, "payment": {"reference": "T", "amount_cents": 900}}
    first, second = arrive(
        database,
        context,
        ("bookings", slot_days(WEDNESDAY), paid | {"child": town.tom}),
        ("bookings", slot_days(WEDNESDAY), paid | {"child": town.lea}),
    )
    assert states(database, [first, second]) == ["accepted", "pending"]
    with database.reading() as session:
        assert "Déjà payée" in (session.get_one(Request, second).anomaly or "")
        assert towns.verdicts(session, second) == [("examine", None)]


def test_what_is_late_is_left_to_an_agent_not_refused(
    database: Database, context: Context, town: Town
) -> None:
    asked = {"family": town.family, "child": town.lea, "at": TOO_LATE}
    ids = arrive(database, context, ("bookings", slot_days(WEDNESDAY), asked))
    assert states(database, ids) == ["pending"]
    assert towns.answers(database, ids[0]) == []


def test_an_activity_confirmed_by_an_agent_waits_for_one(database: Database, context: Context) -> None:
    town = towns.build(database, immediate=False)
    ids = arrive(
        database, context, ("bookings", slot_days(WEDNESDAY), {"family": town.family, "child": town.lea})
    )
    assert states(database, ids) == ["pending"]


def test_an_enrolment_is_accepted_with_a_valid_dossier_and_blocked_without(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        session.execute(update(Enrolment).values(state=EnrolmentState.CANCELLED))
        session.execute(
            update(Dossier).where(Dossier.child_id == town.tom).values(state=DossierState.EXPECTED)
        )
    payload = {
        "activity": "MERCREDI",
        "start": "2026-04-01",
        "end": "2026-07-03",
        "typical_week": [
            {"weekday": 3, "slot": "MATIN", "weeks": "all"},
            {"weekday": 3, "slot": "REPAS", "weeks": "even"},
        ],
    }
    members = {"family": town.family, "activity": town.activity}
    lea, tom = arrive(
        database,
        context,
        ("enrolment", payload, members | {"child": town.lea}),
        ("enrolment", payload, members | {"child": town.tom}),
    )
    assert states(database, [lea, tom]) == ["accepted", "pending"]
    with database.reading() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.state == EnrolmentState.ACTIVE)).one()
        assert (enrolment.child_id, enrolment.request_id) == (town.lea, lea)
        assert enrolment.typical_week == payload["typical_week"]
        assert towns.verdicts(session, tom) == [("refuse", "dossier_incomplet")]


def test_a_phone_changes_at_once_and_an_address_waits_for_an_agent(
    database: Database, context: Context, town: Town
) -> None:
    sheet = {"responsable": {"phone_mobile": "06.11.22.33.44", "city": "Albertville"}}
    (request_id,) = arrive(database, context, ("family_sheet", sheet, {"family": town.family}))
    assert states(database, [request_id]) == ["in_progress"]
    with database.reading() as session:
        phone, city = towns.items_of(session, request_id)
        assert (phone.decision, city.decision) == ("accepted", None)
        family = session.get_one(Family, town.family)
        assert "0611223344" in family.search_key
        assert family.town == "Valmont"


def test_the_family_withdraws_while_pending_and_is_told_when_it_is_too_late(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        pending, taken = (
            towns.submit(
                session,
                "bookings",
                slot_days(WEDNESDAY),
                family=town.family,
                child=town.lea,
                at=TOO_LATE + timedelta(minutes=number),
            )
            for number in range(2)
        )
    transaction.run(database, context, decisions.take_up, Handle(taken))
    first, second = arrive(
        database,
        context,
        ("withdrawal", {}, {"family": town.family, "refers_to": pending}),
        ("withdrawal", {}, {"family": town.family, "refers_to": taken}),
    )
    assert states(database, [pending, taken]) == ["cancelled", "in_progress"]
    assert states(database, [first, second]) == ["accepted", "refused"]
    assert [status for status, _ in towns.answers(database, pending)] == ["cancelled"]
    with database.reading() as session:
        answer = session.scalars(select(Outbox).where(Outbox.subject_id == second)).one()
        assert "déjà prise en charge" in answer.payload["text"]


def test_a_complement_brings_the_request_back_to_the_agent(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        target = towns.submit(
            session, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea, at=TOO_LATE
        )
    transaction.run(database, context, decisions.ask_complement, AskComplement(target, "Un justificatif."))
    (complement,) = arrive(
        database,
        context,
        (
            "complement",
            {"text": "Voici."},
            {"family": town.family, "refers_to": target, "documents": ("x.pdf",)},
        ),
    )
    assert states(database, [target, complement]) == ["in_progress", "accepted"]
    assert [status for status, _ in towns.answers(database, target)] == ["needs_info", "in_progress"]


def test_an_unexpected_complement_is_left_for_an_agent_to_read(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        target = towns.submit(
            session, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea, at=TOO_LATE
        )
    (complement,) = arrive(
        database, context, ("complement", {"text": "Voici."}, {"family": town.family, "refers_to": target})
    )
    assert states(database, [target, complement]) == ["pending", "pending"]


def test_consent_to_einvoices_is_kept_with_its_history(
    database: Database, context: Context, town: Town
) -> None:
    ids = arrive(
        database,
        context,
        ("einvoice_consent", {"given": True, "email": "factures@exemple.fr"}, {"family": town.family}),
    )
    assert states(database, ids) == ["accepted"]
    arrive(database, context, ("einvoice_consent", {"given": False}, {"family": town.family}))
    with database.reading() as session:
        family = session.get_one(Family, town.family)
        assert (family.sending_mode, family.invoice_email) == (SendingMode.PAPER, "factures@exemple.fr")
        given = session.scalars(select(Consent.given).order_by(Consent.id)).all()
        assert list(given) == [True, False]


def test_a_message_and_a_document_wait_for_an_agent(database: Database, context: Context, town: Town) -> None:
    message = {"subject": "Bonjour", "body": "Une question."}
    ids = arrive(
        database,
        context,
        ("message", message, {"family": town.family}),
        ("document", {"document_type": "X"}, {"family": town.family, "documents": ("piece.pdf", "b.exe")}),
    )
    assert states(database, ids) == ["pending", "pending"]
    with database.reading() as session:
        assert towns.verdicts(session, ids[1]) == [("examine", None), ("refuse", "piece_invalide")]
        assert len(session.scalars(select(Document)).all()) == 2
