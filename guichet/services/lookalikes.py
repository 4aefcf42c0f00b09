"""People already known who may be those a request wants to add: same birth date and name, however it is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.people import Family, Membership, Person
from guichet.rules.names import person_sort_key
from guichet.rules.text import fold, format_date


def find(session: Session, newcomers: Mapping[int, Sequence[Mapping[str, Any]]]) -> dict[int, list[str]]:
    """For each request, who looks like one of the people it names (`last_name`, `first_name`, `birth_date`), in words.

    Same folded names, and the same birth date or none on one side. One query, however many.
    """
    keys = {
        person_sort_key(person.get("last_name") or "", person.get("first_name") or "")
        for people in newcomers.values()
        for person in people
    }
    if not keys:
        return {}
    rows = session.execute(
        select(Person.last_name, Person.first_name, Person.birth_date, Family.number)
        .outerjoin(Membership, Membership.person_id == Person.id)
        .outerjoin(Family, Family.id == Membership.family_id)
        .where(Person.sort_key.in_(keys))
        .order_by(Family.number)
    )
    known: dict[tuple[str, str], list[tuple[date | None, str]]] = defaultdict(list)
    for last_name, first_name, birth, number in rows:
        who = f"{first_name} {last_name}"
        details = [f"né(e) le {format_date(birth)}"] if birth else []
        details += [f"famille n° {number}"] if number else []
        said = f"{who} ({', '.join(details)})" if details else who
        known[fold(last_name), fold(first_name)].append((birth, said))
    found: dict[int, list[str]] = defaultdict(list)
    for request_id, people in newcomers.items():
        for person in people:
            birth = date.fromisoformat(person["birth_date"]) if person.get("birth_date") else None
            for other, said in known.get(_name(person), ()):
                if birth is None or other is None or birth == other:
                    found[request_id].append(said)
    return dict(found)


def _name(person: Mapping[str, Any]) -> tuple[str, str]:
    return fold(person.get("last_name") or ""), fold(person.get("first_name") or "")
