"""The folder: a file is picked up once, put away with its report, and taken up again after a stop."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guichet.models.database import Database, open_database
from guichet.models.requests import ConnectorKind
from guichet.portal.connectors import Delivery, Outgoing, RefusedDelivery
from guichet.portal.folder import FolderConnector
from guichet.rules.errors import EnvironmentProblem
from guichet.services.intake_batch import BatchReport
from guichet.services.portals import PortalInfo, connect, import_from_portal
from guichet.services.transaction import Context
from tests.services.exchange_town import booking, build_town, exchange, requests_in, stored, write

NOW = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)


@pytest.fixture
def town(database: Database) -> Database:
    build_town(database)
    return database


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "dépôt"
    folder.mkdir()
    return folder


def visit(town: Database, context: Context, folder: Path) -> list[BatchReport]:
    portal = PortalInfo("portail", "Portail", ConnectorKind.FOLDER, str(folder))
    connector = connect(portal, token=lambda: "", spool=folder)
    return import_from_portal(town, context, portal, connector)


def names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_good_file_goes_to_done_and_a_torn_one_to_refused_each_with_its_report(
    town: Database, context: Context, drop: Path
) -> None:
    write(drop / "nuit.JSONL", [booking("D-1"), b"{torn", booking("D-1")])
    (drop / "coupé.jsonl").write_bytes(exchange([booking("D-2")])[:-9])
    (drop / "en-cours.part").write_bytes(b"pas encore")
    (drop / "dossier.jsonl").mkdir()

    reports = visit(town, context, drop)

    assert [report.refusal is None for report in reports] == [False, True]
    assert names(drop) == {
        "en-cours.part",
        "done/nuit.JSONL",
        "done/nuit.report.json",
        "done/nuit.report.txt",
        "refused/coupé.jsonl",
        "refused/coupé.report.json",
        "refused/coupé.report.txt",
    }
    done = json.loads((drop / "done/nuit.report.json").read_text(encoding="utf-8"))
    counts = {name: done[name] for name in ("received", "imported", "duplicate", "quarantined")}
    assert counts == {"received": 3, "imported": 1, "duplicate": 1, "quarantined": 1}
    assert [line["line"] for line in done["quarantine"]] == [2]
    assert "FICHIER REFUSÉ" in (drop / "refused/coupé.report.txt").read_text(encoding="utf-8")
    assert requests_in(town) == [("D-1", 1, "pending")]
    assert visit(town, context, drop) == []


def test_the_same_name_each_night_keeps_every_night(town: Database, context: Context, drop: Path) -> None:
    for number in range(3):
        write(drop / "export.jsonl", [booking(f"D-{number}")], batch=f"n{number}")
        visit(town, context, drop)

    done = {name for name in names(drop) if name.endswith(".jsonl")}
    assert done == {"done/export.jsonl", "done/export-2.jsonl", "done/export-3.jsonl"}
    assert len(requests_in(town)) == 3


def test_a_file_that_a_stopped_program_had_claimed_is_taken_up_again(
    town: Database, context: Context, drop: Path
) -> None:
    (drop / "claimed").mkdir()
    write(drop / "claimed" / "hier.jsonl", [booking("D-1")], batch="hier")
    write(drop / "nuit.jsonl", [booking("D-2")], batch="nuit")

    assert [report.batch for report in visit(town, context, drop)] == ["hier", "nuit"]
    assert {"done/hier.jsonl", "done/nuit.jsonl"} <= names(drop)


def test_stopped_between_the_import_and_the_move_the_file_is_put_away_next_time_without_doubling(
    town: Database, context: Context, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(drop / "nuit.jsonl", [booking("D-1")])
    with monkeypatch.context() as patch:

        def stop(self: Path, target: Path) -> Path:
            if self.name == "nuit.jsonl":
                raise KeyboardInterrupt
            return Path(self).rename(target)

        patch.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            visit(town, context, drop)
    before = stored(town)

    (report,) = visit(town, context, drop)

    assert report.already_known
    assert stored(town) == before
    assert "done/nuit.jsonl" in names(drop)


def test_two_programs_at_once_pick_a_file_up_once(town: Database, context: Context, drop: Path) -> None:
    for number in range(4):
        write(drop / f"lot-{number}.jsonl", [booking(f"D-{number}")], batch=f"b{number}")
    meeting = threading.Barrier(3, timeout=60)
    reports: list[BatchReport] = []
    failures: list[BaseException] = []

    def work() -> None:
        own = open_database(town.engine.url)
        try:
            meeting.wait()
            reports.extend(visit(own, context, drop))
        except BaseException as failure:  # noqa: BLE001 (shown by the test's own thread)
            failures.append(failure)
        finally:
            own.dispose()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(report.batch for report in reports) == ["b0", "b1", "b2", "b3"]
    assert all(report.counts["imported"] == 1 for report in reports)
    assert stored(town)["request"] == 4


def test_a_file_of_another_portal_is_refused(town: Database, context: Context, drop: Path) -> None:
    write(drop / "nuit.jsonl", [booking("D-1")], portal="autre")

    (report,) = visit(town, context, drop)

    assert report.refusal is not None
    assert "autre" in report.refusal
    assert "refused/nuit.jsonl" in names(drop)
    assert requests_in(town) == []


def test_a_folder_out_of_reach_is_said_so(town: Database, context: Context, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="accessible"):
        visit(town, context, tmp_path / "absent")


def test_answers_are_dropped_whole_and_the_same_ones_twice_are_one_file(drop: Path) -> None:
    connector = FolderConnector(drop, portal="portail")
    answers = [Outgoing(f"k{number}", {"key": f"k{number}", "status": "accepted"}) for number in range(2)]

    for _ in range(2):
        assert [sent.error for sent in connector.send(answers, NOW)] == [None, None]

    (path,) = (drop / "answers").iterdir()
    found: list[Any] = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert found[0]["format"] == "guichet-answers"
    assert [line["key"] for line in found[1:-1]] == ["k0", "k1"]
    assert found[-1]["count"] == 2


def test_what_a_visit_brings_is_read_line_by_line(drop: Path) -> None:
    write(drop / "nuit.jsonl", [booking("D-1"), booking("D-2")])
    visits = FolderConnector(drop).deliveries()
    delivery: Delivery | RefusedDelivery = next(visits)
    assert not isinstance(delivery, RefusedDelivery)
    assert [line.number for line in delivery.items(1)] == [2]
    assert list(FolderConnector(drop).deliveries()) == []  # the first visit still holds the folder
    visits.close()  # type: ignore[attr-defined]
    assert [found.source for found in FolderConnector(drop).deliveries()] == ["nuit.jsonl"]
