"""Carrying out changes of a child's sheet: identity and school, authorised persons, health, photo consent, new child."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.people import (
    AuthorisedPerson,
    ConsentKind,
    HealthSheet,
    Membership,
    Person,
    School,
    Schooling,
)
from guichet.models.requests import Request, RequestItem
from guichet.rules.calendar import ONE_DAY
from guichet.rules.errors import UserError
from guichet.rules.requests import RefusalCode
from guichet.rules.text import fold, paris_day
from guichet.services import catalogue, sheet_fields, sheets
from guichet.services.effects import newcomers
from guichet.services.effects.base import NOTHING, Done, Work
from guichet.services.effects.family_sheet import give_consent
from guichet.services.transaction import Context

_LABEL_LENGTH = 240
_SCHOOLING = frozenset({"school", "school_class"})


def change(session: Session, context: Context, work: Work) -> list[Done]:
    """Change the accepted fields, one by one; a value that cannot be right fails on its own."""
    done = []
    for one in work.decided:
        if not one.accepted:
            done.append(NOTHING)
            continue
        try:
            value = sheet_fields.checked(one.item.field or "", one.item.new_value)
            done.append(_change_one(session, context, work.request, one.item, value))
        except ValueError as problem:
            done.append(Done(failure=(RefusalCode.PIECE_INVALIDE, str(problem))))
    return done


def undo(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Put a field back, or take off what was added."""
    if not trace or item.field is None:
        return
    if item.field == "new_child":
        newcomers.remove(session, trace)
        return
    request = session.get_one(Request, item.request_id)
    if "authorised" in trace:
        authorised = session.get(AuthorisedPerson, trace["authorised"])
        if authorised is not None and item.field.endswith(".add"):
            session.delete(authorised)
        elif authorised is not None:
            authorised.until = date.fromisoformat(trace["until"]) if trace["until"] else None
        return
    child_id = request.child_id or 0
    rows = sheets.load_children(session, [child_id])[child_id]
    if sheets.read_child(rows, item.field) != trace["after"]:
        raise UserError(
            f"{sheet_fields.label_of(item.field)} : la fiche a encore changé depuis, corrigez-la à la main."
        )
    _write(session, context, request, rows, item.field, trace["before"])


def _change_one(session: Session, context: Context, request: Request, item: RequestItem, value: Any) -> Done:
    path = item.field or ""
    if path == "new_child":
        return Done(newcomers.add_child(session, request.family_id or 0, value))
    if path.startswith("authorised_persons."):
        return _authorised(session, context, request, path, value)
    child_id = request.child_id or 0
    session.execute(select(Person.id).where(Person.id == child_id).with_for_update())
    rows = sheets.load_children(session, [child_id])[child_id]
    before = sheets.read_child(rows, path)
    _write(session, context, request, rows, path, value)
    if path == "photo_consent.given":
        return Done({"before": before, "after": bool(value)})
    session.flush()  # the schooling or health sheet just added is read back
    after = sheets.read_child(sheets.load_children(session, [child_id])[child_id], path)
    return Done({"before": before, "after": after})


def _write(
    session: Session, context: Context, request: Request, rows: sheets.ChildRows, path: str, value: Any
) -> None:
    section, _, name = path.partition(".")
    child = rows.person
    if section == "photo_consent":
        give_consent(
            session, context, ConsentKind.PHOTO, bool(value), person_id=child.id, request_id=request.id
        )
    elif section == "health":
        if rows.health is None:
            rows.health = HealthSheet(child_id=child.id)
            session.add(rows.health)
        sheets.write_health(rows.health, name, value)
    elif name in _SCHOOLING:
        _write_schooling(session, context, rows, name, value)
    else:
        sheets.write_identity(child, name, value)
        if name in sheets.SEARCHED:
            sheets.refresh_keys(child)
            sheets.refresh_families_of(session, child.id)


def _write_schooling(
    session: Session, context: Context, rows: sheets.ChildRows, name: str, value: str | None
) -> None:
    """Change the schooling of the school year in progress; a child without one gets one."""
    schooling = rows.schooling
    today = paris_day(context.now)
    if schooling is None or schooling.ends_on < today:
        year = catalogue.load_calendar(session).school_year(today)
        if year is None:
            raise ValueError("Aucune année scolaire ne couvre aujourd’hui : complétez le calendrier.")
        schooling = Schooling(child_id=rows.person.id, starts_on=year.span.first, ends_on=year.span.last)
        session.add(schooling)
        rows.schooling = schooling
    if name == "school_class":
        schooling.class_name = value
        schooling.level = value
        return
    if value is None:
        schooling.school_id = None
        return
    schools = session.execute(select(School.id, School.name)).all()
    found = next((row.id for row in schools if fold(row.name) == fold(value)), None)
    if found is None:
        raise ValueError(
            f"L’école « {value} » n’est pas connue : ajoutez-la d’abord, ou choisissez-en une autre."
        )
    schooling.school_id = found


def _authorised(session: Session, context: Context, request: Request, path: str, value: Any) -> Done:
    family_id, child_id = request.family_id or 0, request.child_id or 0
    name = f"{value['first_name']} {value['last_name']}"
    if max(len(name), len(value.get("relation") or "")) > _LABEL_LENGTH:
        raise ValueError(f"Le nom ou le lien d’une personne autorisée tient en {_LABEL_LENGTH} caractères.")
    if path.endswith(".remove"):
        today = paris_day(context.now)
        known = session.scalars(
            select(AuthorisedPerson).where(
                AuthorisedPerson.child_id == child_id, AuthorisedPerson.family_id == family_id
            )
        ).all()
        wanted = {fold(name), fold(f"{value['last_name']} {value['first_name']}")}
        live = [one for one in known if one.until is None or one.until >= today]
        found = next((one for one in live if fold(one.name) in wanted), None)
        if found is None:
            return Done(failure=(RefusalCode.AUTRE, f"{name} n’est pas parmi les personnes autorisées."))
        trace = {"authorised": found.id, "until": found.until.isoformat() if found.until else None}
        found.until = today - ONE_DAY  # who is taken off the list may not come for the child today either
        return Done(trace)
    member = select(Membership.id).where(Membership.family_id == family_id, Membership.person_id == child_id)
    if session.execute(member).first() is None:
        raise UserError("Cet enfant n’est plus de cette famille.")
    phone = sheet_fields.check_phone(value["phone"]) if value.get("phone") else None
    authorised = AuthorisedPerson(
        family_id=family_id,
        child_id=child_id,
        name=name,
        relation=value.get("relation"),
        phone=phone,
        since=date.fromisoformat(value["from_date"]) if value.get("from_date") else None,
        until=date.fromisoformat(value["until_date"]) if value.get("until_date") else None,
    )
    session.add(authorised)
    session.flush()  # its id goes into the trace
    return Done({"authorised": authorised.id, "until": None})
