"""Families: finding one by any word, or by its number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.rules.errors import UserError
from guichet.rules.names import searched_words
from guichet.rules.permissions import Permission
from guichet.services.matching import holds_all
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs

_SORTS = {"label": Family.sort_key, "number": Family.number, "town": Family.town}


@dataclass(frozen=True)
class FamilyQuery(PageQuery):
    """A search: words in any order, without accents; a family matches when it holds them all."""

    text: str = ""
    with_archived: bool = False
    sort: str = "label"


@dataclass(frozen=True)
class FamilyRow:
    """A family in a list."""

    family_id: int
    number: str
    label: str
    town: str
    adults: str
    children: str
    phone: str
    email: str
    archived: bool


@needs(Permission.READ_FAMILIES)
def search(session: Session, context: Context, query: FamilyQuery) -> Page[FamilyRow]:
    """Families that match, sorted and paged in SQL; three queries whatever their number."""
    matching = holds_all(Family.search_key, searched_words(query.text))
    if not query.with_archived:
        matching &= ~Family.archived
    total = session.execute(select(func.count()).select_from(Family).where(matching)).scalar_one()
    order = _SORTS.get(query.sort, Family.sort_key)
    ids = session.execute(
        select(Family.id)
        .where(matching)
        .order_by(order.desc() if query.descending else order, Family.id)
        .limit(query.size)
        .offset(query.offset)
    ).scalars()
    return Page(rows_of(session, list(ids)), total, query.offset)


def rows_of(session: Session, family_ids: Sequence[int]) -> tuple[FamilyRow, ...]:
    """Families as a list shows them, in the order of the ids, in two queries of plain columns."""
    members: dict[int, list[Row[Any]]] = {family_id: [] for family_id in family_ids}
    for member in session.execute(_listed_members(family_ids)):
        members[member.family_id].append(member)
    columns: Select[*tuple[Any, ...]] = select(
        Family.id, Family.number, Family.label, Family.town, Family.archived
    )
    families = session.execute(columns.where(Family.id.in_(family_ids)))
    found = {family.id: _family_row(family, members[family.id]) for family in families}
    return tuple(found[family_id] for family_id in family_ids)


def _listed_members(family_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Membership.family_id,
            Membership.role,
            Person.first_name,
            Person.last_name,
            func.coalesce(func.nullif(Person.mobile_phone, ""), Person.home_phone, "").label("phone"),
            func.coalesce(Person.email, "").label("email"),
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.family_id.in_(family_ids))
        .order_by(Membership.family_id, Membership.holder.desc(), Membership.position, Person.sort_key)
    )


def _family_row(family: Row[Any], members: list[Row[Any]]) -> FamilyRow:
    adults = [member for member in members if member.role is MemberRole.ADULT]
    children = [member for member in members if member.role is MemberRole.CHILD]
    return FamilyRow(
        family_id=family.id,
        number=family.number,
        label=family.label,
        town=family.town or "",
        adults=", ".join(f"{adult.first_name} {adult.last_name}" for adult in adults),
        children=", ".join(child.first_name for child in children),
        phone=next((adult.phone for adult in adults if adult.phone), ""),
        email=next((adult.email for adult in adults if adult.email), ""),
        archived=family.archived,
    )


def members_by_family(session: Session, family_ids: list[int]) -> dict[int, list[tuple[Membership, Person]]]:
    """Each family's people with their place in it: the holder first, then as they were entered."""
    statement = (
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.family_id.in_(family_ids))
        .order_by(Membership.holder.desc(), Membership.position, Person.sort_key)
    )
    found: dict[int, list[tuple[Membership, Person]]] = {}
    for membership, person in session.execute(statement):
        found.setdefault(membership.family_id, []).append((membership, person))
    return found


@needs(Permission.READ_FAMILIES)
def id_of_number(session: Session, context: Context, number: str) -> int:
    """The id of the family that portals and people know by `number`. Raises UserError when there is none."""
    found = session.execute(select(Family.id).where(Family.number == number.strip())).scalar_one_or_none()
    if found is None:
        raise UserError(f"Il n’y a pas de famille n° {number} dans cette base.", field="family")
    return found


@needs(Permission.READ_FAMILIES)
def id_of_child(session: Session, context: Context, number: str) -> int:
    """The id of the child known by `number`, or `#n` by id. Raises UserError when no child is."""
    children = select(Person.id).join(Membership, Membership.person_id == Person.id)
    children = children.where(Membership.role == MemberRole.CHILD)
    typed = number.strip()
    if typed.startswith("#") and typed[1:].isdigit():
        children = children.where(Person.id == int(typed[1:]))
    else:
        children = children.where(Person.number == typed)
    found = session.execute(children).scalars().first()
    if found is None:
        raise UserError(f"Il n’y a pas d’enfant n° {number} dans cette base.", field="child")
    return found
