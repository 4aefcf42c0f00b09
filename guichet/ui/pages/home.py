"""« Accueil »: what waits for the one who looks. Each number opens the list it counts; below, today site by site."""

from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services import home
from guichet.services.day_list import DayQuery
from guichet.services.expiring_pieces import DAYS
from guichet.services.home import FirstSteps, Home, Money, MonthToBill, SiteRow
from guichet.services.transaction import Context
from guichet.ui.actions import Action
from guichet.ui.desk import Lane
from guichet.ui.page import Destination, Page, Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets import import_file
from guichet.ui.widgets.facts import Card, ShortTable, scrolling
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.first_steps import FirstStepsCard
from guichet.ui.widgets.home_lists import DayDialog, ExpiringDialog, FreedDialog, ListDialog, PaymentsDialog
from guichet.ui.widgets.night_card import NightCard, missing_sentence
from guichet.ui.widgets.tile import Tile
from guichet.ui.wording import NBSP, count, grouped, period

NARROWEST_TILE = 24  # characters
MOST_ACROSS = 6


@dataclass(frozen=True)
class Count:
    """One tile: the number of `Home` it shows, who sees it, and what it opens (`expiring` and `freed` are lists here)."""

    name: str
    title: str
    icon: str
    permission: Permission
    opens: str = "requests"


COUNTS = (
    Count("to_take", "À prendre", "inbox-arrow-down-outline", Permission.DECIDE_REQUESTS),
    Count("mine", "À ma charge", "account-check-outline", Permission.DECIDE_REQUESTS),
    Count("complements", "Compléments reçus", "paperclip", Permission.DECIDE_REQUESTS),
    Count("late_answers", "Réponses en retard", "clock-alert-outline", Permission.DECIDE_REQUESTS),
    Count("anomalies", "En anomalie", "alert-outline", Permission.IMPORT_REQUESTS),
    Count("waiting_family", "En attente de la famille", "timer-sand", Permission.IMPORT_REQUESTS),
    Count(
        "expiring_pieces", "Pièces qui expirent", "file-clock-outline", Permission.EDIT_FAMILIES, "expiring"
    ),
    Count("waiting_list", "Liste d’attente", "account-clock-outline", Permission.PLAN_PLACES),
    Count("freed_places", "Places libérées", "seat-outline", Permission.PLAN_PLACES, "freed"),
    Count("to_bill", "Factures à émettre", "file-document-outline", Permission.ISSUE_INVOICES, "to_bill"),
    Count("overdue_invoices", "Factures en retard", "cash-clock", Permission.READ_BILLING, "overdue"),
    Count("payments_today", "Règlements du jour", "cash-check", Permission.RECORD_PAYMENTS, "payments"),
    Count(
        "attestations_asked", "Attestations demandées", "certificate-outline", Permission.ISSUE_ATTESTATIONS
    ),
)

SITES = (
    Column[SiteRow]("Site", lambda row: row.facility or "–", None),
    Column[SiteRow]("Activité", lambda row: row.activity, None, bold=True),
    Column[SiteRow](
        "Attendus", lambda row: grouped(row.booked), 11, right=True, tip=lambda _: "Voir les enfants attendus (Entrée)"
    ),
    Column[SiteRow](
        "En attente", lambda row: grouped(row.waiting) if row.waiting else "–", 11, right=True,
        tip=lambda _: "Voir les enfants en attente",
    ),
    Column[SiteRow](
        "Places du jour", lambda row: "sans limite" if row.places is None else grouped(row.places), 15, right=True
    ),
)  # fmt: skip
WAITING_COLUMN = 3


