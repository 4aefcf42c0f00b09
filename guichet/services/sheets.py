"""A family's and a child's sheet, field by field, under the names of the exchange: one place to read and to write them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.people import (
    Consent,
    ConsentKind,
    Family,
    HealthSheet,
    MemberRole,
    Membership,
    Person,
    Quotient,
    School,
    Schooling,
    Sex,
)
from guichet.rules.names import family_search_key, person_search_key, person_sort_key
from guichet.rules.text import sort_key

_CIVILITIES = {"M": "Monsieur", "MME": "Madame"}
_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE}
_ADULT_COLUMNS = {
    "last_name": "last_name",
    "birth_name": "birth_name",
    "first_name": "first_name",
    "birth_date": "birth_date",
    "situation": "marital_status",
    "postal_code": "postcode",
    "city": "town",
    "phone_home": "home_phone",
    "phone_mobile": "mobile_phone",
    "phone_work": "work_phone",
    "email": "email",
    "profession": "profession",
    "csp": "csp",
    "employer": "employer",
    "employer_address": "employer_address",
}
_CONSENTS = {"accepts_email": ConsentKind.EMAIL, "accepts_sms": ConsentKind.SMS}
_CAF_COLUMNS = {"regime": "regime", "caf_number": "caf_number", "holder": "allocataire"}
_BANK_COLUMNS = {
    "iban": "iban",
    "bic": "bic",
    "holder": "bank_holder",
    "bank_name": "bank_name",
    "direct_debit": "direct_debit_asked",
}
_HEALTH_COLUMNS = {
    "glasses": "glasses",
    "hearing_aid": "hearing_aid",
    "allergies": "allergies",
    "pai": "pai",
    "treatment": "treatment",
    "doctor_name": "doctor",
    "doctor_phone": "doctor_phone",
    "vaccinations_until": "vaccinations_until",
    "notes": "notes",
}
_HEALTH_FLAGS = frozenset({"glasses", "hearing_aid", "pai"})
# The fields of a person by which people and families are looked for and sorted.
SEARCHED = frozenset(
    {"last_name", "birth_name", "first_name", "phone_home", "phone_mobile", "phone_work", "email"}
)
_REQUIRED = frozenset({"last_name", "first_name"})


@dataclass
class FamilyRows:
    """A family, its adults in order (the holder first), their consents, its latest quotient."""

    family: Family
    adults: list[tuple[Membership, Person]] = field(default_factory=list)
    consents: dict[tuple[int, ConsentKind], bool] = field(default_factory=dict)
    quotient: Quotient | None = None

    def adult(self, section: str) -> tuple[Membership, Person] | None:
        """The *responsable* is the first adult, the *conjoint* the second."""
        place = 0 if section == "responsable" else 1
        return self.adults[place] if len(self.adults) > place else None


@dataclass
class ChildRows:
    """A child, the latest schooling with its school's name, the health sheet, the photo consent."""

    person: Person
    schooling: Schooling | None = None
    school: str | None = None
    health: HealthSheet | None = None
    photo: bool | None = None


def load_families(session: Session, family_ids: Collection[int]) -> dict[int, FamilyRows]:
    """Read these families' sheets in four queries."""
    if not family_ids:
        return {}
    found = {
        row.id: FamilyRows(row) for row in session.scalars(select(Family).where(Family.id.in_(family_ids)))
    }
    adults = session.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.family_id.in_(family_ids), Membership.role == MemberRole.ADULT)
        .order_by(Membership.holder.desc(), Membership.position, Membership.id)
    )
    for membership, person in adults:
        found[membership.family_id].adults.append((membership, person))
    people = {person.id for rows in found.values() for _, person in rows.adults}
    consents = _consents(session, people, tuple(_CONSENTS.values()))
    for rows in found.values():
        mine = {person.id for _, person in rows.adults}
        rows.consents = {key: given for key, given in consents.items() if key[0] in mine}
    for quotient in session.scalars(
        select(Quotient).where(Quotient.family_id.in_(family_ids)).order_by(Quotient.valid_from, Quotient.id)
    ):
        found[quotient.family_id].quotient = quotient
    return found


