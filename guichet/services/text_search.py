"""Finding a word in prose that no search key holds, whatever its accents and case."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

# The accented letters that a plain one stands for, both cases.
_ACCENTED = {"a": "àâä", "c": "ç", "e": "éèêë", "i": "îï", "n": "ñ", "o": "ôö", "u": "ùûü", "y": "ÿ"}


def holds(session: Session, column: InstrumentedAttribute[Any], word: str) -> ColumnElement[bool]:
    """Rows whose column holds a folded word (letters and digits): a pattern that each engine matches by itself."""
    letters = "".join(_letter(char) for char in word)
    if session.get_bind().dialect.name == "sqlite":
        return column.op("GLOB", is_comparison=True)(f"*{letters}*")
    return column.op("~", is_comparison=True)(letters)


def _letter(char: str) -> str:
    same = char + _ACCENTED.get(char, "")
    return f"[{''.join(dict.fromkeys(same + same.upper()))}]"
