"""« Journal »: who did what, when and from where; narrowed by period, person, act, family and words; before and after."""

from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from guichet.rules.text import format_date, format_instant, paris_day
from guichet.services import journal_views, journal_words
from guichet.services.journal_views import EntryRow, JournalQuery, PersonChoice
from guichet.ui.actions import Action
from guichet.ui.page import Page, Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.data_table import RowAction
from guichet.ui.widgets.fields import button, choose, date_field, day_of, set_day
from guichet.ui.widgets.flow import FlowLayout, labelled
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.journal_entry import JournalEntry, destination_of
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import NBSP

ALWAYS, CHOSEN = "always", "chosen"
PERIODS: tuple[tuple[str, str, int | None], ...] = (
    ("today", "Aujourd’hui", 0),
    ("week", "7 derniers jours", 6),
    ("month", "30 derniers jours", 29),
    (ALWAYS, "Depuis toujours", None),
    (CHOSEN, "Du… au…", None),
)

COLUMNS = (
    Column[EntryRow](
        "Quand", lambda row: format_instant(row.happened_at), 18, sort="happened_at",
        value=lambda row: row.happened_at,
    ),
    Column[EntryRow]("Qui", lambda row: row.person, 18, sort="login"),
    Column[EntryRow]("Acte", lambda row: row.act, 22, sort="action", bold=True),
    Column[EntryRow]("Sujet", lambda row: row.subject, None),
    Column[EntryRow]("Résumé", lambda row: row.summary, None, optional=1),
    Column[EntryRow]("Poste", lambda row: row.workstation, 14, sort="workstation", optional=2),
)  # fmt: skip


