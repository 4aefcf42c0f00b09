"""The stated data of billing: families of one child in one ALSH priced by QF brackets, months of bookings."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from guichet.models.bookings import Booking, Enrolment
from guichet.models.database import Database
from guichet.models.money import Bracket, Regie, Tariff
from guichet.models.offer import Activity, ActivityType, Slot
from guichet.models.people import Family, Membership, Person, Quotient
from guichet.rules.permissions import Role
from guichet.services.transaction import Actor, Context

NOW = datetime(2026, 4, 8, 8, 0, tzinfo=UTC)
FIRST_MONTH = date(2026, 3, 1)
MONTH_DAYS = 28
LONG_AGO, FAR_AHEAD = date(2020, 1, 1), date(2030, 1, 1)
KEYS = {"search_key": "x", "sort_key": "x"}


def context() -> Context:
    """An administrator, on the stated day."""
    actor = Actor("bench", "Banc d’essai", frozenset({Role.ADMINISTRATOR}), workstation="bench")
    return Context(actor, NOW)


def month(back: int) -> tuple[date, date]:
    """First and last day of the billed month, `back` months of 28 days before."""
    start = FIRST_MONTH - timedelta(days=MONTH_DAYS * back)
    return start, start + timedelta(days=MONTH_DAYS - 1)


def build(database: Database, families: int, months: int, bookings_a_month: int) -> None:
    """Write the town and its bookings: `months` months, the billed one being the last."""
    ids = range(1, families + 1)
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
        tariff = {"id": 1, "code": "T", "name": "ALSH", "activity_id": 1, "method": "qf_brackets"}
        rows(Tariff, [tariff | {"valid_from": LONG_AGO}])
        rows(
            Bracket,
            [
                {"tariff_id": 1, "qf_from": 300 * n, "qf_below": 300 * (n + 1), "amount_cents": 300 + n}
                for n in range(8)
            ],
        )
        rows(Person, [{"id": n, "first_name": "Dominique", "last_name": f"Adulte{n}", **KEYS} for n in ids])
        child = {"first_name": "Camille", "birth_date": date(2021, 1, 2), **KEYS}
        rows(Person, [child | {"id": families + n, "last_name": f"Enfant{n}"} for n in ids])
        rows(
            Family,
            [
                {
                    "id": n,
                    "number": f"{n:06d}",
                    "label": f"Famille {n}",
                    "payer_id": n,
                    "town": "Ville",
                    **KEYS,
                }
                for n in ids
            ],
        )
        rows(Membership, [{"family_id": n, "person_id": n, "role": "adult"} for n in ids])
        rows(Membership, [{"family_id": n, "person_id": families + n, "role": "child"} for n in ids])
        rows(
            Quotient,
            [{"family_id": n, "source": "caf", "value": n * 7 % 2400, "valid_from": LONG_AGO} for n in ids],
        )
        enrolment = {"activity_id": 1, "starts_on": LONG_AGO, "ends_on": FAR_AHEAD, "state": "active"}
        rows(Enrolment, [enrolment | {"id": n, "child_id": families + n, "family_id": n} for n in ids])
        booking = {"activity_id": 1, "slot_id": 1, "state": "booked", "attendance": "present"}
        for back in range(months):
            start, _ = month(back)
            rows(
                Booking,
                [
                    booking
                    | {
                        "enrolment_id": n,
                        "child_id": families + n,
                        "family_id": n,
                        "date": start + timedelta(days=day),
                    }
                    for n in ids
                    for day in range(bookings_a_month)
                ],
            )
