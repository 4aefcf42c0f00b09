"""A family's sheet: its members, how it is reached, its quotients and consents."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.people import Consent, Family, MemberRole, Membership, Person, Quotient
from guichet.models.requests import Message
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
    version: int
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
    mobile_phone: str
    home_phone: str
    work_phone: str
    email: str
    profession: str
    employer: str
    other_families: tuple[str, ...]

    @property
    def phones(self) -> tuple[str, ...]:
        """Every number known, the mobile first."""
        return tuple(phone for phone in (self.mobile_phone, self.home_phone, self.work_phone) if phone)


@dataclass(frozen=True)
class QuotientView:
    """A quotient familial with its dates; `value` None means none is known, which is not 0."""

    value: int | None
    source: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True)
class ConsentView:
    """The latest word on one consent. `person` is empty for one of the whole family."""

    kind: str
    given: bool
    day: date
    person: str
    given_by: str


@dataclass(frozen=True)
class FamilySheet:
    """Who makes up a family and how it is reached. The bank stands here for those who may read income only."""

    family_id: int
    version: int
    number: str
    label: str
    address: str
    resident: bool
    regime: str | None
    allocataire: str | None
    caf_number: str | None
    dependants: int | None
    sending_mode: str
    invoice_email: str | None
    portal_login: str | None
    payer: str
    payer_id: int | None
    bank: str
    archived: bool
    messages: int
    members: tuple[MemberView, ...]
    quotients: tuple[QuotientView, ...]
    consents: tuple[ConsentView, ...]

    @property
    def children(self) -> tuple[MemberView, ...]:
        """Its children, in the order of the dossier."""
        return tuple(member for member in self.members if member.role is MemberRole.CHILD)


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
        allocataire=family.allocataire,
        dependants=family.dependants,
        sending_mode=family.sending_mode,
        invoice_email=family.invoice_email,
        portal_login=family.portal_login,
        payer=next((_full_name(person) for _, person in members if person.id == family.payer_id), ""),
        payer_id=family.payer_id,
        bank=_bank(family) if context.may(Permission.READ_INCOME) else "",
        archived=family.archived,
        messages=session.execute(
            select(func.count()).select_from(Message).where(Message.family_id == family_id)
        ).scalar_one(),
        members=tuple(
            _member(membership, person, day, others.get(person.id, ())) for membership, person in members
        ),
        quotients=_quotients(session, family_id) if context.may(Permission.READ_INCOME) else (),
        consents=_consents(session, family_id, {person.id: person.first_name for _, person in members}),
    )


def _member(membership: Membership, person: Person, day: date, others: tuple[str, ...]) -> MemberView:
    return MemberView(
        person_id=person.id,
        version=person.version,
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
        mobile_phone=person.mobile_phone or "",
        home_phone=person.home_phone or "",
        work_phone=person.work_phone or "",
        email=person.email or "",
        profession=person.profession or "",
        employer=person.employer or "",
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


def _consents(session: Session, family_id: int, people: dict[int, str]) -> tuple[ConsentView, ...]:
    """The latest word on each consent of the family and of each of its people."""
    rows = session.execute(
        select(Consent)
        .where((Consent.family_id == family_id) | Consent.person_id.in_(people))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
    ).scalars()
    latest: dict[tuple[str, int | None], ConsentView] = {}
    for row in rows:
        view = ConsentView(
            row.kind.value,
            row.given,
            paris_day(row.given_at),
            people.get(row.person_id or 0, ""),
            row.given_by or "",
        )
        latest.setdefault((row.kind.value, row.person_id), view)
    order = {None: 0} | {person_id: place for place, person_id in enumerate(people, start=1)}
    return tuple(latest[key] for key in sorted(latest, key=lambda key: (key[0], order.get(key[1], 0))))


def _full_name(person: Person) -> str:
    return f"{person.first_name} {person.last_name}"


def _bank(family: Family) -> str:
    """The account by its last four figures, enough to recognise it."""
    if not family.iban:
        return ""
    holder = f", {family.bank_holder}" if family.bank_holder else ""
    debit = ", prélèvement demandé" if family.direct_debit_asked else ""
    return f"…{family.iban[-4:]}{holder}{debit}"


@needs(Permission.READ_FAMILIES)
def labels(session: Session, context: Context, family_ids: tuple[int, ...]) -> dict[int, str]:
    """The names of these families, those that no longer exist left out: one query."""
    rows = session.execute(select(Family.id, Family.label).where(Family.id.in_(family_ids)))
    return {row.id: row.label for row in rows}
