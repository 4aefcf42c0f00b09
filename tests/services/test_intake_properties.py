"""Any file: counts add up, twice is once, one revision of a request carries it on, and damage never half-imports."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from guichet.models.database import Database
from guichet.models.requests import ImportLine, Request, RequestState
from guichet.services.intake import import_path
from guichet.services.transaction import Context
from tests.services.exchange_town import attachment, booking, build_town, exchange, stored

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
NAMES = count(1)


@pytest.fixture
def town(database: Database) -> Database:
    build_town(database)
    return database


def damaged(line: dict[str, Any], where: int, value: int) -> bytes:
    raw = bytearray(json.dumps(line, ensure_ascii=False).encode())
    raw[where % len(raw)] = value
    return bytes(raw).replace(b"\n", b" ")


valid = st.builds(
    lambda number, revision, child, comment, pieces: booking(
        f"D-{number}",
        revision,
        child=child,
        payload=booking()["payload"] | ({"comment": comment} if comment is not None else {}),
        attachments=[attachment(piece) for piece in pieces],
    ),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(["E1", "E2", "E9"]),
    st.none() | st.text(max_size=20),
    st.lists(st.binary(max_size=10), max_size=2),
)
withdrawals = st.builds(
    lambda number, target: {
        "id": f"W-{number}",
        "revision": 1,
        "kind": "withdrawal",
        "submitted_at": "2026-03-17T20:15:00Z",
        "family": "1001",
        "refers_to": f"D-{target}",
    },
    st.integers(1, 3),
    st.integers(1, 4),
)
garbage = st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b" "))
any_line = st.one_of(
    valid, withdrawals, garbage, st.builds(damaged, valid, st.integers(0, 10_000), st.integers(0, 255))
)


def revisions(town: Database, portal: str) -> dict[str, list[RequestState]]:
    found: dict[str, list[RequestState]] = {}
    with town.reading() as session:
        for row in session.execute(
            select(Request.external_id, Request.state).where(Request.portal == portal)
        ):
            found.setdefault(row.external_id, []).append(row.state)
    return found


@SHARED
@given(st.lists(any_line, max_size=12), st.lists(any_line, max_size=6))
def test_every_line_of_any_file_has_one_outcome_and_twice_is_once(
    town: Database,
    context: Context,
    tmp_path: Path,
    lines: list[dict[str, Any] | bytes],
    more: list[dict[str, Any] | bytes],
) -> None:
    portal = f"p{next(NAMES):06}"
    path = tmp_path / "night.jsonl"
    for batch, content in (("a", lines), ("b", [*lines, *more])):
        path.write_bytes(exchange(content, batch, portal=portal))
        report = import_path(town, context, path)
        assert report.received == len(content)
        assert report.received == report.imported + report.duplicate + report.quarantined
        with town.reading() as session:
            numbers = session.scalars(
                select(ImportLine.number).where(ImportLine.batch_id == report.batch_id)
            ).all()
        assert sorted(numbers) == list(range(1, len(content) + 1))

        before = stored(town), revisions(town, portal)
        again = import_path(town, context, path)
        assert again.counts == {
            "received": len(content),
            "imported": 0,
            "duplicate": len(content),
            "quarantined": 0,
        }
        assert (stored(town), revisions(town, portal)) == before
    for states in revisions(town, portal).values():
        assert sum(state is not RequestState.SUPERSEDED for state in states) == 1


@SHARED
@given(st.lists(valid, min_size=1, max_size=4), st.data())
def test_a_damaged_file_imports_all_its_lines_or_none(
    town: Database, context: Context, tmp_path: Path, lines: list[dict[str, Any]], data: st.DataObject
) -> None:
    portal = f"p{next(NAMES):06}"
    whole = bytearray(exchange([*lines], "a", portal=portal))
    start = data.draw(st.integers(0, len(whole)))
    removed = data.draw(st.integers(0, 40))
    added = data.draw(st.binary(max_size=20))
    whole[start : start + removed] = added
    path = tmp_path / "night.jsonl"
    path.write_bytes(bytes(whole))

    report = import_path(town, context, path)

    with town.reading() as session:
        kept = session.scalar(
            select(func.count()).select_from(ImportLine).where(ImportLine.batch_id == report.batch_id)
        )
    assert kept == report.received
    if report.refusal is None:
        assert report.received == len(lines)
    else:
        assert revisions(town, portal) == {}
        assert set(report.counts.values()) == {0}
