"""« Paramètres »: what the town decides, section by section."""

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QScrollArea, QStackedWidget, QWidget

from guichet.ui.actions import Action
from guichet.ui.page import Page, Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.facts import scrolling
from guichet.ui.widgets.settings_calendar import CalendarSection
from guichet.ui.widgets.settings_deadlines import DeadlinesSection
from guichet.ui.widgets.settings_desk import DeskSection
from guichet.ui.widgets.settings_form import SAVE_KEY
from guichet.ui.widgets.settings_portals import PortalsSection
from guichet.ui.widgets.settings_section import SettingsSection, holds_focus
from guichet.ui.widgets.settings_tariffs import TariffsSection
from guichet.ui.widgets.settings_town import TownSection
from guichet.ui.widgets.settings_users import UsersSection

SECTIONS: tuple[type[SettingsSection], ...] = (
    TownSection,
    CalendarSection,
    DeadlinesSection,
    TariffsSection,
    DeskSection,
    UsersSection,
    PortalsSection,
)


class SettingsPage(Page):
    """The sections on the left, the chosen one on the right. `open({"section": "users"})` shows one."""

    topics = frozenset({Topic.SETTINGS})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.sections: dict[str, SettingsSection] = {}
        self._areas: dict[str, QScrollArea] = {}
        self._read: set[str] = set()
        self.list = QListWidget(self)
        self.list.setAccessibleName("Sections des paramètres")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for kind in SECTIONS:
            item = QListWidgetItem(kind.title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, kind.name)
        self._stack = QStackedWidget(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        layout.setSpacing(Space.LARGE)
        layout.addWidget(self.list)
        layout.addWidget(self._stack, 1)
        self._fit_list()
        self.theme.changed.connect(self._fit_list)
        self.list.currentRowChanged.connect(self._section_chosen)
        self.list.itemActivated.connect(lambda _: self._enter())
        self.list.setCurrentRow(0)

    @property
    def section(self) -> SettingsSection:
        """The section shown."""
        return self.sections[self._name()]

    def reload(self) -> None:
        self._read = {self._name()}
        self.section.reload()

    def open(self, wanted: Any) -> None:
        name = wanted.get("section") if isinstance(wanted, dict) else wanted
        for place, kind in enumerate(SECTIONS):
            if kind.name == name:
                self.list.setCurrentRow(place)

    def here(self) -> Any:
        return {"section": self._name()}

    def crumbs(self) -> tuple[str, ...]:
        return (self.section.title,)

    def page_actions(self) -> tuple[Action, ...]:
        sections = [
            Action(
                f"Paramètres\u00a0: {kind.title}",
                partial(self.open, kind.name),
                "",
                "cog-outline",
                "réglages",
            )
            for kind in SECTIONS
        ]
        return (
            Action("Enregistrer", self.save, SAVE_KEY, "content-save-outline"),
            *sections,
        )

    def save(self) -> None:
        """Save what was typed in the section shown."""
        self.section.save()

    def step_back(self) -> bool:
        if self.section.step_back():
            return True
        if holds_focus(self._stack):
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        return False

    def first_focus(self) -> QWidget:
        return self.list

    def show_example(self) -> None:
        self.section.show_example()

    def _name(self) -> str:
        item = self.list.currentItem()
        name: str = item.data(Qt.ItemDataRole.UserRole)
        return name

    def _section_chosen(self, place: int) -> None:
        kind = SECTIONS[place]
        if kind.name not in self.sections:
            section = self.sections[kind.name] = kind(self.tools, self)
            self._areas[kind.name] = scrolling(section, self)
            self._stack.addWidget(self._areas[kind.name])
        self._stack.setCurrentWidget(self._areas[kind.name])
        if self.isVisible() and kind.name not in self._read:
            self._read.add(kind.name)
            self.section.reload()
        self.moved.emit()

    def _enter(self) -> None:
        self.section.first_field().setFocus(Qt.FocusReason.TabFocusReason)

    def _fit_list(self) -> None:
        metrics = self.list.fontMetrics()
        widest = max(metrics.horizontalAdvance(kind.title) for kind in SECTIONS)
        self.list.setFixedWidth(widest + metrics.averageCharWidth() * 6)
