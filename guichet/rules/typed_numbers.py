"""Whole numbers as people type them: a quotient familial, a number of places."""

import re

from guichet.rules.errors import UserError
from guichet.rules.money import NARROW_SPACE, NO_BREAK_SPACE

_SPACES = f" {NARROW_SPACE}{NO_BREAK_SPACE}"
_WHOLE = re.compile(rf"[0-9]+|[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+")


def read_whole(text: str, *, least: int = 0, most: int = 999_999_999) -> int:
    """Read a whole number between `least` and `most`, thousands parted by a space or not. Raises UserError."""
    typed = text.strip()
    if _WHOLE.fullmatch(typed) is None:
        raise UserError("Écrivez un nombre entier, en chiffres.", code="number_unreadable")
    number = int("".join(char for char in typed if char.isdigit()))
    if number < least:
        raise UserError(f"Le plus petit nombre accepté est {write_whole(least)}.", code="number_small")
    if number > most:
        raise UserError(f"Le plus grand nombre accepté est {write_whole(most)}.", code="number_large")
    return number


def write_whole(number: int) -> str:
    """A whole number with thousands parted by a narrow no-break space."""
    return f"{number:,}".replace(",", NARROW_SPACE)
