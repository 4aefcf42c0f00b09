"""Sharing a payment between debts (domain.md §7): worked examples and properties."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.allocation import Debt, Due, Share, allocate, credit_left, oldest_first, share_document


def _debt(dated: date, number: str, *lefts: int, first_charge: int = 1) -> Debt:
    return Debt(dated, number, tuple(Due(first_charge + rank, left) for rank, left in enumerate(lefts)))


def test_within_an_invoice_pro_rata_by_largest_remainder() -> None:
    # 10,00 € on lines of 1/3 each: 333 + 333 + 333, and the cent left to the first of the equal remainders.
    shares = share_document(1000, [Due(1, 700), Due(2, 700), Due(3, 700)])
    assert shares == [Share(1, 334), Share(2, 333), Share(3, 333)]


def test_the_largest_remainder_wins_before_the_position() -> None:
    # 100 over 10 and 190: 5 and 95 exactly; 101 over the same: 5,05 and 95,95, the cent goes to the second.
    assert share_document(101, [Due(1, 10), Due(2, 190)]) == [Share(1, 5), Share(2, 96)]


def test_a_full_payment_gives_each_line_what_it_owes() -> None:
    assert share_document(243, [Due(1, 120), Due(2, 123)]) == [Share(1, 120), Share(2, 123)]


def test_a_reduction_is_settled_whole_and_funds_the_other_lines() -> None:
    # 120,00 − 20,00 = 100,00 owed. Paying 50,00 settles the reduction and leaves 70,00 for the positive line.
    shares = share_document(5000, [Due(1, 12_000), Due(2, -2000)])
    assert sorted(shares, key=lambda share: share.charge_id) == [Share(1, 7000), Share(2, -2000)]


def test_a_document_never_takes_more_than_it_is_owed() -> None:
    with pytest.raises(ValueError, match="left to pay"):
        share_document(101, [Due(1, 100)])
    with pytest.raises(ValueError, match="left to pay"):
        share_document(-1, [Due(1, 100)])


def test_oldest_first_by_date_then_number() -> None:
    april, march = _debt(date(2026, 4, 8), "AL-9", 1), _debt(date(2026, 3, 8), "AL-40", 1)
    same_day = [_debt(date(2026, 4, 8), number, 1) for number in ("AL-100", "AL-36")]
    ordered = oldest_first([*same_day, april, march])
    assert [debt.number for debt in ordered] == ["AL-40", "AL-9", "AL-36", "AL-100"]


def test_the_oldest_is_paid_in_full_before_the_next() -> None:
    debts = [_debt(date(2026, 3, 8), "AL-1", 3000), _debt(date(2026, 4, 8), "AL-2", 5000, first_charge=2)]
    assert allocate(4000, debts) == [Share(1, 3000), Share(2, 1000)]


def test_what_exceeds_the_debts_stays_as_credit() -> None:
    shares = allocate(10_000, [_debt(date(2026, 3, 8), "AL-1", 3000)])
    assert credit_left(10_000, shares) == 7000


DUES = st.lists(st.integers(-300, 3000), min_size=1, max_size=8).map(
    lambda lefts: tuple(Due(rank, left) for rank, left in enumerate(lefts))
)


@given(DUES, st.integers(0, 100))
def test_a_share_conserves_cents_and_respects_each_charge(dues: tuple[Due, ...], percent: int) -> None:
    amount = max(sum(due.left for due in dues), 0) * percent // 100
    shares = share_document(amount, dues)
    given_to = {share.charge_id: share.amount for share in shares}
    assert sum(given_to.values()) == amount
    for due in dues:
        part = given_to.get(due.charge_id, 0)
        assert min(due.left, 0) <= part <= max(due.left, 0)


@given(
    st.lists(st.lists(st.integers(1, 5000), min_size=1, max_size=5), min_size=1, max_size=5),
    st.lists(st.integers(1, 9000), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_payments_in_any_order_over_debts_in_any_order_conserve_every_cent(
    invoices: list[list[int]], payments: list[int], chance: object
) -> None:
    owed = {}
    debts = []
    for rank, lefts in enumerate(invoices):
        dues = tuple(Due(100 * rank + line, left) for line, left in enumerate(lefts))
        owed.update({due.charge_id: due.left for due in dues})
        debts.append(Debt(date(2026, 1, 1 + rank), f"AL-{rank}", dues))
    paid: dict[int, int] = dict.fromkeys(owed, 0)
    credit = 0
    for amount in payments:
        chance.shuffle(debts)  # type: ignore[attr-defined]
        current = [
            Debt(
                debt.dated,
                debt.number,
                tuple(Due(due.charge_id, owed[due.charge_id] - paid[due.charge_id]) for due in debt.dues),
            )
            for debt in debts
        ]
        shares = allocate(amount, current)
        for share in shares:
            paid[share.charge_id] += share.amount
        credit += credit_left(amount, shares)
    assert sum(paid.values()) + credit == sum(payments)
    assert all(0 <= paid[charge] <= owed[charge] for charge in owed)
    assert credit == 0 or paid == owed  # credit only once all is paid