def load_children(session: Session, child_ids: Collection[int]) -> dict[int, ChildRows]:
    """Read these children's sheets in four queries."""
    if not child_ids:
        return {}
    found = {
        row.id: ChildRows(row) for row in session.scalars(select(Person).where(Person.id.in_(child_ids)))
    }
    for schooling, school in session.execute(
        select(Schooling, School.name)
        .outerjoin(School, School.id == Schooling.school_id)
        .where(Schooling.child_id.in_(child_ids))
        .order_by(Schooling.starts_on, Schooling.id)
    ):
        found[schooling.child_id].schooling = schooling
        found[schooling.child_id].school = school
    for health in session.scalars(select(HealthSheet).where(HealthSheet.child_id.in_(child_ids))):
        found[health.child_id].health = health
    for (person_id, _), given in _consents(session, child_ids, (ConsentKind.PHOTO,)).items():
        found[person_id].photo = given
    return found


def _consents(
    session: Session, person_ids: Collection[int], kinds: Collection[ConsentKind]
) -> dict[tuple[int, ConsentKind], bool]:
    rows = session.execute(
        select(Consent.person_id, Consent.kind, Consent.given)
        .where(Consent.person_id.in_(person_ids), Consent.kind.in_(kinds))
        .order_by(Consent.given_at, Consent.id)
    )
    latest: dict[tuple[int, ConsentKind], bool] = defaultdict(bool)
    for person_id, kind, given in rows:
        if person_id is not None:
            latest[person_id, kind] = given
    return dict(latest)


def read_family(rows: FamilyRows, path: str) -> Any:
    """The present value of a field of the family sheet, as JSON keeps it; None where nothing is known."""
    section, _, name = path.partition(".")
    if section in ("responsable", "conjoint"):
        return _read_adult(rows, section, name)
    if section == "bank":
        return getattr(rows.family, _BANK_COLUMNS[name])
    if section == "caf" and name in _CAF_COLUMNS:
        return getattr(rows.family, _CAF_COLUMNS[name])
    if name == "dependants":
        return rows.family.dependants
    return _read_quotient(rows.quotient, name)


def read_child(rows: ChildRows, path: str) -> Any:
    """The present value of a field of the child sheet, as JSON keeps it; None for what is added or taken off."""
    section, _, name = path.partition(".")
    if section == "photo_consent":
        return rows.photo
    if section == "health":
        return _read_health(rows.health, name)
    if section != "identity":
        return None
    if name == "sex":
        return None if rows.person.sex is None else ("F" if rows.person.sex is Sex.FEMALE else "M")
    if name == "school":
        return rows.school
    if name == "school_class":
        return rows.schooling.class_name if rows.schooling else None
    return _plain(getattr(rows.person, name))


def write_adult(person: Person, membership: Membership, name: str, value: Any) -> None:
    """Set a field of an adult, but consents. Raises ValueError when a name would be emptied."""
    if name in _REQUIRED and not value:
        raise ValueError("Un nom et un prénom sont toujours nécessaires.")
    if name == "civility":
        person.civility = _CIVILITIES.get(value) if value else None
    elif name == "quality":
        membership.quality = value
    elif name in ("address_line1", "address_line2"):
        lines = _address_lines(person)
        lines[int(name == "address_line2")] = value or ""
        person.address = "\n".join(lines).rstrip("\n") or None
    elif name == "birth_date":
        person.birth_date = date.fromisoformat(value) if value else None
    else:
        setattr(person, _ADULT_COLUMNS[name], value)


def write_family(family: Family, section: str, name: str, value: Any) -> None:
    """Set a field that the family itself holds (CAF, bank, dependants)."""
    if section == "bank":
        setattr(family, _BANK_COLUMNS[name], bool(value) if name == "direct_debit" else value)
    elif section == "caf":
        setattr(family, _CAF_COLUMNS[name], value)
    else:
        family.dependants = value


def lives_there(family: Family, person: Person) -> bool:
    """Whether the family's own address is the responsable's: it then moves along."""
    own = (family.address, family.postcode, family.town)
    return not any(own) or own == (person.address, person.postcode, person.town)


