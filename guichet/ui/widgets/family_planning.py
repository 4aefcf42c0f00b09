"""The « Réservations » tab: the planning of the family's children, by month or by week."""

from datetime import date, timedelta

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.calendar import monday_of
from guichet.rules.permissions import Permission
from guichet.rules.planning import Sign
from guichet.rules.text import format_date, paris_day
from guichet.services import family_planning
from guichet.services.family_planning import Cell, Planning, PlanningQuery
from guichet.ui.legend import LEGEND
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import State
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.widgets.planning_grid import PlanningGrid
from guichet.ui.widgets.state_label import StateLabel
from guichet.ui.wording import MONTHS, NBSP, last_day_of_month

WEEK = timedelta(days=7)
EMPTY = "Aucun enfant de cette famille n’est inscrit ni attendu sur cette période."


class PlanningTab(QWidget):
    """A month or a week of the family's children. `go` as on a page."""

    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._family_id: int | None = None
        self._day = paris_day(tools.desk.clock())
        self.before = button("‹", self)
        self.after = button("›", self)
        self.today = button("Aujourd’hui", self, tip="Revenir à aujourd’hui")
        self.period = text_label("", "heading", self)
        self.month = button("Mois", self, tip="Afficher le mois")
        self.week = button("Semaine", self, tip="Afficher la semaine")
        views = QButtonGroup(self)
        for each in (self.month, self.week):
            each.setCheckable(True)
            views.addButton(each)
        self.month.setChecked(True)
        self.grid = PlanningGrid(tools.theme, "Réservations des enfants", self)
        self.words = text_label("", "muted", self, wrap=True)
        self.empty = text_label(EMPTY, "muted", self, wrap=True)
        self.legend = QWidget(self)
        self._legend = FlowLayout(self.legend)
        self._signs: tuple[Sign, ...] = ()
        bar = QHBoxLayout()
        for widget in (self.before, self.today, self.after):
            bar.addWidget(widget)
        bar.addSpacing(Space.SMALL)
        bar.addWidget(self.period)
        bar.addStretch(1)
        bar.addWidget(self.month)
        bar.addWidget(self.week)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addLayout(bar)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.empty)
        layout.addWidget(self.words)
        layout.addWidget(self.legend)
        self.empty.hide()
        self.before.clicked.connect(lambda: self.turn(-1))
        self.after.clicked.connect(lambda: self.turn(1))
        self.today.clicked.connect(self._go_to_today)
        self.week.toggled.connect(self._switch)
        self.grid.turned.connect(self.turn)
        self.grid.current_changed.connect(self._say_cell)
        self.grid.opened.connect(self._open)
        self._name_buttons()

    def show_family(self, family_id: int) -> None:
        """Read and show the planning of this family."""
        self._family_id = family_id
        self._fetch()

    def turn(self, by: int) -> None:
        """Show the month or the week before (−1) or after (+1)."""
        if self.week.isChecked():
            self._day += WEEK * by
        elif by < 0:
            self._day = self._day.replace(day=1) - timedelta(days=1)
        else:
            self._day = last_day_of_month(self._day) + timedelta(days=1)
        self._fetch()

    def _switch(self, _week: bool) -> None:
        """Show the week or the month of the day under the cursor."""
        self._day = self.grid.current_day or self._day
        self._fetch()

    def _span(self) -> tuple[date, date]:
        if self.week.isChecked():
            first = monday_of(self._day)
            return first, first + WEEK - timedelta(days=1)
        return self._day.replace(day=1), last_day_of_month(self._day)

    def _go_to_today(self) -> None:
        self._day = paris_day(self._tools.desk.clock())
        self.grid.clearSelection()
        self.grid.setCurrentIndex(QModelIndex())
        self._fetch()

    def _fetch(self) -> None:
        self._name_buttons()
        if self._family_id is not None:
            first, last = self._span()
            query = PlanningQuery(self._family_id, first, last)
            self._tools.desk.fetch(family_planning.planning, query, then=self._show, key=self)

    def _name_buttons(self) -> None:
        unit = "Semaine" if self.week.isChecked() else "Mois"
        last = "e" if self.week.isChecked() else ""
        for each, word, key in (
            (self.before, f"précédent{last}", "Page préc."),
            (self.after, f"suivant{last}", "Page suiv."),
        ):
            each.setAccessibleName(f"{unit} {word}")
            each.setToolTip(f"{unit} {word} ({key} dans le tableau)")

    def _show(self, planning: Planning) -> None:
        self.grid.show_planning(planning)
        if not self.grid.currentIndex().isValid():
            self.grid.go_to(self._day)
        self.period.setText(_period(planning))
        self.empty.setVisible(not planning.rows)
        self.grid.setVisible(bool(planning.rows))
        self._show_legend(planning)
        self._say_cell()

    def _show_legend(self, planning: Planning) -> None:
        used = {cell.sign for row in planning.rows for cell in row.cells if cell is not None}
        if planning.rows:
            used |= {day.sign for day in planning.days if day.sign is not None}
        signs = tuple(sign for sign in LEGEND if sign in used)
        if signs == self._signs:
            return
        self._signs = signs
        self._legend.clear()
        for sign in signs:
            mark = LEGEND[sign]
            pill = StateLabel(self._tools.theme, State(mark.letter, mark.word, mark.tone), self.legend)
            self._legend.addWidget(pill)

    def _say_cell(self) -> None:
        index = self.grid.currentIndex()
        hint = "Flèches pour parcourir, Page préc. et Page suiv. pour changer de période."
        self.words.setText(self.grid.planning.sentence(index) or hint)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft)

    def _open(self, cell: Cell) -> None:
        if cell.request_id is not None and self._tools.may(Permission.READ_REQUESTS):
            self.go.emit(Destination("requests", {"request": cell.request_id}))


def _period(planning: Planning) -> str:
    first, last = planning.first, planning.last
    if (last - first) < WEEK:
        return f"du {format_date(first)} au {format_date(last)}"
    return f"{MONTHS[first.month - 1]}{NBSP}{first.year}"