class HomePage(Page):
    """Tiles by role, the night's import, today site by site."""

    topics = frozenset(Topic)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._across = 0
        self._month: MonthToBill | None = None
        self.missing = text_label("", "warning", self, wrap=True)
        self.missing.hide()
        self.first_steps = FirstStepsCard(tools, self)
        self.first_steps.go.connect(self.go)
        self.first_steps.import_wanted.connect(self._choose_file)
        self.night = NightCard(tools, self)
        self.night.go.connect(self.go)
        self.night.import_wanted.connect(self._choose_file)
        self.tiles: dict[str, Tile] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(Space.MEDIUM)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.LARGE)
        layout.setSpacing(Space.MEDIUM)
        layout.addWidget(self.missing)
        layout.addWidget(self.first_steps)
        self._usual = QWidget(inside)
        usual = QVBoxLayout(self._usual)
        usual.setContentsMargins(0, 0, 0, 0)
        usual.setSpacing(Space.MEDIUM)
        layout.addWidget(self._usual)
        for one in COUNTS:
            if tools.may(one.permission):
                tile = self.tiles[one.name] = Tile(self._usual, self.theme, one.title, one.icon)
                tile.clicked.connect(partial(self._open_count, one))
        usual.addLayout(self._grid)
        usual.addWidget(self.night)
        usual.addWidget(self._build_sites(self._usual))
        layout.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolling(inside, self))

    def _build_sites(self, parent: QWidget) -> Card:
        self._sites_card = Card("Aujourd’hui, site par site", parent)
        self.sites = ShortTable(
            self.theme,
            SITES,
            "Enfants attendus aujourd’hui",
            "Aucun enfant n’est attendu aujourd’hui.",
            self._sites_card,
            fitted=True,
            identity=lambda row: row.activity_id,
        )
        self.sites.opened.connect(lambda row: self.open_day(row, waiting=False))
        self.sites.clicked.connect(self._site_clicked)
        self._sites_card.body.addWidget(self.sites)
        sees = self.tools.may(Permission.DECIDE_REQUESTS) or self.tools.may(Permission.PLAN_PLACES)
        self._sites_card.setVisible(sees)
        return self._sites_card

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_tiles()

    def _lay_out_tiles(self) -> None:
        """As many rows as the width needs, each as full as the others."""
        wide = self.fontMetrics().averageCharWidth() * NARROWEST_TILE + Space.MEDIUM
        most = max(2, min(MOST_ACROSS, (self.width() - 2 * Space.LARGE) // wide))
        rows = max(1, ceil(len(self.tiles) / most))
        across = max(1, ceil(len(self.tiles) / rows))
        if across == self._across:
            return
        self._across = across
        for tile in self.tiles.values():
            self._grid.removeWidget(tile)
        for place, tile in enumerate(self.tiles.values()):
            self._grid.addWidget(tile, place // across, place % across)
        for column in range(MOST_ACROSS):
            self._grid.setColumnStretch(column, 1 if column < across else 0)

    # What the window asks

    def first_focus(self) -> QWidget:
        return next(iter(self.tiles.values()), self.sites)

    def reload(self) -> None:
        self.desk.fetch(_home, None, then=self._show, key=self)
        if self.tools.may(Permission.READ_BILLING):
            lane = Lane.LONG  # years of invoices are added up: no key waits for it
            self.desk.fetch(home.money, None, then=self._show_money, key=(self, "money"), lane=lane)
        if self.tools.may(Permission.ISSUE_INVOICES):
            lane = Lane.LONG  # so are the month's bookings
            self.desk.fetch(home.month_to_bill, None, then=self._show_month, key=(self, "month"), lane=lane)

    def page_actions(self) -> tuple[Action, ...]:
        found = [
            Action(one.title, partial(self._open_count, one), "", one.icon, "accueil tuile")
            for one in COUNTS
            if one.name in self.tiles
        ]
        if self.tools.may(Permission.IMPORT_REQUESTS):
            found.append(Action("Importer un fichier", self._choose_file, "Ctrl+O", "tray-arrow-down"))
        return tuple(found)

    # What is shown

    def _show(self, found: Home) -> None:
        self._show_numbers(found, {"expiring_pieces": f"sous {DAYS}{NBSP}jours"})
        self.missing.setText("\n".join(missing_sentence(one) for one in found.missing))
        self.missing.setVisible(bool(found.missing) and not self.night.isHidden())
        self.night.show_night(found.night)
        self._show_first_steps(found.first_steps)
        self.sites.show_rows(found.sites)

    def _show_money(self, found: Money) -> None:
        overdue = format_euros(found.overdue_cents) if found.overdue_invoices else ""
        received = format_euros(found.payments_today_cents) if found.payments_today else ""
        self._show_numbers(found, {"overdue_invoices": overdue, "payments_today": received})

    def _show_month(self, found: MonthToBill) -> None:
        self._month = found
        said = format_euros(found.to_bill_cents) if found.to_bill else ""
        if found.unpriced:
            said = f"{count(found.unpriced, 'prestation')} sans prix"
        days = period(found.start, found.end)
        self._show_numbers(found, {"to_bill": f"{days}, {said}" if said else days})

    def _show_numbers(self, found: Home | Money | MonthToBill, details: dict[str, str]) -> None:
        for name, tile in self.tiles.items():
            if hasattr(found, name):
                tile.show_number(getattr(found, name), details.get(name, ""))

    def _show_first_steps(self, steps: FirstSteps | None) -> None:
        """On an empty base they stand alone: rows of zeros would say nothing."""
        self.first_steps.show_steps(steps)
        self._usual.setVisible(steps is None)

    # What is opened

    def _open_count(self, one: Count, _checked: bool = False) -> None:
        if one.opens == "expiring":
            self._open_list(ExpiringDialog(self.tools, self))
        elif one.opens == "freed":
            self._open_list(FreedDialog(self.tools, self))
        elif one.opens == "payments":
            self._open_list(PaymentsDialog(self.tools, paris_day(self.desk.clock()), self))
        else:
            self.go.emit(self._destination(one))

    def _destination(self, one: Count) -> Destination:
        if one.opens == "to_bill" and self._month is not None:
            days = {"start": self._month.start.isoformat(), "end": self._month.end.isoformat()}
            step = "checks" if self._month.unpriced and not self._month.to_bill else "preview"
            return Destination("billing", {"tab": "issue", "step": step, **days})
        if one.opens == "to_bill":
            return Destination("billing", {"tab": "issue"})
        if one.opens == "overdue":
            return Destination("billing", {"tab": "invoices", "standing": "overdue"})
        return Destination("requests", home.QUERIES[one.name])

    def _open_list(self, dialog: ListDialog) -> None:
        dialog.go.connect(self.go)
        dialog.open()

    def _site_clicked(self, index: QModelIndex) -> None:
        row = self.sites.paged.row_at(index.row())
        if row is not None and index.column() in (WAITING_COLUMN - 1, WAITING_COLUMN):
            self.open_day(row, waiting=index.column() == WAITING_COLUMN)

    def open_day(self, row: SiteRow, *, waiting: bool) -> None:
        """The children that a number of the table counts, by name."""
        query = DayQuery(day=paris_day(self.desk.clock()), activity_id=row.activity_id, waiting=waiting)
        self._open_list(DayDialog(self.tools, row, query, self))

    def _choose_file(self) -> None:
        import_file.ask_file(
            self,
            lambda path: import_file.import_file(
                self.tools, path, lambda report: self._imported(report.batch_id)
            ),
        )

    def _imported(self, batch_id: int) -> None:
        self.go.emit(Destination("imports", {"batch": batch_id}))


def _home(session: Any, context: Context, _query: None) -> Home:
    return home.home(session, context)
