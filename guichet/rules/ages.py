"""Ages at the date of service and the group they lead to (domain.md §1, §8, §9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


def age_on(birth_date: date, day: date) -> int:
    """Age in completed years on `day`; the birthday counts that day, a 29 February birthday on 1 March of common years.

    Raises ValueError when `day` is before the birth.
    """
    if day < birth_date:
        raise ValueError(f"no age on {day}: born on {birth_date}")
    not_yet = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - int(not_yet)


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """A group of an activity, by ages (both ends included, None open) or by school classes, or by both."""

    id: int
    label: str
    age_from: int | None = None
    age_to: int | None = None
    classes: frozenset[str] = frozenset()

    def takes_age(self, age: int) -> bool:
        return (self.age_from is None or age >= self.age_from) and (self.age_to is None or age <= self.age_to)


class GroupProblem:
    """Why no group could be given (codes; the sentences are in `proposals`)."""

    TOO_YOUNG_OR_OLD = "age"
    CLASS_NOT_TAKEN = "class"
    CLASS_UNKNOWN = "class_unknown"
    BIRTH_DATE_UNKNOWN = "birth_date_unknown"


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """The group proposed for a child on a date, or why there is none; with no group at all in the offer, neither."""

    group: AgeGroup | None = None
    problem: str | None = None
    age: int | None = None


def choose_group(
    groups: Sequence[AgeGroup], birth_date: date | None, day: date, school_class: str | None
) -> GroupChoice:
    """The first group, in the order given, that takes this child on `day`.

    A group by classes asks for the class, a group by ages for the age on the day of service; a group with both asks for both.
    What is not known (birth date, class) is told apart from what does not fit: an agent must look, the child is not refused.
    """
    age = age_on(birth_date, day) if birth_date is not None and birth_date <= day else None
    if not groups:
        return GroupChoice(age=age)
    problems = []
    for group in groups:
        problem = _problem(group, age, school_class)
        if problem is None:
            return GroupChoice(group, None, age)
        problems.append(problem)
    unknown = (GroupProblem.BIRTH_DATE_UNKNOWN, GroupProblem.CLASS_UNKNOWN, GroupProblem.TOO_YOUNG_OR_OLD)
    return GroupChoice(None, next((one for one in unknown if one in problems), problems[0]), age)


def _problem(group: AgeGroup, age: int | None, school_class: str | None) -> str | None:
    by_age = group.age_from is not None or group.age_to is not None
    if by_age and age is None:
        return GroupProblem.BIRTH_DATE_UNKNOWN
    if by_age and age is not None and not group.takes_age(age):
        return GroupProblem.TOO_YOUNG_OR_OLD
    if group.classes and school_class is None:
        return GroupProblem.CLASS_UNKNOWN
    if group.classes and school_class not in group.classes:
        return GroupProblem.CLASS_NOT_TAKEN
    return None
