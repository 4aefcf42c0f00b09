"""A family's sheet: its members, quotients, dossiers, documents, enrolments, and its children's bookings."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.dossiers import Document, DocumentState, DocumentType, Dossier, DossierState
from guichet.models.offer import Activity, AgeGroup, Slot
from guichet.models.people import Consent, Family, MemberRole, Membership, Person, Quotient
from guichet.models.settings import SchoolYear
from guichet.rules.ages import age_on
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services.families import members_by_family
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class MemberView:
    """Someone in a family, as its sheet shows them. Health stands elsewhere, behind its own permission."""

    person_id: int
    number: str | None
    role: MemberRole
    quality: str | None
    holder: bool
    civility: str | None
    last_name: str
    first_name: str
    birth_date: date | None
    age: int | None
    address: str
    phones: tuple[str, ...]
    email: str | None
    profession: str | None
    other_families: tuple[str, ...]


@dataclass(frozen=True)
class QuotientView:
    """A quotient familial with its dates; `value` None means none is known, which is not 0."""

    value: int | None
    source: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True)
class DossierView:
    """A yearly dossier of a child of the family."""

    child_id: int
    child: str
    school_year: str
    state: DossierState


@dataclass(frozen=True)
class DocumentView:
    """A piece of the family or of one of its people."""

    document_id: int
    label: str
    owner: str
    state: DocumentState
    valid_until: date | None


@dataclass(frozen=True)
class EnrolmentView:
    """A child in an activity, under this family."""

    enrolment_id: int
    child: str
    activity: str
    group: str | None
    starts_on: date
    ends_on: date
    state: EnrolmentState


@dataclass(frozen=True)
class BookingView:
    """A booked date. `other_family` is set where a child's other parent made it: seen, to avoid doubles (004)."""

    booking_id: int
    child: str
    activity: str
    slot: str
    date: date
    state: BookingState
    attendance: Attendance
    other_family: str | None


@dataclass(frozen=True)
class FamilySheet:
    """All that the sheet's tabs show, but the account."""

    family_id: int
    version: int
    number: str
    label: str
    address: str
    resident: bool
    regime: str | None
    caf_number: str | None
    dependants: int | None
    sending_mode: str
    invoice_email: str | None
    portal_login: str | None
    members: tuple[MemberView, ...]
    quotients: tuple[QuotientView, ...]
    consents: tuple[tuple[str, bool, date], ...]
    dossiers: tuple[DossierView, ...]
    documents: tuple[DocumentView, ...]
    enrolments: tuple[EnrolmentView, ...]


@dataclass(frozen=True)
class BookingsQuery:
    """Bookings of a family's children between two days, both included."""

    family_id: int
    first: date
    last: date


@needs(Permission.READ_FAMILIES)
def sheet(session: Session, context: Context, family_id: int) -> FamilySheet:
    """The whole sheet of a family, in a fixed number of queries. Raises UserError when it does not exist."""
    family = session.get(Family, family_id)
    if family is None:
        raise UserError("Cette famille n’existe plus : relancez la recherche.", code="family_gone")
    members = members_by_family(session, [family_id]).get(family_id, [])
    day = paris_day(context.now)
    others = _other_families(session, family_id, [person.id for _, person in members])
    return FamilySheet(
        family_id=family.id,
        version=family.version,
        number=family.number,
        label=family.label,
        address=_address(family.address, family.postcode, family.town),
        resident=family.resident,
        regime=family.regime,
        caf_number=family.caf_number,
        dependants=family.dependants,
        sending_mode=family.sending_mode,
        invoice_email=family.invoice_email,
        portal_login=family.portal_login,
        members=tuple(
            _member(membership, person, day, others.get(person.id, ())) for membership, person in members
        ),
        quotients=_quotients(session, family_id) if context.may(Permission.READ_INCOME) else (),
        consents=_consents(session, family_id, [person.id for _, person in members]),
        dossiers=_dossiers(session, family_id),
        documents=_documents(session, family_id, [person.id for _, person in members]),
        enrolments=_enrolments(session, family_id),
    )


def _member(membership: Membership, person: Person, day: date, others: tuple[str, ...]) -> MemberView:
    phones = (person.mobile_phone, person.home_phone, person.work_phone)
    return MemberView(
        person_id=person.id,
        number=person.number,
        role=membership.role,
        quality=membership.quality,
        holder=membership.holder,
        civility=person.civility,
        last_name=person.last_name,
        first_name=person.first_name,
        birth_date=person.birth_date,
        age=age_on(person.birth_date, day) if person.birth_date else None,
        address=_address(person.address, person.postcode, person.town),
        phones=tuple(phone for phone in phones if phone),
        email=person.email,
        profession=person.profession,
        other_families=others,
    )


