"""One field of a form, with the sentence that says what is wrong with it."""

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import mark_wrong, text_label
from guichet.ui.widgets.field_values import value_of
from guichet.ui.widgets.typed_field import TypedField

REQUIRED = "Ce champ est obligatoire."


class FormRow(QWidget):
    """`tried` once the field was left or the form submitted: before that it is quiet."""

    def __init__(self, parent: QWidget, label: str, field: QWidget, required: bool) -> None:
        super().__init__(parent)
        self.field = field
        self.label = label.replace("&", "")
        self.tried = False
        self.refused = ""
        self._refused_value: Any = None
        self._required = required
        self.error = text_label("", "error", self, wrap=True)
        self.error.hide()
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(Space.TIGHT)
        inside.addWidget(field)
        inside.addWidget(self.error)
        field.setAccessibleName(f"{self.label}, obligatoire" if required else self.label)

    def refuse(self, sentence: str) -> None:
        """Hold what a service said of the value shown."""
        self.tried, self.refused, self._refused_value = True, sentence, value_of(self.field)

    def forget_refusal_of_another_value(self) -> None:
        """Putting a text in order changes nothing; another value is for the service to judge again."""
        if self.refused and value_of(self.field) != self._refused_value:
            self.refused = ""

    def be_quiet(self) -> None:
        """Say nothing until the field is tried again."""
        self.tried, self.refused = False, ""

    def wrong(self) -> str:
        """What is wrong now, in a sentence; nothing when the field is right or cannot be changed."""
        if self.refused or not self.field.isEnabled():
            return self.refused
        if isinstance(self.field, TypedField) and self.field.error():
            return self.field.error()
        return REQUIRED if self._required and value_of(self.field) in (None, "") else ""

    def say(self, sentence: str) -> None:
        """Show the sentence under the field, and give it to who hears it."""
        if self.error.text() != sentence:
            self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        if isinstance(self.field, TypedField):
            self.field.complain(sentence)
        else:
            mark_wrong(self.field, sentence)
