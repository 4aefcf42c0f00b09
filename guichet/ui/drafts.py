"""What was typed and is not saved yet, by form and subject: it outlives the page, the family and an outage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True)
class _Draft:
    label: str
    values: dict[str, Any]


class Drafts(QObject):
    """Drafts of one person at one desk, in memory: personal data are written nowhere but in the base.

    A key names a form and its subject (`payment:12`), the label says it in French for the question asked on leaving.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: dict[str, _Draft] = {}

    def keep(self, key: str, label: str, values: Mapping[str, Any]) -> None:
        """Keep these values under the key, in place of the former ones."""
        draft = _Draft(label, dict(values))
        if self._kept.get(key) != draft:
            self._kept[key] = draft
            self.changed.emit()

    def of(self, key: str) -> dict[str, Any] | None:
        """The values kept under the key, None when there are none."""
        draft = self._kept.get(key)
        return None if draft is None else dict(draft.values)

    def drop(self, key: str) -> None:
        """Forget a draft: it was saved, or given up."""
        if self._kept.pop(key, None) is not None:
            self.changed.emit()

    @property
    def pending(self) -> tuple[str, ...]:
        """The labels of what is typed and not saved, oldest first."""
        return tuple(draft.label for draft in self._kept.values())
