"""A town for requests: a child in two families, a Wednesday ALSH in three slots, and the lines a portal would bring."""

import hashlib
import itertools
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState
from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentState, Dossier, DossierState
from guichet.models.money import Charge
from guichet.models.offer import (
    Activity,
    Confirmation,
    DeadlineAction,
    DeadlineKind,
    DeadlineRule,
    Slot,
    SlotExclusion,
)
from guichet.models.people import Family, Person
from guichet.models.requests import Outbox, Request, RequestItem, RequestKind, RequestState
from guichet.models.settings import SchoolYear
from tests import builders

WEDNESDAY = date(2026, 4, 1)
NEXT_WEDNESDAY = date(2026, 4, 22)
# Monday 16 March 2026, 09:00 in Paris: in time to book and to cancel the two Wednesdays above.
IN_TIME = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
TOO_LATE = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """Ids of what the tests speak of."""

    family: int
    other_family: int
    lea: int
    tom: int
    activity: int
    journee: int
    matin: int
    repas: int
    year: int


def build(database: Database, *, immediate: bool = False, size: int | None = 2) -> Town:
    """Families 1001 (Léa, Tom) and 1002 (Léa); MERCREDI with journée, matin (exclusive) and repas, `size` places a day.

    Booking until Thursday 13:00 and cancelling until Monday 13:00 of the week before; dossiers valid.
    """
    with database.writing() as session:
        camille = builders.add_person(session, "Martin", "Camille", email="camille@exemple.fr")
        alex = builders.add_person(session, "Durand", "Alex")
        lea = builders.add_person(session, "Martin", "Léa", birth_date=date(2018, 5, 12), number="E1")
        tom = builders.add_person(session, "Martin", "Tom", birth_date=date(2020, 9, 1), number="E2")
        family = builders.add_family(session, "1001", adults=[camille], children=[lea, tom])
        other = builders.add_family(session, "1002", adults=[alex], children=[lea])
        year = SchoolYear(label="2025-2026", starts_on=date(2025, 7, 5), ends_on=date(2026, 7, 3))
        session.add(year)
        activity = builders.add_activity(session, "MERCREDI", slots=("JOURNEE", "MATIN", "REPAS"))
        activity.confirmation = Confirmation.IMMEDIATE if immediate else Confirmation.BY_AGENT
        journee, matin, repas = (
            builders.slot_of(session, activity, code) for code in ("JOURNEE", "MATIN", "REPAS")
        )
        session.add(SlotExclusion(slot_id=journee.id, other_slot_id=matin.id))
        for action, weekday in ((DeadlineAction.BOOK, 3), (DeadlineAction.CANCEL, 0)):
            session.add(
                DeadlineRule(
                    activity_id=activity.id,
                    action=action,
                    kind=DeadlineKind.WEEK_BEFORE,
                    weekday=weekday,
                    at_time=time(13),
                )
            )
        for day in (WEDNESDAY, NEXT_WEDNESDAY):
            for slot in (journee, matin, repas):
                builders.open_day(session, slot, day)
            if size is not None:
                builders.limit_places(session, [journee, matin], day, size)
        session.flush()
        for child, its_family in ((lea, family), (tom, family), (lea, other)):
            builders.enrol(session, child, its_family, activity)
            session.add(
                Dossier(
                    child_id=child.id,
                    family_id=its_family.id,
                    school_year_id=year.id,
                    state=DossierState.VALID,
                )
            )
        return Town(family.id, other.id, lea.id, tom.id, activity.id, journee.id, matin.id, repas.id, year.id)


def slot_days(*days: date, slot: str = "JOURNEE") -> dict[str, Any]:
    """A payload of dates of one slot."""
    return {"items": [{"activity": "MERCREDI", "slot": slot, "date": day.isoformat()} for day in days]}


