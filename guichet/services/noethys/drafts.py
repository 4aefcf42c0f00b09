"""Plain values between the file and the base: a row to be, its origin, and what it refers to by source key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guichet.services.noethys.cleaning import as_whole
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

Ref = tuple[str, str]
"""(kind, source key) of another draft."""


@dataclass(frozen=True)
class Draft:
    """A row of ours to be: the values of its columns, and the columns that point at other drafts."""

    kind: str
    key: str
    columns: Mapping[str, Any]
    refs: Mapping[str, Ref | None] = field(default_factory=dict)
    digest: str | None = None


@dataclass(frozen=True)
class Merged:
    """A source row that lives on inside a row of ours made from another one."""

    kind: str
    key: str
    into: Ref
    digest: str | None = None


class Unusable(Exception):
    """A row cannot come: the reason, as the report says it."""


def rows_once(file: NoethysFile, table: str, tally: Tally) -> Iterator[Row]:
    """The rows of a table, counted as read; one whose key is not a number, or was already seen, is left out."""
    seen: set[str] = set()
    for row in file.rows(table):
        tally.read[table] += 1
        if as_whole(row.key) is None:
            tally.leave_out(table, row.key, "ligne sans identifiant lisible")
        elif row.key in seen:
            tally.leave_out(table, row.key, "identifiant en double")
        else:
            seen.add(row.key)
            yield row
