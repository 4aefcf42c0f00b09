"""A deadline rule in French, and what it comes to on one date (domain.md §4)."""

from datetime import date, time

from guichet.rules.calendar import Calendar
from guichet.rules.deadlines import (
    WEEKDAYS,
    DeadlineRule,
    Limit,
    RuleKind,
    Window,
    describe_limit,
    limit,
)
from guichet.rules.text import format_date, format_time


def describe_rule(rule: DeadlineRule) -> str:
    """« jeudi 13:00 de la semaine précédente », « 3 jours ouvrés avant, jour de la demande et jour du service comptés »."""
    match rule.kind:
        case RuleKind.ALWAYS:
            return "sans limite"
        case RuleKind.NEVER:
            return "jamais"
        case RuleKind.WINDOW:
            return "pendant la période d’inscription"
        case RuleKind.WEEK_BEFORE:
            moment = format_time(rule.at) if rule.at is not None else "en fin de journée"
            return f"{WEEKDAYS[rule.weekday]} {moment} de la semaine précédente"
        case RuleKind.HOURS_BEFORE:
            return "jusqu’au début" if rule.hours == 0 else f"{_count(rule.hours, 'heure', 'heures')} avant"
        case RuleKind.WORKING_DAYS:
            days = _count(rule.days, "jour ouvré", "jours ouvrés")
            at = f", jusqu’à {format_time(rule.at)}" if rule.at is not None else ""
            return f"{days} avant{at}, {_counted(rule)}"


def example(
    rule: DeadlineRule,
    day: date,
    calendar: Calendar,
    *,
    slot_start: time | None = None,
    window: Window | None = None,
) -> str:
    """« pour le mercredi 08/04/2026 : jusqu’au jeudi 02/04/2026 à 13:00 », as the rules reckon it."""
    found: Limit = limit(rule, day, calendar, slot_start=slot_start, window=window)
    return f"pour le {WEEKDAYS[day.weekday()]} {format_date(day)} : {describe_limit(found)}"


def _counted(rule: DeadlineRule) -> str:
    match rule.count_request_day, rule.count_service_day:
        case True, True:
            return "jour de la demande et jour du service comptés"
        case True, False:
            return "jour de la demande compté, jour du service non"
        case False, True:
            return "jour du service compté, jour de la demande non"
        case _:
            return "ni le jour de la demande ni celui du service comptés"


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number}\u00a0{singular if number < 2 else plural}"
