"""Quotient familial: how it is computed, and which one prices a day (domain.md §5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from guichet.rules.errors import UserError
from guichet.rules.money import round_half_up

HALF = Decimal("0.5")
MONTHS = 12


@dataclass(frozen=True)
class QuotientFormula:
    """The CNAF scale of parts, each figure of which a town may change.

    `by_child` gives the parts of the 1st, 2nd, 3rd… child; the children after those count `next_child` each.
    """

    adults: Decimal = Decimal(2)
    by_child: tuple[Decimal, ...] = (HALF, HALF, Decimal(1))
    next_child: Decimal = HALF
    disabled_child: Decimal = HALF
    with_benefits: bool = True


CNAF = QuotientFormula()


def parts(children: int, disabled_children: int = 0, formula: QuotientFormula = CNAF) -> Decimal:
    """Parts of a household with `children` dependants as declared; a couple and a single parent count alike.

    Raises UserError when a number is negative or there are more disabled children than children.
    """
    if children < 0 or not 0 <= disabled_children <= children:
        raise UserError(
            "Le nombre d’enfants à charge n’est pas cohérent : vérifiez les deux nombres d’enfants.",
            field="children",
        )
    ranked = formula.by_child[:children]
    others = children - len(ranked)
    return (
        formula.adults
        + sum(ranked)
        + others * formula.next_child
        + disabled_children * formula.disabled_child
    )


def compute_quotient(
    yearly_income: int, monthly_benefits: int, household_parts: Decimal, formula: QuotientFormula = CNAF
) -> int:
    """(yearly income ÷ 12 + monthly benefits) ÷ parts, in whole euros, half-up; the amounts given are cents.

    The twelfth is not rounded on the way. Seed 003: 1 083,33 € a month (13 000 € a year), 2 parts: 542.
    Raises UserError when the income is negative or there are no parts.
    """
    if yearly_income < 0 or monthly_benefits < 0:
        raise UserError("Les revenus et les prestations ne peuvent pas être négatifs.", field="income")
    if household_parts <= 0:
        raise UserError("Le nombre de parts doit être supérieur à zéro.", field="parts")
    benefits = monthly_benefits if formula.with_benefits else 0
    # One division only: a quotient that falls on a half is then exactly a half.
    return round_half_up(Decimal(yearly_income + MONTHS * benefits) / (MONTHS * 100 * household_parts))


@dataclass(frozen=True)
class Quotient:
    """A quotient as filed: `value` is None where the family is known to have none, which is not a QF of 0."""

    value: int | None
    valid_from: date
    valid_until: date | None
    source: str
    id: int = 0

    def covers(self, day: date) -> bool:
        """Whether it is in force on that day, both ends included."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def filed_before(self, other: "Quotient") -> bool:
        """Whether the other takes over where both are in force."""
        return (self.valid_from, self.id) < (other.valid_from, other.id)


def in_force(quotients: Iterable[Quotient], day: date) -> Quotient | None:
    """The quotient that prices a service of that day: the one that took effect last among those in force.

    Of two that take effect on the same day the one filed last (highest id) holds. None when there is none.
    """
    latest = None
    for quotient in quotients:
        if quotient.covers(day) and (latest is None or latest.filed_before(quotient)):
            latest = quotient
    return latest
