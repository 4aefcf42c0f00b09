"""What a person can do by name: the palette (Ctrl+K) finds these, the help sheet (F1) lists their keys."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True)
class Action:
    """One act of the window or of a page.

    `shortcut` is written as Qt does (« Ctrl+K »), `words` are what else a person might type to find it.
    """

    label: str
    run: Callable[[], None]
    shortcut: str = ""
    icon: str = ""
    words: str = ""


def spoken_key(shortcut: str) -> str:
    """The key as the keyboard in use names it, « Ctrl+K », « Alt+Gauche »."""
    main = shortcut.replace("Return", "Enter")  # « Entrée » is what both keys bear in France
    return QKeySequence(main).toString(QKeySequence.SequenceFormat.NativeText)


def with_key(text: str, shortcut: str) -> str:
    """A tooltip followed by its key, « Actualiser (F5) »."""
    return f"{text} ({spoken_key(shortcut)})" if shortcut else text
