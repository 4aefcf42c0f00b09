"""The « Journal » tab: what was done about this family, by whom, with what was there before and after."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guichet.rules.text import format_instant
from guichet.services import journal_views
from guichet.services.journal_views import EntryRow, EntryView, JournalQuery
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.journal_entry import CHANGES
from guichet.ui.widgets.sql_list import SqlList

COLUMNS = (
    Column[EntryRow]("Quand", lambda row: format_instant(row.happened_at), 18, sort="happened_at"),
    Column[EntryRow]("Qui", lambda row: row.person or row.login, 15, sort="login"),
    Column[EntryRow]("Quoi", lambda row: row.summary, None, bold=True),
    Column[EntryRow]("Sur", lambda row: row.subject, 17, optional=1),
    Column[EntryRow]("Poste", lambda row: row.workstation, 14, optional=2),
)


class JournalTab(QWidget):
    """Entries above, the one chosen below."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = tools.desk
        self.list = SqlList[EntryRow](
            tools,
            journal_views.list_entries,
            COLUMNS,
            lambda row: row.entry_id,
            name="Journal de la famille",
            empty="Rien n’est encore inscrit au journal pour cette famille.",
            noun="entrée",
            parent=self,
        )
        below = QWidget(self)
        self.words = text_label("", "muted", below, wrap=True)
        self.changes = ShortTable(
            tools.theme, CHANGES, "Avant et après", "Cette entrée ne garde pas d’avant ni d’après.", below
        )
        column = QVBoxLayout(below)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.changes, 1)
        split = halves(Qt.Orientation.Vertical, self.list, below, (3, 2), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addWidget(split)
        self.list.table.current_changed.connect(self._read)

    def show_family(self, family_id: int) -> None:
        """Read and show what concerns this family, the latest first."""
        self.list.ask(JournalQuery(family_id=family_id), own_order=True)

    def _read(self, row: Any) -> None:
        if row is None:
            self.words.clear()
            self.changes.show_rows(())
            return
        self._desk.fetch(journal_views.entry, row.entry_id, then=self._show, key=self)

    def _show(self, view: EntryView) -> None:
        row = view.row
        who = row.person or row.login
        kept = " · détail effacé" if view.erased else ""
        self.words.setText(f"{format_instant(row.happened_at)} · {who} · {row.workstation}{kept}")
        self.changes.show_rows(view.changes)
