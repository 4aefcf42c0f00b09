"""Which columns a person chose, in which order and how wide: plain values kept in their account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guichet.ui.tables import Column

WIDEST = 500


@dataclass(frozen=True)
class ColumnChoice:
    """`shown` are the keys of the columns in their order; empty when the person leaves it to the list.

    `widths` are in average characters, so that they follow the size of the text.
    """

    shown: tuple[str, ...] = ()
    widths: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, kept: Any) -> "ColumnChoice":
        """What `kept` once said; anything else, such as a choice of a later release, is no choice."""
        if not isinstance(kept, dict):
            return cls()
        shown, widths = kept.get("shown", []), kept.get("widths", {})
        if not isinstance(shown, list) or not isinstance(widths, dict):
            return cls()
        return cls(
            tuple(dict.fromkeys(key for key in shown if isinstance(key, str))),
            {
                key: float(width)
                for key, width in widths.items()
                if isinstance(width, int | float) and 0 < width <= WIDEST
            },
        )

    def kept(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"shown": list(self.shown), "widths": dict(self.widths)}

    def of(self, offered: Sequence[Column[Any]]) -> tuple[Column[Any], ...]:
        """The columns to show among those offered: never none, whatever a former release offered."""
        by_key = {column.key: column for column in offered}
        chosen = tuple(by_key[key] for key in self.shown if key in by_key)
        return chosen or tuple(column for column in offered if not column.extra)

    def has_chosen(self, offered: Sequence[Column[Any]]) -> bool:
        """Whether the person chose columns that are still offered."""
        return any(column.key in self.shown for column in offered)
