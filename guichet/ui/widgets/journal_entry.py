"""One entry of the journal: who, when, from where, on what, and each value before and after."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.text import format_instant
from guichet.services.journal_views import EntryRow, EntryView
from guichet.services.journal_words import Change
from guichet.ui.page import Destination
from guichet.ui.tables import Column, State
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space, Tone
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.wording import NBSP

CHANGED = State("≠", "Changé", Tone.YELLOW)
SAME = State("=", "Inchangé", Tone.GREY)
NOTED = State("+", "Noté", Tone.BLUE)


def _sign(change: Change) -> State:
    if change.changed:
        return CHANGED
    return SAME if change.before else NOTED


CHANGES = (
    Column[Change]("Signe", lambda change: _sign(change).label, 12, state=_sign),
    Column[Change]("Champ", lambda change: change.label, None, bold=True),
    Column[Change]("Avant", lambda change: change.before, None),
    Column[Change]("Après", lambda change: change.after, None),
)


def destination_of(row: EntryRow) -> Destination | None:
    """The page where the subject of an entry is shown; None when there is none."""
    if row.subject_kind == "request" and row.subject_id is not None:
        return Destination("requests", {"request": row.subject_id})
    if row.subject_kind == "import_batch" and row.subject_id is not None:
        return Destination("imports", {"batch": row.subject_id})
    if row.family_id is not None:
        return Destination("families", {"family": row.family_id})
    return _PAGES.get(row.subject_kind)


_PAGES = {
    "invoice": Destination("billing", {"tab": "invoices"}),
    "charge": Destination("billing"),
    "attestation": Destination("attestations"),
    "setting": Destination("settings"),
    **{
        kind: Destination("settings", {"section": section})
        for kind, section in (
            ("user_account", "users"),
            ("activity", "deadlines"),
            ("tariff", "tariffs"),
            ("portal", "portals"),
            ("school_year", "calendar"),
            ("holiday", "calendar"),
            ("closure", "calendar"),
            ("calendar", "calendar"),
        )
    },
}


class JournalEntry(QWidget):
    """`go` (Destination) opens the subject, `narrowed` (EntryRow) asks for everything on the same subject."""

    go = Signal(object)
    narrowed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: EntryRow | None = None
        self.title = text_label("Choisissez une ligne du journal.", "heading", self, wrap=True)
        self.summary = text_label("", "", self, wrap=True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts = text_label("", "muted", self, wrap=True)
        self.open = button("Ouvrir", self, role="link")
        self.same = button("Tout sur ce sujet", self, role="link")
        self.values = text_label("Avant et après", "section", self)
        self.changes = ShortTable(
            theme, CHANGES, "Avant et après", "Cette ligne ne garde ni avant ni après.", self
        )
        left = QVBoxLayout()
        left.setSpacing(Space.SMALL)
        left.addWidget(self.title)
        left.addWidget(self.summary)
        left.addWidget(self.facts)
        links = FlowLayout(None, Space.TIGHT)
        links.addWidget(self.open)
        links.addWidget(self.same)
        left.addLayout(links)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(Space.SMALL)
        right.addWidget(self.values)
        right.addWidget(self.changes, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, Space.SMALL, 0, 0)
        layout.setSpacing(Space.WIDE)
        layout.addLayout(left, 1)
        layout.addLayout(right, 2)
        self.setMinimumHeight(self.fontMetrics().height() * 10)
        self.open.clicked.connect(self._go)
        self.same.clicked.connect(lambda: self.narrowed.emit(self._row))
        self.clear()

    @property
    def row(self) -> EntryRow | None:
        """The entry shown."""
        return self._row

    def clear(self) -> None:
        """Show none."""
        self._row = None
        self.title.setText("Choisissez une ligne du journal.")
        for widget in (self.summary, self.facts, self.open, self.same, self.values, self.changes):
            widget.hide()

    def show_entry(self, view: EntryView) -> None:
        """Show an entry whole."""
        row = self._row = view.row
        self.title.setText(row.act)
        who = row.person if row.person == row.login else f"{row.person} ({row.login})"
        parts = [format_instant(row.happened_at), who, f"poste {row.workstation}"]
        parts.append("scellée" if view.sealed else "pas encore scellée")
        if view.erased:
            parts.append("détail effacé")
        self.summary.setText(row.summary)
        self.facts.setText(" · ".join(parts))
        destination = destination_of(row)
        self.open.setText(f"Ouvrir{NBSP}: {row.subject}".replace("&", "&&"))
        self.open.setVisible(destination is not None)
        self.same.setVisible(row.subject_id is not None)
        for widget in (self.summary, self.facts, self.values):
            widget.show()
        self.changes.show_rows(view.changes)
        self.changes.show()

    def _go(self) -> None:
        destination = destination_of(self._row) if self._row is not None else None
        if destination is not None:
            self.go.emit(destination)
