"""The benchmarks: each one is given an empty base, makes its stated data there, and measures.

`python -m bench.cases NAME URL` runs one and prints its measures as JSON lines; `python -m bench` shows them.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import town
from bench.collecting import collecting
from bench.measure import Measure, hand_over, timed
from guichet.models import schema
from guichet.models.database import Database, open_database
from guichet.services import intake, invoice_documents, invoices, pricing, transaction
from guichet.services.accounts import system_actor
from guichet.services.demo.build import DEMO_NOW, build
from guichet.services.demo.night import write_night_file
from guichet.services.transaction import Context

BOTH = ("sqlite", "postgresql")
STARTS = 5
START_LIMIT = 0.8


@dataclass(frozen=True)
class Case:
    """A benchmark: what it measures, on which data and engines."""

    name: str
    data: str
    run: Callable[[Database], None]
    engines: tuple[str, ...] = BOTH


def billing(database: Database) -> None:
    """Price and issue a month, first with nothing before it, then after eleven months of history."""
    town.build(database, families=1000, months=12, bookings_a_month=20)
    who = town.context()
    limit = 1.0 if database.is_sqlite else 2.0
    for back in range(11, -1, -1):
        command = invoices.IssueInvoices(*town.month(back))
        history = 20_000 * (11 - back)
        with timed(f"price + issue 20,000 charges after {history:,}", 20_000, "charges") as measure:
            result = transaction.run(database, who, invoices.issue, command)
        if back in {11, 0}:
            measure.cpu_under(limit)
            hand_over(measure)
    assert len(result.invoices) == 1000
    assert result.lines == 20_000
    with timed("price again, nothing to change", 20_000, "charges") as measure:
        transaction.run(database, who, pricing.price_period, pricing.PricePeriod(*town.month(0)))
    hand_over(measure)


def printing(database: Database) -> None:
    """Print a month's invoices one by one, and in one file."""
    town.build(database, families=1000, months=1, bookings_a_month=20)
    who = town.context()
    issued = transaction.run(database, who, invoices.issue, invoices.IssueInvoices(*town.month(0))).invoices
    ids = tuple(invoice.invoice_id for invoice in issued)
    transaction.read(database, who, invoice_documents.pdf, ids[:1])  # the first one also loads the fonts
    with timed("one invoice printed alone") as measure:
        transaction.read(database, who, invoice_documents.pdf, ids[1:2])
    measure.wall_under(0.1)
    hand_over(measure)
    with timed("1,000 invoices in one file", len(ids), "pages") as measure:
        transaction.read(database, who, invoice_documents.pdf, ids)
    measure.rate_over(100)
    hand_over(measure)


def intake_of_a_night(database: Database) -> None:
    """Take in a file of 20,000 requests, then the same file again."""
    build(database, families=1000)
    who = Context(system_actor("bench"), DEMO_NOW)
    with tempfile.TemporaryDirectory() as folder:
        file = write_night_file(database, who, Path(folder), requests=20_000)
        with timed("import and propose 20,000 requests", 20_000, "requests") as measure:
            report = intake.import_path(database, who, file)
        measure.wall_under(5)
        hand_over(measure)
        assert report.received == report.imported + report.duplicate + report.quarantined
        with timed("the same file again", 20_000, "requests") as measure:
            again = intake.import_path(database, who, file)
        hand_over(measure)
        assert again.imported == 0


def start_up(database: Database) -> None:
    """Start the desktop on the demonstration town until its first page shows its data.

    Each start is a process of its own; the compiled modules and the base are warm, as on a workstation in use.
    """
    build(database, families=300)
    url = database.engine.url.render_as_string(hide_password=False)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        # What an installed program has: compiled modules, and folders of its own to write in.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": folder, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        environment["QT_QPA_PLATFORM"] = "offscreen"
        command = [sys.executable, "-m", "bench.start_up", url]
        for _ in range(STARTS + 1):
            before = os.times()
            with timed("") as measure:
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            times.append(
                (measure.wall, sum(after[2:4]) - sum(before[2:4]))
            )  # the CPU of the desktop, not ours
    warm = times[1:]
    for which, choose in (("best", min), ("median", statistics.median)):
        wall, cpu = (choose(each[place] for each in warm) for place in (0, 1))
        measure = Measure(f"from the command to the first page with its data: {which} of {STARTS}", wall, cpu)
        measure.wall_under(START_LIMIT)
        hand_over(measure)


def _lists(database: Database) -> None:
    """Qt is loaded for the cases of the window only: the others measure memory."""
    from bench.lists import lists

    lists(database)


def _keystrokes(database: Database) -> None:
    from bench.keystrokes import keystrokes

    keystrokes(database)


def _deciding(database: Database) -> None:
    from bench.deciding import accept_one_by_one

    accept_one_by_one(database)


def _pages(database: Database) -> None:
    from bench.pages import visit_pages

    visit_pages(database)


CASES = {
    case.name: case
    for case in (
        Case("billing", "1,000 families, 20,000 charges in the month, 240,000 in the year", billing),
        Case("printing", "1,000 families, 20,000 charges, one page an invoice", printing),
        Case("collecting", "2,000 families of a child under six, a month of 40,000 charges", collecting),
        Case("import", "demonstration town of 1,000 families, a night of 20,000 requests", intake_of_a_night),
        Case("keystrokes", "10,000 families, 18,000 children, 60,000 documents of each kind", _keystrokes),
        Case("lists", "100,000 families of two, offscreen", _lists),
        Case("deciding", "10,000 families, 20,000 requests, the key to the next on screen", _deciding),
        Case("pages", "10,000 families, 240,000 bookings, 20,000 requests, 10,000 invoices", _pages),
        Case("start-up", "demonstration town of 300 families, offscreen", start_up, ("sqlite",)),
    )
}


def main(name: str, url: str) -> None:
    database = open_database(url)
    try:
        schema.upgrade(database)
        CASES[name].run(database)
    finally:
        database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
