"""How a person is reached, changed at the counter: telephones, e-mail, address, checked as a portal's sheet is."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.people import Family, Membership, Person
from guichet.models.settings import Journal, UserAccount
from guichet.rules.errors import StaleVersion, UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import format_instant
from guichet.services import journal, sheet_fields, sheets
from guichet.services.transaction import Context, needs

KIND = "person"
# Each field of the form under its name in the exchange, so that one place checks and writes both.
_PATHS = {
    "mobile_phone": "phone_mobile",
    "home_phone": "phone_home",
    "work_phone": "phone_work",
    "email": "email",
    "address": "address_line1",
    "address_more": "address_line2",
    "postcode": "postal_code",
    "town": "city",
}
_ADDRESS = frozenset({"address", "address_more", "postcode", "town"})


@dataclass(frozen=True)
class Contacts:
    """How a person is reached; empty where nothing is known. `version` is the person's."""

    person_id: int
    version: int
    name: str
    mobile_phone: str
    home_phone: str
    work_phone: str
    email: str
    address: str
    address_more: str
    postcode: str
    town: str


@dataclass(frozen=True)
class ContactsQuery:
    """A person as a member of this family."""

    family_id: int
    person_id: int


@dataclass(frozen=True)
class ChangeContacts:
    """The contacts as the form has them, over those read at `version`."""

    command_id: str
    person_id: int
    family_id: int
    version: int
    mobile_phone: str = ""
    home_phone: str = ""
    work_phone: str = ""
    email: str = ""
    address: str = ""
    address_more: str = ""
    postcode: str = ""
    town: str = ""


@dataclass(frozen=True)
class _Found:
    """A person in a family. `responsable`: its first adult, whose address the dossier's follows."""

    family: Family
    membership: Membership
    person: Person
    responsable: bool

    @property
    def at_the_dossier(self) -> bool:
        """Whether the only address known for them is the dossier's."""
        own = (self.person.address, self.person.postcode, self.person.town)
        return self.responsable and not any(own)


@needs(Permission.READ_FAMILIES)
def read(session: Session, context: Context, query: ContactsQuery) -> Contacts:
    """How a person is reached now; a responsable without an address of their own lives at the dossier's.

    Raises UserError when they are no longer in the family.
    """
    found = _found(session, query.family_id, query.person_id)
    return _contacts(found)


def _contacts(found: _Found) -> Contacts:
    person = found.person
    home = found.family if found.at_the_dossier else person
    first, _, more = (home.address or "").partition("\n")
    return Contacts(
        person_id=person.id,
        version=person.version,
        name=f"{person.first_name} {person.last_name}",
        mobile_phone=person.mobile_phone or "",
        home_phone=person.home_phone or "",
        work_phone=person.work_phone or "",
        email=person.email or "",
        address=first,
        address_more=more,
        postcode=home.postcode or "",
        town=home.town or "",
    )


@needs(Permission.EDIT_FAMILIES)
def change(session: Session, context: Context, command: ChangeContacts) -> Contacts:
    """Write the fields that changed, journalled with what they were; families are found by the new ones at once.

    Raises UserError beside the field that cannot be right, StaleVersion naming who changed the person since.
    """
    session.execute(select(Person.id).where(Person.id == command.person_id).with_for_update())
    found = _found(session, command.family_id, command.person_id)
    person = found.person
    if person.version != command.version:
        raise StaleVersion(_who_was_first(session, person.id))
    was = _contacts(found)
    follows = found.at_the_dossier or (found.responsable and sheets.lives_there(found.family, person))
    values, before, after = {}, {}, {}
    for name, written in _PATHS.items():
        try:
            value = sheet_fields.checked(f"responsable.{written}", getattr(command, name).strip())
        except ValueError as problem:
            raise UserError(str(problem), field=name) from problem
        values[name] = value
        if (value or "") != getattr(was, name):
            before[name], after[name] = getattr(was, name), value or ""
    moved = any(name in _ADDRESS for name in after)
    for name, written in _PATHS.items():
        if name in after or (moved and name in _ADDRESS):
            sheets.write_adult(person, found.membership, written, values[name])
    if moved and follows:
        sheets.follow_address(found.family, person)
    if after:
        sheets.refresh_keys(person)
        sheets.refresh_families_of(session, person.id)
        journal.record(
            session,
            context,
            action="person.contacts",
            subject=(KIND, person.id),
            summary="Coordonnées modifiées au guichet",
            detail={"before": before, "after": after},
        )
        session.flush()  # the new version goes back to the form
    return _contacts(_found(session, command.family_id, command.person_id))


def _found(session: Session, family_id: int, person_id: int) -> _Found:
    row = session.execute(
        select(Family, Membership, Person)
        .join(Membership, Membership.family_id == Family.id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.family_id == family_id, Membership.person_id == person_id)
    ).first()
    if row is None:
        raise UserError("Cette personne n’est plus de cette famille : relisez la fiche.", code="person_gone")
    family, membership, person = row
    first = sheets.load_families(session, [family_id])[family_id].adult("responsable")
    return _Found(family, membership, person, first is not None and first[1].id == person.id)


def _who_was_first(session: Session, person_id: int) -> str:
    row = session.execute(
        select(Journal.happened_at, UserAccount.display_name, Journal.login)
        .outerjoin(UserAccount, UserAccount.login == Journal.login)
        .where(Journal.subject_kind == KIND, Journal.subject_id == person_id)
        .order_by(Journal.happened_at.desc(), Journal.id.desc())
        .limit(1)
    ).first()
    who = (
        f"par {row.display_name or row.login} le {format_instant(row.happened_at)}" if row else "entre-temps"
    )
    return (
        f"Ces coordonnées ont été modifiées {who} : elles sont relues, votre saisie est gardée. "
        "Vérifiez puis enregistrez."
    )
