"""Dates and clock times as people type them: « 23/03 », « lun. 23 », « demain », « +3 », « fin mars », « 13h30 »."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, time, timedelta

from guichet.rules.deadlines import WEEKDAYS
from guichet.rules.errors import UserError
from guichet.rules.text import fold, format_date

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
FIRST_YEAR, LAST_YEAR = 1900, 2100
YEARS_AHEAD = 20  # a year of two digits is at most this far ahead: in 2026, 46 is 2046 and 47 is 1947

_EXAMPLES = "écrivez par exemple 23/03/2026, « lundi 23 » ou « demain »"
_RELATIVE = {"avant hier": -2, "hier": -1, "aujourd hui": 0, "aujourdhui": 0, "auj": 0, "ce jour": 0}
_RELATIVE |= {"demain": 1, "apres demain": 2}
_PLAIN = frozenset("0123456789./-‑'’")
_STEP = re.compile(r"(?:j\s*)?([+\-−])\s*([0-9]{1,4})\s*(\w*)\.?")
_DAYS = {"": 1, "j": 1, "jour": 1, "jours": 1, "s": 7, "sem": 7, "semaine": 7, "semaines": 7}
_TIME = re.compile(r"([0-9]{1,2})(?:\s*[:h.]\s*([0-9]{2})?|([0-9]{2}))?")


def read_date(text: str, today: date, *, earliest: date | None = None, latest: date | None = None) -> date:
    """The civil date that a person means by `text`, typed on `today`; accents, case and full stops do not matter.

    What is left out is this year's or this month's, unless only the next or the last one lies between `earliest` and
    `latest`. A weekday alone is the next one, never today (the last one when `latest` asks for it); with a day of the
    month it must be that day's, to come or just gone. Raises UserError: unreadable, ambiguous, no such day, another
    weekday, out of bounds.
    """
    reader = _Reader(today, earliest or date.min, latest or date.max)
    day = reader.read(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _wrong_year(day.year)
    if latest is not None and day > latest:
        raise UserError(
            f"Le {format_date(day)} est trop tard\u00a0: au plus tard le {format_date(latest)}.",
            code="date_late",
        )
    if earliest is not None and day < earliest:
        raise UserError(
            f"Le {format_date(day)} est trop tôt\u00a0: au plus tôt le {format_date(earliest)}.",
            code="date_early",
        )
    return day


def read_time(text: str) -> time:
    """A clock time as typed: « 13:00 », « 13h », « 8h30 », « 1330 ». Raises UserError."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None:
        raise UserError(
            "Cette heure n’est pas lisible\u00a0: écrivez par exemple 13:00.", code="time_unreadable"
        )
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    if hour > 23 or minute > 59:
        raise UserError(
            f"{hour:02d}:{minute:02d} n’existe pas\u00a0: l’heure va de 00:00 à 23:59.", code="time_unknown"
        )
    return time(hour, minute)


