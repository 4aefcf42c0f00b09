"""What a line sets going: proposals, withdrawals, complements, late revisions, and what the rules accept by themselves."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from guichet.models.bookings import Booking
from guichet.models.database import Database
from guichet.models.requests import Outbox, Request
from guichet.services import decisions, transaction, verify
from guichet.services.intake import import_path
from guichet.services.intake_batch import BatchReport
from guichet.services.transaction import Context
from tests.services import request_town
from tests.services.exchange_town import attachment, requests_in, write
from tests.services.request_town import IN_TIME, WEDNESDAY, Town, slot_days


@pytest.fixture
def town(database: Database) -> Town:
    return request_town.build(database)


def ask(identifier: str, revision: int = 1, *, at: datetime = IN_TIME, **changes: Any) -> dict[str, Any]:
    """Léa asks for the Wednesday, through her first family."""
    return {
        "id": identifier,
        "revision": revision,
        "kind": "bookings",
        "submitted_at": at.isoformat(),
        "family": "1001",
        "child": "E1",
        "payload": slot_days(WEDNESDAY),
    } | changes


def follow_up(kind: str, identifier: str, target: str, **payload: Any) -> dict[str, Any]:
    line = ask(identifier, kind=kind, refers_to=target, payload=payload)
    line.pop("child")
    return line


def bring(
    database: Database, context: Context, folder: Path, batch: str, *lines: dict[str, Any] | bytes
) -> BatchReport:
    report = import_path(database, context, write(folder / f"{batch}.jsonl", list(lines), batch=batch))
    assert report.quarantined == 0, report.quarantine
    return report


def row(database: Database, external_id: str, revision: int = 1) -> tuple[int, str | None, str]:
    """(internal id, proposal, state) of a request."""
    with database.reading() as session:
        found = session.execute(
            select(Request.id, Request.proposal, Request.state).where(
                Request.external_id == external_id, Request.revision == revision
            )
        ).one()
        return found.id, found.proposal, found.state.value


def statuses(database: Database, external_id: str, revision: int = 1) -> list[str]:
    """The answers queued about a request, in order."""
    request_id = row(database, external_id, revision)[0]
    return [status for status, _ in request_town.answers(database, request_id)]


def test_every_request_has_its_proposal_when_the_import_ends(
    database: Database, context: Context, tmp_path: Path, town: Town
) -> None:
    late = ask("D-2", at=request_town.TOO_LATE)
    closed = ask("D-3", payload=slot_days(WEDNESDAY + timedelta(days=1)))

    bring(database, context, tmp_path, "a", ask("D-1"), late, closed)

    assert [row(database, f"D-{number}")[1:] for number in (1, 2, 3)] == [
        ("accept", "pending"),
        ("refuse", "pending"),
        ("refuse", "pending"),
    ]
    assert request_town.live_bookings(database) == []


def test_a_pending_request_is_withdrawn_and_both_are_answered(
    database: Database, context: Context, tmp_path: Path, town: Town
) -> None:
    bring(database, context, tmp_path, "a", ask("D-1"))

    bring(database, context, tmp_path, "b", follow_up("withdrawal", "W-1", "D-1"))

    assert requests_in(database) == [("D-1", 1, "cancelled"), ("W-1", 1, "accepted")]
    assert statuses(database, "D-1") == ["cancelled"]
    assert statuses(database, "W-1") == ["accepted"]
    assert transaction.read(database, context, verify.verify).findings == ()


def test_a_request_taken_up_is_no_longer_withdrawn_nor_revised(
    database: Database, context: Context, tmp_path: Path, town: Town
) -> None:
    bring(database, context, tmp_path, "a", ask("D-1"))
    taken = row(database, "D-1")[0]
    transaction.run(database, context, decisions.take_up, decisions.Handle(taken))

    bring(
        database,
        context,
        tmp_path,
        "b",
        follow_up("withdrawal", "W-1", "D-1"),
        ask("D-1", 2, child="E2"),
        ask("D-1", 3, child="E2"),
    )

    assert requests_in(database) == [
        ("D-1", 1, "in_progress"),
        ("D-1", 2, "superseded"),
        ("D-1", 3, "superseded"),
        ("W-1", 1, "refused"),
    ]
    assert statuses(database, "D-1") == ["in_progress"]
    assert statuses(database, "D-1", 2) == ["already_in_progress"]
    assert statuses(database, "D-1", 3) == ["already_in_progress"]
    with database.reading() as session:
        said = session.scalars(select(Outbox).order_by(Outbox.id.desc())).first()
        assert said is not None
        assert "déjà prise en charge" in said.payload["text"]
    assert transaction.read(database, context, verify.verify).findings == ()


@pytest.mark.parametrize("chunked", [False, True])
def test_the_order_of_lines_is_the_order_of_events_within_a_transaction_and_across_two(
    database: Database, context: Context, tmp_path: Path, town: Town, chunked: bool
) -> None:
    between: list[dict[str, Any] | bytes] = []
    if chunked:
        between = [ask(f"X-{number:03}", payload=slot_days(WEDNESDAY, slot="REPAS")) for number in range(500)]
    bring(
        database,
        context,
        tmp_path,
        "a",
        ask("D-1"),
        ask("D-2"),
        follow_up("withdrawal", "W-1", "D-1"),
        follow_up("withdrawal", "W-2", "D-1"),
        *between,
        ask("D-1", 2, child="E2"),
        ask("D-2", 2, child="E2"),
        follow_up("withdrawal", "W-3", "D-2"),
    )

    assert [one for one in requests_in(database) if not one[0].startswith("X")] == [
        ("D-1", 1, "cancelled"),
        ("D-1", 2, "superseded"),
        ("D-2", 1, "superseded"),
        ("D-2", 2, "cancelled"),
        ("W-1", 1, "accepted"),
        ("W-2", 1, "refused"),
        ("W-3", 1, "accepted"),
    ]
    assert statuses(database, "D-1", 2) == ["already_in_progress"]


def test_a_complement_brings_the_request_back_to_the_agent(
    database: Database, context: Context, tmp_path: Path, town: Town
) -> None:
    bring(database, context, tmp_path, "a", ask("D-1"))
    command = decisions.AskComplement(row(database, "D-1")[0], text="L’assurance, s’il vous plaît.")
    transaction.run(database, context, decisions.ask_complement, command)
    assert row(database, "D-1")[2] == "needs_info"

    complement = follow_up("complement", "C-1", "D-1", text="La voici.")
    bring(database, context, tmp_path, "b", complement | {"attachments": [attachment(b"%PDF-1.4")]})

    assert row(database, "D-1")[2] == "in_progress"
    assert row(database, "C-1")[2] == "accepted"
    assert statuses(database, "D-1") == ["needs_info", "in_progress"]


def test_what_the_rules_accept_goes_by_submission_whatever_the_order_of_the_file(
    database: Database, context: Context, tmp_path: Path
) -> None:
    request_town.build(database, immediate=True, size=1)
    filler = [
        ask(f"X-{number:03}", at=IN_TIME, payload=slot_days(WEDNESDAY + timedelta(days=1)))
        for number in range(500)
    ]

    bring(
        database,
        context,
        tmp_path,
        "a",
        ask("D-late", at=IN_TIME + timedelta(minutes=2), child="E2"),
        *filler,
        ask("D-early", at=IN_TIME + timedelta(minutes=1)),
    )

    assert row(database, "D-early")[2] == "accepted"
    assert row(database, "D-late")[1:] == ("wait", "pending")
    assert statuses(database, "D-early") == ["accepted"]
    with database.reading() as session:
        assert len(session.scalars(select(Booking.id)).all()) == 1
    assert transaction.read(database, context, verify.verify).findings == ()


def test_the_last_revision_of_a_file_is_the_one_the_rules_accept(
    database: Database, context: Context, tmp_path: Path
) -> None:
    town = request_town.build(database, immediate=True)

    bring(database, context, tmp_path, "a", ask("D-1"), ask("D-1", 2, child="E2"))
    bring(database, context, tmp_path, "b", ask("D-1", 3))

    assert requests_in(database) == [
        ("D-1", 1, "superseded"),
        ("D-1", 2, "accepted"),
        ("D-1", 3, "superseded"),
    ]
    assert [child for child, _, _ in request_town.live_bookings(database)] == [town.tom]
    assert statuses(database, "D-1", 3) == ["already_in_progress"]


def test_stopped_before_the_rules_decided_the_next_run_lets_them_decide_once(
    database: Database, context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_town.build(database, immediate=True, size=2)
    path = write(tmp_path / "a.jsonl", [ask("D-1"), ask("D-2", child="E2")], batch="a")
    with monkeypatch.context() as patch:

        def stop(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr("guichet.services.intake.confirm_imported", stop)
        with pytest.raises(KeyboardInterrupt):
            import_path(database, context, path)
    assert {state for _, _, state in requests_in(database)} == {"pending"}

    assert import_path(database, context, path).counts["imported"] == 2

    assert {state for _, _, state in requests_in(database)} == {"accepted"}
    assert len(request_town.live_bookings(database)) == 2
    assert import_path(database, context, path).already_known
    assert statuses(database, "D-1") == ["accepted"]
