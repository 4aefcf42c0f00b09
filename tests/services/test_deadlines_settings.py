"""The deadlines as an administrator sets them: what is written is what families are held to."""

import json
from datetime import date, time

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.offer import Activity, Period
from guichet.models.settings import Holiday, HolidayKind, Journal, JournalDetail
from guichet.rules.deadlines import ALWAYS, DeadlineRule, RuleKind
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import catalogue, deadlines_settings, transaction
from guichet.services.deadlines_settings import ActivityDeadlines, DeadlinesView, SaveDeadline
from guichet.services.transaction import Actor, Context
from tests.builders import add_activity, slot_of

DAY = date(2026, 4, 8)
THURSDAY = DeadlineRule(RuleKind.WEEK_BEFORE, weekday=3, at=time(13))


@pytest.fixture
def activity_id(database: Database) -> int:
    with database.writing() as session:
        return add_activity(session, "mercredi").id


def view(database: Database, context: Context) -> DeadlinesView:
    return transaction.read(database, context, deadlines_settings.read_deadlines, None)


def seen(database: Database, context: Context, activity_id: int) -> ActivityDeadlines:
    return next(one for one in view(database, context).activities if one.activity_id == activity_id)


def save(database: Database, context: Context, activity_id: int, action: str, rule: DeadlineRule) -> None:
    version = seen(database, context, activity_id).version
    command = SaveDeadline(activity_id, version, action, rule)
    transaction.run(database, context, deadlines_settings.save_deadline, command)


@pytest.mark.parametrize(
    "rule",
    [
        THURSDAY,
        DeadlineRule(RuleKind.WORKING_DAYS, days=3, count_service_day=False),
        DeadlineRule(RuleKind.WORKING_DAYS, days=2, at=time(9)),
        DeadlineRule(RuleKind.HOURS_BEFORE, hours=0),
        DeadlineRule(RuleKind.WINDOW),
        DeadlineRule(RuleKind.NEVER),
        ALWAYS,
    ],
)
@pytest.mark.parametrize("action", ["book", "cancel", "absence"])
def test_each_kind_of_rule_is_what_families_are_held_to(
    database: Database, context: Context, activity_id: int, action: str, rule: DeadlineRule
) -> None:
    save(database, context, activity_id, action, DeadlineRule(RuleKind.NEVER))
    save(database, context, activity_id, action, rule)
    assert seen(database, context, activity_id).rule(action) == rule
    with database.reading() as session:
        assert getattr(catalogue.load(session).activities[activity_id].rules, action) == rule


def test_the_limit_of_the_wednesday_is_thursday_one_o_clock(
    database: Database, context: Context, activity_id: int
) -> None:
    save(database, context, activity_id, "book", THURSDAY)
    with database.reading() as session:
        slot_id = slot_of(session, session.get_one(Activity, activity_id)).id
        known = catalogue.load(session)
        book, cancel, _ = known.limits(known.slots[slot_id], DAY, None)
    assert book.closes_at is not None
    assert book.closes_at.isoformat() == "2026-04-02T11:00:00+00:00"
    assert cancel.closes_at is None


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (DeadlineRule(RuleKind.WEEK_BEFORE, weekday=3), "at"),
        (DeadlineRule(RuleKind.WORKING_DAYS, days=0), "days"),
        (DeadlineRule(RuleKind.HOURS_BEFORE, hours=367 * 24), "hours"),
    ],
)
def test_a_rule_that_lacks_something_is_refused_beside_it(
    database: Database, context: Context, activity_id: int, rule: DeadlineRule, field: str
) -> None:
    with pytest.raises(UserError) as refusal:
        save(database, context, activity_id, "book", rule)
    assert refusal.value.field == field
    assert seen(database, context, activity_id).rules.book == ALWAYS


def test_the_second_administrator_is_told(database: Database, context: Context, activity_id: int) -> None:
    version = seen(database, context, activity_id).version
    first = SaveDeadline(activity_id, version, "book", THURSDAY)
    transaction.run(database, context, deadlines_settings.save_deadline, first)
    second = SaveDeadline(activity_id, version, "cancel", DeadlineRule(RuleKind.NEVER))
    with pytest.raises(StaleVersion, match="jeudi 13:00 de la semaine précédente"):
        transaction.run(database, context, deadlines_settings.save_deadline, second)
    assert seen(database, context, activity_id).rules.cancel == ALWAYS


def test_examples_follow_the_holiday_activity_inside_school_holidays(
    database: Database, context: Context, activity_id: int
) -> None:
    with database.writing() as session:
        holidays = add_activity(session, "vacances")
        session.get_one(Activity, activity_id).holiday_activity_id = holidays.id
        session.add(
            Holiday(
                kind=HolidayKind.SMALL,
                name="Printemps",
                starts_on=date(2026, 4, 4),
                ends_on=date(2026, 4, 19),
            )
        )
        session.add(
            Period(
                activity_id=holidays.id,
                code="printemps",
                name="Printemps",
                starts_on=date(2026, 4, 4),
                ends_on=date(2026, 4, 19),
                registration_opens_on=date(2026, 3, 2),
                registration_closes_on=date(2026, 3, 27),
            )
        )
        holidays_id = holidays.id
    save(database, context, holidays_id, "book", DeadlineRule(RuleKind.WINDOW))
    shown = view(database, context)
    assert shown.example(activity_id, "book", THURSDAY, DAY) == (
        "pour le mercredi 08/04/2026 : à partir du lundi 02/03/2026 à 00:00 jusqu’au vendredi 27/03/2026 "
        "fin de journée (vacances scolaires : règle de l’activité Activité vacances)"
    )
    assert shown.example(activity_id, "book", THURSDAY, date(2026, 4, 1)) == (
        "pour le mercredi 01/04/2026 : jusqu’au jeudi 26/03/2026 à 13:00"
    )


def test_an_activity_that_cannot_be_modified_says_never(
    database: Database, context: Context, activity_id: int
) -> None:
    with database.writing() as session:
        session.get_one(Activity, activity_id).modifiable = False
    shown = view(database, context)
    assert shown.example(activity_id, "book", THURSDAY, DAY).startswith("jamais")
    assert "jeudi 02/04/2026" in shown.example(activity_id, "absence", THURSDAY, DAY)


def test_a_change_is_journalled_in_words(database: Database, context: Context, activity_id: int) -> None:
    save(database, context, activity_id, "book", THURSDAY)
    with database.reading() as session:
        entry = session.execute(
            select(Journal.summary, JournalDetail.detail)
            .join(JournalDetail, JournalDetail.journal_id == Journal.id)
            .where(Journal.action == "deadline.change")
        ).one()
    detail = json.loads(entry.detail)
    assert (
        entry.summary == "Délai de Activité mercredi (réserver)\u00a0: jeudi 13:00 de la semaine précédente"
    )
    assert (detail["before"]["rule"], detail["after"]["rule"]) == (
        "sans limite",
        "jeudi 13:00 de la semaine précédente",
    )


def test_only_an_administrator_sets_deadlines(database: Database, context: Context, activity_id: int) -> None:
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT})), context.now)
    with pytest.raises(PermissionDenied):
        transaction.run(
            database, agent, deadlines_settings.save_deadline, SaveDeadline(activity_id, 1, "book", THURSDAY)
        )
