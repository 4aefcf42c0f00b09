"""A person's choices for their own screens, kept in their account: columns, views, look, last place."""

import logging
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from guichet.services import accounts
from guichet.ui.desk import Desk
from guichet.ui.topics import NOTHING

SAVING_MILLISECONDS = 800

log = logging.getLogger(__name__)


class Preferences(QObject):
    """Read once when the window opens (`loaded`), saved in the background a moment after the last change."""

    loaded = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._values: dict[str, Any] = {}
        self._changed: dict[str, Any] = {}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SAVING_MILLISECONDS)
        self._pause.timeout.connect(self.flush)

    def load(self) -> None:
        """Read what the account keeps."""
        self._desk.fetch(accounts.preferences, None, then=self._show, key=self)

    def get(self, key: str, default: Any = None) -> Any:
        """What was chosen under the key, a plain JSON value; what is not of the default's type was not chosen here."""
        value = self._values.get(key, default)
        if default is not None and type(value) is not type(default):
            log.warning("preference %s is of another type than expected", key)
            return default
        return value

    def set(self, key: str, value: Any) -> None:
        """Choose a plain JSON value for the key."""
        if self._values.get(key) != value:
            self._values[key] = self._changed[key] = value
            self._pause.start()

    def flush(self) -> None:
        """Save now what was chosen since the last time."""
        self._pause.stop()
        changed, self._changed = self._changed, {}
        if changed:
            self._desk.execute(accounts.save_preferences, changed, changes=NOTHING)

    def _show(self, values: dict[str, Any]) -> None:
        self._values = values | self._changed
        self.loaded.emit()
