"""The work that waits: each tile opens the list it counts; the last night's import; today, site by site."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.requests import RequestState
from guichet.rules.text import format_instant
from guichet.services import batch_documents, home, intake
from guichet.services.home import Home, NightTile, SiteRow
from guichet.services.intake_batch import BatchReport
from guichet.services.requests import Queue, RequestQuery
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.page import Destination, Page, Tools
from guichet.ui.tables import Column
from guichet.ui.tasks import Task
from guichet.ui.topics import IMPORT, Topic
from guichet.ui.widgets.account_tab import PdfDialog
from guichet.ui.widgets.facts import Card, Facts, ShortTable, scrolling
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.invoice_list import UNPAID
from guichet.ui.widgets.quarantine import QuarantineDialog
from guichet.ui.widgets.tile import Tile
from guichet.ui.wording import count, grouped

TILES_ACROSS = 5

SITE_COLUMNS = (
    Column[SiteRow]("Site", lambda row: row.facility, None),
    Column[SiteRow]("Activité", lambda row: row.activity, None, bold=True),
    Column[SiteRow]("Attendus", lambda row: grouped(row.booked), 10, right=True),
    Column[SiteRow]("En attente", lambda row: grouped(row.waiting) if row.waiting else "", 10, right=True),
    Column[SiteRow](
        "Places du jour", lambda row: "" if row.places is None else grouped(row.places), 12, right=True
    ),
)


class HomePage(Page):
    """What is to be done now."""

    topics = frozenset(Topic)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._night: NightTile | None = None
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(12)
        self.tiles = self._build_tiles(inside)
        grid = QGridLayout()
        grid.setSpacing(12)
        for place, tile in enumerate(self.tiles.values()):
            grid.addWidget(tile, place // TILES_ACROSS, place % TILES_ACROSS)
        layout.addLayout(grid)
        layout.addWidget(self._build_night(inside))
        layout.addWidget(self._build_sites(inside))
        layout.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolling(inside, self))

    def _build_tiles(self, parent: QWidget) -> dict[str, Tile]:
        requests = "requests"
        tiles = {
            "to_take": Tile(parent, "Demandes à prendre", Destination(requests, Queue.TO_TAKE)),
            "mine": Tile(parent, "Demandes à ma charge", Destination(requests, Queue.MINE)),
            "complements": Tile(
                parent,
                "Compléments reçus",
                Destination(requests, RequestQuery(states=(RequestState.IN_PROGRESS,))),
            ),
            "waiting_family": Tile(
                parent, "En attente de la famille", Destination(requests, Queue.WAITING_FAMILY)
            ),
            "anomalies": Tile(parent, "En anomalie", Destination(requests, Queue.ANOMALIES)),
            "late_answers": Tile(
                parent, "Réponses en retard", Destination(requests, RequestQuery(sort="answer_by"))
            ),
            "freed_places": Tile(parent, "Jours avec une place libérée", None),
            "expiring_pieces": Tile(parent, "Pièces qui expirent sous 30 jours", None),
        }
        if self.tools.may(Permission.READ_BILLING):
            tiles["overdue_invoices"] = Tile(parent, "Factures en retard", Destination("billing", UNPAID))
        for tile in tiles.values():
            tile.go.connect(self.go)
        return tiles

    def _build_night(self, parent: QWidget) -> Card:
        card = Card("Import de la nuit", parent)
        self.night_text = text_label("", "muted", card, wrap=True)
        self.night = Facts(card)
        self.report = button("Compte rendu (PDF)", card)
        self.quarantine = button("Lignes en quarantaine…", card)
        self.import_file = button("Importer un fichier…", card, role="primary")
        self.import_file.setVisible(self.tools.may(Permission.IMPORT_REQUESTS))
        row = QHBoxLayout()
        for each in (self.report, self.quarantine):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self.import_file)
        card.body.addWidget(self.night_text)
        card.body.addWidget(self.night)
        card.body.addLayout(row)
        self.report.clicked.connect(self._show_report)
        self.quarantine.clicked.connect(self._show_quarantine)
        self.import_file.clicked.connect(self._choose_file)
        return card

    def _build_sites(self, parent: QWidget) -> Card:
        card = Card("Aujourd’hui, site par site", parent)
        self.sites = ShortTable(
            self.tools.theme,
            SITE_COLUMNS,
            "Enfants attendus aujourd’hui",
            "Aucun enfant n’est attendu aujourd’hui.",
            card,
            fitted=True,
        )
        card.body.addWidget(self.sites)
        return card

    def first_focus(self) -> QWidget:
        return next(iter(self.tiles.values()))

    def reload(self) -> None:
        self.desk.fetch(_home, None, then=self._show, key=self)

    def _show(self, found: Home) -> None:
        for name, tile in self.tiles.items():
            tile.show_number(getattr(found, name))
        if "overdue_invoices" in self.tiles:
            self.tiles["overdue_invoices"].show_detail(
                format_euros(found.overdue_cents) if found.overdue_invoices else ""
            )
        self._show_night(found.night)
        self.sites.show_rows(found.sites)

    def _show_night(self, night: NightTile | None) -> None:
        self._night = night
        self.report.setVisible(night is not None)
        self.quarantine.setVisible(night is not None and night.quarantined > 0)
        self.night.setVisible(night is not None)
        if night is None:
            self.night_text.setText("Aucun fichier du portail n’a encore été importé.")
            return
        self.night_text.setText(f"{night.portal}, lot {night.batch}, importé le {format_instant(night.at)}")
        if night.refused:
            self.night.show_pairs([("Résultat", "Fichier refusé en entier : voyez le compte rendu.")])
            return
        self.night.show_pairs(
            (
                ("Reçues", grouped(night.received)),
                ("Importées", f"{grouped(night.imported)}, dont {grouped(night.fits)} qui rentrent"),
                ("Déjà connues", grouped(night.duplicate) if night.duplicate else ""),
                ("En quarantaine", grouped(night.quarantined) if night.quarantined else "aucune"),
                ("En anomalie", grouped(night.anomalies) if night.anomalies else "aucune"),
            )
        )

    def _show_report(self) -> None:
        night = self._night
        if night is None:
            return

        def show(data: bytes) -> None:
            title = f"Import {night.batch}"
            PdfDialog(self.tools, title, data, f"import-{night.batch}.pdf", self).open()

        self.desk.fetch(batch_documents.pdf, night.batch_id, then=show, key=(self, "report"))

    def _show_quarantine(self) -> None:
        if self._night is not None:
            QuarantineDialog(self.tools, self._night.batch_id, self).open()

    def _choose_file(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
        name, _ = QFileDialog.getOpenFileName(
            self,
            "Importer un fichier du portail",
            folder,
            "Fichiers d’échange (*.jsonl *.json *.txt);;Tous (*)",
        )
        if name:
            self.import_path(Path(name))

    def import_path(self, path: Path) -> None:
        """Import an exchange file in the long lane, with progress."""
        self.import_file.setEnabled(False)
        self.desk.start(
            Task(f"Import de {path.name}"),
            _import,
            path,
            changes=IMPORT,
            then=self._imported,
            settled=lambda: self.import_file.setEnabled(True),
        )

    def _imported(self, report: BatchReport) -> None:
        if report.refusal is not None:
            self.messages.warn(f"Fichier refusé en entier : {report.refusal}")
            return
        said = f"{count(report.received, 'ligne reçue', 'lignes reçues')}, {report.imported} importées"
        if report.duplicate:
            said += f", {report.duplicate} déjà connues"
        if report.quarantined:
            said += f", {report.quarantined} en quarantaine"
        self.messages.inform(said)


def _home(session: Any, context: Context, _query: None) -> Home:
    return home.home(session, context)


def _import(database: OpenedDatabase, context: Context, path: Path, task: Task) -> BatchReport:
    return intake.import_path(database, context, path, progress=task.step)
