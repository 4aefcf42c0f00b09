"""The « Échanges » tab: what the family and the town wrote to each other."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from guichet.rules.text import format_instant
from guichet.services import family_messages
from guichet.services.family_messages import MessageQuery, MessageView
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.widgets.sql_list import SqlList

COLUMNS = (
    Column[MessageView]("Envoyé le", lambda row: format_instant(row.sent_at), 18),
    Column[MessageView]("De", lambda row: "la famille" if row.from_family else "la mairie", 12),
    Column[MessageView]("Objet", lambda row: row.subject, None, bold=True),
    Column[MessageView]("Lu", lambda row: "lu" if row.read_at else "non lu", 8, optional=1),
)


class MessagesTab(QWidget):
    """Messages above, the text of the one chosen below."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = SqlList[MessageView](
            tools,
            family_messages.messages,
            COLUMNS,
            lambda row: row.message_id,
            name="Échanges avec la famille",
            empty="Aucun message.",
            noun="message",
            parent=self,
        )
        self.body = QPlainTextEdit(self)
        self.body.setReadOnly(True)
        self.body.setTabChangesFocus(True)
        self.body.setAccessibleName("Texte du message")
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.addWidget(self.list)
        split.addWidget(self.body)
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addWidget(split)
        self.list.table.current_changed.connect(self._show)

    def show_family(self, family_id: int) -> None:
        """Read and show the messages of this family."""
        self.list.ask(MessageQuery(family_id=family_id), own_order=True)

    def _show(self, row: Any) -> None:
        self.body.setPlainText(row.body if row is not None else "")
