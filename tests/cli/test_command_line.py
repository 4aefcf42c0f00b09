"""The day from a terminal: the same services, JSON in integer cents, exit codes 0, 1 and 2."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from guichet.cli import run
from guichet.models import schema
from guichet.models.database import open_database
from guichet.services.demo.build import build
from guichet.services.demo.day import import_night


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    text: str
    error: str

    @property
    def value(self) -> Any:
        return json.loads(self.text)


Guichet = Callable[..., Answer]


@pytest.fixture(scope="session")
def demo_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration town with its night imported, and the night's file beside it."""
    folder = tmp_path_factory.mktemp("demo")
    database = open_database(f"sqlite:///{folder / 'town.db'}")
    schema.upgrade(database)
    build(database, families=20)
    import_night(database, folder / "portal", requests=120)
    database.dispose()
    return folder


@pytest.fixture
def guichet(demo_town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Guichet:
    """Run one command line on a copy of the demonstration town."""
    shutil.copyfile(demo_town / "town.db", tmp_path / "town.db")

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run(["--database", f"sqlite:///{tmp_path / 'town.db'}", *arguments])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call


def test_the_night_imported_again_is_all_duplicates_and_its_counts_add_up(
    guichet: Guichet, demo_town: Path
) -> None:
    (file,) = (demo_town / "portal" / "done").glob("*.jsonl")
    first = guichet("import", str(file), "--json")
    assert first.code == 0
    counts = first.value
    assert counts["received"] == counts["imported"] + counts["duplicate"] + counts["quarantined"] > 100
    assert counts["batches"][0]["already_known"]


def test_a_torn_file_is_refused_whole_with_a_sentence_and_code_1(
    guichet: Guichet, demo_town: Path, tmp_path: Path
) -> None:
    (file,) = (demo_town / "portal" / "done").glob("*.jsonl")
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(file.read_bytes()[:-50])
    answer = guichet("import", str(torn), "--json")
    assert answer.code == 1
    assert (answer.value["received"], answer.value["imported"]) == (0, 0)
    assert answer.value["batches"][0]["refusal"]


def test_proposals_are_followed_then_the_base_verifies_clean(guichet: Guichet) -> None:
    answer = guichet("decide", "--accept-proposals", "--json", "--as", "agent")
    assert answer.code == 0
    counts = answer.value["counts"]
    assert counts["accepted"] > 0
    assert counts["failed"] == 0
    verified = guichet("verify", "--json")
    assert verified.code == 0
    assert verified.value["clean"]
    again = guichet("decide", "--accept-proposals", "--json")
    assert again.value["counts"]["accepted"] == 0


def test_a_refusal_needs_a_known_code_and_a_decided_request_is_not_decided_twice(guichet: Guichet) -> None:
    listed = guichet("requests", "--state", "pending", "--json").value
    name = listed["requests"][0]["external_id"]
    unknown = guichet("decide", name, "--refuse", "mauvaise-humeur", "--json")
    assert unknown.code == 1
    assert guichet("decide", name, "--refuse", "autre", "--json").code == 1  # « autre » needs its text
    refused = guichet("decide", name, "--refuse", "autre", "--text", "Rendez-vous manqué", "--json")
    assert refused.code == 0
    assert refused.value["outcomes"][0]["state"] == "refused"
    twice = guichet("decide", name, "--accept", "--json")
    assert twice.code == 1
    assert twice.value["outcomes"][0]["error"] == "illegal_transition"


def test_requests_are_listed_by_state(guichet: Guichet) -> None:
    everything = guichet("requests", "--json").value
    pending = guichet("requests", "--state", "pending", "--json").value
    assert 0 < pending["total"] < everything["total"]
    assert {one["state"] for one in pending["requests"]} == {"pending"}
    assert guichet("requests", "--state", "perdue", "--json").code == 1


def test_a_month_is_drafted_issued_once_and_printed(guichet: Guichet, tmp_path: Path) -> None:
    draft = guichet("invoice", "2026-02", "--dry-run", "--json").value
    issued = guichet("invoice", "2026-02", "--pdf", str(tmp_path / "pdf"), "--json", "--as", "regie")
    assert issued.code == 0
    assert issued.value["total_cents"] == draft["total_cents"] > 0
    assert len(issued.value["invoices"]) == draft["invoices"]
    assert sum(one["total_cents"] for one in issued.value["invoices"]) == draft["total_cents"]
    number = issued.value["invoices"][0]["number"]
    assert number in PdfReader(tmp_path / "pdf" / f"{number}.pdf").pages[0].extract_text()
    again = guichet("invoice", "--from", "2026-02-01", "--to", "2026-02-28", "--json")
    assert again.code == 0
    assert again.value["invoices"] == []


def test_attestations_asked_again_are_the_same_to_the_byte(guichet: Guichet, tmp_path: Path) -> None:
    first = guichet("attest", "2025", "--pdf", str(tmp_path / "a"), "--json")
    second = guichet("attest", "2025", "--pdf", str(tmp_path / "b"), "--json")
    assert first.code == second.code == 0
    assert first.value["attestations"]
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_statement_of_the_source_document_comes_out_to_the_cent(guichet: Guichet, tmp_path: Path) -> None:
    pdf = tmp_path / "releve.pdf"
    answer = guichet("statement", "1001001818331", "--school-year", "2014-2015", "--pdf", str(pdf), "--json")
    assert answer.code == 0
    assert [one["number"] for one in answer.value["operations"]] == ["AL-36", "AL-228", "AL-12"]
    assert (answer.value["total_debit_cents"], answer.value["total_credit_cents"]) == (36380, 24320)
    assert answer.value["balance_cents"] == 12060
    assert "120,60" in PdfReader(pdf).pages[0].extract_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["invoice"],
        ["invoice", "2026-13"],
        ["invoice", "2026-02", "--from", "2026-02-01"],
        ["invoice", "--from", "2026-02-28", "--to", "2026-02-01"],
        ["statement", "1001001818331"],
        ["statement", "404", "--year", "2025"],
        ["attest", "2025", "--family", "404"],
        ["decide", "P-404", "--accept"],
        ["decide", "--accept"],
        ["decide", "#1", "--accept", "--wait"],
        ["import", "nulle-part.jsonl"],
        ["verify", "--as", "personne"],
        ["verify", "--now", "hier"],
    ],
)
def test_what_the_person_can_put_right_is_said_in_french_with_code_1(
    guichet: Guichet, arguments: list[str]
) -> None:
    answer = guichet(*arguments, "--json")
    assert answer.code == 1
    assert answer.value["error"]["message"]
    assert answer.value["error"]["code"] != "bug"