def follow_address(family: Family, person: Person) -> None:
    """Give the family the address of its responsable."""
    family.address, family.postcode, family.town = person.address, person.postcode, person.town


def is_held_by_family(section: str, name: str) -> bool:
    """Whether a field of the fiscal, CAF or bank section is a column of the family (else it makes a quotient)."""
    return section == "bank" or (section == "caf" and name in _CAF_COLUMNS) or name == "dependants"


def consent_kind(name: str) -> ConsentKind | None:
    """The consent that an adult's field stands for."""
    return _CONSENTS.get(name)


def write_identity(person: Person, name: str, value: Any) -> None:
    """Set a field of a child's identity, but schooling. Raises ValueError when a name would be emptied."""
    if name in _REQUIRED and not value:
        raise ValueError("Un nom et un prénom sont toujours nécessaires.")
    if name == "birth_date":
        person.birth_date = date.fromisoformat(value) if value else None
    elif name == "sex":
        person.sex = _SEXES.get(value) if value else None
    else:
        setattr(person, name, value)


def write_health(health: HealthSheet, name: str, value: Any) -> None:
    """Set a field of a health sheet."""
    if name == "diet":
        health.diet = ", ".join(value) if value else None
    elif name == "vaccinations_until":
        health.vaccinations_until = date.fromisoformat(value) if value else None
    else:
        setattr(health, _HEALTH_COLUMNS[name], bool(value) if name in _HEALTH_FLAGS else value)


def refresh_keys(person: Person) -> None:
    """Recompute what a person is found and sorted by, after a change."""
    person.search_key = person_search_key(
        last_name=person.last_name,
        first_name=person.first_name,
        birth_name=person.birth_name,
        phones=(person.home_phone, person.mobile_phone, person.work_phone),
        email=person.email,
        number=person.number,
    )
    person.sort_key = person_sort_key(person.last_name, person.first_name)


def refresh_family_keys(session: Session, family: Family) -> None:
    """Recompute what a family is found and sorted by, from its members as they now are."""
    session.flush()  # the members' own keys must be in the base to be read
    keys = session.scalars(
        select(Person.search_key)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.family_id == family.id)
        .order_by(Membership.holder.desc(), Membership.position, Person.id)
    )
    family.search_key = family_search_key(family.number, family.label, keys)
    family.sort_key = sort_key(family.label)


def refresh_families_of(session: Session, person_id: int) -> None:
    """Recompute the keys of every family that a person is in."""
    families = session.scalars(
        select(Family)
        .join(Membership, Membership.family_id == Family.id)
        .where(Membership.person_id == person_id)
        .order_by(Family.id)
    ).all()
    for family in families:
        refresh_family_keys(session, family)


def _read_adult(rows: FamilyRows, section: str, name: str) -> Any:
    adult = rows.adult(section)
    if adult is None:
        return None
    membership, person = adult
    if name == "civility":
        return {label: code for code, label in _CIVILITIES.items()}.get(
            person.civility or "", person.civility
        )
    if name == "quality":
        return membership.quality
    if name in ("address_line1", "address_line2"):
        return _address_lines(person)[int(name == "address_line2")] or None
    if name in _CONSENTS:
        return rows.consents.get((person.id, _CONSENTS[name]))
    return _plain(getattr(person, _ADULT_COLUMNS[name]))


def _read_quotient(quotient: Quotient | None, name: str) -> Any:
    if quotient is None:
        return None
    match name:
        case "income_cents" | "benefits_cents" | "parts":
            return getattr(quotient, name)
        case "quotient":
            return quotient.value
        case "quotient_date":
            return quotient.valid_from.isoformat()
        case _:
            year = (quotient.detail or {}).get(name)
            return int(year) if year is not None and year.isdigit() else year


def _read_health(health: HealthSheet | None, name: str) -> Any:
    if health is None:
        return None
    if name == "diet":
        return health.diet.split(", ") if health.diet else None
    return _plain(getattr(health, _HEALTH_COLUMNS[name]))


def _address_lines(person: Person) -> list[str]:
    lines = (person.address or "").split("\n", 1)
    return [lines[0], lines[1] if len(lines) > 1 else ""]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
