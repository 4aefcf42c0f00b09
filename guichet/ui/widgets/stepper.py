"""The steps of a long act, in order: where one is, what is done, what remains; one can go back and forth."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from guichet.ui.actions import spoken_key
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space

PREVIOUS_KEY, NEXT_KEY = "Ctrl+PgUp", "Ctrl+PgDown"


@dataclass(frozen=True)
class StepState:
    """What a step says of itself: in a few words, whether it is done, whether it wants a look."""

    text: str
    done: bool = False
    attention: bool = False

    @property
    def sign(self) -> str:
        """The sign before its title; never the colour alone."""
        return "✓" if self.done else "!" if self.attention else ""


class Stepper(QWidget):
    """`chosen` (place) when a step is asked for, by click, keys or `go`."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)
        self._states = [StepState("") for _ in titles]
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.SMALL)
        for place, title in enumerate(titles):
            made = QPushButton(self)
            made.setCheckable(True)
            made.setAutoDefault(False)
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            made.setToolTip(
                f"{title} ({spoken_key(PREVIOUS_KEY)} et {spoken_key(NEXT_KEY)} vont d’une étape à l’autre)"
            )
            made.clicked.connect(partial(self.go, place))
            self.buttons.append(made)
            row.addWidget(made, 1)
        self.buttons[0].setChecked(True)
        for place in range(len(titles)):
            self._draw(place)
        theme.changed.connect(self.updateGeometry)

    @property
    def current(self) -> int:
        """The step shown, from 0."""
        return next(place for place, made in enumerate(self.buttons) if made.isChecked())

    def go(self, place: int) -> None:
        """Show a step."""
        if 0 <= place < len(self.buttons):
            # No group of buttons: in one, Tab stops at a single step.
            for each, made in enumerate(self.buttons):
                made.setChecked(each == place)
                self._draw(each)
            self.chosen.emit(place)

    def show_states(self, states: Sequence[StepState]) -> None:
        """Say what each step has done and what remains."""
        self._states = list(states)
        for place in range(len(self.buttons)):
            self._draw(place)

    def _draw(self, place: int) -> None:
        state, made = self._states[place], self.buttons[place]
        title = f"{place + 1}. {self._titles[place]}"
        if state.sign:
            title = f"{state.sign}  {title}"
        made.setText(f"{title}\n{state.text or ' '}")
        how = "terminé" if state.done else "à regarder" if state.attention else ""
        here = "étape affichée" if made.isChecked() else ""
        said = (f"Étape {place + 1} sur {len(self.buttons)}", self._titles[place], state.text, how, here)
        made.setAccessibleName(", ".join(part for part in said if part))
