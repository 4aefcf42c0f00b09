"""Carrying out changes of the family sheet: responsable, conjoint, income and CAF (which make a quotient), bank."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.people import Consent, ConsentKind, Family, Person, Quotient, QuotientSource
from guichet.models.requests import Request, RequestItem
from guichet.rules.errors import UserError
from guichet.rules.quotient import compute_quotient
from guichet.rules.requests import RefusalCode
from guichet.rules.text import paris_day
from guichet.services import sheet_fields, sheets
from guichet.services.effects.base import NOTHING, Decided, Done, Work
from guichet.services.transaction import Context

_ADULTS = ("responsable", "conjoint")
_ADDRESS = frozenset({"address_line1", "address_line2", "postal_code", "city"})


def change(session: Session, context: Context, work: Work) -> list[Done]:
    """Change the accepted fields; those of income and CAF together make one new quotient."""
    family = session.scalars(
        select(Family).where(Family.id == work.request.family_id).with_for_update()
    ).one()
    rows = sheets.load_families(session, [family.id])[family.id]
    done: list[Done] = []
    quotient_fields: dict[str, Any] = {}
    looked_for: dict[int, Person] = {}
    for one in work.decided:
        section, _, name = (one.item.field or "").partition(".")
        if not one.accepted:
            done.append(NOTHING)
            continue
        try:
            value = sheet_fields.checked(one.item.field or "", one.item.new_value)
            if section in _ADULTS:
                done.append(_change_adult(session, context, rows, one, section, name, value))
                adult = rows.adult(section)
                if adult is not None and name in sheets.SEARCHED:
                    looked_for[adult[1].id] = adult[1]
            elif sheets.is_held_by_family(section, name):
                before = sheets.read_family(rows, one.item.field or "")
                sheets.write_family(family, section, name, value)
                done.append(Done({"before": before, "after": value}))
            else:
                quotient_fields[name] = value
                done.append(Done({"quotient_field": name}))
        except ValueError as problem:
            done.append(Done(failure=(RefusalCode.PIECE_INVALIDE, str(problem))))
    if quotient_fields:
        trace = _file_quotient(session, context, rows, quotient_fields)
        position = next(index for index, one in enumerate(done) if "quotient_field" in one.trace)
        done[position] = Done(done[position].trace | trace)
    for person in looked_for.values():
        sheets.refresh_keys(person)
        sheets.refresh_families_of(session, person.id)
    return done


def undo(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Put a field back, unless it was changed again meanwhile (then the sheet stays, with a UserError)."""
    if "quotient" in trace:
        _take_quotient_back(session, trace)
        return
    if "before" not in trace or item.field is None:
        return
    section, _, name = item.field.partition(".")
    family_id = trace.get("family") or _family_of(session, item)
    rows = sheets.load_families(session, [family_id])[family_id]
    if sheets.read_family(rows, item.field) != trace["after"]:
        raise UserError(
            f"{sheet_fields.label_of(item.field)} : la fiche a encore changé depuis, corrigez-la à la main."
        )
    if section in _ADULTS:
        adult = rows.adult(section)
        if adult is None:
            return
        membership, person = adult
        kind = sheets.consent_kind(name)
        if kind is not None:
            give_consent(session, context, kind, bool(trace["before"]), person_id=person.id)
        else:
            sheets.write_adult(person, membership, name, trace["before"])
            if trace.get("address_followed"):
                sheets.follow_address(rows.family, person)
            sheets.refresh_keys(person)
            sheets.refresh_families_of(session, person.id)
        return
    sheets.write_family(rows.family, section, name, trace["before"])


def give_consent(
    session: Session,
    context: Context,
    kind: ConsentKind,
    given: bool,
    *,
    person_id: int | None = None,
    family_id: int | None = None,
    request_id: int | None = None,
) -> None:
    """Add a line to the history of a consent: the latest counts."""
    session.add(
        Consent(
            person_id=person_id,
            family_id=family_id,
            kind=kind,
            given=given,
            given_at=context.now,
            given_by=context.actor.display_name,
            request_id=request_id,
        )
    )


