"""Everything that the palette finds as one types: families, children, and what bears a number."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, case, or_, select
from sqlalchemy.orm import Session

from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.rules.names import searched_words
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import families, search_numbers
from guichet.services.families import FamilyRow
from guichet.services.matching import INSIDE_FROM, begins_all, holds_all
from guichet.services.search_hits import Hit, Kind, beside
from guichet.services.transaction import Context

SHOWN = 8
# Children are looked for in the best families: enough of them that a first name is found behind common labels.
CANDIDATES = 40
_NUMBER, _LABEL, _BEGINNINGS, _INSIDE = range(4)


@dataclass(frozen=True)
class SearchQuery:
    """What is typed: words in any order, a number, a telephone, an e-mail. `limit` is of each kind."""

    text: str
    limit: int = SHOWN


@dataclass(frozen=True)
class Group:
    """What was found of one kind, best first; `more` when some were left out."""

    kind: Kind
    hits: tuple[Hit, ...]
    more: bool


@dataclass(frozen=True)
class Found:
    """The answer to `text`; a kind of which the very number was typed comes before the others."""

    text: str
    groups: tuple[Group, ...]


def everything(session: Session, context: Context, query: SearchQuery) -> Found:
    """All that answers to what is typed and that the person may read; what they may not read is left out.

    A family answers when it holds every word (`matching`), an archived one to its exact number alone. Best first:
    the number itself, a label that begins so, words that begin so, words that hold it inside. Nothing is counted.
    """
    wanted = query.limit + 1
    found: list[Hit] = []
    if context.may(Permission.READ_FAMILIES):
        found += _families_and_children(session, query.text, wanted)
    if has_digit(query.text):
        found += search_numbers.numbered(session, context, query.text, wanted)
    by_kind = {kind: [hit for hit in found if hit.kind is kind] for kind in Kind}
    groups = [
        Group(kind, tuple(hits[: query.limit]), len(hits) > query.limit)
        for kind, hits in by_kind.items()
        if hits
    ]
    return Found(query.text, tuple(sorted(groups, key=lambda group: not group.hits[0].exact)))


def has_digit(texts: Iterable[str]) -> bool:
    """Whether a number may be meant."""
    return any(char.isdigit() for text in texts for char in text)


def _families_and_children(session: Session, text: str, wanted: int) -> list[Hit]:
    words = searched_words(text)
    if not words:
        return []
    typed = {text.strip(), text.strip().upper(), text.strip().lower()}
    ranks = _ranked_families(session, words, typed)
    rows = families.rows_of(session, list(ranks)[:wanted])
    found = [_family_hit(row, ranks[row.family_id] == _NUMBER) for row in rows]
    return found + _children(session, words, typed, list(ranks), wanted)


def _ranked_families(session: Session, words: Sequence[str], typed: Collection[str]) -> dict[int, int]:
    """The best families by id with their rank, best first: one pass over the search keys."""
    is_number = Family.number.in_(typed)
    label_begins = or_(*(Family.sort_key.startswith(word, autoescape=True) for word in words))
    # A word of one or two letters is held where it begins: nothing to look at twice.
    begins = begins_all(Family.search_key, [word for word in words if len(word) >= INSIDE_FROM])
    rank = case(
        (is_number, _NUMBER), (and_(label_begins, begins), _LABEL), (begins, _BEGINNINGS), else_=_INSIDE
    ).label("rank")
    statement = (
        select(Family.id, rank)
        .where(or_(and_(holds_all(Family.search_key, words), ~Family.archived), is_number))
        .order_by(rank, Family.sort_key, Family.id)
        .limit(CANDIDATES)
    )
    return {row.id: row.rank for row in session.execute(statement)}


def _family_hit(row: FamilyRow, exact: bool) -> Hit:
    archived = "archivée" if row.archived else ""
    detail = beside(f"n°\u00a0{row.number}", archived, row.children, row.phone, row.adults, row.email)
    return Hit(Kind.FAMILY, row.family_id, row.label, detail, row.family_id, exact)


def _children(
    session: Session, words: Sequence[str], typed: Collection[str], family_ids: Sequence[int], wanted: int
) -> list[Hit]:
    """The child whose number was typed, then those whom the words name best in each of the families found."""
    by_number = (
        select(Person.id, Membership.family_id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.number.in_(typed), Membership.role == MemberRole.CHILD)
        .order_by(Membership.family_id)
    )
    numbered = session.execute(by_number).all() if has_digit(words) else []
    # Digits alone name no child: a telephone or the family's number found the families.
    named_families = family_ids if any(not word.isdigit() for word in words) else ()
    order = list(dict.fromkeys([*(row.family_id for row in numbered), *named_families]))
    exact = {row.id for row in numbered}
    by_family: dict[int, list[tuple[int, Row[Any]]]] = {family_id: [] for family_id in order}
    for row in session.execute(_children_of(order)):
        by_family[row.family_id].append((_words_named(row.search_key, words), row))
    found: list[tuple[bool, int, Row[Any]]] = []
    for rows in by_family.values():
        best = max((named for named, _ in rows), default=0)
        found += [
            (row.id not in exact, -named, row) for named, row in rows if row.id in exact or 0 < named == best
        ]
    found.sort(key=lambda each: each[:2])
    hits = {row.id: _child_hit(row, exact=not other) for other, _, row in reversed(found)}
    return list(hits.values())[::-1][:wanted]


def _children_of(family_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Membership.family_id,
            Family.label,
            Family.number.label("family_number"),
            Person.id,
            Person.number,
            Person.first_name,
            Person.last_name,
            Person.birth_date,
            Person.search_key,
        )
        .join(Person, Person.id == Membership.person_id)
        .join(Family, Family.id == Membership.family_id)
        .where(Membership.role == MemberRole.CHILD, Membership.family_id.in_(family_ids))
        .order_by(Membership.family_id, Membership.position, Person.sort_key)
    )


def _words_named(search_key: str, words: Iterable[str]) -> int:
    """How much of what is typed names the child: two for each word that begins one of theirs, one when inside."""
    own = search_key.split()
    begun = {word for word in words if any(each.startswith(word) for each in own)}
    inside = {word for word in words if len(word) >= INSIDE_FROM and word in search_key} - begun
    return 2 * len(begun) + len(inside)


def _child_hit(row: Row[Any], exact: bool) -> Hit:
    born = format_date(row.birth_date) if row.birth_date else ""
    family = f"famille {row.label} n°\u00a0{row.family_number}"
    title = f"{row.first_name} {row.last_name}"
    return Hit(Kind.CHILD, row.id, title, beside(born, family, row.number), row.family_id, exact)
