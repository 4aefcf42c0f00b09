"""The exchange from a terminal: a portal's folder read, quarantine shown and tried again, answers sent once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from guichet.cli import run
from guichet.models.database import open_database
from tests.services import request_town
from tests.services.exchange_town import write
from tests.services.request_town import WEDNESDAY, slot_days

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def guichet(sqlite_url: Callable[[], URL], capsys: pytest.CaptureFixture[str]) -> Call:
    """Run one command line on the town of request_town, on 18 March 2026; returns the exit code and the JSON."""
    url = sqlite_url()
    database = open_database(url)
    request_town.build(database)
    database.dispose()

    def call(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        address = url.render_as_string(hide_password=False)
        code = run(["--database", address, "--now", "2026-03-18T09:00", "--json", *arguments])
        printed = capsys.readouterr()
        return code, json.loads(printed.out or printed.err)

    return call


def ask(identifier: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "revision": 1,
        "kind": "bookings",
        "submitted_at": "2026-03-16T09:00:00+01:00",
        "family": "1001",
        "child": "E1",
        "payload": slot_days(WEDNESDAY),
    } | changes


def test_a_night_by_the_folder_from_the_drop_to_the_answer(guichet: Call, tmp_path: Path) -> None:
    drop = tmp_path / "portail"
    drop.mkdir()
    write(drop / "nuit.jsonl", [ask("D-1"), ask("D-2", family="7777"), b"{torn"])
    assert guichet("portal", "set", "portail", "--folder", str(drop))[0] == 0

    code, night = guichet("import", str(drop))

    assert code == 0
    assert {name: night[name] for name in ("received", "imported", "duplicate", "quarantined")} == {
        "received": 3,
        "imported": 1,
        "duplicate": 0,
        "quarantined": 2,
    }
    assert json.loads((drop / "done" / "nuit.report.json").read_text(encoding="utf-8"))["imported"] == 1

    code, kept = guichet("portal", "quarantine")
    assert (code, kept["total"]) == (0, 2)
    assert [line["code"] for line in kept["lines"]] == ["unknown_family", "bad_json"]
    batch = str(kept["lines"][0]["batch_id"])
    code, again = guichet("portal", "retry", batch, "--line", "2")
    assert (code, again["imported"], again["quarantined"]) == (0, 1, 2)
    assert guichet("portal", "retry", batch, "--line", "1")[0] == 1

    assert guichet("decide", "D-1", "--accept")[0] == 0
    code, sent = guichet("portal", "send", "--now", "2026-03-18T10:00")
    assert code == 0
    assert sent["portail"]["sent"] >= 1
    (answers,) = (drop / "answers").iterdir()
    said = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()[1:-1]]
    assert [(one["request"], one["status"]) for one in said] == [("D-1", "accepted")]
    assert guichet("portal", "send", "--now", "2026-03-18T11:00")[1]["portail"]["sent"] == 0


def test_one_command_a_night_brings_requests_in_and_sends_answers_out(guichet: Call, tmp_path: Path) -> None:
    drop = tmp_path / "portail"
    drop.mkdir()
    write(drop / "nuit.jsonl", [ask("N-1")])
    assert guichet("portal", "set", "portail", "--folder", str(drop))[0] == 0
    assert guichet("import", "--portal")[1]["imported"] == 1
    assert guichet("decide", "N-1", "--refuse", "complet")[0] == 0

    code, nothing_new = guichet("import", "--portal", "--now", "2026-03-19T02:00")

    assert (code, nothing_new["received"]) == (0, 0)
    (answers,) = (drop / "answers").iterdir()
    said = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()[1:-1]]
    assert [(one["request"], one["status"]) for one in said] == [("N-1", "refused")]
