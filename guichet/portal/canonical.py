"""Strict JSON and its canonical form: the same object always gives the same bytes, hence the same hash.

Canonical form: UTF-8, members sorted by code point, no white space, text written as itself. The only numbers
are integers in decimal: the exchange holds no fraction and no exponent.
"""

import hashlib
import json
from typing import Any

MAX_INTEGER = 2**53 - 1
_MAX_DIGITS = 17
_MAX_OBJECTS = 100_000  # a request has a few thousand at most; memory stays bounded whatever the line
_NUL = "Un texte contient le caractère NUL."


class LineRejected(Exception):
    """A line that cannot be imported: a stable code, a French sentence that quotes nothing personal."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def decode(raw: bytes) -> dict[str, Any]:
    """Read one line as a JSON object.

    Raises LineRejected: `bad_utf8`, `bad_text` (a NUL byte), `bad_json` (also a member given twice, NaN, too
    deep), `bad_amount` (a number with a fraction or an exponent), `bad_number` (beyond ±2^53).
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise LineRejected("bad_utf8", f"La ligne n’est pas en UTF-8 (octet {problem.start + 1}).") from None
    if text.count("{") + text.count("[") > _MAX_OBJECTS:
        raise LineRejected("bad_json", "La ligne porte trop d’objets JSON.")
    if "\x00" in text:
        raise LineRejected("bad_text", _NUL)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as problem:
        raise LineRejected("bad_json", f"La ligne n’est pas du JSON (caractère {problem.pos + 1}).") from None
    except RecursionError:
        raise LineRejected("bad_json", "La ligne emboîte trop d’objets JSON.") from None
    if not isinstance(value, dict):
        raise LineRejected("bad_json", "La ligne n’est pas un objet JSON.")
    return value


def canonical(value: Any) -> bytes:
    """The canonical bytes of a decoded object.

    Raises LineRejected: `bad_text` (NUL or half of a surrogate pair, in a name or a value), `bad_json` (too deep).
    """
    try:
        text = _ENCODER.encode(value)
        written = text.encode("utf-8")
        has_nul = "\\u0000" in text and _any_text_holds_nul(value)
    except UnicodeEncodeError:
        raise LineRejected(
            "bad_text", "Un texte contient une moitié de paire de substitution Unicode."
        ) from None
    except RecursionError:
        raise LineRejected("bad_json", "La ligne emboîte trop d’objets JSON.") from None
    if has_nul:
        raise LineRejected("bad_text", _NUL)
    return written


def digest(value: Any) -> str:
    """SHA-256, in lower-case hexadecimal, of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise LineRejected("bad_json", "Un objet JSON porte deux fois le même nom.")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or not -MAX_INTEGER <= int(digits) <= MAX_INTEGER:
        raise LineRejected("bad_number", "Un nombre entier dépasse ce que l’échange admet (2^53).")
    return int(digits)


def _refuse_fraction(_: str) -> float:
    raise LineRejected(
        "bad_amount",
        "Un nombre n’est pas entier : les montants s’écrivent en centimes entiers (12,30 € → 1230).",
    )


def _refuse_constant(name: str) -> float:
    raise LineRejected("bad_json", f"« {name} » n’est pas du JSON.")


def _any_text_holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in name or _any_text_holds_nul(member) for name, member in value.items())
    return isinstance(value, list) and any(_any_text_holds_nul(member) for member in value)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_int=_integer,
    parse_float=_refuse_fraction,
    parse_constant=_refuse_constant,
)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