def shift_months(day: date, months: int) -> date:
    """The same day some months away, the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def day_in_words(day: date) -> str:
    """« lundi 23 mars 2026 », for who hears it rather than reads it."""
    return (
        f"{WEEKDAYS[day.weekday()]} {'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"
    )


class _Reader:
    def __init__(self, today: date, earliest: date, latest: date) -> None:
        self.today, self.earliest, self.latest = today, earliest, latest

    def read(self, text: str) -> date:
        typed = text.strip().lower()
        step = _STEP.fullmatch(typed)
        if step is not None and fold(step[3]) in _DAYS:
            days = int(step[2]) * _DAYS[fold(step[3])]
            return self.today + timedelta(days if step[1] == "+" else -days)
        words = fold(typed).split()
        if words[:1] == ["le"]:
            words = words[1:]
        if not words or not all(char.isalpha() or char.isspace() or char in _PLAIN for char in typed):
            raise _unreadable()
        relative = _RELATIVE.get(" ".join(words))
        if relative is not None:
            return self.today + timedelta(relative)
        if words[0] in ("debut", "fin"):
            return self._edge_of_month(words)
        weekday = _named(words[0], WEEKDAYS)
        if weekday is not None:
            return self._weekday(weekday, words[1:])
        return self._plain(words)

    def _edge_of_month(self, words: Sequence[str]) -> date:
        """« fin mars », « début mars 2026 », « fin du mois », « fin du mois prochain »."""
        rest = [word for word in words[1:] if word not in ("de", "du", "d", "ce", "le")]
        last = words[0] == "fin"
        if rest[:1] == ["mois"] and rest[1:] in ([], ["prochain"], ["dernier"]):
            away = {"prochain": 1, "dernier": -1}.get("".join(rest[1:]), 0)
            return _edge(shift_months(self.today, away), last)
        month = _month(rest[0]) if rest else None
        if month is None or len(rest) > 2:
            raise _unreadable()
        years = self._years(rest[1]) if len(rest) == 2 else self._near_years()
        return self._first_within([_edge(date(year, month, 1), last) for year in years])

    def _weekday(self, weekday: int, rest: Sequence[str]) -> date:
        ahead = (weekday - self.today.weekday() - 1) % 7 + 1
        coming = self.today + timedelta(ahead)
        gone = coming - timedelta(7 if coming - timedelta(7) < self.today else 14)
        if not rest:
            return self._first_within([coming, gone])
        if list(rest) == ["prochain"]:
            return coming
        if list(rest) == ["dernier"]:
            return gone
        days = self._days_meant(rest)
        coming_days = [day for day in days if day >= self.today][:1]
        gone_days = [day for day in days if day < self.today][-1:]
        near = coming_days + gone_days if _partial(rest) else days
        matching = [day for day in near if day.weekday() == weekday]
        if not matching:
            meant = self._first_within(near)
            raise UserError(
                f"Le {format_date(meant)} est un {WEEKDAYS[meant.weekday()]}.", code="date_weekday"
            )
        return self._first_within(matching)

    def _plain(self, words: Sequence[str]) -> date:
        days = self._days_meant(words)
        if not _partial(words):
            return days[0]
        same_month = len(_parts(words)) == 1
        if same_month:
            _check_day(_number(_parts(words)[0]), self.today.month, self.today.year)
        now = [
            day
            for day in days
            if day.year == self.today.year and (not same_month or day.month == self.today.month)
        ]
        return self._first_within(now + [day for day in days if day > self.today] + days[::-1])

    def _days_meant(self, words: Sequence[str]) -> list[date]:
        """The dates that « 23 », « 23 mars » or « 23 03 26 » can be around today, in order. Raises UserError."""
        parts = _parts(words)
        day = _number(parts[0])
        if len(parts) == 1:
            months = [shift_months(self.today.replace(day=1), away) for away in range(-12, 13)]
            if not 1 <= day <= 31:
                _check_day(day, self.today.month, self.today.year)
            return [first.replace(day=day) for first in months if day <= _length(first.year, first.month)]
        month = _month_meant(parts[1])
        if len(parts) == 3:
            years = self._years(parts[2])
            _check_day(day, month, years[0])
            return [date(year, month, day) for year in years if day <= _length(year, month)][:1]
        _check_day(day, month, self.today.year)
        return [date(year, month, day) for year in sorted(self._near_years()) if day <= _length(year, month)]

    def _near_years(self) -> list[int]:
        return [self.today.year, self.today.year + 1, self.today.year - 1]

    def _years(self, typed: str) -> list[int]:
        """The year meant first: with two digits, the century that suits today and the bounds."""
        year = _number(typed)
        if len(typed) == 4 and FIRST_YEAR <= year <= LAST_YEAR:
            return [year]
        if len(typed) != 2:
            raise _wrong_year(year)
        century = self.today.year // 100 * 100
        near = [century + away + year for away in (100, 0, -100)]
        ahead = min(self.today.year + YEARS_AHEAD, self.latest.year)
        return [candidate for candidate in near if candidate <= ahead][:1] or [century + year]

    def _first_within(self, days: Sequence[date]) -> date:
        """The first of these that the bounds allow, else the first of all."""
        return next((day for day in days if self.earliest <= day <= self.latest), days[0])


def _parts(words: Sequence[str]) -> list[str]:
    """Day, month and year as typed, as far as they were: « 230326 » is parted, « 2026 03 23 » turned round."""
    parts = list(words)
    if len(parts) == 1 and parts[0].isdecimal() and len(parts[0]) > 2:
        digits = parts[0]
        if len(digits) not in (4, 6, 8):
            raise UserError(
                f"« {digits} » peut être plusieurs dates\u00a0: écrivez le jour et le mois sur deux chiffres, "
                "par exemple 0103 pour le 1er mars.",
                code="date_ambiguous",
            )
        parts = [part for part in (digits[:2], digits[2:4], digits[4:]) if part]
    if len(parts) == 3 and len(parts[0]) == 4 and parts[0].isdecimal():
        parts.reverse()
    if not 1 <= len(parts) <= 3:
        raise _unreadable()
    if parts[0] == "1er":
        parts[0] = "1"
    return parts


def _partial(words: Sequence[str]) -> bool:
    return len(_parts(words)) < 3


def _month_meant(typed: str) -> int:
    named = _month(typed)
    if named is not None:
        return named
    month = _number(typed)
    if not 1 <= month <= 12:
        raise UserError(f"Le mois {month} n’existe pas\u00a0: une année a 12 mois.", code="date_unknown")
    return month


def _month(word: str) -> int | None:
    place = _named(word, MONTHS)
    return None if place is None else place + 1


def _named(word: str, names: Sequence[str]) -> int | None:
    """The place of the one name that `word` is or shortens to three letters or more."""
    if len(word) < 3 or not word.isalpha():
        return None
    meant = [place for place, name in enumerate(names) if fold(name).startswith(word)]
    if len(meant) > 1:
        either = " ou ".join(names[place] for place in meant)
        raise UserError(f"« {word} » peut être {either}\u00a0: écrivez le mot entier.", code="date_ambiguous")
    return meant[0] if meant else None


def _number(typed: str) -> int:
    if re.fullmatch("[0-9]{1,4}", typed) is None:
        raise _unreadable()
    return int(typed)


def _check_day(day: int, month: int, year: int) -> None:
    length = _length(year, month)
    if 1 <= day <= length:
        return
    name = MONTHS[month - 1]
    if month == 2:
        raise UserError(
            f"Le {day:02d}/02/{year} n’existe pas\u00a0: {name} {year} a {length} jours.", code="date_unknown"
        )
    raise UserError(
        f"Le {day:02d}/{month:02d} n’existe pas\u00a0: {name} a {length} jours.", code="date_unknown"
    )


def _length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def _edge(day: date, last: bool) -> date:
    return day.replace(day=_length(day.year, day.month) if last else 1)


def _unreadable() -> UserError:
    return UserError(f"Cette date n’est pas lisible\u00a0: {_EXAMPLES}.", code="date_unreadable")


def _wrong_year(year: int) -> UserError:
    return UserError(
        f"L’année {year} n’est pas vraisemblable\u00a0: écrivez-la sur 4 chiffres, de {FIRST_YEAR} à {LAST_YEAR}.",
        code="date_unknown",
    )
