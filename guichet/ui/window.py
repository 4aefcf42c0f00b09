"""The main window: navigation on the left, where one is and who acts above, one page at a time, long work below."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import QByteArray, QSettings, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from guichet.rules.deadlines import WEEKDAYS
from guichet.rules.text import format_date, paris_day
from guichet.ui.actions import Action
from guichet.ui.history import History
from guichet.ui.last_place import read_place
from guichet.ui.manual import CHAPTERS, ManualSection, find_section
from guichet.ui.messages import CrashDialog, CrashReport, Question
from guichet.ui.page import Destination, Page, PageEntry, Tools
from guichet.ui.theme import SCALES, Look
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.header import SEPARATOR, Header
from guichet.ui.widgets.help_sheet import HelpSheet
from guichet.ui.widgets.manual_view import ManualDialog
from guichet.ui.widgets.notices import Banner, Toast
from guichet.ui.widgets.palette import PALETTE_KEY, Offers, Palette, PaletteButton
from guichet.ui.widgets.progress import TaskStrip
from guichet.ui.widgets.rail import Rail
from guichet.ui.widgets.tab_order import step
from guichet.ui.window_actions import openings, own_actions
from guichet.ui.wording import NBSP

FIRST_SIZE = (1360, 820)
NAMES_KEPT = 60

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where the window is opened: the town, the base in words, and whether today is the demonstration's fixed day."""

    town: str
    base: str
    fixed_day: bool = False


