"""A form over one stored thing: what is typed is a draft until it is saved, against what it was typed over."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from guichet.rules.errors import AlreadyApplied, StaleVersion, UserError
from guichet.ui.actions import with_key
from guichet.ui.page import Tools
from guichet.ui.topics import Topics
from guichet.ui.widgets.fields import Form, button, text_label

SAVE_KEY = "Ctrl+S"
Command = TypeVar("Command")


class DraftedForm(QWidget):
    """Fields with « Enregistrer » and « Rétablir »; Ctrl+S saves from anywhere in `keys_in`.

    `show_row` says what is stored under a key. A draft kept for that key is shown over it and saved against what it was
    typed over, so that whoever comes second is told. `save_wanted` asks the section to save; `edited` after each change;
    `stale` when what is stored should be read again.
    """

    save_wanted = Signal()
    edited = Signal()
    stale = Signal()

    def __init__(
        self, tools: Tools, parent: QWidget | None = None, *, keys_in: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tools = tools
        self._seen: dict[str, Any] = {}
        self._stored: tuple[dict[str, Any], Any] = ({}, None)
        self._key = self._label = ""
        self.form = Form(self, keys_in=keys_in)
        self.save = button("Enregistrer", self, role="primary", tip=with_key("Enregistrer", SAVE_KEY))
        self.discard = button(
            "Rétablir", self, tip="Reprendre ce qui est enregistré, sans ce qui vient d’être saisi"
        )
        self.state = text_label("", "muted", self)
        self.buttons = QHBoxLayout()
        self.buttons.addWidget(self.save)
        self.buttons.addWidget(self.discard)
        self.buttons.addWidget(self.state)
        self.buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addLayout(self.buttons)
        self.save.clicked.connect(self.save_wanted)
        self.discard.clicked.connect(self.give_up)
        self.form.submitted.connect(self.save_wanted)
        self.form.changed.connect(self._on_changed)

    def add(self, name: str, label: str, field: QWidget, *, required: bool = False) -> None:
        """Add a field under the name that refusals and values use."""
        self.form.add(name, label, field, required=required)

    def finish(self, *others: QPushButton) -> None:
        """Close the form; `others` are the acts that stand beside « Enregistrer »."""
        self.form.finish()
        for other in others:
            self.buttons.addWidget(other)
        self._say_state()

    def show_row(self, key: str, label: str, values: Mapping[str, Any], seen: Any = None) -> None:
        """Show what is stored under `key`, or the draft kept for it. `seen` is what saving compares with."""
        typing = key == self._key and self.form.dirty
        self._key, self._label, self._stored = key, label, (dict(values), seen)
        if typing:
            return  # nothing moves under the fingers: saving will say what another desk changed
        self.form.set_values(values)
        self.form.keep_draft(self._tools.drafts, key, label)
        for line in self.form.findChildren(QLineEdit):
            if not line.hasFocus():
                line.setCursorPosition(0)  # a long text is read from its beginning
        if not self.form.dirty or key not in self._seen:
            self._seen[key] = seen
        self._say_state()
        self.edited.emit()

    @property
    def seen(self) -> Any:
        """What the values were typed over."""
        return self._seen.get(self._key)

    @property
    def key(self) -> str:
        """What is shown, as drafts name it."""
        return self._key

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not stored."""
        return bool(self._key) and self.form.dirty

    def values(self) -> dict[str, Any]:
        """What the fields stand for; None where they are blank or wrong."""
        return self.form.values()

    def give_up(self) -> None:
        """Forget what was typed and show what is stored."""
        self.form.discard()
        values, seen = self._stored
        self.show_row(self._key, self._label, values, seen)

    def send(
        self,
        function: Callable[[Any, Any, Command], Any],
        build: Callable[[dict[str, Any]], Command],
        *,
        changes: Topics,
        then: Callable[[Any], None],
        failed: Callable[[UserError], None] | None = None,
    ) -> None:
        """Submit what was typed to a service. A refusal stands beside its field, or goes to `failed`; the draft stays."""
        command = self.form.submit(build)
        if command is None:
            return
        self.save.setEnabled(False)
        self._tools.desk.execute(
            function,
            command,
            changes=changes,
            then=lambda result: self._stored_now(then, result),
            failed=failed or self.refused,
            settled=lambda: self.save.setEnabled(True),
        )

    def refused(self, error: UserError) -> None:
        """Show a refusal; what another desk changed is read again, under what is typed here."""
        if isinstance(error, AlreadyApplied):
            self.form.saved()
            self.stale.emit()
            return
        if isinstance(error, StaleVersion):
            self.stale.emit()
        self.form.show_error(error)

    def _stored_now(self, then: Callable[[Any], None], result: Any) -> None:
        self.form.saved()
        self._seen.pop(self._key, None)
        self._say_state()
        then(result)

    def _on_changed(self) -> None:
        self._say_state()
        self.edited.emit()

    def _say_state(self) -> None:
        dirty = self.dirty
        self.discard.setEnabled(dirty)
        self.state.setText("Non enregistré" if dirty else "")
