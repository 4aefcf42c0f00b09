"""Price and issue a month of 20,000 charges for 1,000 families, on SQLite and, where installed, on PostgreSQL."""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from guichet.models import schema
from guichet.models.bookings import Booking, Enrolment
from guichet.models.database import Database, open_database
from guichet.models.money import Bracket, Regie, Tariff
from guichet.models.offer import Activity, ActivityType, Slot
from guichet.models.people import Family, Membership, Person, Quotient
from guichet.rules.permissions import Role
from guichet.services import invoice_documents, invoices, pricing, transaction
from guichet.services.transaction import Actor, Context

MONTH = (date(2026, 3, 1), date(2026, 3, 31))
NOW = datetime(2026, 4, 8, 8, 0, tzinfo=UTC)


def context() -> Context:
    actor = Actor("bench", "Banc d’essai", frozenset({Role.ADMINISTRATOR}), workstation="bench")
    return Context(actor, NOW)


@contextmanager
def timed(label: str) -> Iterator[None]:
    """Print wall time, CPU of this process, and peak memory so far."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{label:<52} {time.perf_counter() - wall:7.2f} s wall {time.process_time() - cpu:7.2f} s CPU"
        f" {peak:7.0f} MiB peak"
    )


def build(database: Database, families: int, months: int, per_month: int) -> None:
    """Families of one child in one ALSH by brackets, `per_month` bookings each, ending with the billed month."""
    with database.writing() as session:

        def rows(table: type[Any], values: list[dict[str, Any]]) -> None:
            session.execute(insert(table.__table__), values)

        rows(
            Regie,
            [{"id": 1, "code": "AL", "name": "Régie", "series": "AL", "modes": ["cheque"], "due_days": 22}],
        )
        rows(ActivityType, [{"id": 1, "code": "L", "name": "Loisirs"}])
        rows(Activity, [{"id": 1, "code": "A", "name": "ALSH", "type_id": 1, "regie_id": 1}])
        rows(Slot, [{"id": 1, "activity_id": 1, "code": "J", "name": "Journée"}])
        rows(
            Tariff,
            [
                {
                    "id": 1,
                    "code": "T",
                    "name": "ALSH",
                    "activity_id": 1,
                    "method": "qf_brackets",
                    "valid_from": date(2020, 1, 1),
                }
            ],
        )
        rows(
            Bracket,
            [
                {
                    "tariff_id": 1,
                    "qf_from": 300 * step,
                    "qf_below": 300 * (step + 1),
                    "amount_cents": 300 + step,
                }
                for step in range(8)
            ],
        )
        ids = range(1, families + 1)
        key = {"search_key": "x", "sort_key": "x"}
        rows(Person, [{"id": n, "first_name": "A", "last_name": f"Adulte{n}", **key} for n in ids])
        rows(
            Person,
            [
                {
                    "id": families + n,
                    "first_name": "E",
                    "last_name": f"Enfant{n}",
                    "birth_date": date(2021, 1, 2),
                }
                | key
                for n in ids
            ],
        )
        rows(
            Family,
            [
                {
                    "id": n,
                    "number": f"{n:06d}",
                    "label": f"Famille {n}",
                    "payer_id": n,
                    "town": "Ville",
                    **key,
                }
                for n in ids
            ],
        )
        rows(Membership, [{"family_id": n, "person_id": n, "role": "adult"} for n in ids])
        rows(Membership, [{"family_id": n, "person_id": families + n, "role": "child"} for n in ids])
        rows(
            Quotient,
            [
                {"family_id": n, "source": "caf", "value": n * 7 % 2400, "valid_from": date(2020, 1, 1)}
                for n in ids
            ],
        )
        rows(
            Enrolment,
            [
                {
                    "id": n,
                    "child_id": families + n,
                    "family_id": n,
                    "activity_id": 1,
                    "starts_on": date(2020, 1, 1),
                    "ends_on": date(2030, 1, 1),
                    "state": "active",
                }
                for n in ids
            ],
        )
        first = MONTH[0]
        for back in range(months):
            start = (first - timedelta(days=28 * back)) if back else first
            rows(
                Booking,
                [
                    {
                        "enrolment_id": n,
                        "child_id": families + n,
                        "family_id": n,
                        "activity_id": 1,
                        "slot_id": 1,
                        "date": start + timedelta(days=day) if not back else start + timedelta(days=day - 0),
                        "state": "booked",
                        "attendance": "present",
                    }
                    for n in ids
                    for day in range(per_month)
                ],
            )


def measure(database: Database, families: int, months: int, per_month: int) -> None:
    build(database, families, months, per_month)
    who = context()
    for back in range(months - 1, 0, -1):
        start = MONTH[0] - timedelta(days=28 * back)
        command = invoices.IssueInvoices(start, start + timedelta(days=27))
        transaction.run(database, who, invoices.issue, command)
    label = f"{families * per_month:,} charges, {months - 1} months before"
    with timed(f"price + issue {label}"):
        result = transaction.run(database, who, invoices.issue, invoices.IssueInvoices(*MONTH))
    print(f"    {len(result.invoices)} invoices, {result.total_cents} cents")
    with timed("price again, nothing to change"):
        transaction.run(database, who, pricing.price_period, pricing.PricePeriod(*MONTH))
    with timed("one invoice printed alone"):
        transaction.read(database, who, invoice_documents.pdf, (result.invoices[0].invoice_id,))
    ids = tuple(row.invoice_id for row in result.invoices)
    with timed(f"{len(ids)} invoices printed in one file"):
        transaction.read(database, who, invoice_documents.pdf, ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=1000)
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--per-month", type=int, default=20)
    parser.add_argument("--database", help="an empty database to use instead of a temporary SQLite file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(options.database or f"sqlite:///{Path(folder) / 'bench.db'}")
        schema.upgrade(database)
        try:
            measure(database, options.families, options.months, options.per_month)
        finally:
            database.dispose()


if __name__ == "__main__":
    main()
