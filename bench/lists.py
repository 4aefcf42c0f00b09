"""A list of 100,000 rows in the window: shown, jumped through, sorted, dragged, painted and exported."""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, Qt
from PySide6.QtWidgets import QApplication
from sqlalchemy import insert

from bench.measure import Measure, hand_over, timed
from guichet.models.database import Database
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.rules.names import family_search_key, person_search_key, person_sort_key
from guichet.rules.permissions import Role
from guichet.services import families
from guichet.services.demo.build import DEMO_NOW
from guichet.services.families import FamilyQuery, FamilyRow
from guichet.services.transaction import Actor
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.messages import Messages
from guichet.ui.page import Tools
from guichet.ui.preferences import Preferences
from guichet.ui.tables import Column
from guichet.ui.theme import Look, Theme
from guichet.ui.widgets.sql_list import SqlList

FAMILIES = 100_000
DRAG_STEPS = 300
PAUSE_LIMIT = 0.1
COLUMNS = (
    Column[FamilyRow]("Famille", lambda row: row.label, None, sort="label", bold=True),
    Column[FamilyRow]("Adultes", lambda row: row.adults, None),
    Column[FamilyRow]("Enfants", lambda row: row.children, None),
    Column[FamilyRow]("Numéro", lambda row: row.number, 13, sort="number"),
    Column[FamilyRow]("Téléphone", lambda row: row.phone, 16),
    Column[FamilyRow]("Courriel", lambda row: row.email, 24),
    Column[FamilyRow]("Ville", lambda row: row.town, 16, sort="town"),
)


def lists(database: Database) -> None:
    """Work in a list of 100,000 families as a person does."""
    _write_families(database)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme = Theme(application, Look.LIGHT)
    desk = Desk(database, Actor("bench", "Bench", frozenset({Role.ADMINISTRATOR})), lambda: DEMO_NOW)
    tools = Tools(desk, Messages(application), theme, Preferences(desk), Drafts(desk))
    listed = SqlList[FamilyRow](
        tools,
        families.search,
        COLUMNS,
        lambda row: row.family_id,
        name="Familles",
        empty="",
        noun="famille",
        filter_hint="Nom",
    )
    listed.resize(1400, 850)
    listed.show()
    try:
        _measure(listed, desk)
    finally:
        desk.close()


def _measure(listed: SqlList[FamilyRow], desk: Desk) -> None:
    _moved(listed, desk, "first page", lambda: listed.ask(FamilyQuery()))
    _moved(listed, desk, "jump to the last row", lambda: listed.table.select(FAMILIES - 1))
    _moved(listed, desk, "read again there", listed.reload)
    _moved(
        listed, desk, "sort by the number", lambda: listed.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    )
    bar = listed.table.verticalScrollBar()
    with timed(f"drag from the top to the bottom, {DRAG_STEPS} steps") as drag:
        pauses = [
            _pause(partial(bar.setValue, bar.maximum() * step // DRAG_STEPS)) for step in range(DRAG_STEPS)
        ]
        _wait(listed, desk)
    hand_over(drag)
    _longest_pause("longest pause of the window in it", pauses)
    with timed("paint a full screen of rows, 20 times", 20, "screens") as painted:
        for _ in range(20):
            listed.table.viewport().grab()
    painted.wall_under(20 * 0.03)
    hand_over(painted)
    with timed("select all, until it is painted") as selected:
        listed.table.selectAll()
        listed.grab()
    selected.wall_under(PAUSE_LIMIT)
    hand_over(selected)
    _export(listed, desk)


def _export(listed: SqlList[FamilyRow], desk: Desk) -> None:
    pauses: list[float] = []
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        file = Path(folder) / "familles.xlsx"
        with timed(f"export {FAMILIES:,} rows to Excel", FAMILIES, "rows") as exported:
            listed.export_to(file)
            while not desk.idle:
                pauses.append(_pause(lambda: None))
        exported.cpu_under(30)
        hand_over(exported)
        assert file.stat().st_size > 1_000_000
    # Python's own collections of garbage are most of it, on one interpreter for both threads.
    _longest_pause("longest pause of the window in it", pauses, 0.3)


def _moved(listed: SqlList[FamilyRow], desk: Desk, work: str, act: Callable[[], Any]) -> None:
    with timed(f"{work}, until its rows are shown") as measure:
        act()
        _wait(listed, desk)
    measure.wall_under(0.25)
    hand_over(measure)


def _wait(listed: SqlList[FamilyRow], desk: Desk) -> None:
    """Until the row under the cursor and every row on screen are read."""
    while True:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
        first, last = listed.table.visible_places()
        wanted = {*range(first, last + 1), max(0, listed.table.currentIndex().row())}
        if desk.idle and last > 0 and all(listed.model.row_at(place) for place in wanted):
            return


def _pause(act: Callable[[], Any]) -> float:
    """How long the window answers nothing else."""
    start = time.perf_counter()
    act()
    QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
    return time.perf_counter() - start


def _longest_pause(work: str, pauses: list[float], limit: float = PAUSE_LIMIT) -> None:
    measure = Measure(work, wall=max(pauses))
    measure.wall_under(limit)
    hand_over(measure)


def _write_families(database: Database) -> None:
    people, homes, members = [], [], []
    for number in range(1, FAMILIES + 1):
        name, adult, child = f"Nom{number * 7919 % FAMILIES:05d}", 2 * number - 1, 2 * number
        keys = []
        for person, first in ((adult, "Camille"), (child, "Noé")):
            key = person_search_key(last_name=name, first_name=first, phones=[], email=None, number=None)
            keys.append(key)
            people.append(
                {
                    "id": person,
                    "last_name": name,
                    "first_name": first,
                    "search_key": key,
                    "sort_key": person_sort_key(name, first),
                }
            )
        homes.append(
            {
                "id": number,
                "number": str(number),
                "label": name,
                "town": "Valmont",
                "search_key": family_search_key(str(number), name, keys),
                "sort_key": name.lower(),
            }
        )
        for rank, (person, role) in enumerate(((adult, MemberRole.ADULT), (child, MemberRole.CHILD))):
            members.append(
                {"family_id": number, "person_id": person, "role": role, "holder": not rank, "position": rank}
            )
    with database.writing() as session:
        session.execute(insert(Person), people)
        session.execute(insert(Family), homes)
        session.execute(insert(Membership), members)
