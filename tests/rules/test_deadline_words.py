"""Deadlines in words, and what they come to on a date, against the sources' own figures."""

from datetime import date, time

import pytest

from guichet.rules.calendar import Calendar
from guichet.rules.deadline_words import describe_rule, example
from guichet.rules.deadlines import ALWAYS, NEVER, DeadlineRule, RuleKind

CALENDAR = Calendar(public_holidays={date(2026, 4, 6): "Lundi de Pâques"})
THURSDAY = DeadlineRule(RuleKind.WEEK_BEFORE, weekday=3, at=time(13))
THREE_DAYS = DeadlineRule(RuleKind.WORKING_DAYS, days=3)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (THURSDAY, "jeudi 13:00 de la semaine précédente"),
        (THREE_DAYS, "3\u00a0jours ouvrés avant, jour de la demande et jour du service comptés"),
        (
            DeadlineRule(RuleKind.WORKING_DAYS, days=1, at=time(9, 30), count_service_day=False),
            "1\u00a0jour ouvré avant, jusqu’à 09:30, jour de la demande compté, jour du service non",
        ),
        (
            DeadlineRule(RuleKind.WORKING_DAYS, days=2, count_request_day=False, count_service_day=False),
            "2\u00a0jours ouvrés avant, ni le jour de la demande ni celui du service comptés",
        ),
        (DeadlineRule(RuleKind.HOURS_BEFORE, hours=48), "48\u00a0heures avant"),
        (DeadlineRule(RuleKind.HOURS_BEFORE), "jusqu’au début"),
        (DeadlineRule(RuleKind.WINDOW), "pendant la période d’inscription"),
        (NEVER, "jamais"),
        (ALWAYS, "sans limite"),
    ],
)
def test_a_rule_is_said_in_french(rule: DeadlineRule, words: str) -> None:
    assert describe_rule(rule) == words


@pytest.mark.parametrize(
    ("rule", "day", "words"),
    [
        (THURSDAY, date(2026, 4, 8), "pour le mercredi 08/04/2026 : jusqu’au jeudi 02/04/2026 à 13:00"),
        (THREE_DAYS, date(2026, 3, 20), "pour le vendredi 20/03/2026 : jusqu’au mercredi 18/03/2026 fin de journée"),
        (THREE_DAYS, date(2026, 4, 8), "pour le mercredi 08/04/2026 : jusqu’au vendredi 03/04/2026 fin de journée"),
        (NEVER, date(2026, 4, 8), "pour le mercredi 08/04/2026 : jamais"),
        (DeadlineRule(RuleKind.WINDOW), date(2026, 4, 8), "pour le mercredi 08/04/2026 : fenêtre d’inscription non définie"),
    ],
)  # fmt: skip
def test_an_example_is_worked_out_by_the_rules(rule: DeadlineRule, day: date, words: str) -> None:
    assert example(rule, day, CALENDAR) == words


def test_hours_before_start_from_the_slot() -> None:
    rule = DeadlineRule(RuleKind.HOURS_BEFORE, hours=24)
    assert example(rule, date(2026, 4, 8), CALENDAR, slot_start=time(8)) == (
        "pour le mercredi 08/04/2026 : jusqu’au mardi 07/04/2026 à 08:00"
    )
