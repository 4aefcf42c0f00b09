"""Amounts in words, as a French cheque or certificate writes them."""

_UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}


def euros_in_words(cents: int) -> str:
    """12060 → « cent-vingt euros et soixante centimes » (spelling of 1990, hyphens throughout).

    Raises ValueError for a negative amount or one of a billion euros and more.
    """
    if cents < 0:
        raise ValueError("an amount in words is not negative")
    euros, rest = divmod(cents, 100)
    if euros >= 10**9:
        raise ValueError("amounts in words stop at a billion euros")
    parts: list[str] = []
    if euros or not rest:
        de = " d’euros" if euros >= 10**6 and euros % 10**6 == 0 else " euros" if euros > 1 else " euro"
        parts.append(number_in_words(euros) + de)
    if rest:
        parts.append(f"{number_in_words(rest)} centime{'s' if rest > 1 else ''}")
    return " et ".join(parts)


def number_in_words(number: int) -> str:
    """A whole number from 0 to 999 999 999 in French words, hyphens throughout (« quatre-vingt-onze »)."""
    if number < 100:
        return _below_hundred(number)
    parts: list[str] = []
    millions, rest = divmod(number, 10**6)
    thousands, units = divmod(rest, 1000)
    if millions:
        parts.append(f"{_below_thousand(millions)}-million{'s' if millions > 1 else ''}")
    if thousands:
        parts.append("mille" if thousands == 1 else f"{_invariable(_below_thousand(thousands))}-mille")
    if units:
        parts.append(_below_thousand(units))
    return "-".join(parts)


def _invariable(words: str) -> str:
    """« cents » and « vingts » lose their s before « mille »."""
    return words[:-1] if words.endswith(("cents", "vingts")) else words


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    head = "cent" if hundreds == 1 else f"{_UNITS[hundreds]}-cent"
    if rest:
        return f"{head}-{_below_hundred(rest)}"
    return head if hundreds == 1 else f"{head}s"


def _below_hundred(number: int) -> str:
    if number < 20:
        return _UNITS[number]
    tens, unit = divmod(number, 10)
    if tens in {7, 9}:
        tens, unit = tens - 1, unit + 10
    head = _TENS[tens]
    if unit == 0:
        return head + ("s" if tens == 8 else "")
    link = "-et-" if unit in {1, 11} and tens != 8 else "-"
    return f"{head}{link}{_UNITS[unit]}"
