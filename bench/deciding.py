"""Deciding at the counter: from the key to the next request on screen, on the real page of a large town."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sqlalchemy import insert, select, update

from bench import town
from bench.measure import Measure, hand_over
from guichet.models.database import Database, open_database
from guichet.models.offer import Activity, Opening, Slot
from guichet.models.people import Person
from guichet.rules.permissions import Role
from guichet.services import intake
from guichet.services.accounts import system_actor
from guichet.services.transaction import Actor, Context
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.window import Place
from tests.services.exchange_town import write

FAMILIES, REQUESTS, DECISIONS = 10_000, 20_000, 60
FIRST_DAY = date(2026, 5, 6)
MORNING = datetime(2026, 4, 8, 7, 0, tzinfo=UTC)


def build(database: Database, months: int = 0, bookings_a_month: int = 0) -> None:
    """10,000 families of one child, their bookings, and 20,000 requests for two days each, which all fit."""
    town.build(database, FAMILIES, months, bookings_a_month)
    days = [FIRST_DAY + timedelta(days=7 * week) for week in range(4)]
    with database.writing() as session:
        session.execute(update(Person).values(number=Person.id))
        session.execute(update(Activity).values(needs_dossier=False))
        slot = session.scalars(select(Slot.id)).one()
        session.execute(insert(Opening), [{"activity_id": 1, "slot_id": slot, "date": day} for day in days])
    lines: list[dict[str, Any] | bytes] = [
        _line(number, days[number // FAMILIES * 2 :][:2]) for number in range(REQUESTS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        who = Context(system_actor("bench"), MORNING)
        report = intake.import_path(database, who, write(Path(folder) / "night.jsonl", lines, batch="night"))
    assert report.imported == REQUESTS, report


def _line(number: int, days: Sequence[date]) -> dict[str, Any]:
    family = number % FAMILIES + 1
    return {
        "id": f"D-{number:05d}",
        "revision": 1,
        "kind": "bookings",
        "submitted_at": (MORNING - timedelta(hours=12) + timedelta(seconds=number)).isoformat(),
        "family": f"{family:06d}",
        "child": str(FAMILIES + family),
        "payload": {"items": [{"activity": "A", "slot": "J", "date": day.isoformat()} for day in days]},
    }


def accept_one_by_one(database: Database) -> None:
    """Accept requests with one key each, and time each key until the next request is drawn."""
    build(database)
    url = database.engine.url.render_as_string(hide_password=False)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    theme = Theme(application, Look.LIGHT)
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
        actor = Actor("bench", "Banc d’essai", frozenset({Role.AGENT}), workstation="bench")
        window = build_window(
            open_database(url),
            actor,
            lambda: MORNING,
            Place("Ville", "Banc"),
            theme,
            Messages(application),
            settings,
        )
        window.resize(1440, 900)
        window.show()
        settle(window.tools.desk)
        window.go(Destination("requests"))
        settle(window.tools.desk)
        page: Any = window.current_page
        shown, written = [], []
        for _ in range(DECISIONS):
            before = page.view.detail.request_id
            start = time.perf_counter()
            QTest.keyClick(page.list.table, Qt.Key.Key_A)
            while page.view.detail is None or page.view.detail.request_id == before:
                QCoreApplication.processEvents()
            QCoreApplication.processEvents()
            page.view.repaint()
            shown.append(time.perf_counter() - start)
            while not window.tools.desk.idle:
                QCoreApplication.processEvents()
            written.append(time.perf_counter() - start)
            settle(window.tools.desk)
        window.close()
    for work, times, limit in (
        ("accept → next on screen, median", shown, 0.1),
        ("accept → decided, list and details read again, median", written, 0.0),
    ):
        measure = Measure(f"{work} of {DECISIONS}", wall=statistics.median(times))
        if limit:
            measure.wall_under(limit)
        hand_over(measure)
    slowest = Measure("the slowest of them on screen", wall=max(shown))
    slowest.wall_under(0.1)
    hand_over(slowest)
