"""A state outside a table: the same letter, word and tone as a pill in a cell."""

from PySide6.QtWidgets import QSizePolicy, QWidget

from guichet.ui.tables import State
from guichet.ui.theme import Theme
from guichet.ui.tokens import Tone
from guichet.ui.widgets.basics import PlainLabel


def toned(theme: Theme, kind: str, tone: Tone, *, padding: str = "1px 8px") -> str:
    """The style of a widget of class `kind` in the colours of a tone."""
    pill = theme.pill(tone)
    return (
        f"{kind} {{ color: {pill.text}; background: {pill.back}; border: 1px solid {pill.edge};"
        f" border-radius: 8px; padding: {padding}; }}"
    )


class StateLabel(PlainLabel):
    """One state as a pill; follows the theme."""

    def __init__(self, theme: Theme, state: State, parent: QWidget | None = None) -> None:
        super().__init__(f"{state.letter}  {state.label}", parent)
        self._theme = theme
        self._state = state
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(state.label)
        theme.changed.connect(self._paint_tone)
        self._paint_tone()

    @property
    def state(self) -> State:
        """What is shown."""
        return self._state

    def _paint_tone(self) -> None:
        self.setStyleSheet(toned(self._theme, "QLabel", self._state.tone))
