"""French typography: the spaces that its signs take, and words that agree with their number.

The rule (docs/decisions/typography.md): a no-break space (U+00A0) before « : », « € » and « % » and inside « », a narrow
one (U+202F) before « ; », « ! » and « ? » and between thousands, the curved apostrophe, three points in one sign.
"""

import re

NBSP = "\u00a0"
NARROW_NBSP = "\u202f"

_SPACES = f"[ {NBSP}{NARROW_NBSP}]"
_CONCERNED = re.compile(r"[:;!?«»€%]|\.\.\.")
_COLON = re.compile(rf"{_SPACES}+:(?=\s|$|<)")
_HIGH_SIGNS = re.compile(rf"(?<=[\w)»\]%€.…’\"]){_SPACES}+([;!?]+)(?=\s|$|[{NBSP}»)<])")
_OPENING = re.compile(rf"«{_SPACES}*")
_CLOSING = re.compile(rf"{_SPACES}*»")
_UNITS = re.compile(rf"(?<=\d){_SPACES}?([€%])(?![0-9A-Fa-f]{{2}}|\w)")
_POINTS = re.compile(r"(?<!\.)\.\.\.(?!\.)")


def french(text: str) -> str:
    """The same words with the spaces of French typography; a text that has them already comes back unchanged.

    Only spaces and « ... » change: « 08:30 », addresses and what a family wrote keep their letters.
    """
    if not _CONCERNED.search(text):
        return text
    text = _COLON.sub(f"{NBSP}:", text)
    text = _HIGH_SIGNS.sub(rf"{NARROW_NBSP}\1", text)
    text = _OPENING.sub(f"«{NBSP}", text)
    text = _CLOSING.sub(f"{NBSP}»", text)
    text = _UNITS.sub(rf"{NBSP}\1", text)
    return _POINTS.sub("…", text)


def count(number: int, singular: str, plural: str = "") -> str:
    """« 1 demande », « 3 demandes », « 0 demande »: French keeps the singular below two."""
    return f"{grouped(number)}{NBSP}{agreed(number, singular, plural)}"


def agreed(number: int, singular: str, plural: str = "") -> str:
    """The word alone, as the number has it: « demande » below two, then « demandes »."""
    return singular if abs(number) < 2 else plural or f"{singular}s"


def grouped(number: int) -> str:
    """A whole number with thousands parted by a narrow no-break space."""
    return f"{number:,}".replace(",", NARROW_NBSP)
