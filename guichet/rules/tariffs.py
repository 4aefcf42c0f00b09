"""What a service costs: exactly one tariff, its price and the trace that explains it (domain.md §6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from guichet.rules.money import format_euros, round_half_up
from guichet.rules.quotient import Quotient
from guichet.rules.text import format_date

CENTS = 100

_SOURCES = {"caf": " (CAF)", "msa": " (MSA)", "tax_notice": " (avis d’imposition)", "declared": " (déclaré)"}


class TariffMethod(StrEnum):
    """How a tariff turns a service into a unit price."""

    SINGLE = "single"
    QF_BRACKETS = "qf_brackets"
    EFFORT_RATE = "effort_rate"


_METHOD_NAMES = {
    TariffMethod.SINGLE: "prix unique",
    TariffMethod.QF_BRACKETS: "par tranches de quotient familial",
    TariffMethod.EFFORT_RATE: "au taux d’effort",
}


class EligibleMode(StrEnum):
    """Which part of the price counts for the fiscal attestation (domain.md §8)."""

    ALL = "all"
    NONE = "none"
    AMOUNT = "amount"
    PERCENTAGE = "percentage"


class Problem(StrEnum):
    """Why a service has no price: shown to the clerk, never billed as zero."""

    NO_TARIFF = "no_tariff"
    TWO_TARIFFS = "two_tariffs"
    NO_BRACKET = "no_bracket"
    TWO_BRACKETS = "two_brackets"
    NO_RATE = "no_rate"
    NO_MAXIMUM = "no_maximum"


@dataclass(frozen=True)
class Bracket:
    """One step of a grid: quotients from `lower` to less than `below` (None: no end), unit price in cents."""

    lower: int
    below: int | None
    unit_price: int

    def holds(self, value: int) -> bool:
        """Whether the quotient falls in this step."""
        return self.lower <= value and (self.below is None or value < self.below)

    def __str__(self) -> str:
        return f"{self.lower} et plus" if self.below is None else f"de {self.lower} à moins de {self.below}"


@dataclass(frozen=True)
class EligiblePart:
    """Part of a price that the attestation counts: all, nothing, so many cents a unit, or a percentage."""

    mode: EligibleMode = EligibleMode.ALL
    amount: int = 0
    percentage: Decimal = Decimal(0)

    def of(self, amount: int, quantity: int) -> int:
        """Eligible cents of a line of `amount` cents; never more than the line itself."""
        match self.mode:
            case EligibleMode.ALL:
                return amount
            case EligibleMode.NONE:
                return 0
            case EligibleMode.AMOUNT:
                return min(amount, self.amount * quantity)
            case EligibleMode.PERCENTAGE:
                return min(amount, round_half_up(amount * self.percentage / 100))


@dataclass(frozen=True)
class Tariff:
    """A dated tariff of an activity; an empty condition (None) holds for every value. `rate` × QF is in euros."""

    id: int
    label: str
    method: TariffMethod
    activity_id: int
    valid_from: date
    valid_until: date
    slot_id: int | None = None
    group_id: int | None = None
    category: str | None = None
    resident: bool | None = None
    unit_price: int | None = None
    brackets: tuple[Bracket, ...] = ()
    rate: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None
    eligible: EligiblePart = EligiblePart()

    def applies(self, service: "Service") -> bool:
        """Whether every condition holds for the service."""
        return (
            self.activity_id == service.activity_id
            and self.valid_from <= service.day <= self.valid_until
            and self.slot_id in (None, service.slot_id)
            and self.group_id in (None, service.group_id)
            and self.category in (None, service.category)
            and self.resident in (None, service.resident)
        )


class Service(NamedTuple):
    """What is to be priced: a slot of an activity on a day, for a family's tariff category and residence."""

    activity_id: int
    slot_id: int | None
    group_id: int | None
    day: date
    category: str | None = None
    resident: bool = True


@dataclass(frozen=True)
class UnitPrice:
    """A tariff's price of one unit for a family's quotient, with the trace of how it came about."""

    tariff: Tariff
    cents: int
    trace: dict[str, Any]


@dataclass(frozen=True)
class Price:
    """What a line costs, in cents, with its explanation kept beside it."""

    tariff_id: int
    unit_price: int
    quantity: int
    amount: int
    eligible_amount: int
    trace: dict[str, Any]


@dataclass(frozen=True)
class Unpriced:
    """A service that cannot be priced, and a French sentence saying what to mend."""

    problem: Problem
    message: str


