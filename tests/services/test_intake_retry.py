"""A quarantined line can be tried again after a fix; the counts of its batch keep adding up."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.models.requests import ImportBatch, ImportLine, ImportOutcome
from guichet.rules.errors import UserError
from guichet.services import transaction
from guichet.services.intake import import_path
from guichet.services.intake_retry import list_quarantine, retry_quarantined
from guichet.services.transaction import Context
from tests.services.exchange_town import booking, build_town, line_outcomes, requests_in, write


@pytest.fixture
def town(database: Database) -> Database:
    build_town(database)
    return database


def withdrawal(identifier: str, target: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "revision": 1,
        "kind": "withdrawal",
        "submitted_at": "2026-03-17T21:00:00+01:00",
        "family": "1001",
        "refers_to": target,
    } | changes


def make_family(town: Database, number: str) -> None:
    """The family of `number`, with Léa in it."""
    with town.writing() as session:
        family = Family(number=number, label="Nouvelle", search_key="nouvelle", sort_key="nouvelle")
        session.add(family)
        session.flush()  # the membership needs its id
        lea = session.scalars(select(Person.id).where(Person.number == "E1")).one()
        session.add(Membership(family_id=family.id, person_id=lea, role=MemberRole.CHILD))


def history(town: Database, number: int) -> list[str]:
    with town.reading() as session:
        rows = session.scalars(
            select(ImportOutcome.outcome)
            .join(ImportLine, ImportLine.id == ImportOutcome.line_id)
            .where(ImportLine.number == number)
            .order_by(ImportOutcome.id)
        )
        return [row.value for row in rows]


def batch_counts(town: Database) -> tuple[int, int, int, int]:
    with town.reading() as session:
        batch = session.scalars(select(ImportBatch)).one()
        return batch.received, batch.imported, batch.duplicate, batch.quarantined


def test_after_a_fix_the_line_comes_in_and_its_history_says_so(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [
        booking("D-1", family="3003"),
        b"{torn",
        booking("D-2", family="3003", child="E2"),
        booking("D-3"),
    ]
    report = import_path(town, context, write(tmp_path / "night.jsonl", lines))
    assert report.counts == {"received": 4, "imported": 1, "duplicate": 0, "quarantined": 3}
    assert [number for number, _ in report.quarantine] == [1, 2, 3]

    same = retry_quarantined(town, context, report.batch_id)
    assert same.counts == report.counts
    make_family(town, "3003")
    after = retry_quarantined(town, context, report.batch_id)

    assert after.counts == {"received": 4, "imported": 2, "duplicate": 0, "quarantined": 2}
    assert batch_counts(town) == (4, 2, 0, 2)
    assert line_outcomes(town) == [
        (1, "imported", None),
        (2, "quarantined", "bad_json"),
        (3, "quarantined", "child_not_in_family"),
        (4, "imported", None),
    ]
    assert history(town, 1) == ["quarantined", "quarantined", "imported"]
    assert history(town, 4) == ["imported"]
    assert requests_in(town) == [("D-1", 1, "pending"), ("D-3", 1, "pending")]


def test_one_line_is_tried_alone_and_a_line_that_is_not_waiting_is_said_so(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [
        booking("D-1", family="3003"),
        booking("D-2", family="3003"),
        booking("D-3"),
    ]
    report = import_path(town, context, write(tmp_path / "night.jsonl", lines))
    make_family(town, "3003")

    after = retry_quarantined(town, context, report.batch_id, numbers=[2])

    assert after.counts == {"received": 3, "imported": 2, "duplicate": 0, "quarantined": 1}
    for number in (2, 3, 99):
        with pytest.raises(UserError, match="quarantaine"):
            retry_quarantined(town, context, report.batch_id, numbers=[number])
    with pytest.raises(UserError, match="n’existe pas"):
        retry_quarantined(town, context, report.batch_id + 1)


def test_the_portal_sent_it_again_meanwhile_so_the_retry_finds_a_duplicate(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [booking("D-1", family="3003")]
    report = import_path(town, context, write(tmp_path / "a.jsonl", lines, batch="a"))
    make_family(town, "3003")
    import_path(town, context, write(tmp_path / "b.jsonl", lines, batch="b"))

    after = retry_quarantined(town, context, report.batch_id)

    assert after.counts == {"received": 1, "imported": 0, "duplicate": 1, "quarantined": 0}
    assert requests_in(town) == [("D-1", 1, "pending")]


def test_a_withdrawal_written_ahead_of_its_request_in_one_file_finds_it(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [
        withdrawal("W-1", "D-1"),
        withdrawal("W-2", "D-1", family="1002"),
        booking("D-1"),
    ]
    report = import_path(town, context, write(tmp_path / "night.jsonl", lines))

    assert report.counts == {"received": 3, "imported": 2, "duplicate": 0, "quarantined": 1}
    assert line_outcomes(town) == [
        (1, "imported", None),
        (2, "quarantined", "unknown_reference"),
        (3, "imported", None),
    ]


def test_the_quarantine_is_listed_with_reason_and_bytes(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [b"\xff\x00{torn", booking("D-1"), booking("D-2", family="9")]
    import_path(town, context, write(tmp_path / "night.jsonl", lines))

    listed, total = transaction.read(town, context, list_quarantine)

    assert total == 2
    assert [(line.number, line.code, line.batch) for line in listed] == [
        (1, "bad_utf8", "2026-03-17"),
        (3, "unknown_family", "2026-03-17"),
    ]
    assert "{torn" in listed[0].excerpt
    assert listed[1].reason == "Aucune famille ne porte ce numéro."
