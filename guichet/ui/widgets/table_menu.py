"""The menus of a table, and what they do with the rows selected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from guichet.rules.spreadsheets import pasted
from guichet.ui.tables import Column

Rows = tuple[Any, ...]


@dataclass(frozen=True)
class RowAction:
    """What can be done with the rows selected, offered by the table's menu.

    `enabled` looks at those of them that are at hand; `run` gets them all. The page binds `shortcut` itself.
    """

    label: str
    run: Callable[[Rows], None]
    enabled: Callable[[Rows], bool] = bool
    shortcut: str = ""


def copy_rows(columns: Sequence[Column[Any]], rows: Rows) -> None:
    """Put rows on the clipboard as columns of text under their titles; nothing in them can run as a formula."""
    if rows:
        lines = [[column.title for column in columns]]
        lines += [[pasted(column.text(row)) for column in columns] for row in rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))


def add_entry(
    menu: QMenu, label: str, run: Callable[[], None], shortcut: str = "", *, enabled: bool = True
) -> None:
    """Add something to do to a menu, its key written on the right."""
    entry = menu.addAction(label)
    entry.setEnabled(enabled)
    if shortcut:
        # Written after a tab it is shown on the right, as a key of the menu, and is bound once only: where it lives.
        entry.setText(f"{label}\t{QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)}")
    entry.triggered.connect(lambda _checked: run())
