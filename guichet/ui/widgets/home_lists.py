"""The lists that the home page's numbers open: pieces that expire, places set free, a day's children by name."""

from dataclasses import replace
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.services import day_list, expiring_pieces, freed_places, payments
from guichet.services.day_list import DayChild, DayQuery
from guichet.services.expiring_pieces import ExpiringQuery, ExpiringRow
from guichet.services.freed_places import FreedQuery, FreedRow
from guichet.services.home import SiteRow
from guichet.services.paging import Page as Rows
from guichet.services.payments import PaymentQuery, PaymentRow
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP, age, count, day_with_weekday, grouped

MOST_CHILDREN = 2000


class ListDialog(Dialog):
    """A list over the page: Enter goes where its row leads and closes it. `go` (Destination)."""

    go = Signal(object)

    def __init__(self, title: str, text: str, list_: SqlList[Any], opens: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.list = list_
        list_.setParent(self)
        self.heading = text_label(text, "muted", self, wrap=True)
        self.open_row = button(opens, self, role="primary", tip=f"{opens} (Entrée)")
        self.export = button("Exporter vers Excel…", self)
        close = button("Fermer", self, tip="Fermer (Échap)")
        self.head = QHBoxLayout()
        self.head.setSpacing(Space.SMALL)
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        row.addWidget(self.export)
        row.addStretch(1)
        row.addWidget(self.open_row)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self.heading)
        layout.addLayout(self.head)
        layout.addWidget(list_, 1)
        layout.addLayout(row)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 120, metrics.height() * 28)
        close.clicked.connect(self.reject)
        self.export.clicked.connect(list_.choose_export)
        self.open_row.clicked.connect(self._open_current)
        list_.table.opened.connect(self._open)
        list_.table.current_changed.connect(lambda row: self.open_row.setEnabled(row is not None))
        list_.loaded.connect(self._first)
        self.open_row.setEnabled(False)
        list_.table.setFocus()

    def destination(self, row: Any) -> Destination | None:
        """Where a row leads."""
        raise NotImplementedError

    def _first(self) -> None:
        if self.list.table.current_row() is None:
            self.list.table.select(0)

    def _open_current(self) -> None:
        row = self.list.table.current_row()
        if row is not None:
            self._open(row)

    def _open(self, row: Any) -> None:
        destination = self.destination(row)
        if destination is not None:
            self.go.emit(destination)
            self.accept()


EXPIRING = (
    Column[ExpiringRow](
        "Expire le", lambda row: day_with_weekday(row.expires_on), 16, sort="expires_on",
        value=lambda row: row.expires_on,
    ),
    Column[ExpiringRow](
        "Dans", lambda row: count(row.days_left, "jour") if row.days_left else "aujourd’hui", 10,
        value=lambda row: row.days_left,
    ),
    Column[ExpiringRow]("Pièce", lambda row: row.piece, None, sort="piece"),
    Column[ExpiringRow]("Enfant", lambda row: row.child, None, sort="child"),
    Column[ExpiringRow]("Famille", lambda row: row.family_label, None, sort="family", bold=True),
    Column[ExpiringRow]("Numéro", lambda row: row.family_number, 14, optional=1),
)  # fmt: skip


class ExpiringDialog(ListDialog):
    """Pieces that expire within thirty days and that nothing newer replaces; Enter opens the family."""

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        found = SqlList[ExpiringRow](
            tools,
            expiring_pieces.list_expiring,
            EXPIRING,
            lambda row: row.document_id,
            name="Pièces qui expirent",
            empty=f"Aucune pièce n’expire dans les {expiring_pieces.DAYS} jours.",
            noun="pièce",
            key="home.expiring",
        )
        text = f"Valides aujourd’hui, plus dans {expiring_pieces.DAYS} jours, sans pièce plus récente à leur place."
        super().__init__("Pièces qui expirent", text, found, "Ouvrir la famille", parent)
        found.ask(ExpiringQuery())

    def destination(self, row: ExpiringRow) -> Destination | None:
        return (
            None
            if row.family_id is None
            else Destination("families", {"family": row.family_id, "tab": "pieces"})
        )


FREED = (
    Column[FreedRow](
        "Date", lambda row: day_with_weekday(row.date), 16, sort="date", value=lambda row: row.date
    ),
    Column[FreedRow]("Activité", lambda row: row.activity, None, sort="activity", bold=True),
    Column[FreedRow]("Site", lambda row: row.facility, None, sort="facility", optional=2),
    Column[FreedRow]("Groupe", lambda row: row.group or row.pool, 18, optional=1),
    Column[FreedRow]("Places", lambda row: grouped(row.size), 8, right=True, value=lambda row: row.size),
    Column[FreedRow](
        "Libres", lambda row: grouped(row.free), 8, right=True, sort="free", value=lambda row: row.free,
        hint="Places du jour, moins les réservations et les places proposées qui attendent une réponse",
    ),
    Column[FreedRow](
        "En attente", lambda row: grouped(row.waiting), 11, right=True, sort="waiting",
        value=lambda row: row.waiting,
    ),
)  # fmt: skip


