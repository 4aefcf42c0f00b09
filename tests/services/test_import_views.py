"""Reading what was imported: batches, lines by outcome and words, a line's text with what may be shown of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guichet.models.database import Database
from guichet.rules.errors import UserError
from guichet.rules.permissions import Role
from guichet.services import import_views
from guichet.services.import_views import BatchQuery, LineDetail, LineQuery, LineRow
from guichet.services.intake import import_path
from guichet.services.intake_retry import retry_quarantined
from guichet.services.transaction import Context, read
from tests.services.exchange_town import booking, build_town, write


@pytest.fixture
def town(database: Database) -> Database:
    build_town(database)
    return database


def _lines(town: Database, context: Context, batch_id: int, **query: Any) -> list[LineRow]:
    page = read(town, context, import_views.list_lines, LineQuery(batch_id=batch_id, **query))
    assert page.total == len(page.rows)
    return list(page.rows)


def _detail(town: Database, context: Context, batch_id: int, number: int) -> LineDetail:
    row = next(row for row in _lines(town, context, batch_id) if row.number == number)
    return read(town, context, import_views.line, row.line_id)


def _sheet(**sections: Any) -> dict[str, Any]:
    return {
        "id": "S-1",
        "revision": 1,
        "kind": "child_sheet",
        "submitted_at": "2026-03-17T20:15:00+01:00",
        "family": "9999",
        "child": "E1",
        "payload": sections,
    }


def test_each_line_has_one_outcome_and_the_counts_are_those_of_the_lists(
    town: Database, context: Context, tmp_path: Path
) -> None:
    first = import_path(town, context, write(tmp_path / "a.jsonl", [booking("D-1")], batch="a"))
    lines = [booking("D-1"), booking("D-2"), booking("D-3", family="9999"), b"pas du JSON"]
    report = import_path(town, context, write(tmp_path / "b.jsonl", lines, batch="b"))
    batches = read(town, context, import_views.list_batches, BatchQuery()).rows
    assert [batch.batch_id for batch in batches] == [report.batch_id, first.batch_id]
    latest = batches[0]
    assert latest.received == latest.imported + latest.duplicate + latest.quarantined == 4
    assert latest == read(town, context, import_views.batch, report.batch_id)
    for outcome, number in (("imported", 1), ("duplicate", 1), ("quarantined", 2), ("", 4)):
        assert len(_lines(town, context, report.batch_id, outcome=outcome)) == number
    rows = {row.number: row for row in _lines(town, context, report.batch_id)}
    assert (rows[1].external_id, rows[1].kind_label) == ("D-1", "Réservations")
    assert (rows[2].external_id, rows[2].family, rows[2].child) == (
        "D-2",
        "Martin 1001 (n° 1001)",
        "Léa Martin",
    )
    assert (rows[3].request_id, "famille" in rows[3].reason) == (None, True)


def test_lines_are_found_by_words_without_accents(town: Database, context: Context, tmp_path: Path) -> None:
    lines = [booking("D-1"), booking("D-2", family="9999"), booking("D-3", child="E9")]
    report = import_path(town, context, write(tmp_path / "a.jsonl", lines))
    for text, numbers in (("numero FAMILLE", [2]), ("d-1", [1]), ("martin", [1]), ("introuvable", [])):
        assert [row.number for row in _lines(town, context, report.batch_id, text=text)] == numbers


def test_a_quarantined_line_shows_its_text_but_not_what_is_private(
    town: Database, context: Context, tmp_path: Path
) -> None:
    line = _sheet(health={"allergies": "Arachide"}, caf={"caf_number": "1234567"}, note="x" * 1000)
    report = import_path(town, context, write(tmp_path / "a.jsonl", [line, b"{pas du JSON"]))
    director = replace(context, actor=replace(context.actor, roles=frozenset({Role.ALSH_DIRECTOR})))
    whole = json.loads(_detail(town, context, report.batch_id, 1).text)
    assert whole["payload"]["health"] == {"allergies": "(masqué)"}
    assert whole["payload"]["caf"] == {"caf_number": "1234567"}
    assert "1000 caractères" in whole["payload"]["note"]
    less = json.loads(_detail(town, director, report.batch_id, 1).text)
    assert less["payload"]["caf"] == {"caf_number": "(masqué)"}
    assert _detail(town, context, report.batch_id, 2).text == "{pas du JSON"


def test_an_imported_line_has_no_text_of_its_own(town: Database, context: Context, tmp_path: Path) -> None:
    report = import_path(town, context, write(tmp_path / "a.jsonl", [booking("D-1")]))
    assert _detail(town, context, report.batch_id, 1).text == ""


def test_each_attempt_on_a_line_is_kept(town: Database, context: Context, tmp_path: Path) -> None:
    report = import_path(town, context, write(tmp_path / "a.jsonl", [booking("D-1", family="9999")]))
    retry_quarantined(town, context, report.batch_id)
    attempts = _detail(town, context, report.batch_id, 1).attempts
    assert [attempt.outcome.value for attempt in attempts] == ["quarantined", "quarantined"]
    assert all("famille" in attempt.reason for attempt in attempts)


def test_what_is_not_there_says_so(town: Database, context: Context) -> None:
    with pytest.raises(UserError):
        read(town, context, import_views.batch, 404)
    with pytest.raises(UserError):
        read(town, context, import_views.line, 404)
