"""Whether a tariff is whole and stands alone: brackets without hole, no other tariff for the same service (domain.md §6)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.quotient import Quotient
from guichet.rules.tariffs import Bracket, Tariff, TariffMethod, Unpriced, unit_price
from guichet.rules.text import format_date

END_OF_TIME = date(9999, 12, 31)
EXAMPLE_QUOTIENTS: tuple[int | None, ...] = (300, 800, None)


def check_tariff(tariff: Tariff) -> None:
    """Raise UserError, beside the part that is wrong, for a tariff that would not price every family."""
    if tariff.valid_until < tariff.valid_from:
        raise UserError(
            f"La fin de validité ({format_date(tariff.valid_until)}) est avant le début "
            f"({format_date(tariff.valid_from)}).",
            field="valid_until",
        )
    match tariff.method:
        case TariffMethod.SINGLE:
            if tariff.unit_price is None:
                raise UserError("Dites le prix de l’unité, par exemple 4,15.", field="amount")
        case TariffMethod.QF_BRACKETS:
            check_brackets(tariff.brackets)
        case TariffMethod.EFFORT_RATE:
            _check_effort(tariff)


def check_brackets(brackets: Sequence[Bracket]) -> None:
    """Raise UserError unless the brackets go from 0 to no end, each starting where the one before stops."""
    if not brackets:
        raise UserError("Ajoutez au moins une tranche de quotient.", field="brackets")
    for bracket in brackets:
        if bracket.below is not None and bracket.below <= bracket.lower:
            raise UserError(
                f"La tranche « {bracket} » finit avant de commencer : corrigez ses bornes.", field="brackets"
            )
    ordered = sorted(brackets, key=lambda bracket: bracket.lower)
    if ordered[0].lower != 0:
        raise UserError(
            f"Aucune tranche ne couvre les quotients de 0 à moins de {ordered[0].lower} : la première commence à 0.",
            field="brackets",
            code="bracket_gap",
        )
    for bracket, following in pairwise(ordered):
        if bracket.below is None or bracket.below > following.lower:
            raise UserError(
                f"Les tranches « {bracket} » et « {following} » se chevauchent : corrigez leurs bornes.",
                field="brackets",
                code="bracket_overlap",
            )
        if bracket.below < following.lower:
            raise UserError(
                f"Aucune tranche ne couvre les quotients de {bracket.below} à moins de {following.lower}.",
                field="brackets",
                code="bracket_gap",
            )
    if ordered[-1].below is not None:
        raise UserError(
            f"Aucune tranche ne couvre les quotients de {ordered[-1].below} et plus : laissez la dernière sans fin.",
            field="brackets",
            code="bracket_gap",
        )


def check_alone(tariff: Tariff, others: Iterable[Tariff]) -> None:
    """Raise UserError when another tariff would price some service at the same time as this one."""
    for other in others:
        same_time = other.valid_from <= tariff.valid_until and tariff.valid_from <= other.valid_until
        if other.id != tariff.id and same_time and _may_meet(tariff, other):
            raise UserError(
                f"Le tarif « {other.label} » s’applique déjà aux mêmes prestations {_validity(other)} : "
                "une prestation a un seul tarif.",
                field="valid_from",
                code="tariff_overlap",
            )


def check_no_gap(tariff: Tariff, others: Iterable[Tariff]) -> None:
    """Raise UserError when days without a price would part this tariff from another of the same services."""
    alike = [other for other in others if other.id != tariff.id and _conditions(other) == _conditions(tariff)]
    before = [other for other in alike if other.valid_until < tariff.valid_from]
    after = [other for other in alike if other.valid_from > tariff.valid_until]
    day = timedelta(days=1)
    if before:
        last = max(before, key=lambda other: other.valid_until)
        if last.valid_until + day < tariff.valid_from:
            raise _gap(last.valid_until + day, tariff.valid_from - day, "valid_from")
    if after:
        following = min(after, key=lambda other: other.valid_from)
        if tariff.valid_until + day < following.valid_from:
            raise _gap(tariff.valid_until + day, following.valid_from - day, "valid_until")


def examples(tariff: Tariff, quotients: Sequence[int | None] = EXAMPLE_QUOTIENTS) -> tuple[str, ...]:
    """What a unit costs for each quotient, and why: « QF 300 : 4,15 €. Tarif « … » : … »."""
    found = []
    for value in quotients:
        who = "Sans quotient" if value is None else f"QF {value}"
        quotient = None if value is None else Quotient(value, tariff.valid_from, None, "declared")
        price = unit_price(tariff, quotient)
        if isinstance(price, Unpriced):
            found.append(f"{who} : {price.message}")
        else:
            found.append(f"{who} : {format_euros(price.cents)}. {price.trace['sentence']}")
    return tuple(found)


def _check_effort(tariff: Tariff) -> None:
    if tariff.rate is None or tariff.rate <= Decimal(0):
        raise UserError("Dites le taux d’effort, par exemple 0,0125 pour 1,25 % du quotient.", field="rate")
    if tariff.minimum is None:
        raise UserError("Dites le prix minimum, 0 s’il n’y en a pas.", field="minimum")
    if tariff.maximum is None:
        raise UserError("Dites le prix maximum : il s’applique sans quotient.", field="maximum")
    if tariff.minimum > tariff.maximum:
        raise UserError(
            f"Le minimum ({format_euros(tariff.minimum)}) dépasse le maximum ({format_euros(tariff.maximum)}).",
            field="minimum",
        )


def _may_meet(first: Tariff, second: Tariff) -> bool:
    """Whether some service fulfils the conditions of both; an empty condition holds for every value."""
    return first.activity_id == second.activity_id and all(
        one is None or other is None or one == other
        for one, other in zip(_conditions(first)[1:], _conditions(second)[1:], strict=True)
    )


def _conditions(tariff: Tariff) -> tuple[object, ...]:
    return (tariff.activity_id, tariff.slot_id, tariff.group_id, tariff.category, tariff.resident)


def _validity(tariff: Tariff) -> str:
    if tariff.valid_until == END_OF_TIME:
        return f"depuis le {format_date(tariff.valid_from)}"
    return f"du {format_date(tariff.valid_from)} au {format_date(tariff.valid_until)}"


def _gap(first: date, last: date, field: str) -> UserError:
    return UserError(
        f"Du {format_date(first)} au {format_date(last)}, aucun tarif ne s’appliquerait : "
        "faites se suivre les dates de validité.",
        field=field,
        code="tariff_gap",
    )
