"""A form over one stored thing: what is typed is a draft until it is saved, with what it was typed over beside it."""

from datetime import date, time
from typing import Any, Protocol, cast

from PySide6.QtCore import QDate, QTime, Signal, SignalInstance
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.errors import AlreadyApplied, StaleVersion, UserError
from guichet.ui.actions import with_key
from guichet.ui.page import Tools
from guichet.ui.widgets.fields import Form, button, choose, text_label

SAVE_KEY = "Ctrl+S"


class Valued(Protocol):
    """A field of our own: a plain value, and a signal when a person changes it."""

    edited: SignalInstance

    def value(self) -> Any: ...
    def set_value(self, value: Any) -> None: ...


class DraftedForm(QWidget):
    """Fields with « Enregistrer » and « Annuler les modifications ».

    `show_row` says what is stored; a draft kept for the same key is shown over it, and saved against what it was typed
    over, so that whoever comes second is told. `save_wanted` asks the section to save; `edited` after each change.
    """

    save_wanted = Signal()
    edited = Signal()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drafts = tools.drafts
        self._messages = tools.messages
        self._fields: dict[str, QWidget] = {}
        self._filling = False
        self._key = self._label = ""
        self._stored: dict[str, Any] = {}
        self._stored_seen: Any = None
        self._seen: Any = None
        self.form = Form(self)
        self.save = button("Enregistrer", self, role="primary", tip=with_key("Enregistrer", SAVE_KEY))
        self.discard = button(
            "Annuler les modifications",
            self,
            tip="Reprendre ce qui est enregistré, sans ce qui vient d’être saisi",
        )
        self.state = text_label("", "muted", self)
        self.buttons = QHBoxLayout()
        for widget in (self.save, self.discard, self.state):
            self.buttons.addWidget(widget)
        self.buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addLayout(self.buttons)
        self.save.clicked.connect(self.save_wanted)
        self.discard.clicked.connect(self.give_up)

    def add(self, name: str, label: str, field: QWidget) -> None:
        """Add a field under the name that refusals and values use."""
        self.form.add(name, label, field)
        self._fields[name] = field
        _changed_signal(field).connect(self._on_edited)

    def finish(self, *others: QPushButton) -> None:
        """Close the form; `others` are the acts that stand beside « Enregistrer »."""
        self.form.finish()
        for other in others:
            self.buttons.addWidget(other)
        self._say_state()

    def show_row(self, key: str, label: str, values: dict[str, Any], seen: Any = None) -> None:
        """Show what is stored under `key`, or the draft kept for it. `seen` is what saving compares with."""
        self._key, self._label = key, label
        self._stored, self._stored_seen = dict(values), seen
        draft = self._drafts.of(key)
        self._seen = seen if draft is None else draft["seen"]
        self._fill(values if draft is None else {**values, **draft["values"]})
        if draft is None:
            self.form.clear_errors()
        self._say_state()
        self.edited.emit()

    @property
    def seen(self) -> Any:
        """What the values were typed over."""
        return self._seen

    @property
    def key(self) -> str:
        """What is shown, as drafts name it."""
        return self._key

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not stored."""
        return bool(self._key) and self.values() != self._stored

    def values(self) -> dict[str, Any]:
        """What the fields hold, in plain values."""
        return {name: value_of(field) for name, field in self._fields.items()}

    def field(self, name: str) -> QWidget:
        """The field of this name."""
        return self._fields[name]

    def give_up(self) -> None:
        """Forget what was typed and show what is stored."""
        self._drafts.drop(self._key)
        self.show_row(self._key, self._label, self._stored, self._stored_seen)

    def saved(self, text: str) -> None:
        """What was typed is stored: the draft goes."""
        self._drafts.drop(self._key)
        self.form.clear_errors()
        self._stored = self.values()
        self._say_state()
        self._messages.inform(text)

    def refused(self, error: UserError) -> bool:
        """Show a refusal beside its field. True when what is stored should be read again."""
        if isinstance(error, AlreadyApplied):
            self._drafts.drop(self._key)
            return True
        self.form.show_error(error)
        return isinstance(error, StaleVersion)

    def _fill(self, values: dict[str, Any]) -> None:
        self._filling = True
        for name, field in self._fields.items():
            set_value(field, values.get(name))
        self._filling = False

    def _on_edited(self) -> None:
        if self._filling or not self._key:
            return
        if self.dirty:
            self._drafts.keep(self._key, self._label, {"values": self.values(), "seen": self._seen})
        else:
            self._drafts.drop(self._key)
            self._seen = self._stored_seen
        self._say_state()
        self.edited.emit()

    def _say_state(self) -> None:
        dirty = self.dirty
        self.discard.setEnabled(dirty)
        self.state.setText("Modifications non enregistrées" if dirty else "")


def value_of(field: QWidget) -> Any:
    """The plain value that a field holds: text, number, truth, ISO date or time, or an entry's data."""
    match field:
        case QLineEdit():
            return field.text()
        case QPlainTextEdit():
            return field.toPlainText()
        case QCheckBox():
            return field.isChecked()
        case QSpinBox():
            return field.value()
        case QComboBox():
            return field.currentData()
        case QTimeEdit():
            return field.time().toString("HH:mm")
        case QDateEdit():
            return field.date().toString("yyyy-MM-dd")
        case _:
            return cast("Valued", field).value()


def set_value(field: QWidget, value: Any) -> None:
    """Show a plain value in a field; None empties it where it can be empty."""
    match field:
        case QLineEdit():
            field.setText(value or "")
        case QPlainTextEdit():
            field.setPlainText(value or "")
        case QCheckBox():
            field.setChecked(bool(value))
        case QSpinBox():
            field.setValue(value or 0)
        case QComboBox():
            choose(field, value)
        case QTimeEdit():
            moment = time.fromisoformat(value or "00:00")
            field.setTime(QTime(moment.hour, moment.minute))
        case QDateEdit():
            day = date.fromisoformat(value)
            field.setDate(QDate(day.year, day.month, day.day))
        case _:
            cast("Valued", field).set_value(value)


def _changed_signal(field: QWidget) -> SignalInstance:
    match field:
        case QLineEdit() | QPlainTextEdit():
            return field.textChanged
        case QCheckBox():
            return field.toggled
        case QSpinBox():
            return field.valueChanged
        case QComboBox():
            return field.currentIndexChanged
        case QTimeEdit():
            return field.timeChanged
        case QDateEdit():
            return field.dateChanged
        case _:
            return cast("Valued", field).edited
