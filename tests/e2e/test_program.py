"""The program as it is run: its own process, its own folder, nothing patched."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from guichet.models import schema
from guichet.models.database import open_database
from guichet.services.accounts import system_actor
from guichet.services.demo.build import DEMO_NOW, build
from guichet.services.demo.night import write_night_file
from guichet.services.transaction import Context
from tests.reports.reading import page_texts, qr_codes, whole_text

LONGEST_WAIT_SECONDS = 240


def guichet(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "guichet", *arguments],
        cwd=cwd,
        env=_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_WAIT_SECONDS,
        check=False,
    )


def _environment() -> Mapping[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": root, "QT_QPA_PLATFORM": "offscreen", "PYTHONIOENCODING": "utf-8"}


def values(answer: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a command printed; its error is shown where it failed."""
    assert answer.returncode == 0, answer.stderr or answer.stdout
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `guichet demo --headless` leaves behind."""
    folder = tmp_path_factory.mktemp("headless")
    answer = guichet("demo", "--headless", "--families", "10", cwd=folder)
    assert answer.returncode == 0, answer.stderr
    assert "Import de la nuit" in answer.stdout
    return folder / "demo-output"


def test_the_demonstration_leaves_the_papers_of_its_day(day: Path) -> None:
    summary = json.loads((day / "journee.json").read_text(encoding="utf-8"))
    assert summary["received"] == summary["imported"] + summary["duplicate"] + summary["quarantined"] > 0
    assert summary["findings"] == []
    assert all((day / name).stat().st_size for name in summary["files"])
    invoices = sorted((day / "factures").glob("AL-*.pdf"))
    assert len(invoices) == summary["invoices"] > 0
    assert len(list((day / "attestations").glob("attestation-*.pdf"))) == summary["attestations"] > 0
    assert "Import des demandes" in whole_text((day / "import.pdf").read_bytes())


def test_an_invoice_of_the_demonstration_can_be_paid_from_its_coupon(day: Path) -> None:
    unpaid = [
        path.read_bytes()
        for path in (day / "factures").glob("AL-*.pdf")
        if "Talon" in whole_text(path.read_bytes())
    ]
    assert unpaid
    pdf = unpaid[0]
    last_page = len(page_texts(pdf)) - 1
    (payload,) = qr_codes(pdf, last_page)
    assert payload.startswith(("https://", "GUICHET\n"))


def test_every_page_of_the_desktop_has_its_picture(day: Path) -> None:
    pictures = sorted((day / "ecrans").glob("*.png"))
    pages = {path.name.rsplit("-", 2)[0] for path in pictures}
    assert {"home", "requests", "families", "billing", "attestations"} <= pages
    for path in pictures:
        with Image.open(path) as picture:
            colours = picture.convert("RGB").getcolors(maxcolors=2**24)
            assert picture.width > 1000
            assert colours is not None
            assert len(colours) > 50  # a page that drew nothing has a handful


def test_the_base_it_leaves_is_sound_and_says_the_statement_of_the_source_documents(day: Path) -> None:
    url = f"sqlite:///{(day / 'guichet-demo.db').as_posix()}"
    assert values(guichet("--database", url, "verify", "--json", cwd=day))["clean"] is True
    said = guichet("--database", url, "statement", "1001001818331", "--school-year", "2014-2015", cwd=day)
    assert said.returncode == 0
    text = " ".join(said.stdout.split())
    for expected in ("AL-36 08/04/2015", "AL-228 08/04/2015", "AL-12 08/04/2015", "120,60 €", "243,20 €"):
        assert expected in text


def test_an_import_killed_half_way_and_started_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "town.db"
    url = f"sqlite:///{path.as_posix()}"
    database = open_database(url)
    schema.upgrade(database)
    build(database, families=12)
    night = write_night_file(database, Context(system_actor(), DEMO_NOW), tmp_path / "night", requests=2000)
    database.dispose()
    before = _counts(path)

    process = subprocess.Popen(
        [sys.executable, "-m", "guichet", "--database", url, "import", str(night)],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_started(path, process)
    finally:
        process.kill()
        process.wait()
    assert 0 < _counts(path)["lines"] - before["lines"] < 2000

    report = values(guichet("--database", url, "import", str(night), "--json", cwd=tmp_path))
    assert report["received"] == report["imported"] + report["duplicate"] + report["quarantined"] == 2000
    after = _counts(path)
    assert after["lines"] - before["lines"] == 2000
    assert after["requests"] - before["requests"] == report["imported"]
    assert after["repeated"] == 0
    assert values(guichet("--database", url, "verify", "--json", cwd=tmp_path))["clean"] is True


def _wait_until_started(path: Path, process: "subprocess.Popen[bytes]") -> None:
    """Come back once some lines of the night are committed and the import is still at work."""
    limit = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < limit:
        assert process.poll() is None, "the import ended before it could be killed"
        with sqlite3.connect(path, timeout=30) as connection:
            (received,) = connection.execute("SELECT max(received) FROM import_batch").fetchone()
        connection.close()
        if received >= 500:
            return
        time.sleep(0.02)
    raise TimeoutError("the import committed nothing")


def _counts(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path, timeout=30)
    queries = {
        "lines": "SELECT count(*) FROM import_line",
        "requests": "SELECT count(*) FROM request",
        "repeated": "SELECT count(*) - count(DISTINCT portal || '/' || external_id || '/' || revision) FROM request",
    }
    found = {name: connection.execute(query).fetchone()[0] for name, query in queries.items()}
    connection.close()
    return found
