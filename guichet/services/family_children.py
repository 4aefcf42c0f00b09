"""The children of a family, a card each: school, dossiers, enrolments, who may fetch them; health apart."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.bookings import Enrolment, EnrolmentState
from guichet.models.offer import Activity, AgeGroup
from guichet.models.people import (
    AuthorisedPerson,
    CustodyRule,
    Family,
    HealthSheet,
    MemberRole,
    Membership,
    Person,
    School,
    Schooling,
)
from guichet.rules.ages import age_on
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services import journal
from guichet.services.family_dossiers import YearDossier, dossiers
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class EnrolmentView:
    """A child in an activity. `other_family` is the number of the child's other family where that one pays."""

    enrolment_id: int
    activity: str
    group: str
    starts_on: date
    ends_on: date
    state: EnrolmentState
    other_family: str


@dataclass(frozen=True)
class AuthorisedView:
    """Someone who may fetch the child; `other_family` where the child's other family allowed them."""

    name: str
    relation: str
    phone: str
    since: date | None
    until: date | None
    other_family: str


@dataclass(frozen=True)
class CustodyView:
    """Which days the child is with this family."""

    pattern: str
    detail: str
    since: date | None
    until: date | None


@dataclass(frozen=True)
class ChildCard:
    """A child as its family's sheet shows it. `has_health`: a health sheet exists, read apart and journalled."""

    person_id: int
    number: str
    first_name: str
    last_name: str
    birth_date: date | None
    age: int | None
    birth_place: str
    school: str
    class_name: str
    other_families: tuple[str, ...]
    dossiers: tuple[YearDossier, ...]
    enrolments: tuple[EnrolmentView, ...]
    authorised: tuple[AuthorisedView, ...]
    custody: tuple[CustodyView, ...]
    has_health: bool


@needs(Permission.READ_FAMILIES)
def children(session: Session, context: Context, family_id: int) -> tuple[ChildCard, ...]:
    """The children of a family with all that stands on their cards, in a fixed number of queries."""
    today = paris_day(context.now)
    people = session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.family_id == family_id, Membership.role == MemberRole.CHILD)
        .order_by(Membership.position, Person.sort_key)
    ).all()
    ids = [person.id for person in people]
    years = dossiers(session, context, family_id).dossiers
    schools = _schools(session, ids, today)
    others = _other_families(session, family_id, ids)
    enrolments = _enrolments(session, family_id, ids)
    authorised = _authorised(session, family_id, ids, today)
    custody = _custody(session, family_id, ids, today)
    health = set(session.scalars(select(HealthSheet.child_id).where(HealthSheet.child_id.in_(ids))))
    return tuple(
        ChildCard(
            person_id=person.id,
            number=person.number or "",
            first_name=person.first_name,
            last_name=person.last_name,
            birth_date=person.birth_date,
            age=age_on(person.birth_date, today) if person.birth_date else None,
            birth_place=person.birth_place or "",
            school=schools.get(person.id, ("", ""))[0],
            class_name=schools.get(person.id, ("", ""))[1],
            other_families=tuple(others[person.id]),
            dossiers=tuple(one for one in years if one.child_id == person.id),
            enrolments=tuple(enrolments[person.id]),
            authorised=tuple(authorised[person.id]),
            custody=tuple(custody[person.id]),
            has_health=person.id in health,
        )
        for person in people
    )


def _schools(session: Session, child_ids: Collection[int], today: date) -> dict[int, tuple[str, str]]:
    """The school and class of today, else the latest known."""
    found: dict[int, tuple[str, str]] = {}
    for row, school in session.execute(
        select(Schooling, School.name)
        .outerjoin(School, School.id == Schooling.school_id)
        .where(Schooling.child_id.in_(child_ids), Schooling.starts_on <= today)
        .order_by(Schooling.starts_on, Schooling.id)
    ):
        found[row.child_id] = (school or "", row.class_name or "")
    return found


