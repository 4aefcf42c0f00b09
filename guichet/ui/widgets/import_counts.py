"""A batch's counts as one sum that always adds up, each number narrowing the lines to its own."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from guichet.services.import_views import BatchRow
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.wording import NBSP, grouped

# (outcome, singular and plural, sign before it); the empty outcome is all of them.
PARTS = (
    ("", "reçue", "reçues", ""),
    ("imported", "importée", "importées", "="),
    ("duplicate", "déjà connue", "déjà connues", "+"),
    ("quarantined", "en quarantaine", "en quarantaine", "+"),
)


class ImportCounts(QWidget):
    """« 12 reçues = 10 importées + 1 déjà connue + 1 en quarantaine ». `chosen` (outcome, "" for all)."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self)
        self.buttons: dict[str, QPushButton] = {}
        for outcome, _, plural, sign in PARTS:
            tip = f"Ne montrer que les lignes {plural}" if outcome else "Toutes les lignes"
            made = button("0", self, tip=tip)
            if sign:
                mark: QLabel = text_label(sign, "heading", self)
                mark.setMinimumHeight(made.sizeHint().height())
                flow.addWidget(mark)
            made.setCheckable(True)
            made.clicked.connect(lambda _=False, outcome=outcome: self._pressed(outcome))
            self.buttons[outcome] = made
            flow.addWidget(made)
        self.choose("")

    @property
    def outcome(self) -> str:
        """Which lines are wanted."""
        return next(outcome for outcome, made in self.buttons.items() if made.isChecked())

    def choose(self, outcome: str) -> None:
        """Mark an outcome as wanted, without saying so."""
        wanted = outcome if outcome in self.buttons else ""
        for each, made in self.buttons.items():
            made.setChecked(each == wanted)

    def _pressed(self, outcome: str) -> None:
        self.choose(outcome)
        self.chosen.emit(outcome)

    def show_batch(self, batch: BatchRow) -> None:
        """Show the counts of a batch."""
        counts = {
            "": batch.received,
            "imported": batch.imported,
            "duplicate": batch.duplicate,
            "quarantined": batch.quarantined,
        }
        for outcome, one, several, _ in PARTS:
            number = counts[outcome]
            self.buttons[outcome].setText(f"{grouped(number)}{NBSP}{several if number > 1 else one}")
