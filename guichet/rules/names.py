"""How people and families are found and ordered."""

import re
from collections.abc import Iterable

from guichet.rules.text import fold, search_key, sort_key

# Six digits or more in groups of three at most: the end of a number, or a foreign one.
_OTHER_PHONE = re.compile(r"\+?\(?(?=(?:\D*\d){6})\d{1,3}(?:[\s.()/-]+\d{1,3})+")
_FRENCH_PHONE = re.compile(
    r"""(?<![\w+])
    (?: (?:\+|00)\s*33 (?:[\s.-]*\(0\))? (?:[\s.-]*\d){0,9}  # +33 6 12, +33 (0)6 12
      | 0[1-9] (?:[\s.-]*\d){1,8}                            # 06 12 34
    ) (?!\w)""",
    re.VERBOSE,
)


def phone_digits(phone: str | None) -> str:
    """A phone number as it is searched: its digits alone, the French prefix written 0."""
    digits = "".join(char for char in phone or "" if char.isdigit())
    for prefix in ("0033", "33"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 9:
            return "0" + digits[len(prefix) :]
    return digits


def person_search_key(
    *,
    last_name: str,
    first_name: str,
    birth_name: str | None = None,
    phones: Iterable[str | None] = (),
    email: str | None = None,
    number: str | None = None,
) -> str:
    """Everything by which a person may be looked for, folded."""
    return search_key(
        last_name, first_name, birth_name, *(phone_digits(phone) for phone in phones), email, number
    )


def person_sort_key(last_name: str, first_name: str) -> str:
    """Last name, then first name."""
    return sort_key(last_name, first_name)


def family_search_key(number: str, label: str, member_keys: Iterable[str]) -> str:
    """Everything by which a family may be looked for: its number, its label and its members' own keys."""
    return search_key(number, label, *member_keys)


def searched_words(text: str) -> list[str]:
    """The words a search must find, in any order; a phone number, spaced as people like, becomes one word.

    « 06 12 34 », « +33 6 12 34 » and « 06.12.34 » are the same beginning of a number.
    """
    if not _FRENCH_PHONE.fullmatch(text.strip()) and _OTHER_PHONE.fullmatch(text.strip()):
        return [phone_digits(text)]
    words = [_phone_word(phone) for phone in _FRENCH_PHONE.findall(text)]
    others = fold(_FRENCH_PHONE.sub(" ", text)).split()
    return [*words, *(phone_digits(word) if word.isdigit() else word for word in others)]


def _phone_word(typed: str) -> str:
    digits = "".join(char for char in typed if char.isdigit())
    for prefix in ("0033", "33"):
        if digits.startswith(prefix):
            return "0" + digits[len(prefix) :].removeprefix("0")
    return digits
