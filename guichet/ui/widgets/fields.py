"""Forms: each field with its label, and the sentence of a refusal beside the field it is about."""

from datetime import date

from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.errors import UserError


def text_label(text: str, role: str, parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """A label in one of the style sheet's roles (title, heading, section, muted, figure, amount, error)."""
    label = QLabel(text, parent)
    label.setProperty("role", role)
    label.setWordWrap(wrap)
    return label


def button(text: str, parent: QWidget | None = None, *, role: str = "", tip: str = "") -> QPushButton:
    """A push button in one of the style sheet's roles (primary, danger, link)."""
    made = QPushButton(text, parent)
    made.setProperty("role", role)
    made.setToolTip(tip)
    made.setAutoDefault(False)
    return made


def rule(parent: QWidget | None = None) -> QFrame:
    """A thin horizontal line."""
    line = QFrame(parent)
    line.setProperty("role", "rule")
    return line


def restyle(widget: QWidget) -> None:
    """Have the style sheet read again a property that changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def date_field(day: date, parent: QWidget | None = None) -> QDateEdit:
    """A date typed as JJ/MM/AAAA or chosen from a calendar."""
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


class Form(QWidget):
    """Labelled fields in a column. `show_error` puts a refusal under its field and takes the cursor there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._fields: dict[str, QWidget] = {}
        self._errors: dict[str, QLabel] = {}
        self._general = text_label("", "error", self, wrap=True)
        self._general.hide()

    def add(self, name: str, label: str, field: QWidget) -> None:
        """Add a field under the name that refusals use for it."""
        error = text_label("", "error", self, wrap=True)
        error.hide()
        holder = QWidget(self)
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        inside.addWidget(field)
        inside.addWidget(error)
        title = QLabel(label, self)
        title.setBuddy(field)
        field.setAccessibleName(label.replace("&", ""))
        self._layout.addRow(title, holder)
        self._fields[name], self._errors[name] = field, error
        if isinstance(field, QLineEdit):
            field.textEdited.connect(self.clear_errors)

    def add_wide(self, widget: QWidget) -> None:
        """Add something that takes the whole width."""
        self._layout.addRow(widget)

    def finish(self) -> None:
        """Close the form with the place where a refusal without field is shown."""
        self._layout.addRow(self._general)

    def show_error(self, error: UserError) -> None:
        """Show a refusal beside its field, or at the end of the form when it names none of these."""
        self.clear_errors()
        name = error.field or ""
        label = self._errors.get(name, self._general)
        label.setText(error.message)
        label.show()
        if name in self._fields:
            field = self._fields[name]
            field.setProperty("invalid", True)
            field.setAccessibleDescription(error.message)
            restyle(field)
            field.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear_errors(self) -> None:
        """Take every refusal away."""
        for label in (*self._errors.values(), self._general):
            label.hide()
        for field in self._fields.values():
            if field.property("invalid"):
                field.setProperty("invalid", False)
                field.setAccessibleDescription("")
                restyle(field)
