"""Writing people, families and what is kept of them."""

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import select, update

from guichet.models.dossiers import Document, DocumentType
from guichet.models.people import (
    AuthorisedPerson,
    Family,
    HealthSheet,
    MemberRole,
    Membership,
    Person,
    Quotient,
    School,
    Schooling,
)
from guichet.models.settings import ExternalRef
from guichet.rules.names import family_search_key
from guichet.services.noethys import map_records
from guichet.services.noethys.drafts import Draft, Merged
from guichet.services.noethys.load import Loader, free_code, insert_rows, taken_codes
from guichet.services.noethys.map_people import People
from guichet.services.noethys.map_records import ONE_DAY, Quotients, QuotientValue
from guichet.services.noethys.reader import NoethysFile


def load_people(loader: Loader, people: People, attached: list[Draft]) -> None:
    """People, families (known by Noethys's own number where it is free) and who is in which."""
    children = {
        key
        for members in people.members.values()
        for key, member in members.items()
        if member.role is MemberRole.CHILD
    }
    numbers = taken_codes(loader.session, Person.number)
    loader.add(
        Person,
        [
            _with(draft, number=_number(loader, draft, numbers) if draft.key in children else None)
            for draft in people.person_drafts
        ],
    )
    taken = taken_codes(loader.session, Family.number)
    drafts = []
    for key, draft in people.family_drafts.items():
        number = _number(loader, draft, taken)
        keys = [member.person.search_key for member in people.members.get(key, {}).values()]
        search = family_search_key(number, str(draft.columns["label"]), keys)
        drafts.append(_with(draft, number=number, search_key=search))
    loader.add(Family, drafts)
    _load_members(loader, [*people.membership_drafts, *attached])
    loader.add(AuthorisedPerson, people.authorised_drafts)
    loader.merge(people.merged)


def _number(loader: Loader, draft: Draft, taken: set[str]) -> str:
    """Noethys's own key as number; what came earlier keeps the number it was given."""
    return draft.key if loader.known(draft.kind, draft.key) else free_code(taken, draft.key)


def _with(draft: Draft, **columns: object) -> Draft:
    return replace(draft, columns={**draft.columns, **columns})


def _load_members(loader: Loader, drafts: list[Draft]) -> None:
    """Memberships; one that an agent has already entered is recognised."""
    present = {
        (family_id, person_id): row_id
        for family_id, person_id, row_id in loader.session.execute(
            select(Membership.family_id, Membership.person_id, Membership.id)
        )
    }
    fresh = []
    for draft in drafts:
        family, person = draft.refs["family_id"], draft.refs["person_id"]
        if family is None or person is None:
            raise AssertionError("a membership names a family and a person")
        row_id = present.get((loader.row_id(*family), loader.row_id(*person)))
        if row_id is not None and not loader.known(draft.kind, draft.key):
            loader.adopt(draft.kind, draft.key, row_id, draft.digest)
        else:
            fresh.append(draft)
    loader.add(Membership, fresh)


def load_quotients(loader: Loader, quotients: Quotients) -> None:
    """Quotients familiaux; a newer one closes an older one that came from the same file."""
    first: set[str] = set()
    fresh: list[QuotientValue] = []
    parts: list[QuotientValue] = []
    for values in quotients.by_family.values():
        for value in values:
            if loader.known("quotients", value.key):
                if value.key not in first:
                    loader.adopt("quotients", value.key, loader.row_id("quotients", value.key), value.digest)
            elif value.key in first:
                parts.append(value)
            else:
                fresh.append(value)
            first.add(value.key)
    accepted = _make_room(loader, fresh)
    loader.add(Quotient, [_quotient_draft("quotients", value.key, value) for value in accepted])
    kept = {value.key for value in accepted}
    loader.add(
        Quotient,
        [
            _quotient_draft("quotients.partie", f"{value.key}-{value.valid_from.isoformat()}", value)
            for value in parts
            if value.key in kept
        ],
    )


def _make_room(loader: Loader, values: list[QuotientValue]) -> list[QuotientValue]:
    """Those that no quotient of the base overlaps, the older ones of this file closed where need be."""
    own = set(
        loader.session.scalars(
            select(ExternalRef.row_id).where(
                ExternalRef.source == loader.source, ExternalRef.kind.in_(("quotients", "quotients.partie"))
            )
        )
    )
    present: dict[int, list[Quotient]] = defaultdict(list)
    for row in loader.session.scalars(select(Quotient)) if own else ():
        present[row.family_id].append(row)
    accepted = []
    for value in values:
        rows = present.get(loader.row_id("familles", value.family), [])
        in_the_way = [
            row for row in rows if row.valid_from <= value.valid_until and value.valid_from <= row.valid_until
        ]
        if any(row.id not in own or row.valid_from >= value.valid_from for row in in_the_way):
            loader.tally.leave_out("quotients", value.key, "chevauche un quotient déjà présent dans Guichet")
            continue
        for row in in_the_way:
            loader.session.execute(
                update(Quotient).where(Quotient.id == row.id).values(valid_until=value.valid_from - ONE_DAY)
            )
        accepted.append(value)
    return accepted


def _quotient_draft(kind: str, key: str, value: QuotientValue) -> Draft:
    columns = {
        "source": value.source,
        "value": value.value,
        "income_cents": value.income_cents,
        "valid_from": value.valid_from,
        "valid_until": value.valid_until,
        "detail": {"observations": value.note} if value.note else None,
    }
    return Draft(kind, key, columns, {"family_id": ("familles", value.family)}, value.digest)


def load_records(loader: Loader, file: NoethysFile, people: People) -> None:
    """Schools and schooling, health sheets, pieces."""
    tally = loader.tally
    by_name = {name: row_id for row_id, name in loader.session.execute(select(School.id, School.name))}
    for row, name in map_records.schools(file, tally):
        if name not in by_name:
            by_name[name] = insert_rows(loader.session, School, [{"name": name[:240]}])[0]
        loader.adopt("ecoles", row.key, by_name[name], row.digest)
    loader.add(Schooling, map_records.schooling(file, tally, people))
    _load_health(loader, *map_records.health_sheets(file, tally, people))
    types = map_records.document_types(file, tally)
    codes = taken_codes(loader.session, DocumentType.code)
    loader.add(
        DocumentType,
        [
            draft
            if loader.known(draft.kind, draft.key)
            else _with(draft, code=free_code(codes, str(draft.columns["code"])))
            for draft in types
        ],
    )
    loader.add(Document, map_records.documents(file, tally, people, types))


def _load_health(loader: Loader, drafts: list[Draft], merged: list[Merged]) -> None:
    """Health sheets; a child who already has one keeps it, and what Noethys says of them is listed."""
    present = dict(loader.session.execute(select(HealthSheet.child_id, HealthSheet.id)).all())
    fresh = []
    for draft in drafts:
        child = draft.refs["child_id"]
        row_id = present.get(loader.row_id(*child)) if child else None
        if row_id is not None and not loader.known(draft.kind, draft.key):
            loader.adopt(draft.kind, draft.key, row_id)
        else:
            fresh.append(draft)
    loader.add(HealthSheet, fresh)
    loader.merge(merged)


def family_numbers(loader: Loader, people: People) -> dict[str, str]:
    """The number each family of the file is known by here."""
    ids = {loader.row_id("familles", key): key for key in people.family_drafts}
    rows = loader.session.execute(select(Family.id, Family.number))
    return {ids[row_id]: number for row_id, number in rows if row_id in ids}