class JournalPage(Page):
    """The list above, the entry chosen below. `open` takes a family, a subject, or what `here` gave."""

    topics = frozenset(Topic)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._family: tuple[int, str] | None = None
        self._subject: tuple[str, int, str] | None = None
        self._wanted_person = ""
        self._build_filters()
        self.list = SqlList[EntryRow](
            tools,
            journal_views.list_entries,
            COLUMNS,
            lambda row: row.entry_id,
            name="Journal",
            empty="Rien n’est inscrit au journal pour ce choix\u00a0: élargissez la période ou les filtres.",
            noun="entrée",
            key="journal",
            filter_hint="Résumé, acte, personne, poste, famille, n° de demande…",
            type_ahead=True,
            describe=self._described,
            parent=self,
        )
        self.list.add_views(self.here, self.open)
        self.entry = JournalEntry(tools.theme, self)
        split = halves(Qt.Orientation.Vertical, self.list, self.entry, (3, 2), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.MEDIUM)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self.filters)
        layout.addWidget(split, 1)
        self._connect()

    def _build_filters(self) -> None:
        self.filters = QWidget(self)
        flow = FlowLayout(self.filters)
        self._days: list[QWidget] = []
        self.period = QComboBox(self.filters)
        for key, label, _ in PERIODS:
            self.period.addItem(label, key)
        today = paris_day(self.desk.clock())
        self.since = date_field(today - timedelta(days=29), self.filters)
        self.until = date_field(today, self.filters)
        self.person = QComboBox(self.filters)
        self.person.addItem("Tout le monde", "")
        self.group = QComboBox(self.filters)
        self.group.addItem("Tous les actes", "")
        for key, label in journal_words.GROUPS.items():
            self.group.addItem(label, key)
        self.narrowed = button("", self.filters, tip="Ne plus se limiter à ce sujet")
        self.narrowed.hide()
        for name, field in (
            ("&Période", self.period),
            ("Du", self.since),
            ("Au", self.until),
            ("&Qui", self.person),
            ("A&cte", self.group),
        ):
            holder = labelled(name, field, self.filters)
            flow.addWidget(holder)
            if field in (self.since, self.until):
                self._days.append(holder)
        flow.addWidget(self.narrowed)
        choose(self.period, "month")
        self._show_dates()

    def _connect(self) -> None:
        self.period.currentIndexChanged.connect(self._period_chosen)
        for field in (self.since, self.until):
            field.dateChanged.connect(self._ask)
        for combo in (self.person, self.group):
            combo.currentIndexChanged.connect(self._ask)
        self.narrowed.clicked.connect(self._widen)
        self.list.table.current_changed.connect(self._read)
        self.list.table.opened.connect(self._open_subject)
        self.list.add_action(
            RowAction(
                "Ouvrir le sujet", lambda rows: self._open_subject(rows[0]), lambda rows: len(rows) == 1
            )
        )
        self.entry.go.connect(self.go)
        self.entry.narrowed.connect(self._narrow_to)

    # What the window asks

    def first_focus(self) -> QWidget:
        return self.list.table

    def reload(self) -> None:
        self.desk.fetch(journal_views.people, None, then=self._show_people, key=(self, "people"))
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()

    def open(self, wanted: Any) -> None:
        """`family` (id) or `subject` (kind, id) with its `label` narrow the list; the rest is as `here` says it."""
        place: dict[str, Any] = wanted if isinstance(wanted, dict) else {}
        self._family = (int(place["family"]), place.get("label", "")) if place.get("family") else None
        subject = place.get("subject")
        self._subject = (str(subject[0]), int(subject[1]), place.get("label", "")) if subject else None
        everything = self._family is not None or self._subject is not None
        for field in (self.period, self.person, self.group, self.since, self.until):
            field.blockSignals(True)
        choose(self.period, place.get("period", ALWAYS if everything else "month"))
        if place.get("since"):
            set_day(self.since, date.fromisoformat(place["since"]))
            set_day(self.until, date.fromisoformat(place["until"]))
        self._wanted_person = place.get("login", "")
        choose(self.person, self._wanted_person)
        choose(self.group, place.get("group", ""))
        for field in (self.period, self.person, self.group, self.since, self.until):
            field.blockSignals(False)
        self.list.filter.show_text(place.get("text", ""))
        self._show_dates()
        self._ask()

    def here(self) -> Any:
        place: dict[str, Any] = {"period": self.period.currentData()}
        if self.period.currentData() == CHOSEN:
            place |= {"since": day_of(self.since).isoformat(), "until": day_of(self.until).isoformat()}
        if self._family is not None:
            place |= {"family": self._family[0], "label": self._family[1]}
        if self._subject is not None:
            place |= {"subject": list(self._subject[:2]), "label": self._subject[2]}
        place |= {"login": self.person.currentData(), "group": self.group.currentData()}
        place["text"] = self.list.filter.text()
        return {key: value for key, value in place.items() if value}

    def crumbs(self) -> tuple[str, ...]:
        return (self._limit(),) if self._limit() else ()

    def page_actions(self) -> tuple[Action, ...]:
        return (
            Action("Journal d’aujourd’hui", lambda: self.open({"period": "today"}), "", "history"),
            Action("Tout le journal", lambda: self.open({"period": ALWAYS}), "", "history", "complet"),
            Action("Exporter le journal", self.list.choose_export, "", "file-export-outline", "excel"),
        )

    def step_back(self) -> bool:
        if self.narrowed.isHidden():
            return False
        self._widen()
        return True

    def show_example(self) -> None:
        self.list.table.select(0)

    # The filters

    def _period_chosen(self) -> None:
        self._show_dates()
        self._ask()

    def _show_dates(self) -> None:
        chosen = self.period.currentData() == CHOSEN
        for holder in self._days:
            holder.setVisible(chosen)

    def _dates(self) -> tuple[date | None, date | None]:
        key = self.period.currentData()
        if key == CHOSEN:
            return day_of(self.since), day_of(self.until)
        back = next(days for name, _, days in PERIODS if name == key)
        return (None, None) if back is None else (paris_day(self.desk.clock()) - timedelta(days=back), None)

    def _ask(self) -> None:
        since, until = self._dates()
        query = JournalQuery(
            since=since,
            until=until,
            login=self.person.currentData() or "",
            group=self.group.currentData() or "",
            subject=self._subject[:2] if self._subject is not None else None,
            family_id=self._family[0] if self._family is not None else None,
        )
        limit = self._limit()
        self.narrowed.setText(f"{limit}{NBSP}×".replace("&", "&&") if limit else "")
        self.narrowed.setAccessibleName(f"Ne plus se limiter à {limit}")
        self.narrowed.setVisible(bool(limit))
        self.list.ask(query)
        self.moved.emit()

    def _limit(self) -> str:
        if self._family is not None:
            return self._family[1] or "Une famille"
        return self._subject[2] or "Un sujet" if self._subject is not None else ""

    def _narrow_to(self, row: EntryRow) -> None:
        if row.subject_id is not None:
            self._subject, self._family = (row.subject_kind, row.subject_id, row.subject), None
            choose(self.period, ALWAYS)
            self._ask()

    def _widen(self) -> None:
        self._family = self._subject = None
        self._ask()

    def _described(self) -> str:
        since, until = self._dates()
        days = f"du {format_date(since)}" if since is not None else "depuis toujours"
        if until is not None:
            days += f" au {format_date(until)}"
        parts = [days, self.person.currentText(), self.group.currentText(), self._limit()]
        return " · ".join(part for part in parts if part)

    def _show_people(self, found: tuple[PersonChoice, ...]) -> None:
        chosen = self.person.currentData() or self._wanted_person
        self.person.blockSignals(True)
        while self.person.count() > 1:
            self.person.removeItem(1)
        for one in found:
            self.person.addItem(one.name, one.login)
        choose(self.person, chosen)
        self.person.blockSignals(False)
        if self._wanted_person and self.person.currentData() == self._wanted_person:
            self._wanted_person = ""
            self._ask()

    # The entry

    def _read(self, row: EntryRow | None) -> None:
        if row is None:
            self.entry.clear()
            return
        self.desk.fetch(journal_views.entry, row.entry_id, then=self.entry.show_entry, key=(self, "entry"))

    def _open_subject(self, row: EntryRow) -> None:
        destination = destination_of(row)
        if destination is not None:
            self.go.emit(destination)
