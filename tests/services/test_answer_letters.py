"""What the family will read, read beforehand: the preview of a decision says what its answer says once it is taken."""

from datetime import timedelta
from typing import Any

import pytest

from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentContent
from guichet.models.requests import Outbox
from guichet.models.settings import Journal
from guichet.rules.errors import PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services import (
    answer_letters,
    bulk_decisions,
    decisions,
    proposals,
    request_detail,
    request_pieces,
    transaction,
)
from guichet.services.answer_letters import Letter, PreviewQuery, Wording
from guichet.services.bulk_decisions import RefusalQuery
from guichet.services.decisions import Accept, AskComplement, Refuse
from guichet.services.transaction import Actor, Context
from tests.services import request_town as towns
from tests.services.request_town import IN_TIME, NEXT_WEDNESDAY, TOO_LATE, WEDNESDAY, Town, slot_days


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database, size=2)


def submitted(
    database: Database, context: Context, town: Town, kind: str, payload: dict[str, Any], **more: Any
) -> int:
    with database.writing() as session:
        request_id = towns.submit(session, kind, payload, family=town.family, child=town.lea, **more)
    transaction.run(database, context, proposals.propose, [request_id])
    return request_id


def detail(database: Database, context: Context, request_id: int) -> request_detail.RequestDetail:
    return transaction.read(database, context, request_detail.request_detail, request_id)


def previewed(database: Database, context: Context, query: PreviewQuery) -> Letter:
    return transaction.read(database, context, answer_letters.preview, query)


def item_ids(database: Database, context: Context, request_id: int) -> tuple[int, ...]:
    return tuple(item.item_id for item in detail(database, context, request_id).items)


