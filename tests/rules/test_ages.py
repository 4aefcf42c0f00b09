"""Ages at the date of service, and the group they lead to."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.ages import AgeGroup, GroupProblem, age_on, choose_group

LITTLE = AgeGroup(1, "3-5 ans", 3, 5)
BIG = AgeGroup(2, "6-11 ans", 6, 11)
CM = AgeGroup(3, "CM", classes=frozenset({"CM1", "CM2"}))


def test_the_birthday_counts_that_day() -> None:
    born = date(2020, 4, 8)
    assert age_on(born, date(2026, 4, 7)) == 5
    assert age_on(born, date(2026, 4, 8)) == 6
    assert choose_group([LITTLE, BIG], born, date(2026, 4, 7), None).group == LITTLE
    assert choose_group([LITTLE, BIG], born, date(2026, 4, 8), None).group == BIG


def test_a_29_february_birthday_falls_on_1_march_of_common_years() -> None:
    born = date(2020, 2, 29)
    assert age_on(born, date(2026, 2, 28)) == 5
    assert age_on(born, date(2026, 3, 1)) == 6
    assert age_on(born, date(2024, 2, 29)) == 4


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="no age"):
        age_on(date(2026, 1, 2), date(2026, 1, 1))
    choice = choose_group([LITTLE], date(2026, 6, 1), date(2026, 1, 1), None)
    assert choice.problem == GroupProblem.BIRTH_DATE_UNKNOWN


def test_who_fits_no_group_is_told_from_who_is_not_known() -> None:
    day = date(2026, 4, 8)
    assert choose_group([LITTLE, BIG], date(2010, 1, 1), day, None).problem == GroupProblem.TOO_YOUNG_OR_OLD
    assert choose_group([LITTLE, BIG], date(2025, 1, 1), day, None).problem == GroupProblem.TOO_YOUNG_OR_OLD
    assert choose_group([LITTLE, BIG], None, day, None).problem == GroupProblem.BIRTH_DATE_UNKNOWN
    assert choose_group([CM], date(2016, 1, 1), day, None).problem == GroupProblem.CLASS_UNKNOWN
    assert choose_group([CM], date(2016, 1, 1), day, "CP").problem == GroupProblem.CLASS_NOT_TAKEN
    assert choose_group([CM], None, day, "CM1").group == CM


def test_an_activity_without_groups_takes_everybody() -> None:
    assert choose_group([], None, date(2026, 4, 8), None).problem is None


def test_a_group_by_age_and_class_asks_for_both() -> None:
    both = AgeGroup(4, "CP de 6 ans", 6, 6, frozenset({"CP"}))
    day = date(2026, 4, 8)
    assert choose_group([both], date(2020, 1, 1), day, "CP").group == both
    assert choose_group([both], date(2020, 1, 1), day, "CE1").group is None
    assert choose_group([both], date(2018, 1, 1), day, "CP").group is None


births = st.dates(date(2000, 1, 1), date(2026, 1, 1))


@given(births, st.integers(0, 40 * 365))
def test_age_never_falls_and_grows_by_one_at_a_time(born: date, lived: int) -> None:
    day = born + timedelta(days=lived)
    today, tomorrow = age_on(born, day), age_on(born, day + timedelta(days=1))
    assert tomorrow - today in (0, 1)
    assert lived // 366 <= today <= lived // 365


@given(births, st.integers(0, 20 * 365))
def test_groups_that_cover_every_age_leave_nobody_out(born: date, lived: int) -> None:
    groups = [AgeGroup(1, "petits", None, 5), AgeGroup(2, "moyens", 6, 9), AgeGroup(3, "grands", 10, None)]
    day = born + timedelta(days=lived)
    choice = choose_group(groups, born, day, None)
    assert choice.group is not None
    assert choice.group.takes_age(age_on(born, day))
