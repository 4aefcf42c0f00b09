"""Above the page: back and forward, where one is, the search, today's date and who works here."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from guichet.rules.permissions import ROLE_LABELS
from guichet.services.transaction import Actor
from guichet.ui.actions import with_key
from guichet.ui.theme import SCALES, Look, Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import PlainLabel, text_label
from guichet.ui.wording import NBSP

LOOK_LABELS = {Look.SYSTEM: "Comme le système", Look.LIGHT: "Clair", Look.DARK: "Sombre"}
BACK_KEY, FORWARD_KEY = "Alt+Left", "Alt+Right"
SEPARATOR = "  ›  "
LEFT_TO_RIGHT, ISOLATE, END = "\u200e", "\u2068", "\u2069"


class _Steps(PlainLabel):
    """Words cut at the end where room lacks; the whole of them in the tooltip."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", parent)
        self._whole = ""
        self.setProperty("role", "crumbs")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_steps(self, crumbs: Sequence[str]) -> None:
        """Say each step after the page."""
        # Each in its own direction: an Arabic name must not turn the whole round.
        self._whole = "".join(f"{LEFT_TO_RIGHT}{SEPARATOR}{ISOLATE}{crumb}{END}" for crumb in crumbs if crumb)
        self.setAccessibleName(", ".join(crumbs))
        self.setToolTip(SEPARATOR.join(crumb for crumb in crumbs if crumb))
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))


class Breadcrumb(QWidget):
    """The page's title, then what it shows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = text_label("", "title", self)
        self.steps = _Steps(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title)
        layout.addWidget(self.steps, 1)

    def show_place(self, title: str, crumbs: Sequence[str]) -> None:
        """Say where one is."""
        self.title.setText(title)
        self.steps.show_steps(crumbs)


class Header(QFrame):
    """`back_wanted`, `forward_wanted`, `look_chosen` (Look, scale in percent), `user_change_wanted`, `quit_wanted`."""

    back_wanted = Signal()
    forward_wanted = Signal()
    look_chosen = Signal(object, int)
    user_change_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, theme: Theme, actor: Actor, today: str, search: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "header")
        self.back = self._arrow("Page précédente", BACK_KEY)
        self.forward = self._arrow("Page suivante", FORWARD_KEY)
        self.back.clicked.connect(self.back_wanted)
        self.forward.clicked.connect(self.forward_wanted)
        self.breadcrumb = Breadcrumb(self)
        self.today = text_label(today, "", self)
        self.today.setToolTip(today)
        self._looks = QActionGroup(self)
        self._scales = QActionGroup(self)
        self.user = self._build_user(actor)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self.back)
        layout.addWidget(self.forward)
        layout.addWidget(self.breadcrumb, 3)
        layout.addWidget(search, 2)
        layout.addSpacing(Space.TIGHT)
        layout.addWidget(self.today)
        layout.addWidget(self.user)
        theme.changed.connect(self._dress)
        self._dress()

    def allow(self, back: bool, forward: bool) -> None:
        """Let the arrows live where there is a place to go to."""
        self.back.setEnabled(back)
        self.forward.setEnabled(forward)

    def _arrow(self, text: str, key: str) -> QToolButton:
        arrow = QToolButton(self)
        arrow.setProperty("role", "arrow")
        arrow.setAccessibleName(text)
        arrow.setToolTip(with_key(text, key))
        arrow.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return arrow

    def _build_user(self, actor: Actor) -> QToolButton:
        roles = ", ".join(ROLE_LABELS[role] for role in sorted(actor.roles))
        user = QToolButton(self)
        user.setText(actor.display_name.replace("&", "&&"))
        user.setAccessibleName(f"Compte{NBSP}: {actor.display_name}, {roles}")
        user.setToolTip(f"{roles}. Affichage, changement d’utilisateur")
        user.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        user.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        user.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        user.setMenu(self._build_menu())
        return user

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        theme = self._theme
        for look, label in LOOK_LABELS.items():
            action = self._looks.addAction(menu.addAction(label))
            action.setCheckable(True)
            action.setData(look)
            action.triggered.connect(lambda _=False, look=look: self.look_chosen.emit(look, theme.scale))
        menu.addSeparator()
        for scale in SCALES:
            action = self._scales.addAction(menu.addAction(f"Texte à {scale}{NBSP}%"))
            action.setCheckable(True)
            action.setData(scale)
            action.triggered.connect(lambda _=False, scale=scale: self.look_chosen.emit(theme.look, scale))
        menu.addSeparator()
        menu.addAction("Changer d’utilisateur…", self.user_change_wanted.emit)
        menu.addAction("Quitter\tCtrl+Q", self.quit_wanted.emit)
        return menu

    def _dress(self) -> None:
        side = self.fontMetrics().height() + 4
        # What follows the date itself gives way to a long title.
        self.today.setMinimumWidth(self.fontMetrics().horizontalAdvance(self.today.text().split(" (")[0]))
        for button, icon in (
            (self.back, "arrow-left"),
            (self.forward, "arrow-right"),
            (self.user, "account-circle-outline"),
        ):
            button.setIcon(self._theme.icon(icon))
            button.setIconSize(QSize(side, side))
        for group, chosen in ((self._looks, self._theme.look), (self._scales, self._theme.scale)):
            for action in group.actions():
                action.setChecked(action.data() == chosen)
