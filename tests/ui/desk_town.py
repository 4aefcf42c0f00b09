"""A counter's morning: one activity with two open Wednesdays, the second with a single place, and what came in the night."""

from datetime import date
from pathlib import Path
from typing import Any

from guichet.models.database import Database
from guichet.models.requests import Request
from guichet.services import intake
from guichet.services.transaction import Context
from tests.builders import add_activity, add_family, add_person, enrol, limit_places, open_day, slot_of
from tests.services.exchange_town import write

WIDE, NARROW = date(2026, 4, 8), date(2026, 4, 15)
NAMES = (("1001", "Martin", "E1", "Léa"), ("1002", "Durand", "E2", "Tom"), ("1003", "Petit", "E3", "Zoé"))


def build(database: Database) -> None:
    """Three families, each with a child enrolled; WIDE has room for all, NARROW for one."""
    with database.writing() as session:
        activity = add_activity(session, "MERCREDI", slots=("JOURNEE",))
        activity.name = "Mercredi loisirs"
        activity.needs_dossier = False
        slot = slot_of(session, activity, "JOURNEE")
        for day in (WIDE, NARROW):
            open_day(session, slot, day)
        limit_places(session, [slot], NARROW, 1)
        for number, name, child_number, child_name in NAMES:
            adult = add_person(session, name, "Camille", number=f"A{number}")
            child = add_person(session, name, child_name, number=child_number, birth_date=date(2019, 5, 12))
            family = add_family(session, number, adults=[adult], children=[child])
            enrol(session, child, family, activity)


def bookings(identifier: str, family: str, child: str, *days: date, minute: int = 0) -> dict[str, Any]:
    """A line that asks for these Wednesdays."""
    return {
        "id": identifier,
        "revision": 1,
        "kind": "bookings",
        "submitted_at": f"2026-03-17T20:{minute:02d}:00+01:00",
        "family": family,
        "child": child,
        "payload": {
            "items": [{"activity": "MERCREDI", "slot": "JOURNEE", "date": day.isoformat()} for day in days]
        },
    }


def night() -> list[dict[str, Any]]:
    """Léa and Tom both want the narrow Wednesday; Zoé's family moves house and writes."""
    return [
        bookings("D-1", "1001", "E1", WIDE, NARROW, minute=1),
        bookings("D-2", "1002", "E2", NARROW, minute=2),
        {
            "id": "D-3",
            "revision": 1,
            "kind": "family_sheet",
            "submitted_at": "2026-03-17T20:03:00+01:00",
            "family": "1003",
            "payload": {"responsable": {"address_line1": "4 rue des Roses", "phone_mobile": "0639981122"}},
        },
        {
            "id": "D-4",
            "revision": 1,
            "kind": "message",
            "submitted_at": "2026-03-17T20:04:00+01:00",
            "family": "1003",
            "payload": {"subject": "Horaires", "body": "À quelle heure ferme l’accueil ?"},
        },
    ]


def bring_night(database: Database, context: Context, folder: Path) -> None:
    """Import the night's file."""
    report = intake.import_path(database, context, write(folder / "night.jsonl", night()))
    assert (report.refusal, report.quarantined) == (None, 0), report


def build_with_night(database: Database, context: Context, folder: Path) -> None:
    """The town, and its night brought in."""
    build(database)
    bring_night(database, context, folder)


def states(database: Database) -> dict[str, str]:
    """The state of each request by the portal's id."""
    with database.reading() as session:
        return {row.external_id: row.state.value for row in session.query(Request)}
