"""Building the demonstration town in an empty base: the same seed gives the same town."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet import resources_access
from guichet.models.database import Database
from guichet.models.people import Family
from guichet.rules.errors import UserError
from guichet.rules.text import paris_day
from guichet.services import journal, settings, transaction
from guichet.services.accounts import system_actor
from guichet.services.demo.accounts import open_accounts
from guichet.services.demo.calendar import write_calendar
from guichet.services.demo.dossiers import write_consents, write_dossiers, write_quotients, write_schooling
from guichet.services.demo.eve import play_eve
from guichet.services.demo.former import write_former_bookings
from guichet.services.demo.habits import HabitsWriter
from guichet.services.demo.history import play_history
from guichet.services.demo.offer import write_offer
from guichet.services.demo.people import Household, invent, load_names, write_households
from guichet.services.demo.sources import former_households, source_households
from guichet.services.demo.writing import Writer
from guichet.services.transaction import Context

DEMO_NOW = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)
"""The demonstration's today: Wednesday 18 March 2026, 9 o'clock in Paris."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class DemoTown:
    """What was built."""

    families: int
    children: int
    bookings: int
    invoices: int
    payments: int


def build(
    database: Database,
    *,
    families: int = 300,
    seed: int = 1,
    now: datetime = DEMO_NOW,
    progress: Progress = lambda _sentence: None,
) -> DemoTown:
    """Fill an empty, migrated base with the demonstration town of `families` families and a past of some months.

    `now` (aware) becomes the base's fixed today; the town lives the school year 2025-2026. Raises UserError when the base
    holds families already.
    """
    context = Context(system_actor("demonstration"), now)
    progress("Commune, calendrier, activités et tarifs…")
    people = transaction.run(database, context, _write_town, families, seed, progress)
    progress("Factures et règlements des mois passés…")
    past = play_history(database, context, Random(seed), people.households)  # noqa: S311 (not a secret)
    progress("Demandes de la veille…")
    play_eve(database, context, seed)
    return DemoTown(
        families=len(people.households),
        children=len({child.id for house in people.households for child in house.children}),
        bookings=people.bookings,
        invoices=past.invoices,
        payments=past.payments,
    )


@dataclass(frozen=True)
class _People:
    households: tuple[Household, ...]
    bookings: int


def _write_town(session: Session, context: Context, families: int, seed: int, progress: Progress) -> _People:
    if session.execute(select(Family.id).limit(1)).first() is not None:
        raise UserError(
            "Cette base contient déjà des familles : la démonstration se construit dans une base vide (option --reset).",
            code="not_empty",
        )
    rng = Random(seed)  # noqa: S311 (the same town each time, not a secret)
    writer = Writer(session, context.now)
    town: dict[str, Any] = json.loads(resources_access.read_text("demo/town.json"))
    settings.change(session, context, {**town["settings"], "demo.now": context.now.isoformat()})
    open_accounts(session, context)
    calendar = write_calendar(writer, town)
    offer = write_offer(writer, town, calendar)
    progress(f"{families} familles…")
    names = load_names()
    former = former_households(rng, names)
    current = [*source_households(rng, names), *invent(rng, names, families, paris_day(context.now))]
    households = (*former, *current)
    write_households(writer, households)
    write_quotients(writer, rng, households)
    write_schooling(writer, households, offer)
    write_consents(writer, rng, households)
    write_dossiers(writer, rng, households, offer, calendar.school_years["2025-2026"])
    progress("Inscriptions et réservations…")
    habits = HabitsWriter(writer, rng, offer)
    bookings = habits.write(current)
    habits.write_places()
    bookings += write_former_bookings(writer, offer, households)
    journal.record(
        session,
        context,
        action="demo.build",
        subject=("setting", None),
        summary=f"Commune de démonstration construite : {len(households)} familles, {bookings} réservations",
        detail={"families": families, "seed": seed},
    )
    return _People(tuple(households), bookings)
