"""Finding a family and reading its sheet."""

from datetime import date

import pytest

from guichet.models.database import Database
from guichet.rules.errors import UserError
from guichet.rules.planning import Sign
from guichet.services import families, family_planning, family_sheet, transaction
from guichet.services.families import FamilyQuery
from guichet.services.family_planning import Cell, PlanningQuery
from guichet.services.transaction import Context
from tests import builders

DAY = date(2026, 3, 25)


@pytest.fixture
def town(database: Database) -> dict[str, int]:
    with database.writing() as session:
        mother = builders.add_person(
            session, "Lefèvre", "Hélène", mobile_phone="06 12 34 56 78", email="helene.lefevre@exemple.fr"
        )
        father = builders.add_person(session, "Œuvrard", "Marc")
        child = builders.add_person(
            session, "Lefèvre-Œuvrard", "Zoé", birth_date=date(2020, 3, 19), number="E12"
        )
        first = builders.add_family(session, "1001", adults=[mother], children=[child])
        second = builders.add_family(session, "1002", adults=[father], children=[child])
        activity = builders.add_activity(session)
        enrolment = builders.enrol(session, child, second, activity)
        builders.book(session, enrolment, builders.slot_of(session, activity), DAY)
        return {"mother": first.id, "father": second.id}


@pytest.mark.parametrize(
    "text",
    [
        "lefevre helene",
        "HÉLÈNE Lefèvre",
        "zoe lefevre",
        "0612345678",
        "06.12.34.56.78",
        "+33 6 12 34 56 78",
        "helene.lefevre@exemple.fr",
        "1001",
    ],
)
def test_a_family_is_found_by_any_word_in_any_order_without_accents(
    database: Database, context: Context, town: dict[str, int], text: str
) -> None:
    page = transaction.read(database, context, families.search, FamilyQuery(text=text))
    assert town["mother"] in [row.family_id for row in page.rows]


def test_a_ligature_is_searched_as_it_is_typed(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    page = transaction.read(database, context, families.search, FamilyQuery(text="oeuvrard marc"))
    assert [row.family_id for row in page.rows] == [town["father"]]


def test_every_word_must_match_and_wildcards_are_plain_characters(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    for text in ("lefevre marc durand", "%", "_"):
        page = transaction.read(database, context, families.search, FamilyQuery(text=text))
        assert page.total == (0 if text == "lefevre marc durand" else 2)


def test_pages_follow_each_other_in_order(database: Database, context: Context) -> None:
    with database.writing() as session:
        for number in range(25):
            adult = builders.add_person(session, f"Nom{number:02d}", "A")
            builders.add_family(session, str(number), adults=[adult])
    first = transaction.read(database, context, families.search, FamilyQuery(size=10))
    second = transaction.read(database, context, families.search, FamilyQuery(size=10, offset=10))
    assert first.total == 25
    assert [row.label for row in (*first.rows, *second.rows)] == [f"Nom{number:02d}" for number in range(20)]


def test_the_sheet_names_the_childs_other_family_and_its_age_today(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    sheet = transaction.read(database, context, family_sheet.sheet, town["mother"])
    child = next(member for member in sheet.members if member.first_name == "Zoé")
    assert child.age == 5  # six the next day
    assert child.other_families == ("1002",)


def test_each_parent_sees_the_other_parents_bookings(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    def seen(family: str) -> Cell | None:
        query = PlanningQuery(town[family], DAY, DAY)
        (row,) = transaction.read(database, context, family_planning.planning, query).rows
        return row.cells[0]

    assert seen("mother") == Cell(Sign.BOOKED, other_family="1002")
    assert seen("father") == Cell(Sign.BOOKED)


def test_an_unknown_number_says_so(database: Database, context: Context) -> None:
    with pytest.raises(UserError, match="pas de famille n° 404"):
        transaction.read(database, context, families.id_of_number, "404")
