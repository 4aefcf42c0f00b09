"""The families of the source documents, told with their own facts: seed 002's Dupont, seed 003's QF 542, seed 004's parents."""

from collections.abc import Sequence
from datetime import date
from random import Random

from guichet.models.people import Sex
from guichet.services.demo.people import Household, Names, SomeOne, fictional_mobile

DUPONT = "1001001818331"
QF_542 = "1001001818405"
MOTHER = "1001001818412"
FATHER = "1001001818413"
SOURCE_FAMILIES = frozenset({DUPONT, QF_542, MOTHER, FATHER})
FORMER_FAMILIES = 23
"""Families of 2015, archived since: theirs are the invoices between Dupont's AL-12 and AL-36 (seed 002)."""


def source_households(rng: Random, names: Names) -> list[Household]:
    """Dupont, the family of quotient 542, and two separated parents of one child."""
    return [_dupont(rng), _quotient_542(rng), *_separated_parents(rng)]


def former_households(rng: Random, names: Names) -> list[Household]:
    """The families whose invoices of 8 April 2015 stand between those of Dupont: their names come before his."""
    before_dupont = sorted(name for name in names.last_names if name < "Dupont")
    households = []
    for index, last_name in enumerate(before_dupont[:FORMER_FAMILIES]):
        first_name = rng.choice(names.women)
        holder = SomeOne(first_name, last_name, Sex.FEMALE, date(1974, 1 + index % 12, 3), quality="Mère")
        child = SomeOne(
            rng.choice(names.girls),
            last_name,
            Sex.FEMALE,
            date(2008 + index % 3, 1 + index % 12, 11),
            number=f"A{index:05d}",
        )
        households.append(
            Household(
                number=str(1001001810000 + index),
                adults=[holder],
                children=[child],
                address=f"{index + 1} {names.streets[index % len(names.streets)]}",
                archived=True,
                habits=False,
            )
        )
    return households


def find(households: Sequence[Household], number: str) -> Household:
    """The family of this number."""
    return next(household for household in households if household.number == number)


def _dupont(rng: Random) -> Household:
    """Seed 002: one family, two addresses; the father is separated and holds the account."""
    jean = SomeOne(
        "Jean",
        "Dupont",
        Sex.MALE,
        date(1975, 6, 14),
        address="12 rue des Bonbons",
        postcode="31400",
        town="SAINT-JEAN",
        phone="05 36 49 03 04",
        email="jean.dupont@courriel.example",
        situation="Séparé(e)",
        quality="Père",
    )
    jeanne = SomeOne(
        "Jeanne",
        "Dupont",
        Sex.FEMALE,
        date(1978, 2, 27),
        address="Lotissement les bons bonbons",
        postcode="31400",
        town="SAINT-JEAN",
        phone=fictional_mobile(rng),
        situation="Séparé(e)",
        quality="Mère",
    )
    children = [
        SomeOne("Lucas", "Dupont", Sex.MALE, date(2008, 10, 2), number="E818331-1"),
        SomeOne("Zoé", "Dupont", Sex.FEMALE, date(2020, 3, 18), number="E818331-2"),
    ]
    return Household(
        number=DUPONT,
        adults=[jean, jeanne],
        children=children,
        address="12 rue des Bonbons",
        postcode="31400",
        town="SAINT-JEAN",
        quotient=884,
        dependants=2,
    )


def _quotient_542(rng: Random) -> Household:
    """Seed 003: last income 1 083,33 € a month, no dependant declared, 2 parts, QF 542."""
    mother = SomeOne(
        "Maude",
        "Teste",
        Sex.FEMALE,
        date(1988, 9, 5),
        phone=fictional_mobile(rng),
        email="maude.teste@courriel.example",
        situation="Célibataire",
        quality="Mère",
    )
    child = SomeOne("Tilio", "Teste", Sex.MALE, date(2019, 1, 1), number="E818405-1")
    return Household(
        number=QF_542,
        adults=[mother],
        children=[child],
        address="7 montée du Belvédère",
        quotient=542,
        dependants=0,
    )


def _separated_parents(rng: Random) -> list[Household]:
    """Seed 004: each parent files a dossier for the child, books and pays their own weeks."""
    child = SomeOne("Inès", "Vallier", Sex.FEMALE, date(2019, 11, 23), number="E818412-1")
    mother = SomeOne(
        "Nadège",
        "Ostermann",
        Sex.FEMALE,
        date(1986, 4, 2),
        phone=fictional_mobile(rng),
        email="nadege.ostermann@courriel.example",
        situation="Divorcé(e)",
        quality="Mère",
    )
    father = SomeOne(
        "Rémi",
        "Vallier",
        Sex.MALE,
        date(1984, 12, 19),
        phone=fictional_mobile(rng),
        email="remi.vallier@courriel.example",
        situation="Divorcé(e)",
        quality="Père",
    )
    return [
        Household(
            number=MOTHER,
            adults=[mother],
            children=[child],
            address="21 allée des Mésanges",
            quotient=690,
            dependants=1,
            weeks="even",
        ),
        Household(
            number=FATHER,
            adults=[father],
            children=[child],
            address="4 quai du Canal",
            quotient=1240,
            dependants=1,
            weeks="odd",
        ),
    ]
