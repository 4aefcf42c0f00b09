"""People and families that a request adds: a new child, a new family with its adults and children."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from guichet.models.people import (
    Consent,
    Family,
    HealthSheet,
    MemberRole,
    Membership,
    Person,
    Quotient,
    Schooling,
)
from guichet.models.requests import Request, RequestItem
from guichet.rules.errors import UserError
from guichet.rules.requests import RefusalCode
from guichet.services import sheet_fields, sheets
from guichet.services.effects.base import NOTHING, Done, Work
from guichet.services.effects.family_sheet import file_quotient, give_consent
from guichet.services.transaction import Context

_NOT_COLUMNS = frozenset({"school", "school_class"})


def create_family(session: Session, context: Context, work: Work) -> list[Done]:
    """Create the family with its people; the first adult holds the account and pays. The request then belongs to it."""
    (one,) = work.decided
    if not one.accepted:
        return [NOTHING]
    try:
        return [_create_family(session, context, work)]
    except ValueError as problem:
        return [Done(failure=(RefusalCode.PIECE_INVALIDE, str(problem)))]


def _create_family(session: Session, context: Context, work: Work) -> Done:
    payload = work.payload
    first = payload["adults"][0]
    family = Family(
        number=_next_number(session),
        label=first["last_name"],
        address=_street(first),
        postcode=first.get("postal_code"),
        town=first.get("city"),
        portal_login=sheet_fields.check_email(first["email"]) if first.get("email") else None,
        search_key="",
        sort_key="",
    )
    session.add(family)
    session.flush()  # its people need its id
    people = [
        _add_person(session, context, family.id, adult, MemberRole.ADULT, position)
        for position, adult in enumerate(payload["adults"])
    ]
    people += [
        _add_person(session, context, family.id, child, MemberRole.CHILD, position)
        for position, child in enumerate(payload.get("children") or (), start=len(people))
    ]
    family.payer_id = people[0]
    for section in ("caf", "fiscal"):
        for name, value in (payload.get(section) or {}).items():
            if sheets.is_held_by_family(section, name):
                sheets.write_family(family, section, name, sheet_fields.checked(f"{section}.{name}", value))
    declared = {**(payload.get("fiscal") or {}), **(payload.get("caf") or {})}
    file_quotient(session, context, family.id, None, declared)
    sheets.refresh_family_keys(session, family)
    work.request.family_id = family.id
    return Done({"family": family.id, "people": people}, f"Votre numéro de famille est le {family.number}.")


def undo_family(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Remove the family just created. Raises UserError once something else hangs on it."""
    if not trace:
        return
    session.get_one(Request, item.request_id).family_id = None
    session.flush()  # nothing may point at the family any more
    remove(session, trace)


def add_child(session: Session, family_id: int, child: Mapping[str, Any]) -> dict[str, Any]:
    """Add a child to a family; returns the trace. Raises ValueError for a value that cannot be right."""
    position = session.execute(
        select(func.coalesce(func.max(Membership.position), -1) + 1).where(Membership.family_id == family_id)
    ).scalar_one()
    person = _person(child)
    session.add(person)
    session.flush()  # its membership needs its id
    session.add(
        Membership(family_id=family_id, person_id=person.id, role=MemberRole.CHILD, position=position)
    )
    person.number = f"E{person.id}"
    sheets.refresh_keys(person)
    sheets.refresh_families_of(session, person.id)
    return {"people": [person.id]}


def remove(session: Session, trace: Mapping[str, Any]) -> None:
    """Remove the people, and the family, that a decision just added."""
    people, family_id = trace.get("people") or [], trace.get("family")
    try:
        with session.begin_nested():
            session.execute(delete(Consent).where(Consent.person_id.in_(people)))
            session.execute(delete(HealthSheet).where(HealthSheet.child_id.in_(people)))
            session.execute(delete(Schooling).where(Schooling.child_id.in_(people)))
            session.execute(delete(Membership).where(Membership.person_id.in_(people)))
            if family_id is not None:
                family = session.get_one(Family, family_id)
                family.payer_id = None
                session.flush()  # the payer is about to go
                session.execute(delete(Quotient).where(Quotient.family_id == family_id))
                session.execute(delete(Family).where(Family.id == family_id))
            session.execute(delete(Person).where(Person.id.in_(people)))
    except IntegrityError:
        raise UserError(
            "Cette famille ou cet enfant sert déjà ailleurs (inscription, document…) : on ne peut plus revenir en arrière."
        ) from None


def _add_person(
    session: Session,
    context: Context,
    family_id: int,
    values: Mapping[str, Any],
    role: MemberRole,
    position: int,
) -> int:
    person = _person(values) if role is MemberRole.CHILD else _adult(values)
    session.add(person)
    session.flush()  # its membership needs its id
    if role is MemberRole.CHILD:
        person.number = f"E{person.id}"
    membership = Membership(
        family_id=family_id,
        person_id=person.id,
        role=role,
        position=position,
        holder=position == 0,
        quality=values.get("quality"),
    )
    session.add(membership)
    for name in ("accepts_email", "accepts_sms"):
        kind = sheets.consent_kind(name)
        if kind is not None and values.get(name) is not None:
            give_consent(session, context, kind, bool(values[name]), person_id=person.id)
    sheets.refresh_keys(person)
    return person.id


def _adult(values: Mapping[str, Any]) -> Person:
    person = Person(
        search_key="", sort_key="", last_name=values["last_name"], first_name=values["first_name"]
    )
    for name, value in values.items():
        if name != "quality" and sheets.consent_kind(name) is None:
            sheets.write_adult(person, Membership(), name, sheet_fields.checked(f"responsable.{name}", value))
    return person


def _person(values: Mapping[str, Any]) -> Person:
    person = Person(
        search_key="",
        sort_key="",
        last_name=values["last_name"],
        first_name=values["first_name"],
        birth_date=date.fromisoformat(values["birth_date"]) if values.get("birth_date") else None,
    )
    for name, value in values.items():
        if name not in _NOT_COLUMNS:
            sheets.write_identity(person, name, sheet_fields.checked(f"identity.{name}", value))
    return person


def _street(adult: Mapping[str, Any]) -> str | None:
    lines = [adult.get("address_line1"), adult.get("address_line2")]
    return "\n".join(line for line in lines if line) or None


def _next_number(session: Session) -> str:
    """One more than the highest family number that is a whole number; other kinds of numbers are left alone."""
    highest = 1000
    for number in session.scalars(select(Family.number).order_by(Family.id)):
        if number.isascii() and number.isdigit() and len(number) <= 18:
            highest = max(highest, int(number))
    return str(highest + 1)
