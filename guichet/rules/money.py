"""Money is integer cents; one rounding function; one way to share cents without losing any."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from guichet.rules.errors import UserError

NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"


def round_half_up(amount: Decimal) -> int:
    """Round to the whole unit, halves away from zero (domain.md §6): half of 305 cents is 153."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def format_euros(cents: int) -> str:
    """Write cents as French prose does: 12060 → « 120,60 € », thousands and sign set with non-breaking spaces."""
    sign = "-" if cents < 0 else ""
    euros, rest = divmod(abs(cents), 100)
    grouped = f"{euros:,}".replace(",", NARROW_SPACE)
    return f"{sign}{grouped},{rest:02d}{NO_BREAK_SPACE}€"


def parse_euros(text: str) -> int:
    """Read an amount typed by a person (« 1 234,5 », « 12.30 € ») as cents.

    Raises UserError when it is not an amount or carries a fraction of a cent.
    """
    cleaned = (
        text.replace("€", "")
        .replace(NARROW_SPACE, "")
        .replace(NO_BREAK_SPACE, "")
        .replace(" ", "")
        .replace(",", ".")
    )
    try:
        cents = Decimal(cleaned) * 100
    except InvalidOperation:
        raise UserError(
            "Ce montant n’est pas lisible : écrivez par exemple 12,30.", code="amount_unreadable"
        ) from None
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise UserError(
            "Un montant s’écrit en euros et centimes entiers, par exemple 12,30.", code="amount_not_cents"
        )
    return int(cents)


def share_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` cents in proportion to `weights` (≥ 0) so that the parts add up exactly (domain.md §7).

    Each part gets its floor, the cents left go to the largest remainders, ties to the earlier position.
    A total of weights of zero gives only zeros: there is nobody to share with.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a share needs a total and weights that are not negative")
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda position: (-remainders[position], position))
    for position in by_remainder[: total - sum(parts)]:
        parts[position] += 1
    return parts
