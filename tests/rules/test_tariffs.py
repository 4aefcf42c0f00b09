"""Tariffs: worked examples of domain.md §6 with their reasoning, the problems to show, and properties."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.money import round_half_up
from guichet.rules.quotient import Quotient
from guichet.rules.tariffs import (
    Bracket,
    EligibleMode,
    EligiblePart,
    Price,
    Problem,
    Service,
    Tariff,
    TariffMethod,
    Unpriced,
    explain,
    price,
    tell,
)

DAY = date(2026, 3, 18)
SERVICE = Service(activity_id=1, slot_id=10, group_id=100, day=DAY)
GRID = (Bracket(0, 500, 400), Bracket(500, 900, 750), Bracket(900, None, 1200))


def _tariff(method: TariffMethod = TariffMethod.SINGLE, **fields: object) -> Tariff:
    values: dict[str, object] = {
        "id": 7,
        "label": "ALSH journée",
        "activity_id": 1,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(9999, 12, 31),
        **fields,
    }
    return Tariff(method=method, **values)  # type: ignore[arg-type]


def _single(cents: int = 415, **fields: object) -> Tariff:
    return _tariff(unit_price=cents, **fields)


def _effort(rate: str = "0.012", minimum: int = 200, maximum: int = 1500) -> Tariff:
    return _tariff(TariffMethod.EFFORT_RATE, rate=Decimal(rate), minimum=minimum, maximum=maximum)


def _quotient(value: int | None) -> Quotient:
    return Quotient(value, date(2026, 1, 1), None, "caf")


def _priced(tariff: Tariff, quotient: Quotient | None = None, quantity: int = 1) -> Price:
    found = price([tariff], SERVICE, quotient, quantity)
    assert isinstance(found, Price)
    return found


def _problem(tariffs: list[Tariff], quotient: Quotient | None = None, service: Service = SERVICE) -> Unpriced:
    found = price(tariffs, service, quotient)
    assert isinstance(found, Unpriced)
    return found


def test_seventeen_times_4_15_is_70_55() -> None:
    line = _priced(_single(415), quantity=17)
    assert (line.unit_price, line.quantity, line.amount) == (415, 17, 7055)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 400), (499, 400), (500, 750), (899, 750), (900, 1200), (20_000, 1200)],
)
def test_a_bracket_holds_its_lower_bound_and_not_its_upper(value: int, expected: int) -> None:
    assert _priced(_tariff(TariffMethod.QF_BRACKETS, brackets=GRID), _quotient(value)).amount == expected


@pytest.mark.parametrize(
    ("rate", "value", "expected"),
    [
        ("0.012", 542, 650),  # 6,504 € is 6,50 €
        ("0.0125", 542, 678),  # 6,775 € : the half cent goes up
        ("0.0125", 100, 200),  # 1,25 € raised to the minimum
        ("0.0125", 4000, 1500),  # 50 € brought down to the maximum
        ("0.012", 0, 200),  # a quotient of 0 pays the minimum
    ],
)
def test_effort_rate_is_clamped_then_rounded(rate: str, value: int, expected: int) -> None:
    assert _priced(_effort(rate), _quotient(value)).unit_price == expected


def test_the_unit_price_is_rounded_before_it_is_multiplied() -> None:
    # 0,0125 × 542 = 6,775 € a day. Ten rounded days cost 67,80 €; rounding the whole would have said 67,75 €.
    assert _priced(_effort("0.0125"), _quotient(542), quantity=10).amount == 6780


@pytest.mark.parametrize("quotient", [None, _quotient(None)])
def test_without_a_quotient_the_maximum_applies(quotient: Quotient | None) -> None:
    assert _priced(_effort(), quotient).amount == 1500
    cheapest_last = _tariff(TariffMethod.QF_BRACKETS, brackets=(*GRID[::-1], Bracket(-1, 0, 0)))
    assert _priced(cheapest_last, quotient).amount == 1200
    assert _priced(_effort(), quotient).trace["maximum_applied"] is True


def test_a_quotient_of_zero_is_not_the_maximum() -> None:
    assert _priced(_tariff(TariffMethod.QF_BRACKETS, brackets=GRID), _quotient(0)).amount == 400


def test_no_tariff_is_a_problem_and_not_a_zero() -> None:
    assert _problem([]).problem is Problem.NO_TARIFF
    assert "18/03/2026" in _problem([]).message


@pytest.mark.parametrize(
    "tariff",
    [
        _single(activity_id=2),
        _single(slot_id=11),
        _single(group_id=101),
        _single(category="Extérieur"),
        _single(resident=False),
        _single(valid_from=date(2026, 3, 19)),
        _single(valid_until=date(2026, 3, 17)),
    ],
)
def test_each_condition_excludes(tariff: Tariff) -> None:
    assert _problem([tariff]).problem is Problem.NO_TARIFF


def test_first_and_last_day_of_a_tariff_count() -> None:
    assert _priced(_single(valid_from=DAY, valid_until=DAY)).amount == 415


def test_two_tariffs_are_a_problem_that_names_both() -> None:
    found = _problem([_single(label="Repas"), _single(label="Repas bis", slot_id=10)])
    assert found.problem is Problem.TWO_TARIFFS
    assert "« Repas »" in found.message
    assert "« Repas bis »" in found.message


def test_conditions_that_do_not_both_hold_leave_one_tariff() -> None:
    resident, other = _single(500, resident=True), _single(900, resident=False)
    found = price([resident, other], SERVICE, None)
    assert isinstance(found, Price)
    assert found.amount == 500


@pytest.mark.parametrize(
    ("brackets", "value", "problem"),
    [
        ((Bracket(0, 500, 400),), 500, Problem.NO_BRACKET),
        ((Bracket(0, 500, 400), Bracket(400, None, 500)), 450, Problem.TWO_BRACKETS),
        ((), None, Problem.NO_BRACKET),
    ],
)
def test_a_hole_or_an_overlap_in_the_grid_is_shown(
    brackets: tuple[Bracket, ...], value: int | None, problem: Problem
) -> None:
    found = _problem([_tariff(TariffMethod.QF_BRACKETS, brackets=brackets)], _quotient(value))
    assert found.problem is problem
    assert "ALSH journée" in found.message


def test_an_unfinished_tariff_is_shown() -> None:
    assert _problem([_tariff()]).problem is Problem.NO_RATE
    rate_only = _tariff(TariffMethod.EFFORT_RATE, rate=Decimal("0.01"))
    assert _problem([rate_only]).problem is Problem.NO_MAXIMUM
    bounds_only = _tariff(TariffMethod.EFFORT_RATE, minimum=1, maximum=2)
    assert _problem([bounds_only], _quotient(10)).problem is Problem.NO_RATE


@pytest.mark.parametrize(
    ("eligible", "expected"),
    [
        (EligiblePart(EligibleMode.ALL), 1245),
        (EligiblePart(EligibleMode.NONE), 0),
        (EligiblePart(EligibleMode.AMOUNT, amount=100), 300),  # 1,00 € of each of the three units
        (EligiblePart(EligibleMode.AMOUNT, amount=9900), 1245),  # never more than what is paid
        (EligiblePart(EligibleMode.PERCENTAGE, percentage=Decimal(50)), 623),  # 622,5 goes up
        (EligiblePart(EligibleMode.PERCENTAGE, percentage=Decimal("33.33")), 415),
    ],
)
def test_the_eligible_part_of_a_line(eligible: EligiblePart, expected: int) -> None:
    assert _priced(_single(415, eligible=eligible), quantity=3).eligible_amount == expected


@pytest.mark.parametrize(
    ("tariff", "value", "sentence"),
    [
        (_single(), None, "Tarif « ALSH journée » : prix unique de 4,15 €."),
        (
            _tariff(TariffMethod.QF_BRACKETS, brackets=GRID),
            542,
            (
                "Tarif « ALSH journée » : QF 542 en vigueur depuis le 01/01/2026, "
                "tranche de 500 à moins de 900, soit 7,50 €."
            ),
        ),
        (
            _tariff(TariffMethod.QF_BRACKETS, brackets=GRID),
            None,
            "Tarif « ALSH journée » : sans quotient familial, tarif maximum de 12,00 €.",
        ),
        (
            _effort(),
            542,
            (
                "Tarif « ALSH journée » : QF 542 en vigueur depuis le 01/01/2026 × taux 0,012 = 6,504 €, "
                "arrondi à 6,50 €."
            ),
        ),
        (
            _effort(),
            4000,
            (
                "Tarif « ALSH journée » : QF 4000 en vigueur depuis le 01/01/2026 × taux 0,012 = 48 €, "
                "ramené au plafond de 15,00 €."
            ),
        ),
    ],
)
def test_each_price_says_why_in_one_french_sentence(tariff: Tariff, value: int | None, sentence: str) -> None:
    trace = _priced(tariff, _quotient(value)).trace
    assert explain(trace).replace("\u00a0", " ") == sentence
    assert trace["sentence"] == explain(trace)


def test_the_trace_holds_what_an_auditor_recomputes_from() -> None:
    trace = _priced(_effort("0.0125"), _quotient(542)).trace
    assert trace["quotient"] == {"value": 542, "since": "2026-01-01", "source": "caf"}
    assert (trace["tariff"], trace["rate"], trace["minimum"], trace["maximum"]) == (7, "0.0125", 200, 1500)
    assert (trace["exact"], trace["clamped"], trace["rounding"]) == ("677.5000", "", "half_up")
    assert trace["unit_price"] == 678


@given(
    rate=st.decimals(min_value=Decimal("0.0001"), max_value=Decimal("0.1"), places=6),
    value=st.integers(0, 20_000),
    bounds=st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(sorted),
    quantity=st.integers(1, 400),
)
def test_effort_rate_stays_in_its_bounds_and_is_never_a_cent_away(
    rate: Decimal, value: int, bounds: list[int], quantity: int
) -> None:
    minimum, maximum = bounds
    line = _priced(_effort(str(rate), minimum, maximum), _quotient(value), quantity)
    assert minimum <= line.unit_price <= maximum
    if minimum < line.unit_price < maximum:
        assert line.unit_price == round_half_up(rate * value * 100)
    assert line.amount == line.unit_price * quantity


@given(st.integers(0, 5000), st.integers(1, 40), st.integers(0, 5000), st.integers(0, 10_000))
def test_the_eligible_part_lies_between_nothing_and_the_line(
    unit: int, quantity: int, amount: int, hundredths: int
) -> None:
    for part in (
        EligiblePart(EligibleMode.AMOUNT, amount=amount),
        EligiblePart(EligibleMode.PERCENTAGE, percentage=Decimal(hundredths) / 100),
    ):
        line = _priced(_single(unit, eligible=part), quantity=quantity)
        assert 0 <= line.eligible_amount <= line.amount


def _story(tariff: Tariff, quotient: Quotient | None = None, quantity: int = 1) -> tuple[str, ...]:
    found = _priced(tariff, quotient, quantity)
    return tuple(
        sentence.replace("\u00a0", " ") for sentence in tell(found.trace, found.quantity, found.amount)
    )


def test_a_price_by_brackets_tells_its_tariff_quotient_bracket_and_quantity() -> None:
    assert _story(_tariff(TariffMethod.QF_BRACKETS, brackets=GRID), _quotient(542), 3) == (
        "Tarif « ALSH journée », par tranches de quotient familial.",
        "Quotient familial 542 (CAF), en vigueur depuis le 01/01/2026.",
        "Tranche de 500 à moins de 900 : 7,50 € l’unité.",
        "3 × 7,50 € = 22,50 €.",
    )


def test_a_price_by_effort_rate_tells_its_rounding_or_its_bound() -> None:
    rounded = _story(_effort(), _quotient(542))
    assert rounded[2] == "Taux d’effort : 0,012 × 542 = 6,504 €, arrondi à 6,50 €."
    assert "demi-centime" in rounded[3]
    bounded = _story(_effort(), _quotient(2000))
    assert bounded[2] == "Taux d’effort : 0,012 × 2000 = 24 €, ramené au plafond de 15,00 €."
    assert len(bounded) == 3


def test_a_price_without_quotient_says_so() -> None:
    assert _story(_tariff(TariffMethod.QF_BRACKETS, brackets=GRID))[1:] == (
        "Aucun quotient familial en vigueur ce jour-là : le tarif maximum s’applique.",
        "Prix unitaire : 12,00 €.",
    )


def test_a_price_taken_over_from_another_program_tells_its_own_sentence() -> None:
    trace = {"source": "noethys", "method": "single", "quotient": None, "sentence": "Repris : 4,00 €."}
    assert tell(trace, 1, 400) == ("Repris : 4,00 €.",)
