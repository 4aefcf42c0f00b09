"""A list read whole, a piece at a time, is the list as it stood at one moment, on both engines."""

import pytest
from sqlalchemy import delete

from guichet.models.database import Database
from guichet.models.people import Family
from guichet.rules.errors import PermissionDenied
from guichet.services import families, transaction, whole_list
from guichet.services.families import FamilyQuery
from guichet.services.transaction import Actor, Context
from guichet.services.whole_list import Places
from tests.builders import add_family

WANTED = [str(number) for number in range(1000, 1025)]


@pytest.fixture(autouse=True)
def town(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_list, "ROWS_AT_ONCE", 10)
    with database.writing() as session:
        for number in WANTED:
            add_family(session, number)


def test_every_row_comes_once_in_order(database: Database, context: Context) -> None:
    pages = list(whole_list.pages(database, context, families.search, FamilyQuery(sort="number")))
    assert [len(page.rows) for page in pages] == [10, 10, 5]
    assert [row.number for page in pages for row in page.rows] == WANTED


def test_what_another_desk_writes_meanwhile_neither_doubles_nor_loses_a_row(
    database: Database, context: Context
) -> None:
    pages = whole_list.pages(database, context, families.search, FamilyQuery(sort="number"))
    read = [row.number for row in next(pages).rows]
    with database.writing() as session:
        session.execute(delete(Family).where(Family.number.in_(["1003", "1012"])))
        add_family(session, "0999")
    read += [row.number for page in pages for row in page.rows]
    assert read == WANTED


def test_an_empty_list_is_one_empty_page(database: Database, context: Context) -> None:
    (page,) = whole_list.pages(database, context, families.search, FamilyQuery(text="personne"))
    assert (page.rows, page.total) == ((), 0)


def test_who_may_not_read_the_list_may_not_export_it(database: Database, context: Context) -> None:
    stranger = Context(Actor("x", "X", frozenset()), context.now)
    with pytest.raises(PermissionDenied):
        next(whole_list.pages(database, stranger, families.search, FamilyQuery()))


def test_rows_are_read_by_their_places(database: Database, context: Context) -> None:
    asked = Places(families.search, FamilyQuery(sort="number"), (range(2), range(7, 24)))
    rows = transaction.read(database, context, whole_list.at_places, asked)
    assert [row.number for row in rows] == [*WANTED[:2], *WANTED[7:24]]
