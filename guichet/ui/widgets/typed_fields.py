"""Fields that stand for a value: money, date, hour, number, telephone, e-mail, IBAN. One reads what people type.

Each is a line of text with `value` (None while blank or wrong), `set_value`, `error()` and `changed`. What was
understood stands inside at the right, and the text is put in order when the cursor leaves.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import NO_BREAK_SPACE, format_euros, parse_euros
from guichet.rules.text import format_date, format_time
from guichet.rules.typed_dates import day_in_words, read_date, read_time, shift_months
from guichet.rules.typed_numbers import read_whole, write_whole
from guichet.rules.typography import french
from guichet.ui.icons import draw_icon
from guichet.ui.widgets.calendar_popup import CalendarPopup
from guichet.ui.widgets.typed_field import TypedField
from guichet.ui.wording import WEEKDAYS_SHORT, day_with_weekday

QUARTER = timedelta(minutes=15)


class MoneyField(TypedField):
    """An amount in euros; `value` is cents. `least` and `most` are cents too."""

    def __init__(
        self, parent: QWidget | None = None, *, least: int | None = 0, most: int | None = None
    ) -> None:
        self._least, self._most = least, most
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setPlaceholderText("0,00")

    def read(self, text: str) -> int:
        cents = parse_euros(text)
        if self._least is not None and cents < self._least:
            raise UserError(_least_amount(self._least), code="amount_small")
        if self._most is not None and cents > self._most:
            raise UserError(f"Le montant ne peut dépasser {format_euros(self._most)}.", code="amount_large")
        return cents

    def write(self, value: int) -> str:
        return format_euros(value).removesuffix(f"{NO_BREAK_SPACE}€")

    def hint(self, value: int) -> str:  # noqa: ARG002 - the unit is the same for all
        return "€"

    def spoken(self, value: int) -> str:
        return format_euros(value)

    def hint_when_blank(self) -> str:
        return "€"


class IntegerField(TypedField):
    """A whole number between `least` and `most`: a quotient familial, a number of places."""

    def __init__(
        self, parent: QWidget | None = None, *, least: int = 0, most: int = 999_999, unit: str = ""
    ) -> None:
        self._least, self._most, self._unit = least, most, unit
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def read(self, text: str) -> int:
        return read_whole(text, least=self._least, most=self._most)

    def write(self, value: int) -> str:
        return write_whole(value)

    def hint(self, value: int) -> str:  # noqa: ARG002 - the unit is the same for all
        return self._unit

    def hint_when_blank(self) -> str:
        return self._unit


class TimeField(TypedField):
    """A clock time, « 13:00 »; the up and down arrows go by a quarter of an hour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("HH:MM")

    def read(self, text: str) -> time:
        return read_time(text)

    def write(self, value: time) -> str:
        return format_time(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: QUARTER, Qt.Key.Key_Down: -QUARTER}.get(Qt.Key(event.key()))
        if step is None or event.modifiers():
            super().keyPressEvent(event)
            return
        shown: time = self.value or time(12)
        moved = datetime(2000, 1, 2, shown.hour, shown.minute) + step  # noqa: DTZ001 - a clock time, no instant
        self.set_value(moved.time())


