"""The benchmarks: each one is given an empty base, makes its stated data there, and measures.

`python -m bench.cases NAME URL` runs one and prints its measures as JSON lines; `python -m bench` shows them.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import select

from bench import town
from bench.collecting import collecting
from bench.measure import Measure, hand_over, timed
from guichet.models import schema
from guichet.models.database import Database, open_database
from guichet.models.people import Family
from guichet.rules.text import paris_day
from guichet.services import families, intake, invoice_documents, invoices, pricing, transaction
from guichet.services.accounts import system_actor
from guichet.services.demo.build import DEMO_NOW, build
from guichet.services.demo.night import write_night_file
from guichet.services.demo.people import invent, load_names, write_households
from guichet.services.demo.writing import Writer
from guichet.services.transaction import Context

BOTH = ("sqlite", "postgresql")


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


def type_ahead(database: Database) -> None:
    """Search as a person types, letter by letter, among 10,000 families."""
    with database.writing() as session:
        households = invent(Random(1), load_names(), 10_000, paris_day(DEMO_NOW))
        write_households(Writer(session, DEMO_NOW), households)
    who = Context(system_actor("bench"), DEMO_NOW)
    with database.reading() as session:
        labels = session.execute(select(Family.label).order_by(Family.id).limit(40)).scalars().all()
    typed = [label[:length] for label in labels for length in range(1, min(len(label), 8) + 1)]
    times = []
    with timed(f"search, {len(typed)} keys struck", len(typed), "searches") as whole:
        for text in typed:
            start = time.perf_counter()
            transaction.read(database, who, families.search, families.FamilyQuery(text=text))
            times.append(time.perf_counter() - start)
    hand_over(whole)
    slowest = Measure("the slowest of them", wall=max(times), cpu=whole.cpu / len(typed))
    slowest.wall_under(0.05)
    hand_over(slowest)
    hand_over(Measure("the median", wall=statistics.median(times), cpu=whole.cpu / len(typed)))


def start_up(database: Database) -> None:
    """Start the desktop on the demonstration town until the first page shows its data, cold then warm."""
    build(database, families=300)
    url = database.engine.url.render_as_string(hide_password=False)
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    for temper in ("first start", "second start", "third start (warm)"):
        before = os.times()
        with timed(f"window usable, {temper}") as measure:
            subprocess.run([sys.executable, "-m", "bench.start_up", url], env=environment, check=True)
        after = os.times()
        measure.cpu = sum(after[2:4]) - sum(before[2:4])  # of the desktop, not ours
        measure.peak_mib = None
    measure.wall_under(0.8)
    hand_over(measure)


def _lists(database: Database) -> None:
    """Qt is loaded for the cases of the window only: the others measure memory."""
    from bench.lists import lists

    lists(database)


def _deciding(database: Database) -> None:
    from bench.deciding import accept_one_by_one

    accept_one_by_one(database)


CASES = {
    case.name: case
    for case in (
        Case("billing", "1,000 families, 20,000 charges in the month, 240,000 in the year", billing),
        Case("printing", "1,000 families, 20,000 charges, one page an invoice", printing),
        Case("collecting", "2,000 families of a child under six, a month of 40,000 charges", collecting),
        Case("import", "demonstration town of 1,000 families, a night of 20,000 requests", intake_of_a_night),
        Case("type-ahead", "10,000 invented families, some 35,000 people", type_ahead),
        Case("lists", "100,000 families of two, offscreen", _lists),
        Case("deciding", "10,000 families, 20,000 requests, the key to the next on screen", _deciding),
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
