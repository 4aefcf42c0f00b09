"""Bringing a portal's file in: every line has one outcome, and the same file twice is the same file once."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentContent
from guichet.models.requests import ImportLine, Request
from guichet.rules.errors import PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services.intake import import_path
from guichet.services.transaction import Actor, Context
from tests.services.exchange_town import (
    attachment,
    booking,
    build_town,
    exchange,
    line_outcomes,
    requests_in,
    stored,
    write,
)

COUNTS = ("received", "imported", "duplicate", "quarantined")


@pytest.fixture
def town(database: Database) -> Database:
    build_town(database)
    return database


def bring(
    town: Database, context: Context, tmp_path: Path, lines: list[dict[str, Any] | bytes], **options: Any
) -> tuple[int, ...]:
    report = import_path(town, context, write(tmp_path / "night.jsonl", lines, **options))
    assert report.refusal is None
    assert report.received == report.imported + report.duplicate + report.quarantined
    return tuple(report.counts[name] for name in COUNTS)


def test_a_valid_line_becomes_a_pending_request_that_keeps_all_the_portal_said(
    town: Database, context: Context, tmp_path: Path
) -> None:
    line = booking(payment={"reference": "TICKET-9", "amount_cents": 415}, extensions={"canal": "mobile"})

    assert bring(town, context, tmp_path, [line]) == (1, 1, 0, 0)

    with town.reading() as session:
        request = session.scalars(select(Request)).one()
        assert request.payload == line
        assert (request.portal, request.external_id, request.revision) == ("portail", "D-1", 1)
        assert request.submitted_at.isoformat() == "2026-03-17T19:15:00+00:00"
        assert (request.payment_reference, request.paid_cents) == ("TICKET-9", 415)
        assert request.family_id is not None
        assert request.child_id is not None
        assert request.activity_id is not None
        assert request.answer_by is not None
        assert request.answer_by.isoformat() == "2026-03-19"


def test_the_same_file_again_changes_nothing(town: Database, context: Context, tmp_path: Path) -> None:
    lines = [booking("D-1"), b"{broken", booking("D-2"), booking("D-2"), booking("D-3", family="9999")]
    assert bring(town, context, tmp_path, lines) == (5, 2, 1, 2)
    before = stored(town), line_outcomes(town), requests_in(town)

    assert bring(town, context, tmp_path, lines) == (5, 0, 5, 0)

    assert (stored(town), line_outcomes(town), requests_in(town)) == before


def test_the_same_requests_in_another_batch_are_duplicates(
    town: Database, context: Context, tmp_path: Path
) -> None:
    bring(town, context, tmp_path, [booking("D-1"), booking("D-2")])
    reordered = json.dumps(dict(reversed(booking("D-1").items())), indent=None, ensure_ascii=True).encode()

    assert bring(town, context, tmp_path, [reordered, booking("D-3")], batch="next") == (2, 1, 1, 0)


def test_the_same_batch_name_with_other_lines_is_taken_in_line_by_line(
    town: Database, context: Context, tmp_path: Path
) -> None:
    bring(town, context, tmp_path, [booking("D-1")])

    assert bring(town, context, tmp_path, [booking("D-1"), booking("D-2")]) == (2, 1, 1, 0)


def test_an_address_that_changes_each_night_does_not_make_another_payload(
    town: Database, context: Context, tmp_path: Path
) -> None:
    inline = booking(attachments=[attachment(b"certificat")])
    by_address = booking(
        attachments=[attachment(b"certificat", content=None, url="https://p.example/1?sig=2")]
    )
    by_address["attachments"][0].pop("content")
    bring(town, context, tmp_path, [inline])

    assert bring(town, context, tmp_path, [by_address], batch="next") == (1, 0, 1, 0)


def test_the_same_revision_with_another_payload_is_quarantined_and_overwrites_nothing(
    town: Database, context: Context, tmp_path: Path
) -> None:
    bring(town, context, tmp_path, [booking()])
    other = booking(child="E2")

    assert bring(town, context, tmp_path, [other, booking()], batch="next") == (2, 0, 1, 1)

    assert line_outcomes(town)[1] == (1, "quarantined", "revision_conflict")
    with town.reading() as session:
        assert session.scalars(select(Request.payload)).all() == [booking()]


def test_a_higher_revision_replaces_a_pending_request_and_both_are_kept(
    town: Database, context: Context, tmp_path: Path
) -> None:
    bring(town, context, tmp_path, [booking(revision=1)])

    assert bring(town, context, tmp_path, [booking(revision=3, child="E2")], batch="b") == (1, 1, 0, 0)
    assert bring(town, context, tmp_path, [booking(revision=2)], batch="c") == (1, 1, 0, 0)

    assert requests_in(town) == [
        ("D-1", 1, "superseded"),
        ("D-1", 2, "superseded"),
        ("D-1", 3, "pending"),
    ]
    with town.reading() as session:
        rows = {row.revision: row for row in session.scalars(select(Request))}
        assert rows[1].superseded_by_id == rows[3].id
        assert rows[2].superseded_by_id == rows[3].id


def test_revisions_in_any_order_within_one_file_end_with_the_highest(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [booking(revision=revision) for revision in (2, 1, 4, 3, 4)]

    assert bring(town, context, tmp_path, lines) == (5, 4, 1, 0)

    assert [state for _, _, state in requests_in(town)] == ["superseded"] * 3 + ["pending"]


def other(**changes: Any) -> dict[str, Any]:
    return booking(**{"identifier": "D-9"} | changes)


BAD_LINES: list[tuple[dict[str, Any] | bytes, str]] = [
    (b"", "bad_json"),
    (b"{", "bad_json"),
    (b"[]", "bad_json"),
    (b'{"id":"A","id":"B"}', "bad_json"),
    (b'{"id":NaN}', "bad_json"),
    (b"[" * 200_000, "bad_json"),
    (b'{"id":"\xff"}', "bad_utf8"),
    (b'{"id":"\xed\xa0\x80"}', "bad_utf8"),
    (b'{"id":"a\x00b"}', "bad_text"),
    (other(payload={"items": booking()["payload"]["items"], "comment": "a\x00b"}), "bad_text"),
    (json.dumps(other(extensions={"x": "\ud800"})).encode(), "bad_text"),
    (json.dumps(other(extensions={"\udfff": "x"})).encode(), "bad_text"),
    (other(payment={"reference": "T", "amount_cents": 12.5}), "bad_amount"),
    (other(payment={"reference": "T", "amount_cents": 1250.0}), "bad_amount"),
    (other(payment={"reference": "T", "amount_cents": "1250"}), "bad_amount"),
    (other(payment={"reference": "T", "amount_cents": True}), "bad_amount"),
    (other(payment={"reference": "T", "amount_cents": -1}), "bad_amount"),
    (other(payment={"reference": "T", "amount_cents": 10**40}), "bad_number"),
    (other(submitted_at="2026-03-17T20:15:00"), "bad_instant"),
    (other(submitted_at="2026-03-17"), "bad_instant"),
    (other(submitted_at="2026-13-17T20:15:00Z"), "bad_instant"),
    (other(submitted_at="0001-01-01T00:00:00+14:00"), "bad_instant"),
    (other(submitted_at=1773774900), "bad_instant"),
    (other(kind="danse"), "unknown_kind"),
    (other(kind=["bookings"]), "unknown_kind"),
    (other(family="9999"), "unknown_family"),
    (other(child="E9"), "unknown_child"),
    (other(family="1002", child="E2"), "child_not_in_family"),
    (other(child="A1"), "child_not_in_family"),
    (
        other(payload={"items": [{"activity": "DANSE", "slot": "REPAS", "date": "2026-04-14"}]}),
        "unknown_activity",
    ),
    (
        other(payload={"items": [{"activity": "CANTINE", "slot": "NUIT", "date": "2026-04-14"}]}),
        "unknown_slot",
    ),
    (
        other(payload={"items": [{"activity": "CANTINE", "slot": "REPAS", "date": "2026-02-30"}]}),
        "invalid",
    ),
    (other(payload={"items": []}), "invalid"),
    (other(surprise=1), "invalid"),
    (other(**{"sur\x00prise": 1}), "bad_text"),
    (json.dumps(other(**{"sur\ud800prise": 1})).encode(), "bad_text"),
    (other(**{"s" * 5_000: 1}), "invalid"),
    (json.dumps(other(kind="\ud800")).encode(), "bad_text"),
    (other(kind="a\x00"), "bad_text"),
    (other(family="1\x00"), "bad_text"),
    (b'{"a":[' + b"[]," * 200_000 + b"[]]}", "bad_json"),
    (other(revision=0), "invalid"),
    (other(id=7), "invalid"),
    (other(attachments=[attachment(b"abc", sha256="0" * 64)]), "attachment_mismatch"),
    (other(attachments=[attachment(b"abc", size=4)]), "attachment_mismatch"),
    (other(attachments=[attachment(b"abc", content="%%%")]), "attachment_mismatch"),
    (other(attachments=[attachment(b"abc", document_type="INCONNU")]), "unknown_document_type"),
    (
        {
            "id": "W",
            "revision": 1,
            "kind": "withdrawal",
            "submitted_at": "2026-03-17T20:15:00Z",
            "family": "1001",
            "refers_to": "rien",
        },
        "unknown_reference",
    ),
]


def test_a_bad_line_is_kept_aside_with_its_bytes_and_its_reason_and_stops_no_other(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines = [booking("D-1"), *(line for line, _ in BAD_LINES), booking("D-2")]
    assert bring(town, context, tmp_path, lines) == (len(lines), 2, 0, len(BAD_LINES))

    raw = exchange(lines).split(b"\n")[2:-3]
    with town.reading() as session:
        kept = session.execute(
            select(ImportLine.code, ImportLine.raw, ImportLine.reason)
            .where(ImportLine.raw.is_not(None))
            .order_by(ImportLine.number)
        ).all()
    assert [(row.code, row.raw) for row in kept] == list(
        zip([code for _, code in BAD_LINES], raw, strict=True)
    )
    assert all(row.reason and row.reason.endswith(".") for row in kept)


def test_a_child_may_ask_through_either_of_its_families(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [booking("D-1", family="1001"), booking("D-2", family="1002")]
    assert bring(town, context, tmp_path, lines) == (2, 2, 0, 0)


def test_documents_are_kept_with_their_bytes_and_hash(
    town: Database, context: Context, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 40
    line = {
        "id": "P-1",
        "revision": 1,
        "kind": "document",
        "submitted_at": "2026-03-17T20:15:00Z",
        "family": "1001",
        "child": "E1",
        "payload": {"document_type": "CERTIFICAT", "valid_until": "2026-12-31"},
        "attachments": [attachment(content, name="C:\\fakepath\\certificat médical.pdf")],
    }
    assert bring(town, context, tmp_path, [line]) == (1, 1, 0, 0)

    with town.reading() as session:
        document = session.scalars(select(Document)).one()
        kept = session.scalars(
            select(DocumentContent.content).where(DocumentContent.document_id == document.id)
        ).one()
        request = session.scalars(select(Request)).one()
        assert kept == content
        assert document.name == "certificat médical.pdf"
        assert document.request_id == request.id
        assert document.sha256 == request.payload["attachments"][0]["sha256"]
        assert "content" not in request.payload["attachments"][0]


@pytest.mark.parametrize("options", [{"bom": True}, {"newline": b"\r\n"}, {"bom": True, "newline": b"\r\n"}])
def test_a_byte_order_mark_and_windows_line_ends_are_accepted(
    town: Database, context: Context, tmp_path: Path, options: dict[str, Any]
) -> None:
    assert bring(town, context, tmp_path, [booking("D-1"), booking("D-2")], **options) == (2, 2, 0, 0)


def test_a_refused_file_imports_nothing_and_its_refusal_is_recorded_once(
    town: Database, context: Context, tmp_path: Path
) -> None:
    whole = exchange([booking("D-1"), booking("D-2")])
    path = tmp_path / "torn.jsonl"
    path.write_bytes(whole[:-40])

    reports = [import_path(town, context, path) for _ in range(2)]

    for report in reports:
        assert report.refusal is not None
        assert set(report.counts.values()) == {0}
    assert stored(town) == {"request": 0, "import_batch": 1, "import_line": 0, "import_outcome": 0}
    path.write_bytes(whole)
    assert import_path(town, context, path).counts["imported"] == 2


def test_more_lines_than_one_transaction_holds_all_come_in(
    town: Database, context: Context, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    path = write(tmp_path / "night.jsonl", [booking(f"D-{number}") for number in range(1_203)])

    report = import_path(town, context, path, progress=lambda done, total: steps.append((done, total)))

    assert report.counts == {"received": 1_203, "imported": 1_203, "duplicate": 0, "quarantined": 0}
    assert steps == [(500, 1_203), (1_000, 1_203), (1_203, 1_203)]


def test_a_missing_file_and_an_account_without_the_right_are_told_so(
    town: Database, context: Context, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="n’existe pas"):
        import_path(town, context, tmp_path / "absent.jsonl")
    finance = Context(Actor("f", "Finance", frozenset({Role.FINANCE})), context.now)
    with pytest.raises(PermissionDenied):
        import_path(town, finance, write(tmp_path / "night.jsonl", [booking()]))
