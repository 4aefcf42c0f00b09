"""The children of a day in an activity, by name: who is expected, who waits. Health values are asked for apart."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState
from guichet.models.offer import Activity, AgeGroup, Slot
from guichet.models.people import Family, HealthSheet, MemberRole, Person
from guichet.rules.ages import age_on
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import journal
from guichet.services.families import members_by_family
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class DayQuery(PageQuery):
    """Children of an activity on a day: those booked, or those who wait."""

    day: date = date.min
    activity_id: int = 0
    waiting: bool = False
    sort: str = "child"


@dataclass(frozen=True)
class DayChild:
    """A child of the day. `health` is empty until it is asked for; `family` is the one that booked."""

    child_id: int
    child: str
    age: int | None
    group: str
    slots: str
    family_id: int
    family: str
    phone: str
    health: str = ""


@needs(Permission.READ_REQUESTS, Permission.READ_FAMILIES)
def list_children(session: Session, context: Context, query: DayQuery) -> Page[DayChild]:
    """One page of the list, each child once: four queries."""
    wanted = _wanted(query)
    total = session.execute(select(func.count(func.distinct(Booking.child_id))).where(wanted)).scalar_one()
    sorts: dict[str, Any] = {"child": Person.sort_key, "age": Person.birth_date}
    order = sorts.get(query.sort, Person.sort_key)
    children = session.execute(
        select(Person.id, Person.first_name, Person.last_name, Person.birth_date)
        .where(Person.id.in_(select(Booking.child_id).where(wanted)))
        .order_by(
            (order.desc() if query.descending else order.asc()).nulls_last(), Person.sort_key, Person.id
        )
        .limit(query.size)
        .offset(query.offset)
    ).all()
    booked = _bookings(session, query, [row.id for row in children])
    phones = _phones(session, [rows[0].family_id for rows in booked.values()])
    return Page(
        tuple(_child(query.day, row, booked[row.id], phones) for row in children), total, query.offset
    )


@needs(Permission.READ_REQUESTS, Permission.READ_FAMILIES, Permission.READ_HEALTH)
def list_with_health(session: Session, context: Context, query: DayQuery) -> Page[DayChild]:
    """The same with what must be known of each child's health; the reading is journalled (domain.md §12), so it writes."""
    page = list_children(session, context, query)
    known = dict(
        session.execute(
            select(HealthSheet.child_id, HealthSheet).where(
                HealthSheet.child_id.in_([row.child_id for row in page.rows])
            )
        ).all()
    )
    activity = session.execute(select(Activity.name).where(Activity.id == query.activity_id)).scalar_one()
    journal.record(
        session,
        context,
        action="health.read",
        subject=("activity", query.activity_id),
        summary=f"Données de santé lues dans la liste du {format_date(query.day)}, {activity}",
        detail={"children": [row.child_id for row in page.rows if row.child_id in known]},
    )
    return replace(
        page, rows=tuple(replace(row, health=_health(known.get(row.child_id))) for row in page.rows)
    )


def _wanted(query: DayQuery) -> ColumnElement[bool]:
    state = BookingState.WAITING if query.waiting else BookingState.BOOKED
    return (Booking.date == query.day) & (Booking.activity_id == query.activity_id) & (Booking.state == state)


def _bookings(session: Session, query: DayQuery, child_ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = session.execute(
        select(
            Booking.child_id,
            Booking.family_id,
            Slot.name.label("slot"),
            func.coalesce(AgeGroup.name, "").label("group_name"),
            Family.label,
            Family.number,
        )
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Family, Family.id == Booking.family_id)
        .outerjoin(AgeGroup, AgeGroup.id == Booking.group_id)
        .where(_wanted(query), Booking.child_id.in_(child_ids))
        .order_by(Slot.position, Booking.starts_at, Booking.id)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.child_id].append(row)
    return found


def _phones(session: Session, family_ids: Sequence[int]) -> dict[int, str]:
    """The first phone of each family's adults, the mobile before the home's."""
    return {
        family_id: next(
            (
                phone
                for membership, person in members
                if membership.role is MemberRole.ADULT
                for phone in (person.mobile_phone, person.home_phone, person.work_phone)
                if phone
            ),
            "",
        )
        for family_id, members in members_by_family(session, sorted(set(family_ids))).items()
    }


def _child(day: date, row: Any, bookings: Sequence[Any], phones: dict[int, str]) -> DayChild:
    first = bookings[0]
    born = row.birth_date
    return DayChild(
        child_id=row.id,
        child=f"{row.first_name} {row.last_name}",
        age=age_on(born, day) if born is not None and born <= day else None,
        group=", ".join(dict.fromkeys(one.group_name for one in bookings if one.group_name)),
        slots=", ".join(dict.fromkeys(one.slot for one in bookings)),
        family_id=first.family_id,
        family=f"{first.label} (n° {first.number})",
        phone=phones.get(first.family_id, ""),
    )


def _health(sheet: HealthSheet | None) -> str:
    if sheet is None:
        return ""
    parts = (
        sheet.action_needed,
        "PAI" if sheet.pai else None,
        f"allergies : {sheet.allergies}" if sheet.allergies else None,
        sheet.diet,
    )
    return " · ".join(part for part in parts if part)
