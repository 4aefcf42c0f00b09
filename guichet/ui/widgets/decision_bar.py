"""The bar of decisions: one key each; a refusal, a complement or a derogation is written in the bar itself, never in a dialog."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.errors import UserError
from guichet.rules.requests import REFUSAL_LABELS, RefusalCode
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import button, choose, restyle, text_label


class Key(Enum):
    """A decision and the key that takes it."""

    ACCEPT = "A"
    WAIT = "L"
    REFUSE = "R"
    COMPLEMENT = "C"
    TAKE_UP = "P"
    UNDO = "Ctrl+Z"


@dataclass(frozen=True)
class _Act:
    key: Key
    label: str
    role: str
    tip: str


_ACTS = (
    _Act(Key.ACCEPT, "Accepter", "primary", "Accepter ce qui est coché"),
    _Act(Key.WAIT, "Liste d’attente", "", "Mettre ce qui est coché sur liste d’attente"),
    _Act(Key.REFUSE, "Refuser…", "danger", "Refuser ce qui est coché, avec un motif"),
    _Act(Key.COMPLEMENT, "Complément…", "", "Demander un complément à la famille"),
    _Act(Key.TAKE_UP, "Prendre en charge", "", "La famille ne pourra plus modifier sa demande"),
    _Act(Key.UNDO, "Revenir", "", "Revenir sur la décision tant que la réponse n’est pas partie"),
)


class WritingPanel(QStackedWidget):
    """What is being written; `turned` when it is shown (True) or put away."""

    turned = Signal(bool)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.turned.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.turned.emit(False)


class DecisionBar(QFrame):
    """Signals: `accepted` and `waited` (override reason, empty when none), `refused` (code, text), `asked` (text),
    `taken_up`, `undone`. `edited` when what is being written changed, `closed` when it was taken or given up.

    `written` is what is being written, as plain values that `restore` shows again.
    """

    accepted = Signal(str)
    waited = Signal(str)
    refused = Signal(str, str)
    asked = Signal(str)
    taken_up = Signal()
    undone = Signal()
    edited = Signal()
    closed = Signal()

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.setProperty("role", "bar")
        self.buttons: dict[Key, QPushButton] = {}
        self._shortcuts: dict[Key, QShortcut] = {}
        self.panel = WritingPanel(self)
        self.panel.hide()
        row = QHBoxLayout()
        for act in _ACTS:
            made = button(f"{act.label}  ({act.key.value})", self, role=act.role, tip=act.tip)
            made.setAccessibleName(f"{act.label.rstrip('…')}, touche {act.key.value}")
            made.clicked.connect(lambda _=False, key=act.key: self.press(key))
            self.buttons[act.key] = made
            row.addWidget(made)
            if act.key is Key.REFUSE:
                row.addStretch(1)
            shortcut = QShortcut(QKeySequence(act.key.value), page)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setAutoRepeat(False)  # a key held down must not decide one request after another
            shortcut.activated.connect(lambda key=act.key: self.press(key))
            self._shortcuts[act.key] = shortcut
        self._build_refusal()
        self._build_complement()
        self._build_override()
        self._panels = {
            "refuse": self._refusal,
            "complement": self._complement,
            "override": self._override,
        }
        self.code.activated.connect(lambda _: self._note())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.TIGHT, Space.LARGE, Space.TIGHT)
        layout.setSpacing(Space.TIGHT)
        layout.addWidget(self.panel)
        layout.addLayout(row)
        self._again: Key = Key.ACCEPT
        self.allow(frozenset())

    def allow(self, keys: Collection[Key]) -> None:
        """Let only these keys act."""
        for key, made in self.buttons.items():
            made.setEnabled(key in keys)
            self._shortcuts[key].setEnabled(key in keys)

    def press(self, key: Key) -> None:
        """As the key or the button does; nothing happens while it is not possible."""
        if not self.buttons[key].isEnabled():
            return
        match key:
            case Key.ACCEPT:
                self.accepted.emit("")
            case Key.WAIT:
                self.waited.emit("")
            case Key.REFUSE:
                self._open(self._refusal, self.code)
            case Key.COMPLEMENT:
                self._open(self._complement, self.question)
            case Key.TAKE_UP:
                self.taken_up.emit()
            case Key.UNDO:
                self.undone.emit()

    def suggest_refusal(self, code: str) -> None:
        """Start the refusal from the reason that the rules propose."""
        choose(self.code, code)

    def ask_override(self, error: UserError, again: Key) -> None:
        """Ask for the reason of a derogation, then take the same decision with it."""
        self._again = again
        self._override_label.setText(error.message)
        self._open(self._override, self.reason)

    def written(self) -> dict[str, Any]:
        """What is being written, as plain values; empty when nothing was typed and no panel is open."""
        values = {
            "panel": self._panel_name() if self.writing else "",
            "code": self.code.currentData(),
            "text": self.text.text(),
            "question": self.question.text(),
            "reason": self.reason.text(),
            "again": self._again.value,
            "why": self._override_label.text(),
        }
        typed = any(values[name] for name in ("text", "question", "reason"))
        return values if typed or self.writing else {}

    def restore(self, values: Mapping[str, Any] | None) -> None:
        """Show again what was being written (None: nothing), without taking the cursor."""
        values = values or {}
        self._clear_error()
        choose(self.code, values.get("code", self.code.currentData()))
        for field, name in ((self.text, "text"), (self.question, "question"), (self.reason, "reason")):
            field.setText(values.get(name, ""))
        self._again = Key(values.get("again", Key.ACCEPT.value))
        self._override_label.setText(values.get("why", ""))
        panel = self._panels.get(values.get("panel", ""))
        if panel is not None:
            self._show_panel(panel)
        self.panel.setVisible(panel is not None)

    def _panel_name(self) -> str:
        shown = self.panel.currentWidget()
        return next((name for name, panel in self._panels.items() if panel is shown), "")

    def _note(self) -> None:
        self._clear_error()
        self.edited.emit()

    def show_error(self, error: UserError) -> None:
        """Show a refusal of the service in the panel that is open."""
        field = {"text": self._text_field(), "code": self.code, "override_reason": self.reason}.get(
            error.field or ""
        )
        self.error.setText(error.message)
        self.error.show()
        if field is not None:
            field.setProperty("invalid", True)
            field.setAccessibleDescription(error.message)
            restyle(field)
            field.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_panel(self) -> None:
        """Close what is being written and forget it; the decision was taken or given up."""
        for field in (self.text, self.question, self.reason):
            field.clear()
        self.fold()

    def fold(self) -> None:
        """Close the panel; what was typed comes back when it is opened again."""
        self._clear_error()
        if self.writing:
            self.panel.hide()
            self.closed.emit()

    @property
    def writing(self) -> bool:
        """Whether something is being written in the bar."""
        return not self.panel.isHidden()

    def _text_field(self) -> QLineEdit:
        return self.question if self.panel.currentWidget() is self._complement else self.text

    def _build_refusal(self) -> None:
        self.code = QComboBox(self)
        for code, label in REFUSAL_LABELS.items():
            self.code.addItem(label.capitalize(), code.value)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Ce que lira la famille (obligatoire pour «\u00a0autre\u00a0»)")
        self._refusal = self._build_panel(
            (("&Motif", self.code), ("&Texte", self.text)), "Refuser", "danger", self._refuse
        )
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # the reason proposed is often the right one
            confirm = QShortcut(QKeySequence(key), self.code, self._refuse)
            confirm.setContext(Qt.ShortcutContext.WidgetShortcut)
        self.error = text_label("", "error", self, wrap=True)
        self.error.hide()
        inside = self._refusal.layout()
        if inside is not None:
            inside.addWidget(self.error)

    def _build_complement(self) -> None:
        self.question = QLineEdit(self)
        self.question.setPlaceholderText("Ce que la famille doit fournir\u00a0: elle lira cette phrase")
        self._complement = self._build_panel(
            (("D&emander", self.question),), "Envoyer la demande", "primary", self._ask
        )

    def _build_override(self) -> None:
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText("Raison de la dérogation, gardée au journal")
        self._override = self._build_panel(
            (("&Raison", self.reason),), "Passer outre", "primary", self._override_again
        )
        self._override_label = text_label("", "", self, wrap=True)
        inside = self._override.layout()
        if isinstance(inside, QVBoxLayout):
            inside.insertWidget(0, self._override_label)

    def _build_panel(
        self, fields: tuple[tuple[str, QWidget], ...], verb: str, role: str, act: Callable[[], None]
    ) -> QWidget:
        panel = QWidget(self.panel)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, Space.TIGHT)
        row = QHBoxLayout()
        for title, field in fields:
            label = text_label(title, "", panel)
            label.setBuddy(field)
            field.setAccessibleName(title.replace("&", ""))
            row.addWidget(label)
            row.addWidget(field, 1 if isinstance(field, QLineEdit) else 0)
            if isinstance(field, QLineEdit):
                field.returnPressed.connect(act)
                field.textEdited.connect(self._note)
        done = button(verb, panel, role=role)
        done.clicked.connect(act)
        cancel = button("Annuler", panel, tip="Abandonner\u202f; Échap referme et garde le texte")
        cancel.clicked.connect(self.close_panel)
        row.addWidget(done)
        row.addWidget(cancel)
        column.addLayout(row)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), panel)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.fold)
        self.panel.addWidget(panel)
        return panel

    def _open(self, panel: QWidget, field: QWidget) -> None:
        self._clear_error()
        self._show_panel(panel)
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edited.emit()

    def _show_panel(self, panel: QWidget) -> None:
        inside = panel.layout()
        if inside is not None:
            inside.addWidget(self.error)
        for each in self._panels.values():  # the highest of the others must not take room
            kept = QSizePolicy.Policy.Preferred if each is panel else QSizePolicy.Policy.Ignored
            each.setSizePolicy(QSizePolicy.Policy.Preferred, kept)
        self.panel.setCurrentWidget(panel)
        self.panel.show()

    def _clear_error(self) -> None:
        self.error.hide()
        for field in (self.text, self.question, self.reason, self.code):
            if field.property("invalid"):
                field.setProperty("invalid", False)
                field.setAccessibleDescription("")
                restyle(field)

    def _refuse(self) -> None:
        code = self.code.currentData()
        if code == RefusalCode.AUTRE.value and not self.text.text().strip():
            self.show_error(
                UserError(
                    "Écrivez le motif\u00a0: «\u00a0autre\u00a0» ne dit rien à la famille.", field="text"
                )
            )
            return
        self.refused.emit(code, self.text.text().strip())

    def _ask(self) -> None:
        if not self.question.text().strip():
            self.show_error(UserError("Écrivez ce que la famille doit fournir.", field="text"))
            return
        self.asked.emit(self.question.text().strip())

    def _override_again(self) -> None:
        reason = self.reason.text().strip()
        if not reason:
            self.show_error(UserError("Écrivez la raison de la dérogation.", field="override_reason"))
            return
        (self.accepted if self._again is Key.ACCEPT else self.waited).emit(reason)