def submit(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    family: int | None = None,
    child: int | None = None,
    activity: int | None = None,
    refers_to: int | None = None,
    at: datetime = IN_TIME,
    external_id: str | None = None,
    documents: tuple[str, ...] = (),
    **members: Any,
) -> int:
    """Write a request as an import would, with its pieces, and return its id."""
    line = {"kind": kind, "payload": payload, **members}
    if documents:
        line["attachments"] = [{"name": name} for name in documents]
    payment = members.get("payment")
    request = Request(
        portal="portail",
        external_id=external_id or f"D-{next(_numbers)}",
        revision=1,
        payload_hash=hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest(),
        payload=line,
        kind=RequestKind(kind),
        refers_to_id=refers_to,
        family_id=family,
        child_id=child,
        activity_id=activity,
        submitted_at=at,
        imported_at=at,
        state=RequestState.PENDING,
        payment_reference=payment["reference"] if payment else None,
        paid_cents=payment["amount_cents"] if payment else None,
    )
    session.add(request)
    session.flush()
    for name in documents:
        session.add(
            Document(
                family_id=family,
                person_id=child,
                request_id=request.id,
                state=DocumentState.RECEIVED,
                name=name,
                media_type="application/pdf",
                size=1200,
                sha256="0" * 64,
                received_at=at,
            )
        )
    session.flush()
    return request.id


def fill(session: Session, town: Town, slot: int, day: date, count: int) -> list[int]:
    """Book `count` other children of a family of their own, and return the bookings."""
    activity = session.get_one(Activity, town.activity)
    made = []
    for _ in range(count):
        number = next(_numbers)
        child = builders.add_person(session, f"Autre{number}", "Enfant", birth_date=date(2018, 1, 1))
        family = builders.add_family(session, f"9{number}", children=[child])
        enrolment = builders.enrol(session, child, family, activity)
        made.append(builders.book(session, enrolment, session.get_one(Slot, slot), day).id)
    return made


def items_of(session: Session, request_id: int) -> list[RequestItem]:
    rows = session.scalars(
        select(RequestItem).where(RequestItem.request_id == request_id).order_by(RequestItem.position)
    )
    return list(rows.all())


def verdicts(session: Session, request_id: int) -> list[tuple[str, str | None]]:
    """(verdict, refusal code) of each item, in order."""
    return [(item.verdict or "", item.verdict_code) for item in items_of(session, request_id)]


def state_of(database: Database, request_id: int) -> str:
    with database.reading() as session:
        return session.get_one(Request, request_id).state.value


def live_bookings(database: Database, day: date | None = None) -> list[tuple[int, int, str]]:
    """(child, slot, state) of every live booking, in order of making."""
    with database.reading() as session:
        statement = select(Booking).where(Booking.state != BookingState.CANCELLED).order_by(Booking.id)
        if day is not None:
            statement = statement.where(Booking.date == day)
        return [(one.child_id, one.slot_id, one.state.value) for one in session.scalars(statement)]


def answers(database: Database, request_id: int) -> list[tuple[str, str]]:
    """(status, outbox state) of every answer about a request, in order."""
    with database.reading() as session:
        rows = session.scalars(
            select(Outbox)
            .where(Outbox.subject_kind == "request", Outbox.subject_id == request_id)
            .order_by(Outbox.id)
        )
        return [(row.payload["status"], row.state.value) for row in rows]


def count_of(database: Database, table: type[Any]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def person(session: Session, person_id: int) -> Person:
    return session.get_one(Person, person_id)


def family_row(session: Session, family_id: int) -> Family:
    return session.get_one(Family, family_id)


def owe(session: Session, town: Town, cents: int) -> None:
    """Charge the first family something that it has not paid."""
    session.add(
        Charge(
            family_id=town.family,
            date=date(2026, 3, 1),
            label="Repas",
            quantity=1,
            unit_cents=cents,
            amount_cents=cents,
            eligible_cents=0,
            trace={},
        )
    )
    session.flush()


def enrolled_child(session: Session, town: Town) -> tuple[int, int]:
    """Another child with a family, an enrolment and a valid dossier; returns (child, family)."""
    number = next(_numbers)
    child = builders.add_person(session, f"Voisin{number}", "Enfant", birth_date=date(2018, 1, 1))
    family = builders.add_family(session, f"8{number}", children=[child])
    builders.enrol(session, child, family, session.get_one(Activity, town.activity))
    session.add(
        Dossier(child_id=child.id, family_id=family.id, school_year_id=town.year, state=DossierState.VALID)
    )
    session.flush()
    return child.id, family.id
