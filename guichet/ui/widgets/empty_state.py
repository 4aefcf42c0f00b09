"""What a list says when it holds nothing, and the button that helps."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from guichet.ui.widgets.fields import button, text_label


class EmptyState(QWidget):
    """A sentence over the place of the rows, with a button where something can be done about it."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._run: Callable[[], None] | None = None
        self.text = text_label(text, "muted", self, wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button: QPushButton = button("", self)
        self.button.hide()
        self.button.clicked.connect(self._act)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self.text)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        self.hide()

    def say(self, text: str, label: str = "", run: Callable[[], None] | None = None) -> None:
        """Show this sentence, and a button when there is something to run."""
        self.text.setText(text)
        self._run = run
        self.button.setText(label)
        self.button.setVisible(run is not None)

    def _act(self) -> None:
        if self._run is not None:
            self._run()
