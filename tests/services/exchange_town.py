"""A small town for the exchange: two families that share a child, one activity, and the lines a portal would send."""

import base64
import hashlib
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from guichet.models.database import Database
from guichet.models.dossiers import DocumentScope, DocumentType, ValidityRule
from guichet.models.offer import Activity, ActivityType, AgeGroup, Period, Slot
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.models.requests import ImportBatch, ImportLine, ImportOutcome, Request
from guichet.portal.writer import write_exchange

EXPORTED = datetime(2026, 3, 17, 22, 0, tzinfo=UTC)


def build_town(database: Database) -> None:
    """Families 1001 (adult, Léa, Tom) and 1002 (adult, Léa); activity CANTINE with slots REPAS and GOUTER."""
    with database.writing() as session:
        people = {
            name: Person(
                number=number,
                last_name="Martin",
                first_name=name,
                birth_date=date(2018, 5, 12),
                search_key=name.lower(),
                sort_key=name.lower(),
            )
            for name, number in (("Camille", "A1"), ("Alex", "A2"), ("Léa", "E1"), ("Tom", "E2"))
        }
        families = {
            number: Family(number=number, label=f"Martin {number}", search_key="martin", sort_key="martin")
            for number in ("1001", "1002")
        }
        session.add_all([*people.values(), *families.values()])
        session.flush()  # the memberships need the ids
        for number, name, role in (
            ("1001", "Camille", MemberRole.ADULT),
            ("1001", "Léa", MemberRole.CHILD),
            ("1001", "Tom", MemberRole.CHILD),
            ("1002", "Alex", MemberRole.ADULT),
            ("1002", "Léa", MemberRole.CHILD),
        ):
            session.add(Membership(family_id=families[number].id, person_id=people[name].id, role=role))
        kind = ActivityType(code="PERI", name="Périscolaire")
        session.add(kind)
        session.flush()  # the activity needs its id
        activity = Activity(code="CANTINE", name="Restauration scolaire", type_id=kind.id)
        session.add(activity)
        session.flush()  # its slots need its id
        session.add_all(
            [
                Slot(activity_id=activity.id, code="REPAS", name="Repas"),
                Slot(activity_id=activity.id, code="GOUTER", name="Goûter"),
                AgeGroup(activity_id=activity.id, code="TOUS", name="Tous"),
                Period(
                    activity_id=activity.id,
                    code="2025-2026",
                    name="Année 2025-2026",
                    starts_on=date(2025, 9, 1),
                    ends_on=date(2026, 7, 3),
                ),
                DocumentType(
                    code="CERTIFICAT",
                    label="Certificat médical",
                    scope=DocumentScope.CHILD,
                    validity=ValidityRule.UNLIMITED,
                ),
            ]
        )


def booking(identifier: str = "D-1", revision: int = 1, **changes: Any) -> dict[str, Any]:
    """A line that asks for one meal for Léa."""
    return {
        "id": identifier,
        "revision": revision,
        "kind": "bookings",
        "submitted_at": "2026-03-17T20:15:00+01:00",
        "family": "1001",
        "child": "E1",
        "payload": {"items": [{"activity": "CANTINE", "slot": "REPAS", "date": "2026-04-14"}]},
    } | changes


def attachment(data: bytes, **changes: Any) -> dict[str, Any]:
    """An attachment whose bytes are in the line."""
    return {
        "name": "certificat.pdf",
        "media_type": "application/pdf",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "content": base64.b64encode(data).decode("ascii"),
    } | changes


def exchange(lines: list[dict[str, Any] | bytes], batch: str = "2026-03-17", **options: Any) -> bytes:
    """A whole exchange file."""
    stream = io.BytesIO()
    values = {"portal": "portail", "batch": batch, "exported_at": EXPORTED} | options
    write_exchange(stream, lines, **values)
    return stream.getvalue()


def write(path: Path, lines: list[dict[str, Any] | bytes], batch: str = "2026-03-17", **options: Any) -> Path:
    """The same, on disk."""
    path.write_bytes(exchange(lines, batch, **options))
    return path


def stored(database: Database) -> dict[str, int]:
    """How many rows an import leaves in each table."""
    with database.reading() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Request, ImportBatch, ImportLine, ImportOutcome)
        }


def requests_in(database: Database) -> list[tuple[str, int, str]]:
    """(portal's id, revision, state) of every request, in order."""
    with database.reading() as session:
        rows = session.execute(
            select(Request.external_id, Request.revision, Request.state).order_by(
                Request.external_id, Request.revision
            )
        )
        return [(row.external_id, row.revision, row.state.value) for row in rows]


def line_outcomes(database: Database) -> list[tuple[int, str, str | None]]:
    """(line number, outcome, code) of every line, in order of batch and line."""
    with database.reading() as session:
        rows = session.execute(
            select(ImportLine.number, ImportLine.outcome, ImportLine.code).order_by(
                ImportLine.batch_id, ImportLine.number
            )
        )
        return [(row.number, row.outcome.value, row.code) for row in rows]
