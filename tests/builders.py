"""Small towns for tests: each function adds one thing and returns its row, with plausible defaults."""

from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.money import Regie
from guichet.models.offer import (
    Activity,
    ActivityType,
    AgeGroup,
    CapacityPool,
    Opening,
    PoolDay,
    PoolSlot,
    Slot,
)
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.rules.names import family_search_key, person_search_key, person_sort_key
from guichet.rules.text import sort_key


def add_person(
    session: Session,
    last_name: str = "Martin",
    first_name: str = "Camille",
    *,
    birth_date: date | None = None,
    number: str | None = None,
    mobile_phone: str | None = None,
    email: str | None = None,
) -> Person:
    person = Person(
        number=number,
        last_name=last_name,
        first_name=first_name,
        birth_date=birth_date,
        mobile_phone=mobile_phone,
        email=email,
        search_key=person_search_key(
            last_name=last_name, first_name=first_name, phones=[mobile_phone], email=email, number=number
        ),
        sort_key=person_sort_key(last_name, first_name),
    )
    session.add(person)
    session.flush()
    return person


def add_family(
    session: Session,
    number: str = "1001",
    *,
    adults: list[Person] | None = None,
    children: list[Person] | None = None,
) -> Family:
    members = [(person, MemberRole.ADULT) for person in adults or []] + [
        (person, MemberRole.CHILD) for person in children or []
    ]
    label = members[0][0].last_name if members else f"Famille {number}"
    family = Family(
        number=number,
        label=label,
        address="12 rue des Lilas",
        postcode="73200",
        town="Valmont",
        payer_id=adults[0].id if adults else None,
        search_key=family_search_key(number, label, [person.search_key for person, _ in members]),
        sort_key=sort_key(label),
    )
    session.add(family)
    session.flush()
    for position, (person, role) in enumerate(members):
        session.add(
            Membership(
                family_id=family.id, person_id=person.id, role=role, holder=position == 0, position=position
            )
        )
    session.flush()
    return family


def add_regie(session: Session, code: str = "AL") -> Regie:
    regie = Regie(code=code, name="Régie enfance", series=code, modes=["cash", "cheque", "card", "transfer"])
    session.add(regie)
    session.flush()
    return regie


def add_activity(
    session: Session, code: str = "mercredi", *, slots: tuple[str, ...] = ("journee",)
) -> Activity:
    kind = session.query(ActivityType).filter_by(code="alsh").one_or_none()
    if kind is None:
        kind = ActivityType(code="alsh", name="Accueil de loisirs")
        session.add(kind)
        session.flush()
    activity = Activity(code=code, name=f"Activité {code}", type_id=kind.id)
    session.add(activity)
    session.flush()
    for position, slot in enumerate(slots):
        session.add(
            Slot(
                activity_id=activity.id,
                code=slot,
                name=slot.capitalize(),
                starts_at=time(8),
                ends_at=time(18),
                position=position,
            )
        )
    session.flush()
    return activity


def slot_of(session: Session, activity: Activity, code: str = "journee") -> Slot:
    return session.query(Slot).filter_by(activity_id=activity.id, code=code).one()


def add_group(session: Session, activity: Activity, code: str, min_age: int, max_age: int) -> AgeGroup:
    group = AgeGroup(activity_id=activity.id, code=code, name=code, min_age=min_age, max_age=max_age)
    session.add(group)
    session.flush()
    return group


def open_day(session: Session, slot: Slot, day: date) -> None:
    session.add(Opening(activity_id=slot.activity_id, slot_id=slot.id, date=day))
    session.flush()


def limit_places(
    session: Session, slots: list[Slot], day: date, size: int, group: AgeGroup | None = None
) -> PoolDay:
    pool = CapacityPool(
        activity_id=slots[0].activity_id,
        group_id=group.id if group else None,
        code=f"pool-{day}-{size}-{slots[0].id}",
        name="Places",
    )
    session.add(pool)
    session.flush()
    for slot in slots:
        session.add(PoolSlot(activity_id=slot.activity_id, pool_id=pool.id, slot_id=slot.id))
    pool_day = PoolDay(pool_id=pool.id, date=day, size=size)
    session.add(pool_day)
    session.flush()
    return pool_day


def enrol(
    session: Session, child: Person, family: Family, activity: Activity, group: AgeGroup | None = None
) -> Enrolment:
    enrolment = Enrolment(
        child_id=child.id,
        family_id=family.id,
        activity_id=activity.id,
        group_id=group.id if group else None,
        starts_on=date(2025, 9, 1),
        ends_on=date(2026, 8, 31),
        state=EnrolmentState.ACTIVE,
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def book(
    session: Session, enrolment: Enrolment, slot: Slot, day: date, state: BookingState = BookingState.BOOKED
) -> Booking:
    booking = Booking(
        enrolment_id=enrolment.id,
        child_id=enrolment.child_id,
        family_id=enrolment.family_id,
        activity_id=enrolment.activity_id,
        slot_id=slot.id,
        group_id=enrolment.group_id,
        date=day,
        state=state,
        requested_at=datetime(2026, 1, 5, 8, tzinfo=UTC),
    )
    session.add(booking)
    session.flush()
    return booking
