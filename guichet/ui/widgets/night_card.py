"""The night's import on the home page: received, proposed, set aside; each number opens its lines or its requests."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.text import format_instant
from guichet.services.home import NightTile
from guichet.services.import_views import MissingNight
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.ui.page import Destination, Tools
from guichet.ui.widgets.facts import Card
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.wording import NBSP, count, grouped


class NightCard(Card):
    """Shown to those who import. `go` (Destination), `import_wanted` to choose a file."""

    go = Signal(object)
    import_wanted = Signal()

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        super().__init__("Import de la nuit", parent)
        self._night: NightTile | None = None
        self.text: QLabel = text_label("", "muted", self, wrap=True)
        self.received = self._number("Voir les lignes du lot")
        self.proposed = self._number("Voir les demandes de la nuit")
        self.quarantined = self._number("Voir les lignes en quarantaine")
        self.open_batch = button("Ouvrir l’import", self)
        self.import_file = button(
            "Importer un fichier…", self, role="primary", tip="Importer un fichier (Ctrl+O)"
        )
        self.import_file.setShortcut("Ctrl+O")
        self.numbers = QWidget(self)
        flow = FlowLayout(self.numbers)
        for made in (self.received, self.proposed, self.quarantined):
            made.setParent(self.numbers)
            flow.addWidget(made)
        row = QHBoxLayout()
        row.addWidget(self.numbers, 1)
        row.addStretch(0)
        row.addWidget(self.open_batch)
        row.addWidget(self.import_file)
        self.body.addWidget(self.text)
        self.body.addLayout(row)
        self.received.clicked.connect(lambda: self._open_lines(""))
        self.quarantined.clicked.connect(lambda: self._open_lines("quarantined"))
        self.open_batch.clicked.connect(lambda: self._open_lines(""))
        self.proposed.clicked.connect(self._open_requests)
        self.import_file.clicked.connect(self.import_wanted)
        self.setVisible(tools.may(Permission.IMPORT_REQUESTS))
        self.show_night(None)

    def _number(self, tip: str) -> QPushButton:
        return button("", self, tip=tip)

    def show_night(self, night: NightTile | None) -> None:
        """Show the last batch, or that there is none."""
        self._night = night
        for widget in (self.numbers, self.open_batch):
            widget.setVisible(night is not None)
        if night is None:
            self.text.setText("Aucun fichier du portail n’a encore été importé.")
            return
        said = f"{night.portal}, lot {night.batch}, importé le {format_instant(night.at)}"
        if night.refused:
            said += " · fichier refusé en entier, rien n’en est entré"
        elif night.duplicate:
            said += f" · {count(night.duplicate, 'ligne déjà connue', 'lignes déjà connues')}"
        self.text.setText(said)
        self.received.setText(count(night.received, "reçue"))
        fits = f", dont {grouped(night.fits)} qui rentrent" if night.fits else ""
        self.proposed.setText(f"{count(night.proposed, 'proposée')}{fits}")
        self.quarantined.setText(f"{grouped(night.quarantined)}{NBSP}en quarantaine")

    def _open_lines(self, outcome: str) -> None:
        if self._night is not None:
            wanted = {"batch": self._night.batch_id} | ({"outcome": outcome} if outcome else {})
            self.go.emit(Destination("imports", wanted))

    def _open_requests(self) -> None:
        if self._night is not None:
            query = RequestQuery(queue=Queue.ALL, batch_id=self._night.batch_id)
            self.go.emit(Destination("requests", query))


def missing_sentence(night: MissingNight) -> str:
    """A night that did not come, said so that someone acts."""
    if night.last is None:
        said = f"Aucun fichier de «{NBSP}{night.name}{NBSP}» n’a encore été reçu."
    else:
        said = (
            f"Rien n’est arrivé de «{NBSP}{night.name}{NBSP}» depuis le {format_instant(night.last)}, "
            f"plus de 24{NBSP}heures{NBSP}: vérifiez le portail et l’import de la nuit."
        )
    return f"{said} Dernier fichier refusé{NBSP}: {night.refusal}" if night.refusal else said
