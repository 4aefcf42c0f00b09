"""The fields of a tariff that no other form has: a rate, a percentage, the brackets of a grid."""

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.ui.widgets.composite_field import CompositeField
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.widgets.typed_field import TypedField
from guichet.ui.widgets.typed_fields import IntegerField, MoneyField

MOST_BRACKETS = 12


def read_decimal(text: str) -> Decimal:
    """A decimal typed with a comma or a point. Raises UserError."""
    try:
        number = Decimal(text.strip().replace(",", ".").replace("\u202f", "").replace("\u00a0", ""))
    except InvalidOperation:
        raise UserError("Écrivez un nombre, par exemple 0,0125.") from None
    if not number.is_finite():
        raise UserError("Écrivez un nombre, par exemple 0,0125.")
    return number


def write_decimal(number: Decimal) -> str:
    """« 0,0125 »."""
    return f"{number:f}".replace(".", ",")


class RateField(TypedField):
    """A taux d’effort: what multiplies the quotient to give euros."""

    def read(self, text: str) -> Decimal:
        return read_decimal(text)

    def write(self, value: Decimal) -> str:
        return write_decimal(value)

    def hint(self, value: Decimal) -> str:
        return f"{write_decimal((value * 100).normalize())}\u00a0% du QF"


class PercentField(TypedField):
    """A percentage; the value is in hundredths of a percent."""

    def read(self, text: str) -> int:
        hundredths = read_decimal(text.replace("%", "")) * 100
        if hundredths != hundredths.to_integral_value() or not 0 <= hundredths <= 10_000:
            raise UserError("Un pourcentage va de 0 à 100, avec deux décimales au plus.")
        return int(hundredths)

    def write(self, value: int) -> str:
        return write_decimal((Decimal(value) / 100).normalize())

    def hint(self, value: int) -> str:  # noqa: ARG002 - the unit is the same for all
        return "%"

    def hint_when_blank(self) -> str:
        return "%"


class BracketGrid(CompositeField):
    """One line a bracket: the quotient it starts from and its price. It stops where the next one starts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.starts: list[IntegerField] = []
        self.prices: list[MoneyField] = []
        self._lines: list[QWidget] = []
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        self._grid.addWidget(text_label("Quotient à partir de", "muted", self), 0, 1)
        self._grid.addWidget(text_label("Prix de l’unité", "muted", self), 0, 2)
        for number in range(1, MOST_BRACKETS + 1):
            self._build_line(number)
        self.add = button("A&jouter une tranche", self)
        self.remove = button("Retirer la d&ernière", self)
        bar = FlowLayout()
        bar.addWidget(self.add)
        bar.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addLayout(bar)
        self._shown = 1
        self.setFocusProxy(self.starts[0])
        self.add.clicked.connect(self._add_line)
        self.remove.clicked.connect(self._remove_line)
        self._show_lines(1)

    def typed(self) -> list[list[str]]:
        return [
            [start.text(), price.text()]
            for start, price in zip(self.starts[: self._shown], self.prices, strict=False)
        ]

    def put_typed(self, typed: Any) -> None:
        lines = list(typed or [["0", ""]])[:MOST_BRACKETS]
        for start, price, (start_text, price_text) in zip(self.starts, self.prices, lines, strict=False):
            start.setText(start_text)
            price.setText(price_text)
        self._show_lines(len(lines))

    def set_value(self, value: Any) -> None:
        self.put_typed(
            [[str(lower), format_euros(cents).removesuffix("\u00a0€")] for lower, _, cents in value or ()]
        )

    def brackets(self) -> tuple[tuple[int, int | None, int], ...]:
        """The brackets as typed, in the order of their quotients. Raises UserError naming the line that is not whole."""
        lines = []
        for number, (start, price) in enumerate(
            zip(self.starts[: self._shown], self.prices, strict=False), start=1
        ):
            wrong = start.error() or price.error()
            if wrong or start.value is None or price.value is None:
                said = wrong or "donnez le quotient de départ et le prix."
                raise UserError(f"Tranche {number}\u00a0: {said}", field="brackets")
            lines.append((start.value, price.value))
        lines.sort()
        ends = [start for start, _ in lines[1:]] + [None]
        return tuple((start, end, price) for (start, price), end in zip(lines, ends, strict=True))

    def _build_line(self, number: int) -> None:
        start = IntegerField(self, least=0, most=99_999)
        price = MoneyField(self)
        start.setAccessibleName(f"Tranche {number}, quotient à partir de")
        price.setAccessibleName(f"Tranche {number}, prix de l’unité")
        label = text_label(str(number), "muted", self)
        for column, widget in enumerate((label, start, price)):
            self._grid.addWidget(widget, number, column, Qt.AlignmentFlag.AlignVCenter)
            self._lines.append(widget)
        self.starts.append(start)
        self.prices.append(price)
        start.changed.connect(partial(self.changed.emit))
        price.changed.connect(partial(self.changed.emit))

    def _show_lines(self, shown: int) -> None:
        self._shown = max(1, shown)
        for place, widget in enumerate(self._lines):
            widget.setVisible(place < self._shown * 3)
        self.add.setEnabled(self._shown < MOST_BRACKETS)
        self.remove.setEnabled(self._shown > 1)
        self.changed.emit()

    def _add_line(self) -> None:
        self.starts[self._shown].clear()
        self.prices[self._shown].clear()
        self._show_lines(self._shown + 1)
        self.starts[self._shown - 1].setFocus()

    def _remove_line(self) -> None:
        self._show_lines(self._shown - 1)
