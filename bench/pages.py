"""Every page of the window on a large town: how long until it shows its data, and how much memory the visits leave."""

import os
import re
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop, QSettings
from PySide6.QtWidgets import QApplication
from sqlalchemy import text

from bench import deciding, town
from bench.measure import Measure, hand_over
from guichet.models.database import Database, open_database
from guichet.services import invoices, transaction
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.window import MainWindow, Place

MONTHS, BOOKINGS_A_MONTH = 2, 12
PAINT_LIMIT = 0.15
VISITS = 5
FIRST_PAGE = "journal"  # comes with the window and pays for what all share; the others are timed alone
LEAK_LIMIT_MIB = 10
_STATUS = Path("/proc/self/status")


def visit_pages(database: Database) -> None:
    """Open each page once and time it, then all of them again and again and weigh the process."""
    deciding.build(database, months=MONTHS, bookings_a_month=BOOKINGS_A_MONTH)
    # The month before is invoiced, the last one is still to be.
    transaction.run(database, town.context(), invoices.issue, invoices.IssueInvoices(*town.month(1)))
    if not database.is_sqlite:
        # As its autovacuum does within the minute on a server in use.
        with database.writing() as session:
            session.execute(text("ANALYZE"))
    with tempfile.TemporaryDirectory() as folder:
        window = _open_window(database.engine.url.render_as_string(hide_password=False), Path(folder))
        for name, entry in window.entries.items():
            if name == FIRST_PAGE:
                continue
            start = time.perf_counter()
            entry.load()
            hand_over(Measure(f"{entry.title}: its modules loaded, once", time.perf_counter() - start))
            first = _shown(window, name, f"{entry.title}: from the wish to its data painted")
            first.wall_under(PAINT_LIMIT)
            hand_over(first)
            settle(window.tools.desk)
        _weigh(window)
        window.close()


def _open_window(url: str, folder: Path) -> MainWindow:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    window = build_window(
        open_database(url),
        town.context().actor,
        lambda: town.NOW,
        Place("Ville", "Banc"),
        Theme(application, Look.LIGHT),
        Messages(application),
        QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat),
    )
    window.resize(1440, 900)
    first = window.entries[FIRST_PAGE]
    first.load()
    window.show()
    hand_over(_shown(window, FIRST_PAGE, f"{first.title}: with the window itself"))
    settle(window.tools.desk)
    return window


def _shown(window: MainWindow, name: str, work: str) -> Measure:
    """From the wish to see a page until all that it first asks has come and is painted."""
    start, cpu = time.perf_counter(), time.process_time()
    window.go(Destination(name))
    while not window.tools.desk.idle:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    QCoreApplication.processEvents()
    window.current_page.repaint()
    return Measure(work, time.perf_counter() - start, time.process_time() - cpu)


def _weigh(window: MainWindow) -> None:
    """Memory once every page was seen, and what further visits add: a page that keeps what it showed would grow."""
    if not _STATUS.exists():
        return
    first = _resident_mib()
    hand_over(Measure("every page visited once: memory in use", peak_mib=first))
    for _ in range(VISITS):
        for name in window.entries:
            window.go(Destination(name))
            window.current_page.reload()
            settle(window.tools.desk)
    after = Measure(f"every page read again {VISITS} times: memory in use", peak_mib=_resident_mib())
    grown = after.peak_mib - first if after.peak_mib is not None else 0.0
    after.limit, after.reached = f"< {LEAK_LIMIT_MIB} MiB more", grown < LEAK_LIMIT_MIB
    hand_over(after)


def _resident_mib() -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024
