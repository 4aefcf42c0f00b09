"""« Pourquoi ce montant ? »: the lines of an invoice, to be or issued, and the story of the price of the one chosen."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import text_label


class Story(QFrame):
    """The sentences that explain one price, with what they are about."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.title = text_label("Pourquoi ce montant\u202f?", "section", self)
        self.about = text_label("", "heading", self, wrap=True)
        self.text = text_label("", "", self, wrap=True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName("Pourquoi ce montant")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        layout.setSpacing(Space.TIGHT)
        for widget in (self.title, self.about, self.text):
            layout.addWidget(widget)
        self.tell("", ())

    def tell(self, about: str, story: tuple[str, ...]) -> None:
        """Show why; nothing chosen, say what to do."""
        self.about.setText(about)
        self.about.setVisible(bool(about))
        self.text.setText(
            "\n".join(story) if story else "Choisissez une ligne pour lire d’où vient son prix."
        )