def _address(street: str | None, postcode: str | None, town: str | None) -> str:
    place = " ".join(part for part in (postcode, town) if part)
    return "\n".join(part for part in (street, place) if part)


def _other_families(session: Session, family_id: int, person_ids: list[int]) -> dict[int, tuple[str, ...]]:
    statement = (
        select(Membership.person_id, Family.number)
        .join(Family, Family.id == Membership.family_id)
        .where(Membership.person_id.in_(person_ids), Membership.family_id != family_id)
        .order_by(Family.number)
    )
    found: dict[int, tuple[str, ...]] = {}
    for person_id, number in session.execute(statement):
        found[person_id] = (*found.get(person_id, ()), number)
    return found


def _quotients(session: Session, family_id: int) -> tuple[QuotientView, ...]:
    rows = session.execute(
        select(Quotient).where(Quotient.family_id == family_id).order_by(Quotient.valid_from.desc())
    ).scalars()
    return tuple(QuotientView(row.value, row.source, row.valid_from, row.valid_until) for row in rows)


def _consents(session: Session, family_id: int, person_ids: list[int]) -> tuple[tuple[str, bool, date], ...]:
    rows = session.execute(
        select(Consent)
        .where((Consent.family_id == family_id) | Consent.person_id.in_(person_ids))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
    ).scalars()
    return tuple((row.kind.value, row.given, paris_day(row.given_at)) for row in rows)


def _dossiers(session: Session, family_id: int) -> tuple[DossierView, ...]:
    statement = (
        select(Dossier, Person.first_name, SchoolYear.label)
        .join(Person, Person.id == Dossier.child_id)
        .join(SchoolYear, SchoolYear.id == Dossier.school_year_id)
        .where(Dossier.family_id == family_id)
        .order_by(SchoolYear.starts_on.desc(), Person.sort_key)
    )
    return tuple(
        DossierView(dossier.child_id, first_name, label, dossier.state)
        for dossier, first_name, label in session.execute(statement)
    )


def _documents(session: Session, family_id: int, person_ids: list[int]) -> tuple[DocumentView, ...]:
    statement = (
        select(Document, DocumentType.label, Person.first_name)
        .outerjoin(DocumentType, DocumentType.id == Document.type_id)
        .outerjoin(Person, Person.id == Document.person_id)
        .where((Document.family_id == family_id) | Document.person_id.in_(person_ids))
        .order_by(Document.received_at.desc(), Document.id)
    )
    return tuple(
        DocumentView(
            document.id, label or document.name, first_name or "Famille", document.state, document.valid_until
        )
        for document, label, first_name in session.execute(statement)
    )


def _enrolments(session: Session, family_id: int) -> tuple[EnrolmentView, ...]:
    statement = (
        select(Enrolment, Person.first_name, Activity.name, AgeGroup.name)
        .join(Person, Person.id == Enrolment.child_id)
        .join(Activity, Activity.id == Enrolment.activity_id)
        .outerjoin(AgeGroup, AgeGroup.id == Enrolment.group_id)
        .where(Enrolment.family_id == family_id)
        .order_by(Enrolment.starts_on.desc(), Person.sort_key, Activity.name)
    )
    return tuple(
        EnrolmentView(row.id, child, activity, group, row.starts_on, row.ends_on, row.state)
        for row, child, activity, group in session.execute(statement)
    )


@needs(Permission.READ_FAMILIES)
def bookings(session: Session, context: Context, query: BookingsQuery) -> tuple[BookingView, ...]:
    """Live bookings of the family's children, by date; those made by the other parent are named, without their money."""
    rows = session.execute(_bookings_of(query))
    return tuple(
        BookingView(
            booking_id=booking.id,
            child=child,
            activity=activity,
            slot=slot,
            date=booking.date,
            state=booking.state,
            attendance=booking.attendance,
            other_family=number if booking.family_id != query.family_id else None,
        )
        for booking, child, activity, slot, number in rows
    )


def _bookings_of(query: BookingsQuery) -> Select[Booking, str, str, str, str]:
    children = select(Membership.person_id).where(
        Membership.family_id == query.family_id, Membership.role == MemberRole.CHILD
    )
    return (
        select(Booking, Person.first_name, Activity.name, Slot.name, Family.number)
        .join(Person, Person.id == Booking.child_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Family, Family.id == Booking.family_id)
        .where(
            Booking.child_id.in_(children),
            Booking.state != BookingState.CANCELLED,
            Booking.date.between(query.first, query.last),
        )
        .order_by(Booking.date, Person.sort_key, Slot.position, Booking.id)
    )
