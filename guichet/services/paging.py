"""Lists come a page at a time: sorted, filtered and cut in SQL."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

PAGE_SIZE = 100


@dataclass(frozen=True)
class PageQuery:
    """Which page of a list, in which order; queries of a screen inherit it."""

    offset: int = 0
    size: int = PAGE_SIZE
    sort: str = ""
    descending: bool = False


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows and how many there are in all."""

    rows: tuple[Row, ...]
    total: int
    offset: int
