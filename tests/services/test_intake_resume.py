"""Killed half-way and started again, or done by two programs at once: nothing is lost, nothing is doubled."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from guichet.models.database import Database, open_database
from guichet.models.requests import BatchState, ImportBatch, ImportLine, Request
from guichet.services.intake import import_path
from guichet.services.transaction import Context
from tests.services.exchange_town import booking, build_town, line_outcomes, requests_in, stored, write

LINES = 1_100
CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import event
from guichet.models.database import open_database
from guichet.rules.permissions import Role
from guichet.services.intake import import_path
from guichet.services.transaction import Actor, Context

url, path, moment = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
database = open_database(url)
context = Context(Actor("kill", "Kill", frozenset({Role.ADMINISTRATOR})), datetime(2026, 3, 18, 8, tzinfo=UTC))

def before_commit(connection):
    # All of the second chunk is written, and not yet committed.
    received = connection.exec_driver_sql("SELECT max(received) FROM import_batch").scalar()
    if moment == "inside" and received == 1000:
        os.kill(os.getpid(), signal.SIGKILL)

def progress(done, total):
    if moment == "between" and done == 1000:
        os.kill(os.getpid(), signal.SIGKILL)
    if moment == "before the end" and done == total:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(database.engine, "commit", before_commit)
import_path(database, context, path, progress=progress)
"""


@pytest.fixture
def town(database: Database) -> Database:
    build_town(database)
    return database


def night(path: Path) -> Path:
    lines: list[dict[str, Any] | bytes] = [booking(f"D-{number}") for number in range(LINES)]
    lines[10] = b"{torn"
    lines[700] = booking("D-9")
    lines[1_050] = booking("D-8", revision=2)
    return write(path, lines)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL exists on POSIX only")
@pytest.mark.parametrize(
    ("moment", "committed"), [("between", 1_000), ("inside", 500), ("before the end", LINES)]
)
def test_an_import_killed_half_way_goes_on_where_it_stopped(
    town: Database, context: Context, tmp_path: Path, moment: str, committed: int
) -> None:
    path = night(tmp_path / "night.jsonl")
    url = town.engine.url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, url, str(path), moment],
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.returncode == -signal.SIGKILL
    with town.reading() as session:
        batch = session.scalars(select(ImportBatch)).one()
        assert batch.received == session.scalar(select(func.count()).select_from(ImportLine)) == committed
        assert batch.state is BatchState.RUNNING

    report = import_path(town, context, path)

    assert report.counts == {"received": LINES, "imported": LINES - 2, "duplicate": 1, "quarantined": 1}
    assert [number for number, _, _ in line_outcomes(town)] == list(range(1, LINES + 1))
    assert requests_in(town) == sorted(requests_in(town))
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == LINES - 2
        assert session.scalars(select(ImportBatch.state)).one() is BatchState.DONE
    before = stored(town)
    assert import_path(town, context, path).counts["duplicate"] == LINES
    assert stored(town) == before


def test_two_programs_on_one_file_import_each_line_once(
    town: Database, context: Context, tmp_path: Path
) -> None:
    path = night(tmp_path / "night.jsonl")
    meeting = threading.Barrier(2, timeout=60)
    failures: list[BaseException] = []

    def work() -> None:
        own = open_database(town.engine.url)
        try:
            meeting.wait()
            import_path(own, context, path)
        except BaseException as failure:  # noqa: BLE001 (shown by the test's own thread)
            failures.append(failure)
        finally:
            own.dispose()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert stored(town)["import_line"] == LINES
    with town.reading() as session:
        batch = session.scalars(select(ImportBatch)).one()
        assert (batch.received, batch.imported, batch.duplicate, batch.quarantined) == (
            LINES,
            LINES - 2,
            1,
            1,
        )
        assert batch.state is BatchState.DONE


def test_two_batches_with_the_same_requests_at_the_same_time_make_each_once(
    town: Database, context: Context, tmp_path: Path
) -> None:
    lines: list[dict[str, Any] | bytes] = [booking(f"D-{number}") for number in range(600)]
    paths = [write(tmp_path / f"{name}.jsonl", lines, batch=name) for name in ("a", "b")]
    meeting = threading.Barrier(2, timeout=60)
    counts: list[dict[str, int]] = []
    failures: list[BaseException] = []

    def work(path: Path) -> None:
        own = open_database(town.engine.url)
        try:
            meeting.wait()
            counts.append(import_path(own, context, path).counts)
        except BaseException as failure:  # noqa: BLE001 (shown by the test's own thread)
            failures.append(failure)
        finally:
            own.dispose()

    threads = [threading.Thread(target=work, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sum(count["imported"] for count in counts) == 600
    assert sum(count["duplicate"] for count in counts) == 600
    assert stored(town)["request"] == 600


def test_a_file_that_shrinks_during_its_import_is_noticed_and_can_be_finished(
    town: Database, context: Context, tmp_path: Path
) -> None:
    from guichet.rules.errors import EnvironmentProblem

    path = night(tmp_path / "night.jsonl")
    whole = path.read_bytes()

    def shrink(done: int, total: int) -> None:
        if done == 500:
            path.write_bytes(b"\n".join(whole.split(b"\n")[:400]))

    with pytest.raises(EnvironmentProblem, match="changé"):
        import_path(town, context, path, progress=shrink)

    path.write_bytes(whole)
    assert import_path(town, context, path).counts["received"] == LINES
    assert stored(town)["import_line"] == LINES
