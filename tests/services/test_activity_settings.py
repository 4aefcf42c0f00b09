"""What the town decides for each activity is what the catalogue and the journal then say."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import activity_settings, catalogue, transaction
from guichet.services.activity_settings import ActivityRow, ChangeActivity
from guichet.services.transaction import Actor, Context
from tests.builders import add_activity


@pytest.fixture
def row(database: Database, context: Context) -> ActivityRow:
    with database.writing() as session:
        add_activity(session, "mercredi")
        add_activity(session, "ancienne").archived = True
    [found] = transaction.read(database, context, activity_settings.list_activities, None)
    return found


def test_each_decision_is_what_the_rules_then_read(
    database: Database, context: Context, row: ActivityRow
) -> None:
    for name in ("waiting_list", "needs_dossier", "residents_only", "prepaid", "modifiable", "immediate"):
        [now] = transaction.read(database, context, activity_settings.list_activities, None)
        wanted = replace(now.rules, **{name: not getattr(now.rules, name)})
        command = ChangeActivity(now.activity_id, now.version, wanted)
        transaction.run(database, context, activity_settings.change_activity, command)
        with database.reading() as session:
            info = catalogue.load(session).activities[row.activity_id]
        assert getattr(info, name) is getattr(wanted, name)
        assert getattr(info, name) is not getattr(row.rules, name)


def test_only_what_changed_is_journalled(database: Database, context: Context, row: ActivityRow) -> None:
    wanted = replace(row.rules, immediate=True, excused_absence_free=False)
    command = ChangeActivity(row.activity_id, row.version, wanted)
    transaction.run(database, context, activity_settings.change_activity, command)
    with database.reading() as session:
        detail = session.scalars(
            select(JournalDetail.detail)
            .join(Journal, Journal.id == JournalDetail.journal_id)
            .where(Journal.action == "activity.change")
        ).one()
    assert json.loads(detail) == {
        "before": {"excused_absence_free": True, "immediate": False},
        "after": {"excused_absence_free": False, "immediate": True},
    }


def test_nothing_changed_is_nothing_written(database: Database, context: Context, row: ActivityRow) -> None:
    command = ChangeActivity(row.activity_id, row.version, row.rules)
    transaction.run(database, context, activity_settings.change_activity, command)
    assert transaction.read(database, context, activity_settings.list_activities, None) == (row,)


def test_the_second_administrator_is_told(database: Database, context: Context, row: ActivityRow) -> None:
    first = ChangeActivity(row.activity_id, row.version, replace(row.rules, immediate=True))
    transaction.run(database, context, activity_settings.change_activity, first)
    second = ChangeActivity(row.activity_id, row.version, replace(row.rules, prepaid=True))
    with pytest.raises(StaleVersion, match="admin, le 18/03/2026"):
        transaction.run(database, context, activity_settings.change_activity, second)


def test_an_unknown_activity_and_another_role_are_refused(
    database: Database, context: Context, row: ActivityRow
) -> None:
    with pytest.raises(UserError) as refusal:
        transaction.run(
            database, context, activity_settings.change_activity, ChangeActivity(99999, 1, row.rules)
        )
    assert refusal.value.code == "activity_gone"
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT})), context.now)
    with pytest.raises(PermissionDenied):
        transaction.read(database, agent, activity_settings.list_activities, None)