def select(tariffs: Iterable[Tariff], service: Service) -> Tariff | Unpriced:
    """The one tariff that applies; none or several is a problem to show."""
    found = [tariff for tariff in tariffs if tariff.applies(service)]
    day = format_date(service.day)
    if not found:
        return Unpriced(Problem.NO_TARIFF, f"Aucun tarif ne s’applique le {day} : complétez les tarifs.")
    if len(found) > 1:
        names = ", ".join(f"« {tariff.label} »" for tariff in found)
        return Unpriced(
            Problem.TWO_TARIFFS, f"Plusieurs tarifs s’appliquent le {day} : {names}. N’en gardez qu’un."
        )
    return found[0]


def unit_price(tariff: Tariff, quotient: Quotient | None) -> UnitPrice | Unpriced:
    """Price of one unit, half-up to the cent after clamping; without a quotient, the maximum (domain.md §5)."""
    value = quotient.value if quotient else None
    match tariff.method:
        case TariffMethod.SINGLE:
            found = _single_price(tariff)
        case TariffMethod.QF_BRACKETS:
            found = _bracket_price(tariff, value)
        case TariffMethod.EFFORT_RATE:
            found = _effort_price(tariff, value)
    if isinstance(found, Unpriced):
        return found
    cents, how = found
    depends = tariff.method is not TariffMethod.SINGLE
    trace = {
        "tariff": tariff.id,
        "label": tariff.label,
        "method": tariff.method.value,
        "quotient": _quotient_trace(quotient) if depends else None,
        **how,
        "rounding": "half_up",
        "unit_price": cents,
    }
    return UnitPrice(tariff, cents, {**trace, "sentence": explain(trace), "note": note(trace)})


def _single_price(tariff: Tariff) -> tuple[int, dict[str, Any]] | Unpriced:
    if tariff.unit_price is None:
        return _incomplete(tariff, Problem.NO_RATE, "n’a pas de prix")
    return tariff.unit_price, {}


def _bracket_price(tariff: Tariff, value: int | None) -> tuple[int, dict[str, Any]] | Unpriced:
    if value is None:
        steps = sorted(tariff.brackets, key=lambda bracket: bracket.unit_price)[-1:]
    else:
        steps = [bracket for bracket in tariff.brackets if bracket.holds(value)]
    wanted = "" if value is None else f" pour un quotient de {value}"
    if not steps:
        return _incomplete(tariff, Problem.NO_BRACKET, f"n’a pas de tranche{wanted}")
    if len(steps) > 1:
        return _incomplete(tariff, Problem.TWO_BRACKETS, f"a plusieurs tranches{wanted}")
    step = steps[0]
    how = {"bracket": {"lower": step.lower, "below": step.below}, "maximum_applied": value is None}
    return step.unit_price, how


def _effort_price(tariff: Tariff, value: int | None) -> tuple[int, dict[str, Any]] | Unpriced:
    how: dict[str, Any] = {
        "minimum": tariff.minimum,
        "maximum": tariff.maximum,
        "maximum_applied": value is None,
    }
    if value is None:
        if tariff.maximum is None:
            return _incomplete(tariff, Problem.NO_MAXIMUM, "n’a pas de maximum à appliquer sans quotient")
        return tariff.maximum, how
    if tariff.rate is None:
        return _incomplete(tariff, Problem.NO_RATE, "n’a pas de taux")
    exact = price = tariff.rate * value * CENTS
    clamped = ""
    if tariff.maximum is not None and exact > tariff.maximum:
        clamped, price = "maximum", Decimal(tariff.maximum)
    if tariff.minimum is not None and exact < tariff.minimum:
        clamped, price = "minimum", Decimal(tariff.minimum)
    return round_half_up(price), {**how, "rate": str(tariff.rate), "exact": str(exact), "clamped": clamped}


def _incomplete(tariff: Tariff, problem: Problem, what: str) -> Unpriced:
    return Unpriced(problem, f"Le tarif « {tariff.label} » {what} : corrigez-le avant de facturer.")


def _quotient_trace(quotient: Quotient | None) -> dict[str, Any] | None:
    if quotient is None:
        return None
    return {"value": quotient.value, "since": quotient.valid_from.isoformat(), "source": quotient.source}


def line_price(unit: UnitPrice, quantity: int) -> Price:
    """Price of a line: the rounded unit price × quantity. 17 × 4,15 = 70,55."""
    amount = unit.cents * quantity
    return Price(
        tariff_id=unit.tariff.id,
        unit_price=unit.cents,
        quantity=quantity,
        amount=amount,
        eligible_amount=unit.tariff.eligible.of(amount, quantity),
        trace=unit.trace,
    )


def price(
    tariffs: Sequence[Tariff], service: Service, quotient: Quotient | None, quantity: int = 1
) -> Price | Unpriced:
    """Price a service by the tariff that applies and the quotient in force on its day (`quotient.in_force`)."""
    tariff = select(tariffs, service)
    if isinstance(tariff, Unpriced):
        return tariff
    unit = unit_price(tariff, quotient)
    return unit if isinstance(unit, Unpriced) else line_price(unit, quantity)


