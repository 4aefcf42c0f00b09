"""What a page builds its forms with: the form, small parts, and plain date editors."""

from datetime import date

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QComboBox, QDateEdit, QWidget

from guichet.ui.widgets.basics import announce as announce
from guichet.ui.widgets.basics import button as button
from guichet.ui.widgets.basics import restyle as restyle
from guichet.ui.widgets.basics import rule as rule
from guichet.ui.widgets.basics import text_label as text_label
from guichet.ui.widgets.form import Form as Form


def date_field(day: date, parent: QWidget | None = None) -> QDateEdit:
    """A date typed as JJ/MM/AAAA or chosen from a calendar, never blank nor wrong; forms use DateField."""
    field = QDateEdit(QDate(day.year, day.month, day.day), parent)
    field.setCalendarPopup(True)
    field.setDisplayFormat("dd/MM/yyyy")
    return field


def day_of(field: QDateEdit) -> date:
    """The civil date in a date field."""
    day = field.date()
    return date(day.year(), day.month(), day.day())


def set_day(field: QDateEdit, day: date) -> None:
    """Show a civil date in a date field."""
    field.setDate(QDate(day.year, day.month, day.day))


def choose(combo: QComboBox, value: object) -> None:
    """Select the entry that carries `value`, if there is one."""
    position = combo.findData(value)
    if position >= 0:
        combo.setCurrentIndex(position)
