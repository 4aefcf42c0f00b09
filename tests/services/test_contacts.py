"""Changing at the counter how a person is reached."""

from dataclasses import replace
from uuid import uuid4

import pytest

from guichet.models.database import Database
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import contacts, families, family_sheet, journal_views, transaction
from guichet.services.contacts import ChangeContacts, ContactsQuery
from guichet.services.families import FamilyQuery
from guichet.services.journal_views import JournalQuery
from guichet.services.transaction import Actor, Context
from tests import builders


@pytest.fixture
def town(database: Database) -> ContactsQuery:
    with database.writing() as session:
        mother = builders.add_person(session, "Lefèvre", "Hélène", mobile_phone="06 12 34 56 78")
        family = builders.add_family(session, "1001", adults=[mother])
        return ContactsQuery(family.id, mother.id)


def command(database: Database, context: Context, member: ContactsQuery, /, **typed: str) -> ChangeContacts:
    """What the form sends when these fields were changed over what is there."""
    found = transaction.read(database, context, contacts.read, member)
    kept = {name: getattr(found, name) for name in contacts._PATHS}
    return ChangeContacts(str(uuid4()), member.person_id, member.family_id, found.version, **(kept | typed))


def test_a_change_is_kept_checked_found_and_journalled(
    database: Database, context: Context, town: ContactsQuery
) -> None:
    asked = command(database, context, town, mobile_phone="0639980102", email="helene@exemple.fr")
    found = transaction.run(database, context, contacts.change, asked)
    assert (found.mobile_phone, found.email) == ("06 39 98 01 02", "helene@exemple.fr")
    for text, total in (("0639980102", 1), ("helene@exemple.fr", 1), ("0612345678", 0)):
        page = transaction.read(database, context, families.search, FamilyQuery(text=text))
        assert page.total == total, text
    (row,) = transaction.read(
        database, context, journal_views.list_entries, JournalQuery(family_id=town.family_id)
    ).rows
    view = transaction.read(database, context, journal_views.entry, row.entry_id)
    assert {(one.label, one.before, one.after) for one in view.changes} == {
        ("Téléphone mobile", "06 12 34 56 78", "06 39 98 01 02"),
        ("Adresse électronique", "—", "helene@exemple.fr"),
    }


def test_the_dossier_s_address_follows_the_responsable_s(
    database: Database, context: Context, town: ContactsQuery
) -> None:
    found = transaction.read(database, context, contacts.read, town)
    assert (found.address, found.postcode, found.town) == ("12 rue des Lilas", "73200", "Valmont")
    asked = command(database, context, town, address="4 rue des Roses")
    transaction.run(database, context, contacts.change, asked)
    sheet = transaction.read(database, context, family_sheet.sheet, town.family_id)
    assert sheet.address == "4 rue des Roses\n73200 Valmont"
    with database.reading() as session:
        person = session.get_one(Person, town.person_id)
        assert (person.address, person.postcode, person.town) == ("4 rue des Roses", "73200", "Valmont")


def test_the_other_parent_s_own_address_leaves_the_dossier_s(
    database: Database, context: Context, town: ContactsQuery
) -> None:
    with database.writing() as session:
        family = session.get_one(Family, town.family_id)
        father = builders.add_person(session, "Œuvrard", "Marc")
        session.add(Membership(family_id=family.id, person_id=father.id, role=MemberRole.ADULT, position=5))
        other = replace(town, person_id=father.id)
    asked = command(database, context, other, address="1 place du Marché", town="Ailleurs")
    transaction.run(database, context, contacts.change, asked)
    sheet = transaction.read(database, context, family_sheet.sheet, town.family_id)
    assert sheet.address == "12 rue des Lilas\n73200 Valmont"


def test_the_second_desk_is_told_who_was_first_and_nothing_is_overwritten(
    database: Database, context: Context, town: ContactsQuery
) -> None:
    first = command(database, context, town, mobile_phone="0639980102")
    second = command(database, context, town, mobile_phone="0639980199")
    transaction.run(database, context, contacts.change, first)
    with pytest.raises(StaleVersion, match=f"par {context.actor.login}"):
        transaction.run(database, context, contacts.change, second)
    found = transaction.read(database, context, contacts.read, town)
    assert found.mobile_phone == "06 39 98 01 02"


@pytest.mark.parametrize(
    ("field", "typed"), [("mobile_phone", "12"), ("email", "pas une adresse"), ("town", "x" * 250)]
)
def test_what_cannot_be_right_is_refused_beside_its_field(
    database: Database, context: Context, town: ContactsQuery, field: str, typed: str
) -> None:
    with pytest.raises(UserError) as refusal:
        transaction.run(
            database, context, contacts.change, command(database, context, town, **{field: typed})
        )
    assert refusal.value.field == field


def test_nothing_changed_writes_nothing(database: Database, context: Context, town: ContactsQuery) -> None:
    asked = command(database, context, town)
    assert transaction.run(database, context, contacts.change, asked).version == asked.version
    page = transaction.read(
        database, context, journal_views.list_entries, JournalQuery(family_id=town.family_id)
    )
    assert page.total == 0


def test_who_only_reads_families_cannot_change_them(
    database: Database, context: Context, town: ContactsQuery
) -> None:
    reader = Context(Actor("regie", "Régie", frozenset({Role.FINANCE})), context.now)
    with pytest.raises(PermissionDenied):
        transaction.run(database, reader, contacts.change, command(database, context, town, town="Ici"))
