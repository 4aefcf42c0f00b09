"""The main window: navigation on the left, who acts and today's date above, one page at a time, the status area below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QIcon, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.permissions import ROLE_LABELS
from guichet.rules.text import format_date, paris_day
from guichet.services import accounts
from guichet.ui.messages import CrashDialog, CrashReport
from guichet.ui.page import Destination, Page, Tools
from guichet.ui.theme import SCALES, Look
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.notices import Banner, Toast
from guichet.ui.widgets.progress import TaskStrip
from guichet.ui.widgets.quick_search import QuickSearch

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
LOOK_LABELS = {Look.SYSTEM: "Comme le système", Look.LIGHT: "Clair", Look.DARK: "Sombre"}


@dataclass(frozen=True)
class Place:
    """Where the window is opened: the town, the base in words, and whether today is the demonstration's fixed day."""

    town: str
    base: str
    fixed_day: bool = False


class MainWindow(QMainWindow):
    """Shows the pages that who acts may use. `user_change_wanted` asks for the login dialog again, `closed` comes last."""

    user_change_wanted = Signal()
    closed = Signal()

    def __init__(self, tools: Tools, place: Place, pages: Sequence[type[Page]], settings: QSettings) -> None:
        super().__init__()
        self.tools = tools
        self.place = place
        self._settings = settings
        self.setWindowTitle(f"Guichet — {place.town}")
        self.pages: dict[str, Page] = {}
        self._looks: dict[Look, QAction] = {}
        self._scales: dict[int, QAction] = {}
        self._buttons: dict[str, QToolButton] = {}
        self._stack = QStackedWidget(self)
        self.search = QuickSearch(tools, self)
        self.search.go.connect(self.go)
        self.banner = Banner(tools.theme, self)
        self.notice = Banner(tools.theme, self)
        self._nav = self._build_navigation()
        centre = self._build_centre()
        self.setCentralWidget(centre)
        self.toast = Toast(centre)
        self._build_status()
        for page in pages:
            if tools.may(page.permission):
                self._add_page(page(tools, self))
        self._connect()
        self._restore_geometry()
        self._refresh_icons()
        tools.desk.fetch(accounts.preferences, None, then=self._show_preferences)
        if self.pages:
            self.go(Destination(next(iter(self.pages))))

    def go(self, destination: Destination) -> None:
        """Show a page and what was wanted there; a page the role may not see is not opened."""
        page = self.pages.get(destination.page)
        if page is None:
            self.tools.messages.warning.emit(
                "Votre compte n’ouvre pas cette page : demandez à l’administration."
            )
            return
        self._buttons[destination.page].setChecked(True)
        self._stack.setCurrentWidget(page)
        self._title.setText(page.title)
        self.setWindowTitle(f"{page.title} — Guichet — {self.place.town}")
        if destination.wanted is not None:
            page.open(destination.wanted)
        page.first_focus().setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def current_page(self) -> Page:
        """The page shown."""
        page = self._stack.currentWidget()
        assert isinstance(page, Page)  # noqa: S101 - only pages are ever added
        return page

    def _build_navigation(self) -> QFrame:
        nav = QFrame(self)
        nav.setProperty("role", "nav")
        nav.setAccessibleName("Navigation")
        layout = QVBoxLayout(nav)
        layout.setContentsMargins(12, 16, 12, 12)
        layout.setSpacing(4)
        layout.addWidget(text_label("Guichet", "brand", nav))
        town = text_label(self.place.town, "town", nav, wrap=True)
        layout.addWidget(town)
        layout.addSpacing(16)
        self._nav_layout = QVBoxLayout()
        self._nav_layout.setSpacing(4)
        layout.addLayout(self._nav_layout)
        layout.addStretch(1)
        self._group = QButtonGroup(nav)
        self._group.setExclusive(True)
        return nav

    def _add_page(self, page: Page) -> None:
        number = len(self.pages) + 1
        button = QToolButton(self._nav)
        button.setText(page.title)
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"{page.title} (Ctrl+{number})")
        button.clicked.connect(lambda: self.go(Destination(page.name)))
        self._group.addButton(button)
        self._nav_layout.addWidget(button)
        action = QAction(page.title, self)
        action.setShortcut(QKeySequence(f"Ctrl+{number}"))
        action.triggered.connect(lambda: self.go(Destination(page.name)))
        self.addAction(action)
        page.go.connect(self.go)
        self.pages[page.name] = page
        self._buttons[page.name] = button
        self._stack.addWidget(page)

    def _build_centre(self) -> QWidget:
        centre = QWidget(self)
        across = QHBoxLayout(centre)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self._nav)
        body = QVBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._build_header())
        notices = QVBoxLayout()
        notices.setContentsMargins(12, 8, 12, 0)
        notices.addWidget(self.banner)
        notices.addWidget(self.notice)
        body.addLayout(notices)
        body.addWidget(self._stack, 1)
        across.addLayout(body, 1)
        return centre

    def _build_header(self) -> QFrame:
        header = QFrame(self)
        header.setProperty("role", "header")
        layout = QHBoxLayout(header)
        layout.setContentsMargins(16, 8, 12, 8)
        layout.setSpacing(12)
        self._title = text_label("", "title", header)
        layout.addWidget(self._title)
        layout.addStretch(1)
        layout.addWidget(self.search, 2)
        self.today = QLabel(self._today_text(self.tools.desk.clock()), header)
        layout.addWidget(self.today)
        self.user = QToolButton(header)
        actor = self.tools.desk.actor
        roles = ", ".join(ROLE_LABELS[role] for role in sorted(actor.roles))
        self.user.setText(f"{actor.display_name} · {roles}")
        self.user.setAccessibleName(f"Compte : {actor.display_name}, {roles}")
        self.user.setToolTip("Affichage et changement d’utilisateur")
        self.user.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.user.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.user.setMenu(self._build_menu())
        layout.addWidget(self.user)
        return header

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        theme = self.tools.theme
        looks = QActionGroup(self)
        for look, label in LOOK_LABELS.items():
            action = menu.addAction(label)
            action.setCheckable(True)
            action.setChecked(theme.look is look)
            action.triggered.connect(lambda _=False, look=look: self._choose_look(look, theme.scale))
            looks.addAction(action)
            self._looks[look] = action
        menu.addSeparator()
        sizes = QActionGroup(self)
        for scale in SCALES:
            action = menu.addAction(f"Texte à {scale} %".replace(" %", "\u00a0%"))
            action.setCheckable(True)
            action.setChecked(theme.scale == scale)
            action.triggered.connect(lambda _=False, scale=scale: self._choose_look(theme.look, scale))
            sizes.addAction(action)
            self._scales[scale] = action
        menu.addSeparator()
        menu.addAction("Changer d’utilisateur…", self.user_change_wanted.emit)
        menu.addAction("Quitter", QKeySequence("Ctrl+Q"), self.close)
        return menu

    def _choose_look(self, look: Look, scale: int) -> None:
        self.tools.theme.apply(look, scale)
        self.tools.desk.execute(
            accounts.save_preferences, {"look": look.value, "scale": scale}, changes=NOTHING
        )

    def _show_preferences(self, chosen: dict[str, Any]) -> None:
        theme = self.tools.theme
        look = Look(chosen["look"]) if chosen.get("look") in list(Look) else theme.look
        scale = chosen["scale"] if chosen.get("scale") in SCALES else theme.scale
        if (look, scale) != (theme.look, theme.scale):
            theme.apply(look, scale)
        self._looks[look].setChecked(True)
        self._scales[scale].setChecked(True)

    def _build_status(self) -> None:
        self.tasks = TaskStrip(self)
        self.statusBar().addWidget(self.tasks, 1)
        base = text_label(self.place.base, "muted", self)
        base.setContentsMargins(12, 2, 12, 2)
        self.statusBar().addPermanentWidget(base)
        self.statusBar().setSizeGripEnabled(False)

    def _connect(self) -> None:
        desk, messages = self.tools.desk, self.tools.messages
        desk.outage.connect(messages.note_outage)
        desk.refused.connect(messages.refuse)
        desk.crashed.connect(messages.report_bug)
        desk.task_started.connect(self.tasks.follow)
        self.banner.follow(desk)
        messages.warning.connect(self._show_warning)
        messages.toast.connect(self.toast.say)
        messages.crash.connect(self._show_crash)
        self.tools.theme.changed.connect(self._refresh_icons)
        focus_search = QAction("Rechercher", self)
        focus_search.setShortcut(QKeySequence("Ctrl+K"))
        focus_search.triggered.connect(self.search.focus)
        self.addAction(focus_search)
        reload_page = QAction("Actualiser", self)
        reload_page.setShortcut(QKeySequence("F5"))
        reload_page.triggered.connect(self._reload_page)
        self.addAction(reload_page)

    def _reload_page(self) -> None:
        self.current_page.reload()

    def _today_text(self, now: datetime) -> str:
        day = paris_day(now)
        text = f"{WEEKDAYS[day.weekday()]} {format_date(day)}"
        return f"{text} (date de démonstration)" if self.place.fixed_day else text

    def _show_warning(self, text: str) -> None:
        self.notice.say(text, "warning", "alert-outline")

    def _show_crash(self, report: CrashReport) -> None:
        CrashDialog(report, self).open()

    def _refresh_icons(self) -> None:
        colours = self.tools.theme.colours
        side = self.fontMetrics().height() + 4
        for name, button in self._buttons.items():
            icon = QIcon()
            for state, colour in (
                (QIcon.State.Off, colours.nav_text),
                (QIcon.State.On, colours.on_nav_current),
            ):
                drawn = self.tools.theme.icon(self.pages[name].icon, colour)
                icon.addPixmap(drawn.pixmap(side * 2, side * 2), QIcon.Mode.Normal, state)
            button.setIcon(icon)
            button.setIconSize(QSize(side, side))
        self.user.setIcon(self.tools.theme.icon("account-circle-outline"))
        self.user.setIconSize(QSize(side, side))
        self._nav.setFixedWidth(self.fontMetrics().averageCharWidth() * 20 + 40)

    def _restore_geometry(self) -> None:
        geometry = self._settings.value("window/geometry", QByteArray(), type=QByteArray)
        if not (
            isinstance(geometry, QByteArray) and not geometry.isEmpty() and self.restoreGeometry(geometry)
        ):
            self.resize(1360, 820)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.toast.place()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.tools.desk.unsaved and not self._leave_unsaved():
            event.ignore()
            return
        self._settings.setValue("window/geometry", self.saveGeometry())
        self.hide()
        self.tools.desk.close()
        event.accept()
        self.closed.emit()

    def _leave_unsaved(self) -> bool:
        answer = QMessageBox.question(
            self,
            "Quitter Guichet",
            "Des actions ne sont pas encore enregistrées. Quitter quand même ?",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        return answer == QMessageBox.StandardButton.Yes