def test_the_preview_of_an_acceptance_is_the_answer_that_leaves(
    database: Database, context: Context, town: Town
) -> None:
    request_id = submitted(database, context, town, "bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    chosen = item_ids(database, context, request_id)
    before = previewed(database, context, PreviewQuery(request_id, Wording.ACCEPT, chosen))
    assert towns.count_of(database, Outbox) == towns.count_of(database, Journal) == 0, "nothing is written"
    transaction.run(database, context, decisions.accept, Accept(request_id))
    (answer,) = detail(database, context, request_id).answers
    assert answer.letter == before
    assert "est acceptée" in before.body
    assert "01/04/2026 – Activité MERCREDI, Journee" in before.body


def test_the_preview_of_a_part_says_what_stays_open(database: Database, context: Context, town: Town) -> None:
    request_id = submitted(database, context, town, "bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    first, _ = item_ids(database, context, request_id)
    query = PreviewQuery(request_id, Wording.REFUSE, (first,), "complet", "Sortie au zoo.")
    before = previewed(database, context, query)
    transaction.run(
        database,
        context,
        decisions.refuse,
        Refuse(request_id, "complet", "Sortie au zoo.", item_ids=(first,)),
    )
    (answer,) = detail(database, context, request_id).answers
    assert answer.letter == before
    assert "refusé (complet). Sortie au zoo." in before.body
    assert "reste à l’étude" in before.body


@pytest.mark.parametrize("code", ["complet", "autre"])
def test_the_preview_of_a_whole_refusal_gives_its_reason_once(
    database: Database, context: Context, town: Town, code: str
) -> None:
    request_id = submitted(
        database, context, town, "message", {"subject": "Horaires", "body": "À quelle heure ?"}
    )
    chosen = item_ids(database, context, request_id)
    query = PreviewQuery(request_id, Wording.REFUSE, chosen, code, "Voyez le site de la ville.")
    before = previewed(database, context, query)
    transaction.run(
        database, context, decisions.refuse, Refuse(request_id, code, "Voyez le site de la ville.")
    )
    (answer,) = detail(database, context, request_id).answers
    assert answer.letter == before
    assert before.body.count("Voyez le site de la ville.") == 1


def test_the_preview_of_a_complement_is_the_question(
    database: Database, context: Context, town: Town
) -> None:
    request_id = submitted(database, context, town, "bookings", slot_days(WEDNESDAY))
    query = PreviewQuery(request_id, Wording.COMPLEMENT, text="L’attestation d’assurance, s’il vous plaît.")
    before = previewed(database, context, query)
    transaction.run(database, context, decisions.ask_complement, AskComplement(request_id, query.text))
    (answer,) = detail(database, context, request_id).answers
    assert answer.letter == before
    assert query.text in before.body


def test_an_excused_absence_is_announced_as_it_will_be_answered(
    database: Database, context: Context, town: Town
) -> None:
    booked = submitted(database, context, town, "bookings", slot_days(WEDNESDAY))
    transaction.run(database, context, decisions.accept, Accept(booked))
    payload = {**slot_days(WEDNESDAY), "reason": "medical", "certificate": "certificat.pdf"}
    request_id = submitted(
        database, context, town, "absence", payload, documents=("certificat.pdf",), at=IN_TIME
    )
    chosen = item_ids(database, context, request_id)
    before = previewed(database, context, PreviewQuery(request_id, Wording.ACCEPT, chosen))
    transaction.run(database, context, decisions.accept, Accept(request_id))
    (answer,) = detail(database, context, request_id).answers
    assert answer.letter == before
    assert "Absence excusée." in before.body


def test_the_gates_stand_beside_the_request(database: Database, context: Context, town: Town) -> None:
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 2)
    request_id = submitted(database, context, town, "bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY))
    found = detail(database, context, request_id)
    assert [item.places_left for item in found.items] == [0, 2]
    assert (found.gates.places_left, found.gates.dossier, found.gates.dossier_is_valid) == (0, "valide", True)
    assert found.gates.unpaid == 0


def test_a_health_reading_does_not_bar_the_undoing_of_a_decision(
    database: Database, context: Context, town: Town
) -> None:
    payload = {"health": {"allergies": "Arachides"}}
    request_id = submitted(database, context, town, "child_sheet", payload)
    transaction.run(database, context, decisions.accept, Accept(request_id))
    transaction.run(database, context, request_detail.reveal_health, request_id)
    result = transaction.run(database, context, decisions.undo, decisions.Handle(request_id))
    assert result.state == "in_progress"


def test_a_piece_is_opened_by_who_may_read_it_and_its_reading_is_kept(
    database: Database, context: Context, town: Town
) -> None:
    request_id = submitted(
        database, context, town, "bookings", slot_days(WEDNESDAY), documents=("certificat.pdf", "vide.pdf")
    )
    with database.writing() as session:
        full, empty = session.query(Document).order_by(Document.id).all()
        session.add(DocumentContent(document_id=full.id, content=b"%PDF-1.4 essai"))
        ids = full.id, empty.id
    assert [piece.has_content for piece in detail(database, context, request_id).pieces] == [True, False]
    opened = transaction.run(database, context, request_pieces.open_piece, ids[0])
    assert opened.content == b"%PDF-1.4 essai"
    with database.reading() as session:
        assert [(one.action, one.subject_id) for one in session.query(Journal)] == [("document.read", ids[0])]
    with pytest.raises(UserError, match="pas été reçu"):
        transaction.run(database, context, request_pieces.open_piece, ids[1])
    finance = Context(Actor("fi", "Fi", frozenset({Role.FINANCE}), workstation="p"), context.now)
    with pytest.raises(PermissionDenied):
        transaction.run(database, finance, request_pieces.open_piece, ids[0])


def test_a_refusal_of_many_is_simulated_with_what_speaks_against_it(
    database: Database, context: Context, town: Town
) -> None:
    fits = submitted(database, context, town, "bookings", slot_days(WEDNESDAY), external_id="R-1")
    late = submitted(
        database, context, town, "bookings", slot_days(NEXT_WEDNESDAY), at=TOO_LATE, external_id="R-2"
    )
    with pytest.raises(UserError, match="autre"):
        transaction.read(
            database, context, bulk_decisions.forecast_refusal, RefusalQuery((fits, late), "autre")
        )
    lines = transaction.read(
        database, context, bulk_decisions.forecast_refusal, RefusalQuery((fits, late), "complet")
    )
    assert next((one.external_id, one.group) for one in lines) == ("R-1", "fits")
    assert towns.count_of(database, Outbox) == 0


def test_a_run_is_taken_back_whole_while_its_answers_have_not_left(
    database: Database, context: Context, town: Town
) -> None:
    ids = [
        submitted(database, context, town, "bookings", slot_days(day), at=IN_TIME + timedelta(minutes=rank))
        for rank, day in enumerate((WEDNESDAY, NEXT_WEDNESDAY))
    ]
    bulk_decisions.accept_all_that_fits(database, context, ids)
    assert len(towns.live_bookings(database)) == 2
    report = bulk_decisions.undo_all(database, context, ids)
    assert report.count(bulk_decisions.BulkOutcome.FAILED) == 0
    assert towns.live_bookings(database) == []
    assert {towns.state_of(database, one) for one in ids} == {"in_progress"}
    again = bulk_decisions.undo_all(database, context, ids)
    assert again.count(bulk_decisions.BulkOutcome.FAILED) == 2, "there is nothing left to undo"
