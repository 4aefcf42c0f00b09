"""What stands between the header and the page: the banner of an outage or a refusal, and the passing toast."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from guichet.rules.errors import EnvironmentProblem
from guichet.ui.actions import with_key
from guichet.ui.desk import Desk
from guichet.ui.messages import Confirmation
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import Sentence, button, restyle
from guichet.ui.widgets.basics import announce as announce
from guichet.ui.wording import count

TOAST_KEY = "Ctrl+Shift+Z"
TOAST_MILLISECONDS = 5_000
UNDO_MILLISECONDS = 10_000


class Banner(QFrame):
    """A sentence that stays until it is acted on: « Réessayer », or « Fermer »."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "banner")
        self._icon = QLabel(self)
        self.text = Sentence("", self)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.action = button("Réessayer", self)
        self.close_button = button("Fermer", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        layout.addWidget(self._icon)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.action)
        layout.addWidget(self.close_button)
        self._desk: Desk | None = None
        self._on_action: Callable[[], None] | None = None
        self._on_close: Callable[[], None] | None = None
        self.action.clicked.connect(self._act)
        self.close_button.clicked.connect(self._close)
        self.hide()

    def say(
        self,
        text: str,
        tone: str,
        icon: str,
        *,
        action: str = "",
        on_action: Callable[[], None] | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        """Show a sentence in the tone `danger` or `warning`."""
        colours = self._theme.colours
        colour = colours.danger if tone == "danger" else colours.warning_text
        size = self.fontMetrics().height()
        self._icon.setPixmap(self._theme.icon(icon, colour).pixmap(size, size))
        self._icon.setAccessibleName("Attention" if tone == "warning" else "Erreur")
        self.text.setText(text)
        self.setProperty("tone", tone)
        for widget in (self, self.text):
            restyle(widget)
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self._on_action, self._on_close = on_action, on_close
        self.show()
        announce(self, text)

    def follow(self, desk: Desk) -> None:
        """Say each outage of the desk, with the way out of it, until it is over."""
        self._desk = desk
        desk.outage.connect(self._say_outage)
        desk.recovered.connect(self.hide)

    def _say_outage(self, problem: EnvironmentProblem) -> None:
        desk = self._desk
        if desk is None:
            return
        unsaved = desk.unsaved
        kept = ""
        if unsaved:
            kept = f" {count(unsaved, 'action attend', 'actions attendent')} d’être enregistrée{'s' if unsaved > 1 else ''}."
        self.say(
            problem.message + kept,
            "danger",
            "lan-disconnect",
            action="Réessayer",
            on_action=desk.retry,
            on_close=self._give_up,
        )

    def _give_up(self) -> None:
        desk = self._desk
        if desk is None:
            return
        unsaved = desk.unsaved
        desk.give_up()
        if unsaved:
            self.say(
                "Vérifiez si l’action a été enregistrée avant de la refaire\u00a0: la réponse de la base s’est perdue.",
                "warning",
                "alert-outline",
            )

    def _act(self) -> None:
        self.hide()
        if self._on_action is not None:
            self._on_action()

    def _close(self) -> None:
        self.hide()
        if self._on_close is not None:
            self._on_close()


class Toast(QFrame):
    """A confirmation that goes away by itself, with « Annuler » where the act can be taken back; it takes no focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self._undo: Callable[[], None] | None = None
        self.setProperty("role", "toast")
        self.text = Sentence("", self)
        self.undo = button("", self, role="toast")
        self.undo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.undo.clicked.connect(self.act)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        layout.addWidget(self.text)
        layout.addWidget(self.undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, confirmation: Confirmation) -> None:
        """Show it at the bottom of the parent, centred, for some seconds."""
        self._undo = confirmation.undo
        self.text.setText(confirmation.text)
        self.undo.setText(confirmation.label)
        self.undo.setToolTip(with_key(confirmation.label, TOAST_KEY))
        self.undo.setVisible(confirmation.undo is not None)
        # Without a button it must not stand between the mouse and what it covers.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, confirmation.undo is None)
        self.adjustSize()
        self.place()
        self.show()
        self.raise_()
        self._timer.start(UNDO_MILLISECONDS if confirmation.undo else TOAST_MILLISECONDS)
        announce(self, confirmation.text)

    def place(self) -> None:
        """Stay near the bottom, above the decision bar, when the parent changes size."""
        area = self._area.rect()
        lift = self.fontMetrics().height() * 4
        self.move((area.width() - self.width()) // 2, area.height() - self.height() - lift)

    def act(self) -> None:
        """Do what its button offers, while it is shown."""
        if self.isHidden():
            return
        undo, self._undo = self._undo, None
        self.hide()
        if undo is not None:
            undo()