class MainWindow(QMainWindow):
    """Shows the pages that who acts may use, each built when it is first opened.

    `closed` comes last, with whether someone else is to come in.
    """

    closed = Signal(bool)

    def __init__(self, tools: Tools, place: Place, entries: Sequence[PageEntry], settings: QSettings) -> None:
        super().__init__()
        self.tools = tools
        self.place = place
        self._settings = settings
        self._leaving = False
        self._next_user = False
        self.entries = {entry.name: entry for entry in entries if tools.may(entry.permission)}
        self.pages: dict[str, Page] = {}
        self.history = History()
        self.search = PaletteButton(tools.theme, self)
        self.banner = Banner(tools.theme, self)
        self.notice = Banner(tools.theme, self)
        self.rail = Rail(tools.theme, place.town, tuple(self.entries.values()), self)
        today = self._today_text(tools.desk.clock())
        self.header = Header(tools.theme, tools.desk.actor, today, self.search, self)
        self._stack = QStackedWidget(self)
        centre = self._build_centre()
        self.setCentralWidget(centre)
        self.toast = Toast(centre)
        self._build_status()
        self.commands = Palette(tools, self._offers, self)
        self.help = HelpSheet(
            tools.theme, self.window_actions, self._page_keys, self._help_section, self.open_manual, self
        )
        self._manual: ManualDialog | None = None
        self._names: list[tuple[Destination, str]] = []
        self._connect()
        for action in self.window_actions():
            self._add_shortcut(action)
        self._restore_geometry()
        self.setWindowTitle(f"Guichet — {place.town}")
        tools.preferences.load()

    def go(self, destination: Destination) -> None:
        """Show a page and what was wanted there; a page the role may not see is not opened."""
        if self._show(destination):
            self._note_place()

    def go_back(self) -> None:
        """Show the place seen before this one."""
        place = self.history.back(time.monotonic())
        if place is not None:
            self._show(place)
            self._say_place()

    def go_forward(self) -> None:
        """Show again the place one came back from."""
        place = self.history.forward(time.monotonic())
        if place is not None:
            self._show(place)
            self._say_place()

    def page(self, name: str) -> Page:
        """The page of this name, built now if it was never opened. Raises KeyError for one the role may not see."""
        page = self.pages.get(name)
        if page is None:
            entry = self.entries[name]
            page = self.pages[name] = entry.load()(self.tools, self._stack)
            page.setAccessibleName(entry.title)
            page.go.connect(self.go)
            page.moved.connect(lambda: self._moved(name))
            self._stack.addWidget(page)
        return page

    @property
    def current_name(self) -> str:
        """The name of the page shown, empty before the first."""
        shown = self._stack.currentWidget()
        return next((name for name, page in self.pages.items() if page is shown), "")

    @property
    def current_page(self) -> Page:
        """The page shown. Raises KeyError before the first is."""
        return self.pages[self.current_name]

    def window_actions(self) -> tuple[Action, ...]:
        """What can be done on every page: going to one, back and forward, the look, help, leaving."""
        return (*openings(self), *own_actions(self))

    def open_manual(self) -> None:
        """Open the manual at the section of the page shown."""
        if self._manual is None:
            self._manual = ManualDialog(self.tools.theme, self)
        self._manual.open_at(self._help_address())

    def _help_address(self) -> str:
        return self.entries[self.current_name].help if self.current_name else CHAPTERS[0]

    def _help_section(self) -> ManualSection:
        return find_section(self._help_address())

    def reload_page(self) -> None:
        """Read again what is shown."""
        if self.current_name:
            self.current_page.reload()

    def change_user(self) -> None:
        """Close this window so that someone else comes in."""
        self._next_user = True
        self.close()

    def leave(self) -> None:
        """Close the window; what is not finished is asked about first."""
        self.close()

    def _show(self, destination: Destination) -> bool:
        if destination.page not in self.entries:
            self.tools.messages.warn(
                "Votre compte n’ouvre pas cette page\u00a0: demandez à l’administration."
            )
            return False
        page = self.page(destination.page)
        self.rail.show_current(destination.page)
        self._stack.setCurrentWidget(page)
        if destination.wanted is not None:
            page.open(destination.wanted)
        page.first_focus().setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def _moved(self, name: str) -> None:
        if name == self.current_name:
            self._note_place()

    def _note_place(self) -> None:
        place = Destination(self.current_name, self.current_page.here())
        self.history.note(place, time.monotonic())
        self.tools.preferences.set("place", {"page": place.page, "wanted": place.wanted})
        self._say_place()

    def _say_place(self) -> None:
        title = self.entries[self.current_name].title
        self.header.breadcrumb.show_place(title, self.current_page.crumbs())
        self._name_place(title)
        self.header.allow(self.history.can_go_back, self.history.can_go_forward)
        self.setWindowTitle(f"{title} — Guichet — {self.place.town}")

    def _name_place(self, title: str) -> None:
        place = self.history.present
        if place is not None:
            name = f"{title}{SEPARATOR}{SEPARATOR.join(self.current_page.crumbs())}"
            others = [each for each in self._names if each[0] != place]
            self._names = [*others[-NAMES_KEPT:], (place, name)]

    def _recent(self) -> list[Action]:
        """The places seen that show something more than a page, latest first."""
        names = [
            (place, name) for place in self.history.recent for known, name in self._names if known == place
        ]
        return [
            Action(name, partial(self.go, place), "", self.entries[place.page].icon)
            for place, name in names
            if place.wanted is not None
        ]

    def _page_keys(self) -> tuple[str, Sequence[Action]]:
        if not self.current_name:
            return "", ()
        return self.entries[self.current_name].title, self.current_page.page_actions()

    def _offers(self) -> Offers:
        title, page = self._page_keys()
        own = [each for each in own_actions(self) if each.shortcut != PALETTE_KEY]
        return Offers(self._recent(), title, page, openings(self), own)

    def _take_preferences(self) -> None:
        """Put back the look and the last place of the person who works here."""
        preferences, theme = self.tools.preferences, self.tools.theme
        look, scale = preferences.get("look", ""), preferences.get("scale", 0)
        theme_wanted = (
            Look(look) if look in list(Look) else theme.look,
            scale if scale in SCALES else theme.scale,
        )
        if theme_wanted != (theme.look, theme.scale):
            theme.apply(*theme_wanted)
        self.rail.set_narrow(preferences.get("narrow_rail", False))
        if not self.current_name and self.entries:
            self._go_to_last_place()

    def _go_to_last_place(self) -> None:
        first = Destination(next(iter(self.entries)))
        last = read_place(self.tools.preferences.get("place"), self.entries) or first
        try:
            self.go(last)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # Written by another release, or damaged: not worth a window that does not open.
            log.warning("the last place on page %s is not readable", last.page)
            self.go(first)

    def _build_centre(self) -> QWidget:
        centre = QWidget(self)
        across = QHBoxLayout(centre)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.rail)
        body = QVBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.header)
        notices = QVBoxLayout()
        notices.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, 0)
        notices.addWidget(self.banner)
        notices.addWidget(self.notice)
        body.addLayout(notices)
        body.addWidget(self._stack, 1)
        across.addLayout(body, 1)
        return centre

    def _build_status(self) -> None:
        self.tasks = TaskStrip(self)
        self.statusBar().addWidget(self.tasks, 1)
        words = f"{self.place.base} · date de démonstration" if self.place.fixed_day else self.place.base
        base = text_label(words, "muted", self)
        base.setContentsMargins(Space.MEDIUM, 0, Space.MEDIUM, 0)
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
        self.search.clicked.connect(self.commands.open_over)
        self.commands.go.connect(self.go)
        self.rail.chosen.connect(lambda name: self.go(Destination(name)))
        self.rail.narrowed.connect(lambda narrow: self.tools.preferences.set("narrow_rail", narrow))
        self.header.back_wanted.connect(self.go_back)
        self.header.forward_wanted.connect(self.go_forward)
        self.header.look_chosen.connect(self.choose_look)
        self.header.user_change_wanted.connect(self.change_user)
        self.header.quit_wanted.connect(self.leave)
        self.tools.preferences.loaded.connect(self._take_preferences)

    def _add_shortcut(self, action: Action) -> None:
        if action.shortcut:
            made = QAction(action.label, self)
            made.setShortcut(QKeySequence(action.shortcut))
            made.triggered.connect(lambda _=False: action.run())
            self.addAction(made)

    def choose_look(self, look: Look, scale: int | None = None) -> None:
        """Take another look or text size (a percentage, None for the one in force), and keep it for this person."""
        scale = scale or self.tools.theme.scale
        self.tools.theme.apply(look, scale)
        self.tools.preferences.set("look", look.value)
        self.tools.preferences.set("scale", scale)

    def step_scale(self, by: int) -> None:
        """Make the text larger (1) or smaller (-1), one size at a time."""
        theme = self.tools.theme
        place = max(0, min(len(SCALES) - 1, SCALES.index(theme.scale) + by))
        self.choose_look(theme.look, SCALES[place])

    def _today_text(self, now: datetime) -> str:
        day = paris_day(now)
        return f"{WEEKDAYS[day.weekday()]} {format_date(day)}"

    def _show_warning(self, text: str) -> None:
        self.notice.say(text, "warning", "alert-outline")

    def _show_crash(self, report: CrashReport) -> None:
        CrashDialog(report, self).open()

    def _restore_geometry(self) -> None:
        geometry = self._settings.value("window/geometry", QByteArray(), type=QByteArray)
        if not (
            isinstance(geometry, QByteArray) and not geometry.isEmpty() and self.restoreGeometry(geometry)
        ):
            self.resize(*FIRST_SIZE)

    def focusNextPrevChild(self, forwards: bool) -> bool:
        return step(self, forwards) or super().focusNextPrevChild(forwards)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.toast.place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape, where nothing inside took it, goes one step back."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.current_name and self.current_page.step_back():
            self._note_place()
        elif self.notice.isVisible():
            self.notice.hide()
        else:
            self.go_back()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.BackButton:
            self.go_back()
        elif event.button() is Qt.MouseButton.ForwardButton:
            self.go_forward()
        else:
            super().mousePressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        reasons = [] if self._leaving else self._reasons_to_stay()
        if reasons:
            event.ignore()
            self.tools.messages.ask(
                Question("Quitter Guichet", "\n".join(reasons), "Quitter quand même", "Rester", danger=True),
                then=self._leave_anyway,
                otherwise=self._stay,
                parent=self,
            )
            return
        self._settings.setValue("window/geometry", self.saveGeometry())
        self.tools.preferences.flush()
        self.hide()
        self.tools.desk.close()
        event.accept()
        self.closed.emit(self._next_user)

    def _reasons_to_stay(self) -> list[str]:
        reasons = []
        if self.tasks.running:
            reasons.append(
                f"Un travail est en cours{NBSP}: {', '.join(self.tasks.running)}. Il sera arrêté proprement."
            )
        if self.tools.desk.unsaved:
            reasons.append("Des actions ne sont pas encore enregistrées.")
        if self.tools.drafts.pending:
            reasons.append(
                f"Des saisies ne sont pas enregistrées{NBSP}: {', '.join(self.tools.drafts.pending)}."
            )
        return reasons

    def _leave_anyway(self) -> None:
        self._leaving = True
        self.close()

    def _stay(self) -> None:
        self._next_user = False
