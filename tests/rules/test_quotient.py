"""Quotient familial: worked examples of domain.md §5 with their reasoning, then properties."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.errors import UserError
from guichet.rules.quotient import Quotient, QuotientFormula, compute_quotient, in_force, parts


@pytest.mark.parametrize(
    ("children", "disabled", "expected"),
    [
        (0, 0, "2"),  # couple or single parent alike
        (1, 0, "2.5"),
        (2, 0, "3"),
        (3, 0, "4"),  # the third child is a whole part
        (4, 0, "4.5"),
        (6, 0, "5.5"),
        (1, 1, "3"),  # half a part more for a disabled child
        (3, 2, "5"),
    ],
)
def test_parts_follow_the_cnaf_scale(children: int, disabled: int, expected: str) -> None:
    assert parts(children, disabled) == Decimal(expected)


def test_a_town_may_count_parts_its_own_way() -> None:
    flat = QuotientFormula(by_child=(), next_child=Decimal(1), disabled_child=Decimal(0))
    assert parts(3, 1, flat) == Decimal(5)


@pytest.mark.parametrize(("children", "disabled"), [(-1, 0), (1, 2), (2, -1)])
def test_an_impossible_household_is_refused(children: int, disabled: int) -> None:
    with pytest.raises(UserError) as refused:
        parts(children, disabled)
    assert refused.value.field == "children"


@pytest.mark.parametrize(
    ("yearly_income", "monthly_benefits", "household_parts", "expected"),
    [
        (1_300_000, 0, "2", 542),  # seed 003: 13 000 ÷ 12 = 1 083,33; ÷ 2 = 541,67
        (1_299_996, 0, "2", 542),  # twelve times 1 083,33 exactly
        (1_202_400, 0, "2", 501),  # 1 002 ÷ 2 = 501
        (1_201_200, 0, "2", 501),  # 1 001 ÷ 2 = 500,50: a half goes up
        (1_201_199, 0, "2", 500),  # a cent less a year and it does not
        (2_400_000, 13_957, "3", 713),  # (2 000 + 139,57) ÷ 3 = 713,19
        (0, 0, "2.5", 0),  # no income is a quotient of 0, which is not "no quotient"
    ],
)
def test_quotient_is_rounded_half_up_to_the_unit(
    yearly_income: int, monthly_benefits: int, household_parts: str, expected: int
) -> None:
    assert compute_quotient(yearly_income, monthly_benefits, Decimal(household_parts)) == expected


def test_benefits_can_be_left_out_by_the_towns_formula() -> None:
    assert compute_quotient(1_200_000, 50_000, Decimal(2), QuotientFormula(with_benefits=False)) == 500


@pytest.mark.parametrize(
    ("income", "benefits", "household_parts", "field"),
    [(-1, 0, "2", "income"), (0, -1, "2", "income"), (100, 0, "0", "parts")],
)
def test_an_impossible_income_is_refused(
    income: int, benefits: int, household_parts: str, field: str
) -> None:
    with pytest.raises(UserError) as refused:
        compute_quotient(income, benefits, Decimal(household_parts))
    assert refused.value.field == field


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.sampled_from(["2", "2.5", "3", "4", "4.5", "7"]))
def test_quotient_is_the_nearest_unit(income: int, benefits: int, household_parts: str) -> None:
    value = compute_quotient(income, benefits, Decimal(household_parts))
    # Compared without dividing: 1200 × parts × QF lies within half a unit of the yearly resources in cents.
    twelfth = 1200 * Decimal(household_parts)
    distance = (income + 12 * benefits) - twelfth * value
    assert -twelfth / 2 <= distance < twelfth / 2


def _quotient(value: int | None, valid_from: date, valid_until: date | None = None) -> Quotient:
    return Quotient(value, valid_from, valid_until, "caf")


def test_the_quotient_of_the_service_day_prices_it() -> None:
    old = _quotient(542, date(2025, 1, 1), date(2025, 12, 31))
    new = _quotient(610, date(2026, 1, 1), date(2026, 12, 31))
    assert in_force([new, old], date(2025, 12, 31)) == old
    assert in_force([new, old], date(2026, 1, 1)) == new
    assert in_force([new, old], date(2027, 1, 1)) is None  # expired: none, not the last known


def test_a_later_quotient_takes_over_an_open_ended_one() -> None:
    first, second = _quotient(800, date(2025, 9, 1)), _quotient(700, date(2026, 1, 1))
    assert in_force([first, second], date(2026, 3, 1)) == second


def test_known_to_have_none_is_kept_apart_from_zero() -> None:
    none = _quotient(None, date(2026, 1, 1))
    found = in_force([none], date(2026, 2, 1))
    assert found is not None
    assert found.value is None
