"""The demonstration's whole day without a window: what comes out of it, and that nothing is lost on the way."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from guichet.models import schema
from guichet.models.database import open_database
from guichet.models.money import Attestation, Invoice
from guichet.models.requests import Outbox, OutboxState, Request
from guichet.portal.folder import FolderConnector
from guichet.services import intake
from guichet.services.accounts import system_actor
from guichet.services.demo.build import DEMO_NOW, build
from guichet.services.demo.day import DayReport, import_night, run_day
from guichet.services.intake_batch import no_progress
from guichet.services.transaction import Context
from tests.reports.reading import page_texts, whole_text


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DayReport]:
    """A day of a small town, and the folder it left."""
    folder = tmp_path_factory.mktemp("day")
    database = open_database(f"sqlite:///{(folder / 'demo.db').as_posix()}")
    schema.upgrade(database)
    build(database, families=15)
    report = run_day(database, folder / "output", requests=150)
    database.dispose()
    return folder, report


def test_every_line_of_the_night_is_accounted_for(day: tuple[Path, DayReport]) -> None:
    folder, report = day
    assert report.received == 150 == report.imported + report.duplicate + report.quarantined
    assert report.accepted > 0
    assert report.left_to_agents > 0
    summary = json.loads((folder / "output" / "journee.json").read_text(encoding="utf-8"))
    assert summary["received"] == 150
    assert summary["invoiced_cents"] == report.invoiced_cents


def test_nothing_is_broken_at_the_end_of_the_day(day: tuple[Path, DayReport]) -> None:
    assert day[1].findings == ()


def test_the_papers_are_those_of_the_rows(day: tuple[Path, DayReport]) -> None:
    folder, report = day
    output = folder / "output"
    assert all(path.stat().st_size for path in report.files)
    database = open_database(f"sqlite:///{(folder / 'demo.db').as_posix()}")
    with database.reading() as session:
        labels = set(
            session.scalars(
                select(Invoice.label).where(func.strftime("%Y-%m", Invoice.period_start) == "2026-02")
            )
        )
        attested = session.scalar(select(func.count()).select_from(Attestation))
    database.dispose()
    printed = {path.stem for path in (output / "factures").glob("AL-*.pdf")}
    assert printed == labels
    assert len(labels) == report.invoices > 0
    together = page_texts((output / "factures" / "factures.pdf").read_bytes())
    assert sum("Page 1/" in page for page in together) == report.invoices
    assert (
        len(list((output / "attestations").glob("attestation-2025-*.pdf"))) == attested == report.attestations
    )
    statement = whole_text((output / "releve-1001001818331-2014-2015.pdf").read_bytes())
    assert "AL-36 08/04/2015 Facture : 01/04/2015 - 30/04/2015 Régie garderie ALSH 120,60 €" in statement
    batch = whole_text((output / "import.pdf").read_bytes())
    assert "Import des demandes" in batch
    assert "Lignes mises de côté" in batch


def test_families_are_answered_and_the_file_is_put_away(day: tuple[Path, DayReport]) -> None:
    folder, report = day
    exchange = folder / "output" / "echanges"
    assert [path.suffixes for path in sorted((exchange / "done").iterdir())]
    assert not list(exchange.glob("*.jsonl"))
    database = open_database(f"sqlite:///{(folder / 'demo.db').as_posix()}")
    with database.reading() as session:
        sent = session.scalar(
            select(func.count())
            .select_from(Outbox)
            .where(Outbox.state == OutboxState.SENT, Outbox.sent_at > DEMO_NOW)
        )
        queued = session.scalar(
            select(func.count()).select_from(Outbox).where(Outbox.state == OutboxState.QUEUED)
        )
    database.dispose()
    assert (sent, queued) == (report.answers_sent, 0)
    answers = [
        json.loads(line)
        for path in (exchange / "answers").glob("*.jsonl")
        for line in path.read_bytes().splitlines()
    ]
    assert sum("status" in answer for answer in answers) == report.answers_sent > 0


def test_the_same_night_again_changes_nothing(day: tuple[Path, DayReport], tmp_path: Path) -> None:
    folder, _report = day
    database = open_database(f"sqlite:///{(folder / 'demo.db').as_posix()}")
    night = next((folder / "output" / "echanges" / "done").glob("*.jsonl"))
    with database.reading() as session:
        before = session.execute(
            select(Request.id, Request.state, Request.version).order_by(Request.id)
        ).all()
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / night.name).write_bytes(night.read_bytes())
    # The town has lived since: the portal's file is given again as it was, not drawn anew.
    for delivery in FolderConnector(drop).deliveries():
        again = intake.take_in(database, Context(system_actor(), DEMO_NOW), delivery, no_progress)
        assert (again.received, again.imported) == (again.duplicate, 0)
    with database.reading() as session:
        after = session.execute(select(Request.id, Request.state, Request.version).order_by(Request.id)).all()
    database.dispose()
    assert after == before


def test_the_desktop_finds_the_night_already_imported(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{(tmp_path / 'demo.db').as_posix()}")
    schema.upgrade(database)
    build(database, families=5)
    reports = import_night(database, tmp_path / "night", requests=40)
    assert [report.received for report in reports] == [40]
    with database.reading() as session:
        came = select(func.count()).select_from(Request).where(Request.imported_at == DEMO_NOW)
        assert session.scalar(came) == reports[0].imported
    database.dispose()
