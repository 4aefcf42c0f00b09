"""Values as Noethys writes them, read back whatever their dress."""

from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.models.money import PaymentMode
from guichet.services.noethys import cleaning, guess


@given(st.integers(min_value=-(10**10), max_value=10**10))
def test_whole_cents_survive_their_float(cents: int) -> None:
    assert cleaning.as_cents(cents / 100) == cents
    assert cleaning.as_cents(f"{Decimal(cents) / 100:f}".replace(".", ",")) == cents


@given(st.lists(st.integers(min_value=-50_000, max_value=50_000), max_size=40))
def test_a_sum_of_floats_is_rounded_back_to_its_cents(amounts: list[int]) -> None:
    assert cleaning.as_cents(sum((amount / 100 for amount in amounts), 0.0)) == sum(amounts)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_float_is_read_or_refused_never_a_crash(value: float) -> None:
    found = cleaning.as_cents(value)
    if found is not None:
        wanted = (Decimal(str(value)) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        assert found == int(wanted)
        assert abs(found) <= cleaning.LARGEST_AMOUNT


@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.floats()))
def test_nothing_that_a_column_may_hold_breaks_a_reader(value: object) -> None:
    cleaning.as_cents(value)
    cleaning.as_whole(value)
    cleaning.as_clock(value)
    cleaning.as_day(value)
    cleaning.is_blank(value)
    assert "\x00" not in cleaning.as_text(value)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 12, 31)))
def test_a_date_is_read_in_every_writing(day: date) -> None:
    writings = [
        day.isoformat(),
        f"{day.year}-{day.month}-{day.day}",
        f"{day.isoformat()} 23:59:59",
        f"{day.isoformat()}T00:00:00.000000",
        f"{day.day:02d}/{day.month:02d}/{day.year}",
        f"{day:%Y%m%d}",
        int(f"{day:%Y%m%d}"),
    ]
    assert {cleaning.as_day(written) for written in writings} == {day}


@pytest.mark.parametrize(
    "written", ["0000-00-00", "0000-00-00 00:00:00", "2015-02-30", "2015-13-01", "hier", "", None, 0]
)
def test_what_is_no_date_is_none(written: object) -> None:
    assert cleaning.as_day(written) is None


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("07:30", time(7, 30)),
        ("7h30", time(7, 30)),
        ("07:30:59", time(7, 30)),
        ("24:00", None),
        ("", None),
        ("midi", None),
    ],
)
def test_hours(written: str, wanted: time | None) -> None:
    assert cleaning.as_clock(written) == wanted


@pytest.mark.parametrize(
    ("name", "meal_only", "with_meal"),
    [
        ("Repas", True, True),
        ("Cantine", True, True),
        ("Repas du midi", True, True),
        ("Journée", False, False),
        ("Journée avec repas", False, True),
        ("Journée sans repas", False, False),
        ("Mercredi + repas", False, True),
        ("Après-midi", False, False),
    ],
)
def test_what_is_a_meal(name: str, meal_only: bool, with_meal: bool) -> None:
    assert guess.is_meal(name) is meal_only
    assert guess.names_a_meal(name) is with_meal


@pytest.mark.parametrize(
    ("name", "ages"),
    [
        ("3-6 ans", (3, 6)),
        ("Les 6/12 ans", (6, 12)),
        ("de 3 à 5 ans", (3, 5)),
        ("Moins de 6 ans", (None, 5)),
        ("+ de 11", (None, None)),
        ("Plus de 11 ans", (11, None)),
        ("11 ans et plus", (11, None)),
        ("Groupe unique", (None, None)),
    ],
)
def test_the_ages_that_a_groups_name_tells(name: str, ages: tuple[int | None, int | None]) -> None:
    assert guess.ages(name) == ages


def test_a_label_nobody_foresaw_is_another_mode() -> None:
    assert guess.payment_mode("Troc") is PaymentMode.OTHER
