"""Families: search at left, the sheets of several families in tabs at right."""

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.services import families, family_sheet
from guichet.services.families import FamilyQuery, FamilyRow
from guichet.ui.actions import Action, with_key
from guichet.ui.page import Page, Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.family_tabs import CLOSE_KEY, FamilyTabs
from guichet.ui.widgets.family_view import FamilyView
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.sql_list import SqlList

TYPING_MILLISECONDS = 120
LIST_KEY = "Ctrl+B"

COLUMNS = (
    Column[FamilyRow]("Famille", lambda row: row.label, None, sort="label", bold=True),
    Column[FamilyRow]("Enfants", lambda row: row.children, None),
    Column[FamilyRow]("Numéro", lambda row: row.number, 13, sort="number", optional=1),
    Column[FamilyRow]("Adultes", lambda row: row.adults, None, extra=True),
    Column[FamilyRow]("Téléphone", lambda row: row.phone, 16, extra=True),
    Column[FamilyRow]("Courriel", lambda row: row.email, 24, extra=True),
    Column[FamilyRow]("Ville", lambda row: row.town, 18, sort="town", extra=True),
)


class FamiliesPage(Page):
    """The list on the left, which can be put away; one tab a family on the right."""

    topics = frozenset({Topic.FAMILIES, Topic.BOOKINGS, Topic.BILLING, Topic.REQUESTS})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._listed: int | None = None
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Nom, enfant, numéro, téléphone, courriel…")
        self.search.setClearButtonEnabled(True)
        self.list = SqlList[FamilyRow](
            tools,
            families.search,
            COLUMNS,
            lambda row: row.family_id,
            name="Familles trouvées",
            empty="Aucune famille ne correspond. L’ordre des mots et les accents ne comptent pas.",
            noun="famille",
            key="families",
            describe=lambda: self.search.text().strip(),
        )
        self.tabs = FamilyTabs(tools, self)
        self.tabs.go.connect(self.go)
        self.tabs.moved.connect(self.moved)
        self.toggle = button("‹", self, tip=with_key("Masquer la liste", LIST_KEY))
        self.toggle.setCheckable(True)
        self.toggle.setAccessibleName("Masquer la liste")
        self.tabs.add_before(self.toggle)
        self.left = self._build_list()
        split = halves(Qt.Orientation.Horizontal, self.left, self.tabs, (0, 1), self)
        metrics = self.fontMetrics()
        split.setSizes([metrics.averageCharWidth() * 44, metrics.averageCharWidth() * 110])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self._ask)
        self.search.textEdited.connect(self._typed)
        self.search.returnPressed.connect(self._to_list)
        self.toggle.toggled.connect(self._hide_list)
        self.list.table.current_changed.connect(self._preview_row)
        self.list.table.opened.connect(self._keep_row)
        for action in self.page_actions():
            self._add_key(action)

    @property
    def view(self) -> FamilyView:
        """The sheet shown."""
        return self.tabs.view

    def first_focus(self) -> QWidget:
        return self.tabs.view.tabs.tabBar() if self.left.isHidden() else self.search

    def show_example(self) -> None:
        self.list.table.select(0)

    def reload(self) -> None:
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()
        self.tabs.reload()

    def open(self, wanted: Any) -> None:
        """Show a family, by its id or as `here` says it: `family`, `tab`, and at start the `open` ones."""
        place: dict[str, Any] = wanted if isinstance(wanted, dict) else {"family": int(wanted)}
        kept = [int(one) for one in place.get("open", ()) if one != place.get("family")]
        if kept and not self.tabs.families:
            self.desk.fetch(
                family_sheet.labels, tuple(kept), then=self.tabs.await_families, key=(self, "labels")
            )
        if place.get("family") is not None:
            keep = not place.get("preview", False)
            self.tabs.show_family(int(place["family"]), str(place.get("tab", "")), keep=keep)

    def here(self) -> Any:
        view = self.tabs.view
        if view.family_id is None:
            return None
        place: dict[str, Any] = {"family": view.family_id, "tab": view.current_tab, "open": self.tabs.kept}
        return place | ({"preview": True} if self.tabs.is_preview(view) else {})

    def crumbs(self) -> tuple[str, ...]:
        view = self.tabs.view
        return () if view.family_id is None else (view.family_label, view.current_title)

    def page_actions(self) -> tuple[Action, ...]:
        tabs = self.tabs
        return (
            Action("Rechercher une famille", self._to_search, "Ctrl+F", "magnify", "chercher trouver"),
            Action("Masquer ou montrer la liste", self.toggle.toggle, LIST_KEY, "dock-left", "place largeur"),
            Action(
                "Garder la famille ouverte", tabs.keep_current, "Ctrl+D", "pin-outline", "onglet épingler"
            ),
            Action("Fermer l’onglet de la famille", tabs.close_current, CLOSE_KEY, "close"),
            Action("Famille suivante", tabs.next, "Ctrl+PgDown", "arrow-right", "onglet"),
            Action("Famille précédente", tabs.previous, "Ctrl+PgUp", "arrow-left", "onglet"),
            *(
                Action(f"Fiche famille, {title}", partial(tabs.view.show_tab, key), "", "tab", "onglet")
                for key, title in tabs.view.tab_titles
            ),
        )

    def step_back(self) -> bool:
        """From the sheet to the list, then to an empty search."""
        focused = QApplication.focusWidget()
        if not self.left.isHidden() and focused is not None and self.tabs.isAncestorOf(focused):
            self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if self.search.text():
            self.search.clear()
            self._ask()
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return False

    def _build_list(self) -> QWidget:
        left = QWidget(self)
        label = text_label("Rec&hercher", "", left)
        label.setBuddy(self.search)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.search, 1)
        column = QVBoxLayout(left)
        column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.SMALL, Space.MEDIUM)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        return left

    def _add_key(self, action: Action) -> None:
        keys = [action.shortcut]
        keys += {"Ctrl+PgDown": ["Ctrl+Tab"], "Ctrl+PgUp": ["Ctrl+Shift+Tab"]}.get(action.shortcut, [])
        if not action.shortcut:
            return
        made = QAction(action.label, self)
        made.setShortcuts([QKeySequence(key) for key in keys])
        made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.triggered.connect(lambda _=False: action.run())
        self.addAction(made)

    def _hide_list(self, hidden: bool) -> None:
        inside = QApplication.focusWidget()
        self.left.setHidden(hidden)
        word = "Montrer la liste" if hidden else "Masquer la liste"
        self.toggle.setText("›" if hidden else "‹")
        self.toggle.setAccessibleName(word)
        self.toggle.setToolTip(with_key(word, LIST_KEY))
        if hidden and (inside is None or self.left.isAncestorOf(inside)):
            self.view.tabs.tabBar().setFocus(Qt.FocusReason.OtherFocusReason)

    def _to_search(self) -> None:
        self.toggle.setChecked(False)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _typed(self) -> None:
        self._pause.start()

    def _ask(self) -> None:
        self.list.ask(FamilyQuery(text=self.search.text(), sort=""))

    def _to_list(self) -> None:
        if self.list.model.total:
            self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.list.table.select(0)

    def _preview_row(self, row: FamilyRow | None) -> None:
        """Show the row under the cursor in passing; the same row read again changes nothing."""
        if row is not None and row.family_id != self._listed:
            self._listed = row.family_id
            self.tabs.show_family(row.family_id, keep=False)

    def _keep_row(self, row: FamilyRow) -> None:
        self._listed = row.family_id
        self.tabs.show_family(row.family_id, keep=True)
        self.view.tabs.tabBar().setFocus(Qt.FocusReason.OtherFocusReason)
