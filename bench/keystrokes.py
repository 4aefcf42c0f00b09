"""From a key to its answer among 10,000 families: the search itself, the list of families, and the palette as seen."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QSettings, QTemporaryDir
from PySide6.QtWidgets import QApplication
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from bench.measure import Measure, hand_over
from guichet.models.database import Database
from guichet.models.money import DocumentOrigin, Invoice, InvoiceKind, Payment, PaymentMode, Regie
from guichet.models.people import Family
from guichet.models.requests import Origin, Request, RequestKind, RequestState
from guichet.rules.permissions import Role
from guichet.rules.text import paris_day
from guichet.services import families, search, transaction
from guichet.services.demo.build import DEMO_NOW
from guichet.services.demo.people import invent, load_names, write_households
from guichet.services.demo.writing import Writer
from guichet.services.transaction import Actor, Context
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.window import MainWindow, Place

FAMILIES = 10_000
DOCUMENTS = 60_000
LIMIT = 0.05
LAST_DAY = date(2026, 3, 1)
ACTOR = Actor("bench", "Banc d’essai", frozenset({Role.ADMINISTRATOR}), workstation="bench")
TYPED = (
    "martinez caroline",
    "lea martin",
    "éléonore",
    "d",
    "x",
    "e m",
    "zoé petit",
    "0639986",
    "06 39 98 63",
    "+33 6 39 98",
    "1001001904321",
    "E0043210",
    "caroline.m@courriel",
    "AL-4321",
    "R-2026-004321",
    "zzzzzz",
)


def keystrokes(database: Database) -> None:
    """Strike every key of every text typed, one after the other, and time each answer."""
    _write_town(database)
    who = Context(ACTOR, DEMO_NOW)

    def find(typed: str) -> None:
        transaction.read(database, who, search.everything, search.SearchQuery(typed))

    def list_families(typed: str) -> None:
        transaction.read(database, who, families.search, families.FamilyQuery(text=typed))

    _strike("search of everything", find)
    _strike("list of families, with its total", list_families)
    _strike_palette(database)


def _strike(what: str, answer: Callable[[str], None]) -> None:
    answer(" ")  # the first of a session also prepares its queries, as the palette does when it opens
    _report(what, [_timed(answer, typed) for typed in _keys()])


def _keys() -> list[str]:
    return [typed[:length] for typed in TYPED for length in range(1, len(typed) + 1)]


def _timed(answer: Callable[[str], None], typed: str) -> float:
    start = time.perf_counter()
    answer(typed)
    return time.perf_counter() - start


def _report(what: str, times: Sequence[float]) -> None:
    slowest = Measure(f"{what}: slowest of {len(times)} keys", wall=max(times))
    slowest.wall_under(LIMIT)
    hand_over(slowest)
    hand_over(Measure(f"{what}: median", wall=statistics.median(times)))


def _strike_palette(database: Database) -> None:
    """Each key is typed in the real window; its answer has come once it is painted."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    folder = QTemporaryDir()
    settings = QSettings(folder.filePath("window.ini"), QSettings.Format.IniFormat)
    window = build_window(
        database,
        ACTOR,
        lambda: DEMO_NOW,
        Place("Banc", "essai"),
        Theme(application, Look.LIGHT),
        Messages(application),
        settings,
    )
    window.show()
    settle(window.tools.desk)
    window.commands.open_over()
    settle(window.tools.desk)
    _report(
        "palette, from key to paint", [_timed(lambda typed: _type(window, typed), typed) for typed in _keys()]
    )
    window.close()


def _type(window: MainWindow, typed: str) -> None:
    palette = window.commands
    palette.field.setText(typed)
    palette.field.textEdited.emit(typed)
    while palette.waiting:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    palette.panel.repaint()


def _write_town(database: Database) -> None:
    with database.writing() as session:
        households = invent(Random(1), load_names(), FAMILIES, paris_day(DEMO_NOW))
        write_households(Writer(session, DEMO_NOW), households)
        session.flush()
        _write_numbers(session)
    if not database.is_sqlite:
        # As its autovacuum does within the minute on a server in use.
        with database.writing() as session:
            session.execute(text("ANALYZE"))


def _write_numbers(session: Session) -> None:
    """Invoices, payments and requests of some years."""
    ids = list(session.execute(select(Family.id).order_by(Family.id)).scalars())
    regie = Regie(code="AL", name="Régie enfance", series="AL", modes=["cheque"])
    session.add(regie)
    session.flush()

    def numbered(number: int) -> dict[str, Any]:
        return {
            "regie_id": regie.id,
            "series": "AL",
            "number": number,
            "label": f"AL-{number}",
            "origin": DocumentOrigin.GUICHET,
            "family_id": ids[number % len(ids)],
        }

    day = LAST_DAY
    numbers = range(1, DOCUMENTS + 1)
    invoice = {"kind": InvoiceKind.INVOICE, "debtor": "Mme Essai", "total_cents": 12060, "line_count": 0}
    dates = {"period_start": day, "period_end": day, "issued_on": day, "due_on": day + timedelta(30)}
    session.execute(insert(Invoice), [numbered(each) | invoice | dates | {"printed": {}} for each in numbers])
    payment = {"payer_name": "Mme Essai", "mode": PaymentMode.CHEQUE, "mode_label": "Chèque"}
    received = {"received_on": day, "amount_cents": 12060}
    session.execute(insert(Payment), [numbered(each) | payment | received for each in numbers])
    request = {"portal": "banc", "revision": 1, "payload_hash": "0" * 64, "payload": {}}
    state = {"kind": RequestKind.MESSAGE, "origin": Origin.PORTAL, "state": RequestState.ACCEPTED}
    session.execute(
        insert(Request),
        [
            request
            | state
            | {
                "external_id": f"R-2026-{each:06d}",
                "family_id": ids[each % len(ids)],
                "submitted_at": DEMO_NOW - timedelta(minutes=DOCUMENTS - each),
                "imported_at": DEMO_NOW,
                "search_key": f"r 2026 {each:06d}",
            }
            for each in numbers
        ],
    )
