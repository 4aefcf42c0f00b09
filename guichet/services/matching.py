"""Where what a person types meets the search keys, in SQL, the same on both engines."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, literal, true
from sqlalchemy.orm import InstrumentedAttribute

INSIDE_FROM = 3


def begins(key: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether one of the key's words begins with `word`."""
    return (literal(" ") + key).contains(f" {word}", autoescape=True)


def holds(key: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether the key holds `word`: at the beginning of a word, from three characters on anywhere.

    One or two letters are inside nearly every name, and would find everyone.
    """
    return key.contains(word, autoescape=True) if len(word) >= INSIDE_FROM else begins(key, word)


def holds_all(key: InstrumentedAttribute[str], words: Iterable[str]) -> ColumnElement[bool]:
    """Whether the key holds every word, in any order; no word at all is held by every key."""
    return and_(true(), *(holds(key, word) for word in words))


def begins_all(key: InstrumentedAttribute[str], words: Iterable[str]) -> ColumnElement[bool]:
    """Whether every word begins one of the key's."""
    return and_(true(), *(begins(key, word) for word in words))