class FreedDialog(ListDialog):
    """Days with a free place while children wait; Enter opens the requests that wait that day."""

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        found = SqlList[FreedRow](
            tools,
            freed_places.list_freed,
            FREED,
            lambda row: row.pool_day_id,
            name="Places libérées",
            empty="Aucune place libre n’est attendue par un enfant.",
            noun="jour",
            key="home.freed",
        )
        text = "Jours où une place est libre alors que des enfants attendent."
        super().__init__("Places libérées", text, found, "Voir les demandes en attente", parent)
        found.ask(FreedQuery())

    def destination(self, row: FreedRow) -> Destination:
        query = RequestQuery(queue=Queue.ALL, activity_id=row.activity_id, waiting_on=row.date)
        return Destination("requests", query)


PAYMENTS = (
    Column[PaymentRow]("Numéro", lambda row: row.number, 10, sort="number", bold=True),
    Column[PaymentRow]("Famille", lambda row: row.family_label, None, sort="family_label"),
    Column[PaymentRow]("Payeur", lambda row: row.payer_name, None, optional=1),
    Column[PaymentRow]("Moyen", lambda row: row.mode_label, 18),
    Column[PaymentRow](
        "Montant", lambda row: format_euros(row.amount_cents), 12, right=True, sort="amount_cents"
    ),
)  # fmt: skip


class PaymentsDialog(ListDialog):
    """What was received today; Enter opens the payment."""

    def __init__(self, tools: Tools, day: date, parent: QWidget) -> None:
        found = SqlList[PaymentRow](
            tools,
            payments.search,
            PAYMENTS,
            lambda row: row.payment_id,
            name="Règlements du jour",
            empty="Aucun règlement n’est encore encaissé aujourd’hui.",
            noun="règlement",
        )
        text = f"Encaissés le {day_with_weekday(day)}, annulations comprises."
        super().__init__("Règlements du jour", text, found, "Ouvrir le règlement", parent)
        found.ask(PaymentQuery(start=day, end=day))

    def destination(self, row: PaymentRow) -> Destination:
        return Destination("billing", {"payment": row.payment_id})


CHILDREN = (
    Column[DayChild]("Enfant", lambda row: row.child, None, sort="child", bold=True),
    Column[DayChild]("Âge", lambda row: age(row.age), 8, sort="age", value=lambda row: row.age),
    Column[DayChild]("Groupe", lambda row: row.group, 16, optional=2),
    Column[DayChild]("Créneaux", lambda row: row.slots, None),
    Column[DayChild]("Famille", lambda row: row.family, None, optional=1),
    Column[DayChild]("Téléphone", lambda row: row.phone, 18),
)


class DayDialog(ListDialog):
    """The children of one activity today, expected or waiting; health is shown when asked, and the reading kept."""

    def __init__(self, tools: Tools, site: SiteRow, query: DayQuery, parent: QWidget) -> None:
        self._tools = tools
        self._query = query
        self._health: dict[int, str] = {}
        found = SqlList[DayChild](
            tools,
            day_list.list_children,
            CHILDREN,
            lambda row: row.child_id,
            name=f"Enfants du jour, {site.activity}",
            empty="Aucun enfant dans ce cas aujourd’hui.",
            noun="enfant",
        )
        place = f"{site.activity}, {site.facility}" if site.facility else site.activity
        text = f"{place} · {day_with_weekday(query.day)}"
        super().__init__(site.activity, text, found, "Ouvrir la famille", parent)
        self.expected = self._switch(f"Attendus{NBSP}: {grouped(site.booked)}", waiting=False)
        self.waiting = self._switch(f"En attente{NBSP}: {grouped(site.waiting)}", waiting=True)
        self.head.addStretch(1)
        self.health = button(
            "Afficher la santé", self, tip="Allergies, PAI, régimes\u00a0: la lecture est notée au journal"
        )
        self.health.setVisible(tools.may(Permission.READ_HEALTH))
        self.head.addWidget(self.health)
        self.health.clicked.connect(self._ask_health)
        self._ask(waiting=query.waiting)

    def destination(self, row: DayChild) -> Destination:
        return Destination("families", {"family": row.family_id})

    def _switch(self, text: str, *, waiting: bool) -> QPushButton:
        made = button(text, self)
        made.setCheckable(True)
        made.clicked.connect(lambda: self._ask(waiting=waiting))
        self.head.addWidget(made)
        return made

    def _ask(self, *, waiting: bool) -> None:
        self.expected.setChecked(not waiting)
        self.waiting.setChecked(waiting)
        self._query = replace(self._query, waiting=waiting)
        self._show_health({})
        self.list.ask(self._query)

    def _ask_health(self) -> None:
        asked = replace(self._query, size=MOST_CHILDREN)
        self._tools.desk.execute(day_list.list_with_health, asked, changes=NOTHING, then=self._take_health)

    def _take_health(self, page: Rows[DayChild]) -> None:
        self._show_health({row.child_id: row.health for row in page.rows})

    def _show_health(self, known: dict[int, str]) -> None:
        self._health = known
        shown = Column[DayChild](
            "Santé",
            lambda row: self._health.get(row.child_id, ""),
            None,
            tip=lambda row: self._health.get(row.child_id, ""),
        )
        self.list.table.show_columns((*CHILDREN[:4], shown, CHILDREN[5]) if known else CHILDREN)
        self.health.setEnabled(not known)
