"""One line of a batch: what became of it and why, its text when it was set aside, each attempt on it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.text import format_instant
from guichet.services.import_views import LineDetail, LineRow
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import State
from guichet.ui.tokens import Space, Tone
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.raw_text import RawText
from guichet.ui.wording import NBSP

OUTCOMES: dict[str, State] = {
    "imported": State("I", "Importée", Tone.GREEN),
    "duplicate": State("D", "Déjà connue", Tone.GREY),
    "quarantined": State("Q", "Quarantaine", Tone.YELLOW),
}


def said(row: LineRow) -> str:
    """What became of a line, in words: its request, the one it repeats, or why it was set aside."""
    request = f"{row.kind_label} {row.external_id}".strip()
    if row.outcome.value == "imported":
        return request
    if row.outcome.value == "duplicate":
        return f"Répète {request}" if request else row.reason or "Déjà reçue"
    return row.reason


class ImportLine(QWidget):
    """`go` (Destination) opens the request, `retry` (line number) tries the line again."""

    go = Signal(object)
    retry = Signal(int)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._may_retry = tools.may(Permission.IMPORT_REQUESTS)
        self._row: LineRow | None = None
        self.title = text_label("", "heading", self, wrap=True)
        self.reason = text_label("", "", self, wrap=True)
        self.attempts = text_label("", "muted", self, wrap=True)
        self.raw = RawText("La ligne telle qu’elle est arrivée", self)
        self.open = button("Ouvrir la demande", self, tip="Ouvrir la demande (Entrée)")
        self.try_again = button("Réessayer la ligne", self)
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        row.addWidget(self.title, 1)
        row.addWidget(self.open)
        row.addWidget(self.try_again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.SMALL, 0, 0)
        layout.setSpacing(Space.TIGHT)
        layout.addLayout(row)
        layout.addWidget(self.reason)
        layout.addWidget(self.attempts)
        layout.addWidget(self.raw, 1)
        layout.addStretch(0)
        self.open.clicked.connect(self._go)
        self.try_again.clicked.connect(self._retry)
        self.clear()

    @property
    def row(self) -> LineRow | None:
        """The line shown."""
        return self._row

    def clear(self) -> None:
        """Show none."""
        self._row = None
        self.title.setText("Choisissez une ligne.")
        for widget in (self.reason, self.attempts, self.raw, self.open, self.try_again):
            widget.hide()

    def show_line(self, detail: LineDetail) -> None:
        """Show a line whole."""
        row = self._row = detail.row
        self.title.setText(f"Ligne {row.number}{NBSP}: {OUTCOMES[row.outcome.value].label.lower()}")
        who = " · ".join(part for part in (row.family, row.child) if part)
        self.reason.setText(" · ".join(part for part in (said(row), who) if part))
        self.reason.show()
        self.attempts.setText(
            " → ".join(
                f"{format_instant(one.at)}{NBSP}: {OUTCOMES[one.outcome.value].label.lower()}"
                for one in detail.attempts
            )
        )
        self.attempts.setVisible(len(detail.attempts) > 1)
        self.raw.show_text(detail.text + ("\n…" if detail.cut else ""))
        self.raw.setVisible(bool(detail.text))
        self.open.setVisible(row.request_id is not None)
        self.try_again.setVisible(self._may_retry and row.outcome.value == "quarantined")

    def _go(self) -> None:
        if self._row is not None and self._row.request_id is not None:
            self.go.emit(Destination("requests", {"request": self._row.request_id}))

    def _retry(self) -> None:
        if self._row is not None:
            self.retry.emit(self._row.number)
