"""Numbers of a series: continuous, never twice, given back by a transaction that fails."""

import threading

import pytest
from sqlalchemy import Select, select

from guichet.models.database import Database
from guichet.models.settings import Counter
from guichet.services import numbering


def _take(database: Database, count: int = 1) -> int:
    with database.writing() as session:
        return numbering.take(session, "AL", "invoice", count)


def test_a_series_begins_at_its_start_and_leaves_no_gap(database: Database) -> None:
    with database.writing() as session:
        numbering.start_at(session, "AL", "payment", 228)
        assert numbering.take(session, "AL", "payment") == 228
        assert numbering.take(session, "AL", "payment", 3) == 229
        assert numbering.take(session, "AL", "payment") == 232
        numbering.start_at(session, "AL", "payment", 1)  # begun: its start stands
        assert numbering.take(session, "AL", "payment") == 233
    assert _take(database) == 1  # another kind counts apart


def test_a_failed_document_gives_its_number_back(database: Database) -> None:
    assert _take(database) == 1

    class Crash(Exception):
        pass

    def crash() -> None:
        with database.writing() as session:
            numbering.take(session, "AL", "invoice")
            raise Crash

    with pytest.raises(Crash):
        crash()
    assert _take(database) == 2


def _race(database: Database, desks: int, turns: int) -> list[int]:
    taken: list[int] = []
    start = threading.Barrier(desks)

    def desk() -> None:
        start.wait()
        taken.extend(_take(database) for _ in range(turns))

    threads = [threading.Thread(target=desk) for _ in range(desks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def test_desks_at_once_never_take_the_same_number(database: Database) -> None:
    assert sorted(_race(database, desks=4, turns=10)) == list(range(1, 41))
    with database.reading() as session:
        assert session.scalar(select(Counter.next_number)) == 41


def test_without_the_lock_two_desks_take_the_same_number(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the lock is there: two desks read the counter before either writes it."""
    assert _take(postgresql_database) == 1
    monkeypatch.setattr(Select, "with_for_update", lambda self, **_: self)
    read = threading.Barrier(2)
    locked = numbering._locked

    def both_read(session: object, series: str, kind: str) -> tuple[int, int]:
        row = locked(session, series, kind)  # type: ignore[arg-type]
        read.wait(timeout=20)
        return row

    monkeypatch.setattr(numbering, "_locked", both_read)
    assert _race(postgresql_database, desks=2, turns=1) == [2, 2]
