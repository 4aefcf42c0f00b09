"""Invented families: names drawn from resources/demo/names.json, phone numbers from the ranges kept for fiction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from guichet import resources_access
from guichet.models.people import CustodyRule, Family, MemberRole, Membership, Person, SendingMode, Sex
from guichet.rules.ages import age_on
from guichet.rules.names import family_search_key, person_search_key, person_sort_key
from guichet.rules.text import fold, sort_key
from guichet.services.demo.writing import Writer

FIRST_FAMILY_NUMBER = 1001001900000


@dataclass
class SomeOne:
    """A person to be written; `id` is known afterwards. `number` is what the portal calls a child by."""

    first_name: str
    last_name: str
    sex: Sex
    birth_date: date | None = None
    number: str | None = None
    address: str | None = None
    postcode: str | None = None
    town: str | None = None
    phone: str | None = None
    email: str | None = None
    situation: str | None = None
    profession: str | None = None
    quality: str | None = None
    id: int = 0

    @property
    def civility(self) -> str | None:
        """Madame or Monsieur; none for a child."""
        if self.number is not None:
            return None
        return "Madame" if self.sex is Sex.FEMALE else "Monsieur"

    def search_key(self) -> str:
        """What this person is found by."""
        return person_search_key(
            last_name=self.last_name,
            first_name=self.first_name,
            phones=[self.phone],
            email=self.email,
            number=self.number,
        )

    def age_on(self, day: date) -> int:
        """Age in years, -1 before the birth."""
        if self.birth_date is None or day < self.birth_date:
            return -1
        return age_on(self.birth_date, day)


@dataclass
class Household:
    """A family to be written. `weeks` says which weeks it has the children: all, even or odd ones.

    `habits` false leaves the children without enrolment or booking (their story is told elsewhere).
    """

    number: str
    adults: list[SomeOne]
    children: list[SomeOne]
    address: str
    postcode: str = "31990"
    town: str = "VALBRISE"
    quotient: int | None = None
    regime: str = "général"
    dependants: int | None = None
    weeks: str = "all"
    archived: bool = False
    habits: bool = True
    by_email: bool = False
    id: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        self.label = family_label(self.adults)


@dataclass
class Names:
    """The lists names are drawn from."""

    last_names: Sequence[str]
    girls: Sequence[str]
    boys: Sequence[str]
    women: Sequence[str]
    men: Sequence[str]
    streets: Sequence[str]
    professions: Sequence[str]
    _emails: set[str] = field(default_factory=set)

    def email(self, first_name: str, last_name: str) -> str:
        """An address nobody else in the town has, in a domain kept for examples."""
        stem = fold(f"{first_name} {last_name}").replace(" ", ".")
        rank = 1
        email = f"{stem}@courriel.example"
        while email in self._emails:
            rank += 1
            email = f"{stem}{rank}@courriel.example"
        self._emails.add(email)
        return email


def load_names() -> Names:
    """Read the lists of names."""
    return Names(**json.loads(resources_access.read_text("demo/names.json")))


def family_label(adults: Sequence[SomeOne]) -> str:
    """« DUPONT Jean et Jeanne », « MARTIN Paul et PETIT Zoé »."""
    first, *others = adults
    label = f"{first.last_name.upper()} {first.first_name}"
    for other in others[:1]:
        same = other.last_name == first.last_name
        label += f" et {other.first_name if same else f'{other.last_name.upper()} {other.first_name}'}"
    return label


def invent(rng: Random, names: Names, count: int, today: date) -> list[Household]:
    """Draw `count` families; one in fifteen is half of a separated couple who share their children."""
    households: list[Household] = []
    while len(households) < count:
        separated = rng.random() < 0.035 and len(households) + 2 <= count
        household = _invent_one(rng, names, len(households), today, separated=separated)
        households.append(household)
        if separated:
            households.append(_other_parent(rng, names, len(households), household))
    return households


def _invent_one(rng: Random, names: Names, index: int, today: date, *, separated: bool) -> Household:
    last_name = rng.choice(names.last_names)
    address = _address(rng, names)
    couple = not separated and rng.random() < 0.72
    mother = _adult(rng, names, last_name if not couple or rng.random() < 0.7 else None, Sex.FEMALE)
    adults = [mother]
    if couple:
        father = _adult(rng, names, last_name, Sex.MALE)
        adults = [father, mother] if rng.random() < 0.4 else [mother, father]
        for adult in adults:
            adult.situation = rng.choice(["Marié(e)", "Pacsé(e)", "En couple"])
    else:
        mother.situation = "Séparé(e)" if separated else rng.choice(["Célibataire", "Divorcé(e)", "Veuf(ve)"])
    children = [
        _child(rng, names, last_name, today, f"{index:06d}{rank}")
        for rank in range(rng.choices([1, 2, 3, 4], weights=[40, 42, 15, 3])[0])
    ]
    quotient = None if rng.random() < 0.08 else round(rng.triangular(180, 2100, 760))
    return Household(
        number=str(FIRST_FAMILY_NUMBER + index),
        adults=adults,
        children=children,
        address=address,
        quotient=quotient,
        regime=rng.choices(["général", "MSA", "autre"], weights=[88, 8, 4])[0],
        dependants=len(children),
        weeks="even" if separated else "all",
        by_email=rng.random() < 0.6,
    )


def _other_parent(rng: Random, names: Names, index: int, household: Household) -> Household:
    """The father's own family: the same children, his address, the weeks that are not their mother's."""
    father = _adult(rng, names, household.children[0].last_name, Sex.MALE)
    father.situation = "Séparé(e)"
    return Household(
        number=str(FIRST_FAMILY_NUMBER + index),
        adults=[father],
        children=household.children,
        address=_address(rng, names),
        quotient=round(rng.triangular(250, 1900, 820)),
        dependants=len(household.children),
        weeks="odd",
    )


def _adult(rng: Random, names: Names, last_name: str | None, sex: Sex) -> SomeOne:
    first_name = rng.choice(names.women if sex is Sex.FEMALE else names.men)
    own_name = last_name or rng.choice(names.last_names)
    return SomeOne(
        first_name=first_name,
        last_name=own_name,
        sex=sex,
        birth_date=date(1976, 1, 1) + timedelta(days=rng.randrange(365 * 24)),
        phone=fictional_mobile(rng),
        email=names.email(first_name, own_name),
        profession=rng.choice(names.professions),
        quality="Mère" if sex is Sex.FEMALE else "Père",
    )


def _child(rng: Random, names: Names, last_name: str, today: date, number: str) -> SomeOne:
    sex = rng.choice([Sex.FEMALE, Sex.MALE])
    age_days = round(rng.triangular(3, 16.5, 6) * 365.25)
    return SomeOne(
        first_name=rng.choice(names.girls if sex is Sex.FEMALE else names.boys),
        last_name=last_name,
        sex=sex,
        birth_date=today - timedelta(days=age_days),
        number=f"E{number}",
    )


def _address(rng: Random, names: Names) -> str:
    return f"{rng.randrange(1, 90)} {rng.choice(names.streets)}"


def fictional_mobile(rng: Random) -> str:
    """A number of the range 06 39 98, which belongs to nobody."""
    digits = f"{rng.randrange(10_000):04d}"
    return f"06 39 98 {digits[:2]} {digits[2:]}"


def write_households(writer: Writer, households: Sequence[Household]) -> None:
    """Write every person once, then the families and who is in them; the values learn their ids."""
    people = list({id(one): one for house in households for one in (*house.adults, *house.children)}.values())
    for person, person_id in zip(
        people, writer.add(Person, [_person_row(one) for one in people]), strict=True
    ):
        person.id = person_id
    ids = writer.add(Family, [_family_row(house) for house in households])
    for household, family_id in zip(households, ids, strict=True):
        household.id = family_id
    writer.add(Membership, [row for house in households for row in _membership_rows(house)])
    writer.add(
        CustodyRule,
        [
            {"family_id": house.id, "child_id": child.id, "pattern": f"{house.weeks}_weeks"}
            for house in households
            if house.weeks != "all"
            for child in house.children
        ],
    )


def _person_row(person: SomeOne) -> dict[str, Any]:
    return {
        "number": person.number,
        "civility": person.civility,
        "last_name": person.last_name,
        "first_name": person.first_name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "marital_status": person.situation,
        "address": person.address,
        "postcode": person.postcode,
        "town": person.town,
        "mobile_phone": person.phone,
        "email": person.email,
        "profession": person.profession,
        "search_key": person.search_key(),
        "sort_key": person_sort_key(person.last_name, person.first_name),
    }


def _family_row(house: Household) -> dict[str, Any]:
    holder = house.adults[0]
    keys: Iterable[str] = (one.search_key() for one in (*house.adults, *house.children))
    return {
        "number": house.number,
        "label": house.label,
        "address": house.address,
        "postcode": house.postcode,
        "town": house.town,
        "regime": house.regime,
        "allocataire": f"{holder.last_name.upper()} {holder.first_name}",
        "dependants": house.dependants,
        "payer_id": holder.id,
        "sending_mode": SendingMode.EMAIL if house.by_email else SendingMode.PAPER,
        "portal_login": holder.email,
        "archived": house.archived,
        "search_key": family_search_key(house.number, house.label, keys),
        "sort_key": sort_key(house.label),
    }


def _membership_rows(house: Household) -> list[Mapping[str, Any]]:
    adults = [
        {
            "family_id": house.id,
            "person_id": adult.id,
            "role": MemberRole.ADULT,
            "quality": adult.quality,
            "holder": position == 0,
            "position": position,
        }
        for position, adult in enumerate(house.adults)
    ]
    children = [
        {
            "family_id": house.id,
            "person_id": child.id,
            "role": MemberRole.CHILD,
            "quality": "Fille" if child.sex is Sex.FEMALE else "Fils",
            "holder": False,
            "position": position,
        }
        for position, child in enumerate(house.children)
    ]
    return [*adults, *children]
