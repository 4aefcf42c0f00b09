"""Forms: labelled fields that are checked as one types once they were tried, and whose words are never lost.

The way of a form: `add` its fields, `finish`, `set_values`, `keep_draft`; then on `submitted`, `send` the command built
from its values. A field is quiet until it was left or the form submitted; from then on it is judged at each change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QEvent, QMetaMethod, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from guichet.rules.errors import AlreadyApplied, UserError
from guichet.ui.actions import with_key
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.topics import Topics
from guichet.ui.widgets.basics import PlainLabel, announce, button, text_label
from guichet.ui.widgets.field_values import change_of, put_typed, put_value, typed_of, value_of
from guichet.ui.widgets.form_row import FormRow

Command = TypeVar("Command")

SUBMIT_KEYS = ("Ctrl+Return", "Ctrl+Enter", "Ctrl+S")
_BY_TAB = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
_STILL_THERE = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


@dataclass(frozen=True)
class _Draft:
    drafts: Drafts
    key: str
    label: str


class Form(QWidget):
    """Labelled fields in a column.

    `changed` at every change; `submitted` by the button given to `finish`, Enter in the last field, Ctrl+Enter or Ctrl+S
    anywhere in `keys_in` (the form itself unless told). Escape is left to the dialog or the page: what was
    typed is already kept.
    """

    changed = Signal()
    submitted = Signal()

    def __init__(self, parent: QWidget | None = None, *, keys_in: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._rows: dict[str, FormRow] = {}
        self._states: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {}
        self._checks: list[Callable[[dict[str, Any]], None]] = []
        self._clean: dict[str, Any] = {}
        self._draft: _Draft | None = None
        self._filling = False
        self._tried = False
        self._refused = ""
        self._save: QPushButton | None = None
        self._general = text_label("", "error", self, wrap=True)
        self._general.hide()
        self._restored, self._forget = self._build_restored()
        self._legend = text_label("* obligatoire", "muted", self)
        self._legend.hide()
        for keys in SUBMIT_KEYS:
            shortcut = QShortcut(QKeySequence(keys), keys_in or self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._ask_to_submit)

    def add(self, name: str, label: str, field: QWidget, *, required: bool = False) -> None:
        """Add a field under the name that refusals and values use for it."""
        row = FormRow(self, label, field, required)
        title = PlainLabel(f"{label} *" if required else label, self)
        title.setBuddy(field)
        self._layout.addRow(title, row)
        self._rows[name] = row
        self._clean[name] = typed_of(field)
        self._legend.setVisible(self._legend.isVisibleTo(self) or required)
        field.installEventFilter(self)
        change_of(field).connect(lambda *_: self._on_change(name))

    def finish(self, save: QPushButton | None = None) -> None:
        """Close the form with the place where a refusal without field is shown; `save` is the button that submits."""
        self._layout.insertRow(0, self._restored)
        self._layout.addRow(self._legend)
        self._layout.addRow(self._general)
        if save is not None:
            self._save = save
            save.clicked.connect(self._ask_to_submit)
            save.setToolTip(with_key(save.toolTip() or save.text().replace("&", ""), SUBMIT_KEYS[0]))

    def add_check(self, check: Callable[[dict[str, Any]], None]) -> None:
        """Judge the values together, once each is right alone: `check` raises UserError, on a field or on none."""
        self._checks.append(check)

    def add_state(
        self, name: str, read: Callable[[], Any], put: Callable[[Any], None], changed: SignalInstance
    ) -> None:
        """Keep with the draft something that is no field, such as ticked rows; `read` gives plain JSON values."""
        self._states[name] = (read, put)
        self._clean[name] = read()
        changed.connect(self._keep)

    def show_field(self, name: str, shown: bool) -> None:
        """Show or hide a field with its label; a hidden one is not judged."""
        self._layout.setRowVisible(self._rows[name], shown)

    # Values

    def values(self) -> dict[str, Any]:
        """What each field stands for; None where it is blank or wrong."""
        return {name: value_of(row.field) for name, row in self._rows.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show these values as what is saved: nothing typed, nothing tried. The draft kept is left as it is."""
        self._filling = True
        for name, value in values.items():
            put_value(self._rows[name].field, value)
        self._filling = False
        self.mark_clean()

    def typed(self) -> dict[str, Any]:
        """What was typed, right or wrong, in plain JSON values."""
        fields = {name: typed_of(row.field) for name, row in self._rows.items()}
        return fields | {name: read() for name, (read, _) in self._states.items()}

    @property
    def dirty(self) -> bool:
        """Whether something was typed since the values were shown or saved."""
        return self.typed() != self._clean

    def mark_clean(self) -> None:
        """Take what is shown as what is saved."""
        self._clean = self.typed()
        self._restored.hide()
        self.clear_errors()

    # Drafts

    def keep_draft(self, drafts: Drafts, key: str, label: str) -> None:
        """Keep what is typed under the key at every change, until it is saved or erased; put back what was kept.

        To be called again, after `set_values`, when the form turns to another subject.
        """
        self._draft = _Draft(drafts, key, label)
        self._restored.hide()
        kept = drafts.of(key)
        if kept is None:
            return
        self._put(kept)
        if self.dirty:
            self._restored.show()
            announce(self._restored, "Brouillon repris.")
        else:
            drafts.drop(key)

    def discard(self) -> None:
        """Give up what was typed: show again what is saved, and forget the draft."""
        self._put(self._clean)
        if self._draft is not None:
            self._draft.drafts.drop(self._draft.key)
        self.mark_clean()

    def saved(self) -> None:
        """What is shown is in the base: forget the draft."""
        if self._draft is not None:
            self._draft.drafts.drop(self._draft.key)
        self.mark_clean()

    # Submitting

    def check(self) -> bool:
        """Judge every field; the first wrong one takes the focus and is said."""
        self._tried, self._refused = True, ""
        for row in self._rows.values():
            row.tried, row.refused = True, ""
        self._judge()
        wrong = next((row for row in self._rows.values() if row.error.text()), None)
        if wrong is not None:
            self._point_at(wrong)
        elif self._general.text():
            announce(self._general, self._general.text())
        return wrong is None and not self._general.text()

    def submit(self, build: Callable[[dict[str, Any]], Command]) -> Command | None:
        """The command built from the values; None, the errors shown, when they or `build` (UserError) refuse."""
        if not self.check():
            return None
        try:
            return build(self.values())
        except UserError as error:
            self.show_error(error)
            return None

    def send(
        self,
        desk: Desk,
        function: Callable[[Any, Any, Command], Any],
        build: Callable[[dict[str, Any]], Command],
        *,
        changes: Topics,
        then: Callable[[Any], None] | None = None,
        already: Callable[[AlreadyApplied], None] | None = None,
    ) -> None:
        """Submit to a service: `then` with its result once it is in the base, a refusal shown beside its field.

        The draft is forgotten only then, even when the form was closed while an outage held the command back:
        coming back must not offer a second time what was recorded.
        """
        command = self.submit(build)
        if command is None:
            return
        draft = self._draft

        def is_in_the_base(call: Callable[[Any], None] | None, result: Any) -> None:
            if draft is not None:
                draft.drafts.drop(draft.key)
            if shiboken6.isValid(self):
                self.mark_clean()
                if call is not None:
                    call(result)

        def refused(error: UserError) -> None:
            if isinstance(error, AlreadyApplied):
                is_in_the_base(already, error)
            elif shiboken6.isValid(self):
                self.show_error(error)

        self._set_busy(True)
        desk.execute(
            function,
            command,
            changes=changes,
            then=lambda result: is_in_the_base(then, result),
            failed=refused,
            settled=self._end_busy,
        )

    # Errors

    def show_error(self, error: UserError) -> None:
        """Show a refusal beside its field, or at the end of the form when it names none of these."""
        self.clear_errors()
        row = self._rows.get(error.field or "")
        if row is None:
            self._refused = error.message
            self._judge()
            announce(self._general, error.message)
            return
        row.refuse(error.message)
        self._judge()
        self._point_at(row)

    def clear_errors(self) -> None:
        """Take every refusal away; the fields are quiet again."""
        self._tried, self._refused = False, ""
        for row in self._rows.values():
            row.be_quiet()
        self._judge()

    def _judge(self) -> None:
        """Show what is wrong now in the fields that were tried."""
        sentences = {
            name: row.wrong() if row.refused or self._layout.isRowVisible(row) else ""
            for name, row in self._rows.items()
        }
        general = self._refused
        if self._tried and not any(sentences.values()):
            values = self.values()
            for check in self._checks:
                try:
                    check(values)
                except UserError as error:
                    if error.field in sentences:
                        sentences[error.field] = error.message
                    else:
                        general = error.message
                    break
        for name, row in self._rows.items():
            row.say(sentences[name] if row.tried else "")
        self._general.setText(general)
        self._general.setVisible(bool(general))

    def _point_at(self, row: FormRow) -> None:
        row.field.setFocus(Qt.FocusReason.OtherFocusReason)
        announce(row.field, f"{row.label}\u00a0: {row.error.text()}")

    def _on_change(self, name: str) -> None:
        if self._filling:
            return
        row = self._rows[name]
        self._refused = ""
        row.forget_refusal_of_another_value()
        if row.tried or self._general.text():
            self._judge()
        self._keep()

    def _keep(self) -> None:
        if self._filling:
            return
        if self._draft is not None:
            if self.dirty:
                self._draft.drafts.keep(self._draft.key, self._draft.label, self.typed())
            else:
                self._draft.drafts.drop(self._draft.key)
        self.changed.emit()

    def _put(self, typed: Mapping[str, Any]) -> None:
        self._filling = True
        for name, words in typed.items():
            if name in self._rows:
                put_typed(self._rows[name].field, words)
            elif name in self._states:
                self._states[name][1](words)
        self._filling = False
        self.changed.emit()

    # Keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in _STILL_THERE:
            self._on_left(watched, event.reason() in _BY_TAB)
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and _is_ctrl_enter(event):
            self._ask_to_submit()  # what holds several lines keeps the key from the shortcut
            return True
        return super().eventFilter(watched, event)

    def _on_left(self, field: QObject, by_tab: bool) -> None:
        """Try the field that was left; one passed over by a click or by the program says nothing of being empty."""
        for name, row in self._rows.items():
            if row.field is field and (by_tab or typed_of(row.field) != self._clean[name]):
                row.tried = True
                self._judge()
                if row.error.text():
                    announce(row.field, f"{row.label}\u00a0: {row.error.text()}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in the last field submits, where anyone listens; elsewhere it is for the dialog's own button."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        last = self._last_field()
        if (
            plain
            and self.isSignalConnected(QMetaMethod.fromSignal(self.submitted))
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and last is not None
            and last.hasFocus()
            and not isinstance(last, QPlainTextEdit)
        ):
            self._ask_to_submit()
            return
        super().keyPressEvent(event)

    def _last_field(self) -> QWidget | None:
        usable = [row.field for row in self._rows.values() if row.field.isEnabled() and row.field.isVisible()]
        return usable[-1] if usable else None

    def _ask_to_submit(self) -> None:
        if self._save is None or self._save.isEnabled():
            self.submitted.emit()

    def _set_busy(self, busy: bool) -> None:
        if self._save is not None:
            self._save.setEnabled(not busy)

    def _end_busy(self) -> None:
        self._set_busy(False)

    def _build_restored(self) -> tuple[QWidget, QPushButton]:
        line = QWidget(self)
        inside = QHBoxLayout(line)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(text_label("Brouillon repris ·", "muted", line))
        forget = button("Effacer", line, role="link", tip="Effacer le brouillon")
        forget.setAccessibleName("Effacer le brouillon repris")
        forget.clicked.connect(self.discard)
        inside.addWidget(forget)
        inside.addStretch(1)
        line.hide()
        return line, forget


def _is_ctrl_enter(event: QKeyEvent) -> bool:
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