class DateField(TypedField):
    """A civil date as typed (« 23/03 », « lun. 23 », « demain »), stepped by day (↑↓) or month (Page↑ Page↓),
    or chosen in a calendar (Alt+↓). `today` is asked each time: a window stays open over midnight.
    """

    def __init__(
        self,
        today: Callable[[], date],
        parent: QWidget | None = None,
        *,
        earliest: date | None = None,
        latest: date | None = None,
    ) -> None:
        self._today, self._earliest, self._latest = today, earliest, latest
        self._popup: CalendarPopup | None = None
        self._opener: QToolButton | None = None
        super().__init__(parent)
        opener = QToolButton(self)
        opener.setAutoRaise(True)
        opener.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        opener.setCursor(Qt.CursorShape.ArrowCursor)
        opener.setAccessibleName("Ouvrir le calendrier")
        opener.setToolTip("Calendrier (Alt+↓)")
        opener.clicked.connect(self.open_calendar)
        self._opener = opener
        self._draw_icon()
        self.setPlaceholderText("JJ/MM/AAAA")
        self.setToolTip(
            french(
                "JJ/MM/AAAA, « lun. 23 », « demain », « +3 », « fin mars »\n"
                "↑ ↓ : un jour   ·   Page↑ Page↓ : un mois   ·   Alt+↓ : calendrier"
            )
        )

    def read(self, text: str) -> date:
        return read_date(text, self._today(), earliest=self._earliest, latest=self._latest)

    def write(self, value: date) -> str:
        return format_date(value)

    def hint(self, value: date) -> str:
        if self.text().strip() == format_date(value):
            return WEEKDAYS_SHORT[value.weekday()]
        return f"→ {day_with_weekday(value)}"

    def spoken(self, value: date) -> str:
        return day_in_words(value)

    def open_calendar(self) -> None:
        """Show a month under the field; Enter chooses, Escape comes back."""
        if self._popup is None:
            self._popup = CalendarPopup(self)
            self._popup.chosen.connect(self._choose)
        self._popup.open_at(
            self.mapToGlobal(QPoint(0, self.height())), self._start(), self._earliest, self._latest
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key is Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.open_calendar()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._plain(event):
            self._step(lambda day: day + timedelta(1 if key is Qt.Key.Key_Up else -1))
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and self._plain(event):
            self._step(lambda day: shift_months(day, 1 if key is Qt.Key.Key_PageUp else -1))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_opener()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._draw_icon()

    def _plain(self, event: QKeyEvent) -> bool:
        return not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier

    def _start(self) -> date:
        day: date = self.value or self._today()
        return min(max(day, self._earliest or day), self._latest or date.max)

    def _step(self, move: Callable[[date], date]) -> None:
        day = self._start() if self.value is None else move(self._start())
        day = min(max(day, self._earliest or day), self._latest or day)
        self.set_value(day)
        self.selectAll()

    def _choose(self, day: date) -> None:
        self.set_value(day)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _inner_right(self) -> int:
        return 0 if self._opener is None else self._opener.width()

    def _draw_icon(self) -> None:
        if self._opener is not None:
            colour = self.palette().color(QPalette.ColorRole.PlaceholderText)
            self._opener.setIcon(draw_icon("calendar-month-outline", colour))

    def _place_opener(self) -> None:
        if self._opener is not None:
            side = self.height() - 4
            self._opener.setIconSize(QSize(side, side) * 0.6)
            self._opener.setGeometry(self.width() - side - 2, 2, side, side)
            self._refresh_hint()


class _CheckedField(TypedField):
    """A text that the services check and write as it is kept."""

    def read(self, text: str) -> str:
        try:
            return self.check(text)
        except ValueError as error:
            raise UserError(str(error)) from None

    def check(self, text: str) -> str:
        """The text as it is kept. Raises ValueError with a French sentence."""
        raise NotImplementedError


class PhoneField(_CheckedField):
    """A telephone number, written the French way: « 06 12 34 56 78 », « +32 … » from elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("06 12 34 56 78")

    def check(self, text: str) -> str:
        from guichet.services.sheet_fields import check_phone

        return check_phone(text)


class EmailField(_CheckedField):
    """An e-mail address."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("prenom.nom@exemple.fr")

    def check(self, text: str) -> str:
        from guichet.services.sheet_fields import check_email

        return check_email(text)


class IbanField(_CheckedField):
    """An IBAN in groups of four; `value` is without spaces, its key checked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("FR76 …")

    def check(self, text: str) -> str:
        from guichet.services.sheet_fields import check_iban

        return check_iban(text)

    def write(self, value: str) -> str:
        return " ".join(value[place : place + 4] for place in range(0, len(value), 4))

    def hint(self, value: str) -> str:  # noqa: ARG002 - said of any IBAN that passes
        return "✓ IBAN valide"

    def spoken(self, value: str) -> str:  # noqa: ARG002 - said of any IBAN that passes
        return "IBAN valide"


def _least_amount(least: int) -> str:
    if least == 0:
        return "Le montant ne peut pas être négatif."
    if least == 1:
        return "Le montant doit être supérieur à zéro."
    return f"Le montant est d’au moins {format_euros(least)}."
