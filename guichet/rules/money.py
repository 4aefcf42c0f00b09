"""Money is integer cents; one rounding function; one way to share cents without losing any."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from guichet.rules.errors import UserError

NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
MOST_DIGITS = 9  # of euros: what the base keeps as cents on every engine, with room to sum it
_SPACES = rf"[ {NARROW_SPACE}{NO_BREAK_SPACE}]"
_TYPED_AMOUNT = re.compile(
    rf"(?P<sign>[+\-−]?){_SPACES}*"
    rf"(?:(?P<before>[0-9]+){_SPACES}*€{_SPACES}*(?P<after>[0-9]{{2}})"
    rf"|(?:(?P<euros>[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+|[0-9]+)(?:[.,](?P<cents>[0-9]*))?|[.,](?P<only>[0-9]+))"
    rf"{_SPACES}*(?:€|eur|euros?)?)",
    re.IGNORECASE,
)


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
    """Read an amount typed by a person (« 1 234,5 », « 12.30 € », « 12€30 ») as cents.

    Raises UserError when it is not an amount, carries a fraction of a cent or is beyond what anything here costs.
    """
    found = _TYPED_AMOUNT.fullmatch(text.strip())
    if found is None:
        raise UserError("Ce montant n’est pas lisible : écrivez par exemple 12,30.", code="amount_unreadable")
    euros = "".join(char for char in found["euros"] or found["before"] or "0" if char.isdigit())
    cents = found["cents"] or found["only"] or found["after"] or ""
    if cents.rstrip("0")[2:]:
        raise UserError(
            "Un montant s’écrit en euros et centimes entiers, par exemple 12,30.", code="amount_not_cents"
        )
    if len(euros.lstrip("0")) > MOST_DIGITS:
        raise UserError(
            "Ce montant est trop grand : vérifiez les chiffres et la virgule.", code="amount_too_large"
        )
    amount = int(euros) * 100 + int(cents[:2].ljust(2, "0"))
    return -amount if found["sign"] in ("-", "−") else amount


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