def file_quotient(
    session: Session, context: Context, family_id: int, present: Quotient | None, fields: dict[str, Any]
) -> Quotient | None:
    """File a quotient from what was declared: the CAF's own value, else the income by the town's formula.

    It takes effect on the CAF's date, else today, and ends the one in force the day before. Without a value nor enough
    to compute one, nothing is filed (no quotient is not a quotient of 0): None.
    """
    declared = {
        name: fields.get(name, getattr(present, name, None) if present is not None else None)
        for name in ("income_cents", "benefits_cents", "parts")
    }
    from_caf = fields.get("quotient") is not None
    value = fields.get("quotient")
    if value is None and declared["income_cents"] is not None and declared["parts"]:
        value = compute_quotient(
            declared["income_cents"], declared["benefits_cents"] or 0, Decimal(declared["parts"])
        )
    if value is None:
        return None
    starts = date.fromisoformat(fields["quotient_date"]) if fields.get("quotient_date") else None
    starts = starts or paris_day(context.now)
    ends = _make_room(session, family_id, starts)
    quotient = Quotient(
        family_id=family_id,
        source=QuotientSource.CAF
        if from_caf
        else QuotientSource.TAX_NOTICE
        if fields.get("tax_year")
        else QuotientSource.DECLARED,
        value=value,
        valid_from=starts,
        valid_until=ends,
        detail={"tax_year": str(fields["tax_year"])} if fields.get("tax_year") else None,
        **declared,
    )
    session.add(quotient)
    session.flush()  # its id goes into the trace
    return quotient


def _change_adult(
    session: Session,
    context: Context,
    rows: sheets.FamilyRows,
    one: Decided,
    section: str,
    name: str,
    value: Any,
) -> Done:
    adult = rows.adult(section)
    if adult is None:
        sentence = "La fiche n’a pas encore de conjoint : ajoutez-le d’abord à la famille."
        return Done(failure=(RefusalCode.AUTRE, sentence))
    membership, person = adult
    path = one.item.field or ""
    before = sheets.read_family(rows, path)
    kind = sheets.consent_kind(name)
    if kind is not None:
        give_consent(session, context, kind, bool(value), person_id=person.id, request_id=one.item.request_id)
        return Done({"before": before, "after": bool(value)})
    followed = name in _ADDRESS and section == "responsable" and sheets.lives_there(rows.family, person)
    sheets.write_adult(person, membership, name, value)
    if followed:
        sheets.follow_address(rows.family, person)
    return Done({"before": before, "after": sheets.read_family(rows, path), "address_followed": followed})


def _file_quotient(
    session: Session, context: Context, rows: sheets.FamilyRows, fields: dict[str, Any]
) -> dict[str, Any]:
    present = rows.quotient
    before = None if present is None else [present.id, present.valid_until.isoformat()]
    quotient = file_quotient(session, context, rows.family.id, present, fields)
    if quotient is None:
        return {"declared": {name: str(value) for name, value in fields.items()}}
    return {"quotient": quotient.id, "present": before, "value": quotient.value}


def _make_room(session: Session, family_id: int, starts: date) -> date:
    """End the quotient in force the day before `starts`; returns the last day the new one may hold."""
    later: Sequence[Quotient] = session.scalars(
        select(Quotient)
        .where(Quotient.family_id == family_id, Quotient.valid_until >= starts)
        .order_by(Quotient.valid_from)
    ).all()
    ends = date(9999, 12, 31)
    for quotient in later:
        if quotient.valid_from < starts:
            quotient.valid_until = starts - timedelta(days=1)
        elif quotient.valid_from == starts:
            session.delete(quotient)
        else:
            ends = min(ends, quotient.valid_from - timedelta(days=1))
    session.flush()  # the new one must not overlap what these still hold
    return ends


def _take_quotient_back(session: Session, trace: dict[str, Any]) -> None:
    quotient = session.get(Quotient, trace["quotient"])
    if quotient is not None:
        session.delete(quotient)
        session.flush()  # the one before takes its days back
    if trace["present"] is not None:
        before = session.get(Quotient, trace["present"][0])
        if before is not None:
            before.valid_until = date.fromisoformat(trace["present"][1])


def _family_of(session: Session, item: RequestItem) -> int:
    family_id = session.get_one(Request, item.request_id).family_id
    return family_id or 0