def test_an_account_is_held_to_its_role(guichet: Guichet) -> None:
    refused = guichet("invoice", "2026-02", "--as", "agent", "--json")
    assert refused.code == 1
    assert refused.value["error"]["code"] == "permission_denied"


def test_a_base_out_of_reach_is_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--database", "postgresql://nobody@127.0.0.1:1/none", "verify", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "database_away"


def test_the_demonstration_is_never_built_over_a_real_town(guichet: Guichet, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'town.db'}")
    with database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM setting WHERE key = 'demo.now'")
    database.dispose()
    answer = guichet("demo", "--reset", "--json")
    assert answer.code == 1
    assert answer.value["error"]["code"] == "not_a_demo"
    assert guichet("statement", "1001001818331", "--year", "2015", "--json").code == 0


def test_global_options_may_stand_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert run(["db", "init", f"--database={url}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "current"
    assert run(["verify", "--database", url, "--now", "2026-03-18T09:00"]) == 0


def test_a_request_opens_with_its_proposals_and_their_reasons(guichet: Guichet) -> None:
    listed = guichet("requests", "--state", "pending", "--json").value
    refused = next(one for one in listed["requests"] if one["proposal"] == "refuse")
    (opened,) = guichet("requests", refused["external_id"], "--json").value["requests"]
    assert opened["items"][0]["verdict"] == "refuse"
    assert opened["items"][0]["reasons"][0]["text"]
    (same,) = guichet("requests", f"#{refused['request_id']}", "--json").value["requests"]
    assert same["external_id"] == refused["external_id"]


def test_without_a_display_the_desktop_is_refused_in_words_with_code_2(
    guichet: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    answer = guichet("--json")
    assert answer.code == 2
    assert answer.value["error"]["code"] == "no_display"
