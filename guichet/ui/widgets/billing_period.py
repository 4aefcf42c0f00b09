"""Billing, first step: which days and which régie, what is already invoiced there, what remains."""

from datetime import date, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.text import format_date, format_instant, paris_day
from guichet.services import billing_views
from guichet.services.billing_state import PeriodState
from guichet.services.billing_views import RegieView
from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.widgets.billing_run import BillingRun
from guichet.ui.widgets.facts import Card, Facts
from guichet.ui.widgets.fields import button, choose, date_field, day_of, set_day, text_label
from guichet.ui.wording import MONTHS, NBSP, count, last_day_of_month, period

MONTHS_OFFERED = 14


class PeriodStep(QWidget):
    """`onward` when the clerk goes on to the checks."""

    onward = Signal()

    def __init__(self, tools: Tools, run: BillingRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._showing = False
        today = paris_day(tools.desk.clock())
        self.month = QComboBox(self)
        first = today.replace(day=1)
        for _ in range(MONTHS_OFFERED):
            self.month.addItem(f"{MONTHS[first.month - 1]} {first.year}", first)
            first = (first - timedelta(days=1)).replace(day=1)
        self.month.addItem("Autres dates", None)
        self.first = date_field(run.start, self)
        self.last = date_field(run.end, self)
        self.regie = QComboBox(self)
        self.regie.addItem("Toutes les régies", None)
        self.next = button("Continuer vers les contrôles", self, role="primary")
        self.title = text_label("", "heading", self)
        self.facts = Facts(self)
        self._lay_out()
        self.show_period()
        self.month.currentIndexChanged.connect(self._month_chosen)
        self.regie.currentIndexChanged.connect(self._take)
        self.first.dateChanged.connect(self._take)
        self.last.dateChanged.connect(self._take)
        self.next.clicked.connect(self.onward)
        run.state_read.connect(self._show_state)
        run.period_changed.connect(self.show_period)
        tools.desk.fetch(billing_views.regies, None, then=self._show_regies)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        fields: tuple[tuple[str, QWidget, str], ...] = (
            ("&Mois", self.month, "Mois"),
            ("D&u", self.first, "Premier jour"),
            ("&au", self.last, "Dernier jour"),
            ("Ré&gie", self.regie, "Régie"),
        )
        for title, field, name in fields:
            label = text_label(title, "", self)
            label.setBuddy(field)
            field.setAccessibleName(name)
            row.addWidget(label)
            row.addWidget(field)
        row.addStretch(1)
        card = Card("", self)
        card.body.addWidget(self.title)
        card.body.addWidget(self.facts)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.next)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.LARGE)
        layout.addLayout(row)
        layout.addWidget(card)
        layout.addLayout(foot)
        layout.addStretch(1)

    def show_period(self) -> None:
        """Show the days of the run, chosen here or elsewhere."""
        self._showing = True
        set_day(self.first, self._run.start)
        set_day(self.last, self._run.end)
        whole = self._run.start.day == 1 and self._run.end == last_day_of_month(self._run.start)
        months = [self.month.itemData(place) for place in range(self.month.count())]
        other = len(months) - 1
        known = whole and self._run.start in months
        self.month.setCurrentIndex(months.index(self._run.start) if known else other)
        choose(self.regie, self._run.regie_ids[0] if self._run.regie_ids else None)
        self._free_days()
        self._showing = False
        self.title.setText(period(self._run.start, self._run.end).capitalize())
        if self._run.state is None:
            self.facts.show_pairs([("Où en est la période", "Lecture en cours…")])

    def _show_regies(self, regies: tuple[RegieView, ...]) -> None:
        self._showing = True
        for regie in regies:
            self.regie.addItem(regie.name, regie.regie_id)
        choose(self.regie, self._run.regie_ids[0] if self._run.regie_ids else None)
        self._showing = False

    def _month_chosen(self) -> None:
        first: date | None = self.month.currentData()
        self._free_days()
        if first is not None and not self._showing:
            self._showing = True
            set_day(self.first, first)
            set_day(self.last, last_day_of_month(first))
            self._showing = False
            self._take()

    def _free_days(self) -> None:
        other = self.month.currentData() is None
        self.first.setEnabled(other)
        self.last.setEnabled(other)

    def _take(self) -> None:
        start, end = day_of(self.first), day_of(self.last)
        if not self._showing and start <= end:
            regie = self.regie.currentData()
            self._run.choose(start, end, () if regie is None else (regie,))

    def _show_state(self) -> None:
        state = self._run.state
        if state is not None:
            self.facts.show_pairs(_facts(state))


def _facts(state: PeriodState) -> list[tuple[str, str]]:
    issued = "Rien encore"
    if state.issued and state.issued_on is not None:
        issued = (
            f"{count(state.issued, 'facture')}, {format_euros(state.issued_cents)}, "
            f"{state.first_number} à {state.last_number}, du {format_date(state.issued_on)}"
        )
    remaining = "Rien"
    if state.draft.invoices:
        remaining = f"{count(state.draft.invoices, 'facture')}, {format_euros(state.draft.total_cents)}"
    unpriced = "Aucune"
    if state.unpriced:
        unpriced = f"{count(state.unpriced, 'prestation')}{NBSP}: lancez les contrôles"
    last = state.last_issue
    return [
        ("Prestations de la période", count(state.due, "prestation")),
        ("Sans prix", unpriced),
        ("Déjà facturé", issued),
        ("Reste à facturer", remaining),
        ("Dernière émission", f"{last.login}, le {format_instant(last.happened_at)}" if last else "Aucune"),
    ]
