"""Fiscal attestation (domain.md §8): who is covered and what each payment counts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.certificates import Paid, count_eligible, eligible_part, is_eligible


@pytest.mark.parametrize(
    ("birth_date", "first_january", "expected"),
    [
        (date(2019, 12, 31), True, False),  # 6 before 1 January 2026
        (date(2020, 1, 1), True, True),  # 6 that very day: in by the setting
        (date(2020, 1, 1), False, False),
        (date(2020, 1, 2), False, True),  # still 5
        (date(2026, 11, 3), True, True),  # born in the year
    ],
)
def test_under_six_on_the_first_of_january(birth_date: date, first_january: bool, expected: bool) -> None:
    assert is_eligible(birth_date, 2026, include_first_january=first_january) is expected


@pytest.mark.parametrize(
    ("eligible", "allocated", "charge", "expected"),
    [
        (600, 1000, 1000, 600),
        (305, 500, 1000, 153),  # half of 3,05 is 1,53
        (1000, 0, 1000, 0),
        (0, 700, 1000, 0),
        (-305, -500, -1000, -153),  # a reduction takes off as it would have added
        (0, 0, 0, 0),
    ],
)
def test_the_part_that_counts(eligible: int, allocated: int, charge: int, expected: int) -> None:
    assert eligible_part(eligible, allocated, charge) == expected


def _paid(day: date, amount: int, order: int, charge_id: int = 1) -> Paid:
    return Paid(charge_id, day, order, amount, charge_amount=1000, eligible_amount=333)


def test_thirds_of_a_charge_add_up_to_its_eligible_part() -> None:
    # 333 × 400/1000 = 133,2 → 133; × 700/1000 = 233,1 → 233, so 100 more; × 1000/1000 = 333, so 100 more.
    days = [date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 9)]
    counted = count_eligible(
        [
            _paid(day, amount, rank)
            for rank, (day, amount) in enumerate(zip(days, (400, 300, 300), strict=True))
        ]
    )
    assert [row.eligible for row in counted] == [133, 100, 100]
    assert [row.excluded for row in counted] == [267, 200, 200]


def test_the_day_of_the_payment_decides_and_not_the_order_of_entry() -> None:
    december, january = _paid(date(2025, 12, 31), 500, 9), _paid(date(2026, 1, 2), 500, 1)
    assert count_eligible([january, december]) == count_eligible([december, january])
    assert [row.paid for row in count_eligible([january, december])] == [december, january]


MOVEMENTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 900), st.integers(1, 400)), min_size=1, max_size=12
)


@given(MOVEMENTS, st.integers(0, 1000), st.randoms(use_true_random=False))
def test_whatever_the_history_a_charge_counts_what_its_payments_are_worth(
    movements: list[tuple[int, int, int]], eligible: int, chance: object
) -> None:
    charge = 5000
    paid = [
        Paid(charge_id, date(2024, 1, 1) + timedelta(days=day), rank, amount, charge, eligible)
        for rank, (charge_id, day, amount) in enumerate(movements)
    ]
    expected = count_eligible(paid)
    chance.shuffle(paid)  # type: ignore[attr-defined]
    assert count_eligible(paid) == expected
    for charge_id in (1, 2, 3):
        rows = [row for row in expected if row.paid.charge_id == charge_id]
        total = sum(row.paid.amount for row in rows)
        assert sum(row.eligible for row in rows) == eligible_part(eligible, total, charge)
        assert all(row.eligible >= 0 for row in rows)