def explain(trace: dict[str, Any]) -> str:
    """The trace of a unit price as one French sentence: « Pourquoi ce montant ? »."""
    return f"Tarif « {trace['label']} » : {_how(trace)}."


def note(trace: dict[str, Any]) -> str:
    """What the invoice prints under a line beside its QF and unit price: the bracket or the rate; nothing for one price."""
    method = TariffMethod(trace["method"])
    if method is TariffMethod.SINGLE:
        return ""
    if trace["maximum_applied"]:
        return explain(trace)
    if method is TariffMethod.QF_BRACKETS:
        return f"Tranche de quotient {_bracket(trace)}"
    return f"Taux d’effort\u00a0: {_effort(trace)}"


def tell(trace: dict[str, Any], quantity: int, amount: int) -> tuple[str, ...]:
    """« Pourquoi ce montant ? »: the trace of a charge in French sentences, down to the line's amount in cents.

    Tariff, quotient and its first day, bracket or rate, rounding, quantity. A trace of another kind (taken over from
    another program, cancelled) has its own sentence.
    """
    if "source" in trace or trace.get("method") not in set(TariffMethod):
        sentence = trace.get("sentence") or "Le détail de ce prix n’a pas été conservé."
        return (sentence, _story_of(trace["quotient"])) if trace.get("quotient") else (sentence,)
    method, cents = TariffMethod(trace["method"]), format_euros(trace["unit_price"])
    story = [f"Tarif «\u00a0{trace['label']}\u00a0», {_METHOD_NAMES[method]}."]
    if method is TariffMethod.SINGLE:
        story.append(f"Prix unitaire\u00a0: {cents}.")
    elif trace["maximum_applied"]:
        story.append("Aucun quotient familial en vigueur ce jour-là\u00a0: le tarif maximum s’applique.")
        story.append(f"Prix unitaire\u00a0: {cents}.")
    else:
        story.append(_story_of(trace["quotient"]))
        if method is TariffMethod.QF_BRACKETS:
            story.append(f"Tranche {_bracket(trace)}\u00a0: {cents} l’unité.")
        else:
            story.append(f"Taux d’effort\u00a0: {_effort(trace)}.")
            if not trace["clamped"]:
                story.append("Arrondi au centime le plus proche, un demi-centime au-dessus.")
    if quantity != 1:
        story.append(f"{quantity} × {cents} = {format_euros(amount)}.")
    return tuple(story)


def _story_of(quotient: dict[str, Any]) -> str:
    source = _SOURCES.get(quotient.get("source", ""), "")
    return f"Quotient familial {quotient['value']}{source}, en vigueur depuis le {_day(quotient['since'])}."


def _bracket(trace: dict[str, Any]) -> str:
    return str(Bracket(trace["bracket"]["lower"], trace["bracket"]["below"], trace["unit_price"]))


def _effort(trace: dict[str, Any]) -> str:
    cents = format_euros(trace["unit_price"])
    exact = f"{_decimal(_euros(trace['exact']))}\u00a0€"
    computed = f"{_decimal(trace['rate'])} × {trace['quotient']['value']} = {exact}"
    if trace["clamped"]:
        bound = "plafond" if trace["clamped"] == "maximum" else "plancher"
        return f"{computed}, ramené au {bound} de {cents}"
    return f"{computed}, arrondi à {cents}"


def _how(trace: dict[str, Any]) -> str:
    method, cents = TariffMethod(trace["method"]), format_euros(trace["unit_price"])
    if method is TariffMethod.SINGLE:
        return f"prix unique de {cents}"
    if trace["maximum_applied"]:
        return f"sans quotient familial, tarif maximum de {cents}"
    quotient = trace["quotient"]
    used = f"QF {quotient['value']} en vigueur depuis le {_day(quotient['since'])}"
    if method is TariffMethod.QF_BRACKETS:
        return f"{used}, tranche {_bracket(trace)}, soit {cents}"
    computed = f"{used} × taux {_decimal(trace['rate'])}"
    if trace["clamped"]:
        bound = "plafond" if trace["clamped"] == "maximum" else "plancher"
        return f"{computed} = {_decimal(_euros(trace['exact']))} €, ramené au {bound} de {cents}"
    return f"{computed} = {_decimal(_euros(trace['exact']))} €, arrondi à {cents}"


def _day(iso: str) -> str:
    return format_date(date.fromisoformat(iso))


def _decimal(number: str) -> str:
    return number.replace(".", ",")


def _euros(cents: str) -> str:
    euros = (Decimal(cents) / CENTS).normalize()
    return f"{euros:f}"
