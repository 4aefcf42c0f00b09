"""How people and families are found and ordered."""

from collections.abc import Iterable

from guichet.rules.text import fold, search_key, sort_key


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
    """The words a search must find, in any order; what is typed as a phone number becomes one word."""
    bare = text.replace(".", " ").replace("-", " ").replace("+", " ")
    if sum(char.isdigit() for char in bare) >= 6 and all(char.isdigit() or char.isspace() for char in bare):
        return [phone_digits(text)]
    return fold(text).split()
