"""Families: search by name, child, number, telephone or e-mail, and the sheet of the one chosen."""

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from guichet.services import families
from guichet.services.families import FamilyQuery, FamilyRow
from guichet.ui.page import Page, Tools
from guichet.ui.tables import Column
from guichet.ui.topics import Topic
from guichet.ui.widgets.family_view import FamilyView
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.sql_list import SqlList

TYPING_MILLISECONDS = 120

COLUMNS = (
    Column[FamilyRow]("Famille", lambda row: row.label, None, sort="label", bold=True),
    Column[FamilyRow]("Enfants", lambda row: row.children, None),
    Column[FamilyRow]("Numéro", lambda row: row.number, 13, sort="number", optional=1),
)


class FamiliesPage(Page):
    """The list on the left, the sheet on the right."""

    topics = frozenset({Topic.FAMILIES, Topic.BOOKINGS, Topic.BILLING, Topic.REQUESTS})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Nom, enfant, numéro, téléphone, courriel…")
        self.search.setClearButtonEnabled(True)
        label = text_label("&Rechercher", "", self)
        label.setBuddy(self.search)
        self.list = SqlList[FamilyRow](
            tools,
            families.search,
            COLUMNS,
            lambda row: row.family_id,
            name="Familles trouvées",
            empty="Aucune famille ne correspond. L’ordre des mots et les accents ne comptent pas.",
            noun="famille",
        )
        self.view = FamilyView(tools, self)
        self.view.go.connect(self.go)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(16, 12, 8, 12)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.search, 1)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.view)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self._ask)
        self.search.textEdited.connect(self._typed)
        self.search.returnPressed.connect(self._open_first)
        self.list.table.current_changed.connect(self._show_row)

    def first_focus(self) -> QWidget:
        return self.search

    def show_example(self) -> None:
        self.list.table.select(0)

    def reload(self) -> None:
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()
        self.view.reload()

    def open(self, wanted: Any) -> None:
        """Show the family of this id, whatever the list holds."""
        self.view.show_family(int(wanted))

    def _typed(self) -> None:
        self._pause.start()

    def _ask(self) -> None:
        self.list.ask(FamilyQuery(text=self.search.text(), sort=""))

    def _open_first(self) -> None:
        if self.list.model.total:
            self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.list.table.select(0)

    def _show_row(self, row: FamilyRow | None) -> None:
        if row is not None:
            self.view.show_family(row.family_id)
