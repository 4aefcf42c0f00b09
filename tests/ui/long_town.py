"""A town of extremes for the eye: the longest names, addresses without end, other alphabets, and a family of nothing."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.rules.names import family_search_key, person_search_key, person_sort_key
from guichet.rules.text import sort_key
from guichet.services.demo import build, day
from tests.builders import add_family

SIXTY = "Champigneul-Champagne de La Rochefoucauld-Doudeauville-Bourg"
NAMES = (
    (SIXTY, "Marie-Bérengère Anne-Élisabeth"),
    ("de Saint-Exupéry-Fontenay d’Aubigné", "Jean-Christophe-Emmanuel"),
    ("O’Connor-Œuvrard", "Gaëlle 🎈"),
    ("بن عبد الله", "عبد الرحمن"),
    ("Ng", "Ô"),
    ("Wołkonowicz-Żółkiewska", "Małgorzata"),
)
STREET = "128 bis avenue du Maréchal-de-Lattre-de-Tassigny"
EMAIL = "marie-berengere.champigneul-champagne.de-la-rochefoucauld@exemple-de-courriel-tres-long.fr"
EMPTY_FAMILY = "0000"


def build_long_town(database: Database, folder: Path) -> None:
    """The demonstration town, a night of requests, and names that no screen likes."""
    assert len(SIXTY) == 60
    build.build(database, families=12, seed=1)
    day.import_night(database, folder, requests=24, seed=1)
    with database.writing() as session:
        _lengthen(session)
        add_family(session, EMPTY_FAMILY)
        empty = session.scalars(select(Family).where(Family.number == EMPTY_FAMILY)).one()
        empty.address = empty.postcode = empty.town = None


def _lengthen(session: Session) -> None:
    families = session.scalars(select(Family).where(Family.archived.is_(False)).order_by(Family.id)).all()
    for place, family in enumerate(families):
        last_name, first_name = NAMES[place % len(NAMES)]
        members = session.execute(
            select(Person, Membership.role)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.family_id == family.id)
            .order_by(Membership.role, Membership.position)
        ).all()
        for rank, (person, role) in enumerate(members):
            person.last_name = last_name
            if rank == 0 or role is MemberRole.CHILD:
                person.first_name = first_name if place % 2 == 0 else person.first_name
            person.address, person.email = STREET, EMAIL
            person.search_key = person_search_key(
                last_name=person.last_name,
                first_name=person.first_name,
                phones=[person.mobile_phone],
                email=person.email,
                number=person.number,
            )
            person.sort_key = person_sort_key(person.last_name, person.first_name)
        family.label = f"{last_name.upper()} {first_name}"
        family.address = STREET
        family.search_key = family_search_key(
            family.number, family.label, [person.search_key for person, _ in members]
        )
        family.sort_key = sort_key(family.label)
