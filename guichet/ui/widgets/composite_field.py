"""A field made of several controls that stands for one value: boxes to tick, the lines of a grid."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class CompositeField(QWidget):
    """What a form asks of such a field; `changed` follows every change. `typed` is in plain JSON values."""

    changed = Signal()

    @property
    def value(self) -> Any:
        """What the controls stand for."""
        return self.typed()

    def set_value(self, value: Any) -> None:
        """Show a value."""
        self.put_typed(value)

    def typed(self) -> Any:
        """What a person put there, right or wrong."""
        raise NotImplementedError

    def put_typed(self, typed: Any) -> None:
        """Put back what `typed` gave."""
        raise NotImplementedError
