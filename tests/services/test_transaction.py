"""One door to the database: commands apply once, versions are checked, failures are told from bugs."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from guichet.models.database import Database, open_database
from guichet.models.people import Family
from guichet.models.settings import Journal, JournalSeal, JournalUnsealed
from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Permission, Role
from guichet.services import journal, journal_chain, transaction
from guichet.services.transaction import Context, needs
from tests import builders


@dataclass(frozen=True)
class Rename:
    command_id: str
    family_id: int
    label: str


@needs(Permission.EDIT_FAMILIES)
def rename(session: Session, context: Context, command: Rename) -> str:
    family = session.get_one(Family, command.family_id)
    family.label = command.label
    session.flush()
    journal.record(
        session,
        context,
        action="family.rename",
        subject=("family", family.id),
        summary="Famille renommée",
        detail={"label": command.label},
    )
    return family.label


def rename_then_fail(session: Session, context: Context, command: Rename) -> str:
    rename(session, context, command)
    raise UserError("Ce nom ne convient pas.", field="label")


@pytest.fixture
def family_id(database: Database) -> int:
    with database.writing() as session:
        return builders.add_family(session).id


def label(database: Database, family_id: int) -> str:
    with database.reading() as session:
        return session.execute(select(Family.label).where(Family.id == family_id)).scalar_one()


def test_a_command_sent_twice_applies_once(database: Database, context: Context, family_id: int) -> None:
    transaction.run(database, context, rename, Rename("c-1", family_id, "Durand"))
    with pytest.raises(AlreadyApplied):
        transaction.run(database, context, rename, Rename("c-1", family_id, "Autre"))
    assert label(database, family_id) == "Durand"


def test_a_refused_command_leaves_nothing_and_may_be_sent_again(
    database: Database, context: Context, family_id: int
) -> None:
    before = label(database, family_id)
    with pytest.raises(UserError):
        transaction.run(database, context, rename_then_fail, Rename("c-2", family_id, "Durand"))
    assert label(database, family_id) == before
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Journal)).scalar_one() == 0
    transaction.run(database, context, rename, Rename("c-2", family_id, "Durand"))
    assert label(database, family_id) == "Durand"


def test_a_row_changed_at_another_desk_is_not_overwritten(
    database: Database, context: Context, family_id: int
) -> None:
    def overwrite(session: Session, context: Context, identifier: int) -> None:
        family = session.get_one(Family, identifier)
        session.execute(text("UPDATE family SET label = 'Autre poste', version = version + 1"))
        family.label = "Ce poste"

    with pytest.raises(StaleVersion):
        transaction.run(database, context, overwrite, family_id)
    assert label(database, family_id) != "Ce poste"


def test_an_account_without_the_permission_is_refused(
    database: Database, context: Context, family_id: int
) -> None:
    portal = Context(replace(context.actor, roles=frozenset({Role.PORTAL})), context.now)
    with pytest.raises(PermissionDenied):
        transaction.run(database, portal, rename, Rename("c", family_id, "Durand"))


def test_a_base_out_of_reach_is_an_environment_problem_not_a_bug(context: Context) -> None:
    away = open_database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(EnvironmentProblem, match="ne répond pas"):
        transaction.read(away, context, lambda session, _: session.execute(text("SELECT 1")))
    away.dispose()


def test_every_act_is_sealed_and_a_changed_entry_shows(
    database: Database, context: Context, family_id: int
) -> None:
    for name in ("Un", "Deux", "Trois"):
        transaction.run(database, context, rename, Rename(name, family_id, name))
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(JournalSeal)).scalar_one() == 3
        assert session.execute(select(func.count()).select_from(JournalUnsealed)).scalar_one() == 0
        assert journal_chain.check(session).broken_positions == ()
    with database.writing() as session:
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER frozen_journal_update"))
        else:
            session.execute(text("ALTER TABLE journal DISABLE TRIGGER frozen_journal"))
        session.execute(
            text("UPDATE journal SET login = 'intrus' WHERE summary = 'Famille renommée' AND id = 2")
        )
        assert journal_chain.check(session).broken_positions == (2,)


def test_an_entry_removed_from_the_journal_shows(
    database: Database, context: Context, family_id: int
) -> None:
    for name in ("Un", "Deux", "Trois"):
        transaction.run(database, context, rename, Rename(name, family_id, name))
    with database.writing() as session:
        for table in ("journal", "journal_seal"):
            if database.is_sqlite:
                session.execute(text(f"DROP TRIGGER frozen_{table}_delete"))
            else:
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER frozen_{table}"))
        session.execute(text("DELETE FROM journal_seal WHERE position = 2"))
        session.execute(text("DELETE FROM journal_detail WHERE journal_id = 2"))
        session.execute(text("DELETE FROM journal WHERE id = 2"))
        assert journal_chain.check(session).broken_positions == (3,)
