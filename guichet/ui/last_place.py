"""Where a person left the window, read back from their account: whatever stands there, the window opens."""

import json
from collections.abc import Collection
from typing import Any

from guichet.ui.page import Destination

LONGEST_PLACE = 20_000
LARGEST_NUMBER = 2**31 - 1


def read_place(kept: Any, pages: Collection[str]) -> Destination | None:
    """The place kept, None for one that this release or this person cannot go back to.

    Only its form is looked at here: each page judges what it takes.
    """
    if not isinstance(kept, dict):
        return None
    page, wanted = kept.get("page"), kept.get("wanted")
    if not isinstance(page, str) or page not in pages or not _plausible(wanted):
        return None
    return Destination(page, wanted)


def _plausible(wanted: Any) -> bool:
    """Whether a page may have said it: short, and with no number beyond the largest id."""
    try:
        return len(json.dumps(wanted)) <= LONGEST_PLACE and _largest(wanted) <= LARGEST_NUMBER
    except (RecursionError, TypeError, ValueError):
        return False


def _largest(value: Any) -> float:
    if isinstance(value, dict):
        return max(map(_largest, value.values()), default=0)
    if isinstance(value, list):
        return max(map(_largest, value), default=0)
    return abs(value) if isinstance(value, int | float) else 0
