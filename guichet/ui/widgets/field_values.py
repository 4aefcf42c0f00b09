"""One way to read, fill and watch any field of a form, whatever widget it is."""

from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QDate, SignalInstance
from PySide6.QtWidgets import QCheckBox, QComboBox, QDateEdit, QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from guichet.ui.widgets.composite_field import CompositeField
from guichet.ui.widgets.typed_field import TypedField


@runtime_checkable
class Kept(Protocol):
    """A field that says itself what a draft keeps of it, in plain JSON values."""

    def typed(self) -> Any: ...

    def put_typed(self, typed: Any) -> None: ...


def value_of(field: QWidget) -> Any:
    """What the field stands for: its value, its words without the blanks around, what the chosen entry carries.

    Qt gives a text enumeration carried by an entry back as plain text.
    """
    match field:
        case TypedField() | CompositeField():
            return field.value
        case QLineEdit():
            return field.text().strip()
        case QComboBox():
            carried = field.currentData()
            return field.currentText() if carried is None else carried
        case QPlainTextEdit():
            return field.toPlainText().strip()
        case _:
            return typed_of(field)


def put_value(field: QWidget, value: Any) -> None:
    """Show a value, as `value_of` gives it."""
    match field:
        case TypedField() | CompositeField():
            field.set_value(value)
        case QComboBox():
            place = field.findData(value)
            field.setCurrentIndex(
                place if place >= 0 else field.findText("" if value is None else str(value))
            )
        case _:
            put_typed(field, "" if value is None else value)


def typed_of(field: QWidget) -> Any:
    """What a person put there, right or wrong, in plain JSON values."""
    match field:
        case Kept():
            return field.typed()
        case QLineEdit():
            return field.text()
        case QComboBox():
            return field.currentText()
        case QPlainTextEdit():
            return field.toPlainText()
        case QCheckBox():
            return field.isChecked()
        case QSpinBox():
            return field.value()
        case QDateEdit():
            return field.date().toPython().isoformat()  # type: ignore[attr-defined]
        case _:
            raise TypeError(f"a form knows no {type(field).__name__}")


def put_typed(field: QWidget, typed: Any) -> None:
    """Put back what `typed_of` gave."""
    match field:
        case Kept():
            field.put_typed(typed)
        case QLineEdit():
            field.setText(str(typed))
        case QComboBox() if field.isEditable():
            field.setCurrentText(str(typed))
        case QComboBox():
            field.setCurrentIndex(field.findText(str(typed)))
        case QPlainTextEdit():
            field.setPlainText(str(typed))
        case QCheckBox():
            field.setChecked(bool(typed))
        case QSpinBox():
            field.setValue(int(typed or 0))
        case QDateEdit():
            field.setDate(QDate.fromString(str(typed)[:10], "yyyy-MM-dd"))


def change_of(field: QWidget) -> SignalInstance:
    """The signal that follows every change."""
    match field:
        case TypedField() | CompositeField():
            return field.changed
        case QLineEdit() | QPlainTextEdit():
            return field.textChanged
        case QComboBox():
            return field.currentTextChanged
        case QCheckBox():
            return field.toggled
        case QSpinBox():
            return field.valueChanged
        case QDateEdit():
            return field.dateChanged
        case _:
            raise TypeError(f"a form knows no {type(field).__name__}")