def _other_families(session: Session, family_id: int, child_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for child_id, number in session.execute(
        select(Membership.person_id, Family.number)
        .join(Family, Family.id == Membership.family_id)
        .where(Membership.person_id.in_(child_ids), Membership.family_id != family_id)
        .order_by(Family.number)
    ):
        found[child_id].append(number)
    return found


def _enrolments(
    session: Session, family_id: int, child_ids: Collection[int]
) -> dict[int, list[EnrolmentView]]:
    found: dict[int, list[EnrolmentView]] = defaultdict(list)
    for row, activity, group, number in session.execute(
        select(Enrolment, Activity.name, AgeGroup.name, Family.number)
        .join(Activity, Activity.id == Enrolment.activity_id)
        .join(Family, Family.id == Enrolment.family_id)
        .outerjoin(AgeGroup, AgeGroup.id == Enrolment.group_id)
        .where(Enrolment.child_id.in_(child_ids))
        .order_by(Enrolment.starts_on.desc(), Activity.name, Enrolment.id)
    ):
        other = number if row.family_id != family_id else ""
        found[row.child_id].append(
            EnrolmentView(row.id, activity, group or "", row.starts_on, row.ends_on, row.state, other)
        )
    return found


def _authorised(
    session: Session, family_id: int, child_ids: Collection[int], today: date
) -> dict[int, list[AuthorisedView]]:
    """Those who may come today or later."""
    found: dict[int, list[AuthorisedView]] = defaultdict(list)
    for row, number in session.execute(
        select(AuthorisedPerson, Family.number)
        .join(Family, Family.id == AuthorisedPerson.family_id)
        .where(
            AuthorisedPerson.child_id.in_(child_ids),
            AuthorisedPerson.until.is_(None) | (AuthorisedPerson.until >= today),
        )
        .order_by(AuthorisedPerson.name, AuthorisedPerson.id)
    ):
        other = number if row.family_id != family_id else ""
        found[row.child_id].append(
            AuthorisedView(row.name, row.relation or "", row.phone or "", row.since, row.until, other)
        )
    return found


def _custody(
    session: Session, family_id: int, child_ids: Collection[int], today: date
) -> dict[int, list[CustodyView]]:
    found: dict[int, list[CustodyView]] = defaultdict(list)
    for row in session.scalars(
        select(CustodyRule)
        .where(
            CustodyRule.family_id == family_id,
            CustodyRule.child_id.in_(child_ids),
            CustodyRule.until.is_(None) | (CustodyRule.until >= today),
        )
        .order_by(CustodyRule.since, CustodyRule.id)
    ):
        found[row.child_id].append(CustodyView(row.pattern, row.detail or "", row.since, row.until))
    return found


@dataclass(frozen=True)
class HealthView:
    """What must be known of a child's health."""

    child_id: int
    allergies: str
    diet: str
    pai: bool
    glasses: bool
    hearing_aid: bool
    treatment: str
    doctor: str
    doctor_phone: str
    vaccinations_until: date | None
    action_needed: str
    notes: str


@needs(Permission.READ_FAMILIES, Permission.READ_HEALTH)
def read_health(session: Session, context: Context, child_id: int) -> HealthView | None:
    """A child's health sheet, None when there is none. Its reading is journalled (domain.md §12), so this one writes."""
    row = session.scalars(select(HealthSheet).where(HealthSheet.child_id == child_id)).first()
    if row is None:
        return None
    journal.record(
        session,
        context,
        action="health.read",
        subject=("person", child_id),
        summary="Fiche sanitaire d’un enfant lue",
    )
    return HealthView(
        child_id=child_id,
        allergies=row.allergies or "",
        diet=row.diet or "",
        pai=row.pai,
        glasses=row.glasses,
        hearing_aid=row.hearing_aid,
        treatment=row.treatment or "",
        doctor=row.doctor or "",
        doctor_phone=row.doctor_phone or "",
        vaccinations_until=row.vaccinations_until,
        action_needed=row.action_needed or "",
        notes=row.notes or "",
    )
