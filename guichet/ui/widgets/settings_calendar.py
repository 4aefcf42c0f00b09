"""« Années scolaires et vacances »: the town's calendar, filled from the national one and corrected by hand."""

from typing import Any
from uuid import uuid4

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QTabWidget, QWidget

from guichet.rules.calendar import HolidayKind
from guichet.rules.text import paris_day
from guichet.services import calendars, national_calendar
from guichet.services.calendars import CalendarView, ClosureRow, HolidayRow, SchoolYearRow
from guichet.services.national_calendar import PUBLIC_ZONES, ZONES, FillCalendar, Filled
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.topics import SETTINGS
from guichet.ui.widgets.facts import Card, ShortTable
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.widgets.settings_calendar_rows import CalendarRows, RowsKind
from guichet.ui.widgets.settings_section import SettingsSection
from guichet.ui.wording import NBSP, count, day_with_weekday

YEARS_BEFORE, YEARS_AFTER = 3, 2
KIND_LABELS = {HolidayKind.SMALL: "Petites vacances", HolidayKind.SUMMER: "Vacances d’été"}
EVERYWHERE = "Tout est fermé"
BLANK: dict[str, Any] = {"label": "", "starts_on": None, "ends_on": None}


def _days(row: Any) -> str:
    return count((row.ends_on - row.starts_on).days + 1, "jour")


def _dates() -> tuple[Column[Any], ...]:
    return (
        Column("Premier jour", lambda row: day_with_weekday(row.starts_on), 16),
        Column("Dernier jour", lambda row: day_with_weekday(row.ends_on), 16),
        Column("Durée", _days, 10, right=True, optional=1),
    )


def _plain(row: Any) -> dict[str, Any]:
    return {"label": row.label, "starts_on": row.starts_on, "ends_on": row.ends_on}


YEARS = RowsKind(
    "school_year",
    "Années scolaires",
    "Aucune année scolaire\u00a0: complétez depuis le calendrier national, ou ajoutez-en une.",
    "Nouvelle année scolaire",
    BLANK,
    (Column[SchoolYearRow]("Année", lambda row: row.label, None, bold=True), *_dates()),
    _plain,
    lambda row_id, values: SchoolYearRow(row_id, values["label"], values["starts_on"], values["ends_on"]),
)
HOLIDAYS = RowsKind(
    "holiday",
    "Vacances scolaires",
    "Aucunes vacances scolaires\u00a0: complétez depuis le calendrier national, ou ajoutez-les.",
    "Nouvelles vacances",
    {**BLANK, "kind": HolidayKind.SMALL.value},
    (
        Column[HolidayRow]("Vacances", lambda row: row.label, None, bold=True),
        Column[HolidayRow]("Nature", lambda row: KIND_LABELS[row.kind], 16, optional=2),
        *_dates(),
    ),
    lambda row: {**_plain(row), "kind": row.kind.value},
    lambda row_id, values: HolidayRow(
        row_id, HolidayKind(values["kind"]), values["label"], values["starts_on"], values["ends_on"]
    ),
)


class CalendarSection(SettingsSection):
    """School years, school holidays, public holidays and closures, a tab each."""

    name = "calendar"
    title = "Années et vacances"
    explanation = (
        "Une année scolaire va du premier jour des vacances d’été au dernier jour de classe. "
        "Les jours ouvrés des délais en dépendent."
    )

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._names: dict[str, str] = {}
        self.body.addWidget(self._build_fill())
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Calendrier")
        self.tabs.setDocumentMode(True)
        self.years = CalendarRows(tools, YEARS, parent=self.tabs)
        self.kind = QComboBox(self)
        for kind, label in KIND_LABELS.items():
            self.kind.addItem(label, kind.value)
        self.holidays = CalendarRows(tools, HOLIDAYS, [("kind", "N&ature", self.kind)], self.tabs)
        self.public = ShortTable(
            tools.theme,
            (
                Column[HolidayRow]("Jour férié", lambda row: row.label, None, bold=True),
                Column[HolidayRow]("Date", lambda row: day_with_weekday(row.starts_on), 16),
            ),
            "Jours fériés",
            "Aucun jour férié\u00a0: complétez depuis le calendrier national.",
            self.tabs,
            identity=lambda row: row.row_id,
        )
        self.where = QComboBox(self)
        self.where.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.where.setMinimumContentsLength(12)
        self.closures = CalendarRows(
            tools, self._closures_kind(), [("where", "&Lieu", self.where)], self.tabs
        )
        for widget, title in (
            (self.years, "Années &scolaires"),
            (self.holidays, "&Vacances"),
            (self.public, "Jours &fériés"),
            (self.closures, "Fer&metures"),
        ):
            self.tabs.addTab(widget, title)
            if isinstance(widget, CalendarRows):
                widget.stale.connect(self.reload)
        self.body.addWidget(self.tabs, 1)

    def _build_fill(self) -> Card:
        card = Card("Compléter depuis le calendrier national", self)
        self.year = QComboBox(card)
        today = paris_day(self.desk.clock())
        this_year = today.year if today.month >= 7 else today.year - 1
        for year in range(this_year - YEARS_BEFORE, this_year + YEARS_AFTER + 1):
            self.year.addItem(f"{year}-{year + 1}", year)
        choose(self.year, this_year + 1)
        self.zone = QComboBox(card)
        for zone in ZONES:
            self.zone.addItem(f"Zone {zone}", zone)
        self.public_zone = QComboBox(card)
        self.public_zone.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.public_zone.setMinimumContentsLength(12)
        for name in PUBLIC_ZONES:
            self.public_zone.addItem(name, name)
        self.fill = button(
            "&Compléter",
            card,
            tip="Ajouter l’année, les vacances et les jours fériés qui manquent\u202f; rien de ce qui est écrit ne change",
        )
        row = QHBoxLayout()
        for label, field, spoken in (
            ("Anné&e", self.year, "Année scolaire à compléter"),
            ("&Zone", self.zone, "Zone de vacances"),
            ("Fér&iés", self.public_zone, "Territoire des jours fériés"),
        ):
            title = text_label(label, "", card)
            title.setBuddy(field)
            field.setAccessibleName(spoken)
            row.addWidget(title)
            row.addWidget(field)
        row.addWidget(self.fill)
        row.addStretch(1)
        card.body.addLayout(row)
        self.fill_error = text_label("", "error", card, wrap=True)
        self.fill_error.hide()
        card.body.addWidget(self.fill_error)
        self.fill.clicked.connect(self._fill)
        return card

    def _closures_kind(self) -> RowsKind:
        return RowsKind(
            "closure",
            "Fermetures",
            "Aucune fermeture\u00a0: ajoutez les jours où un lieu ou une activité n’ouvre pas.",
            "Nouvelle fermeture",
            {**BLANK, "where": ""},
            (
                Column[ClosureRow]("Motif", lambda row: row.label, None, bold=True),
                Column[ClosureRow](
                    "Lieu ou activité", lambda row: self._names.get(_place(row), EVERYWHERE), None
                ),
                *_dates(),
            ),
            lambda row: {**_plain(row), "where": _place(row)},
            _closure,
        )

    def first_field(self) -> QWidget:
        shown = self.tabs.currentWidget()
        return shown.table if isinstance(shown, CalendarRows) else self.public

    def save(self) -> None:
        shown = self.tabs.currentWidget()
        if isinstance(shown, CalendarRows):
            shown.save()

    def step_back(self) -> bool:
        shown = self.tabs.currentWidget()
        return isinstance(shown, CalendarRows) and shown.step_back()

    def show_example(self) -> None:
        self.tabs.setCurrentWidget(self.holidays)
        self.holidays.table.select(0)

    def reload(self) -> None:
        self.desk.fetch(calendars.read_calendar, None, then=self._show, key=self)

    def _show(self, view: CalendarView) -> None:
        choose(self.zone, view.zone)
        choose(self.public_zone, view.public_zone)
        self._names = {f"facility:{one.row_id}": one.name for one in view.facilities}
        self._names |= {f"activity:{one.row_id}": one.name for one in view.activities}
        chosen = self.where.currentData()
        self.where.blockSignals(True)
        self.where.clear()
        self.where.addItem(EVERYWHERE, "")
        for key, name in self._names.items():
            self.where.addItem(name, key)
        choose(self.where, chosen)
        self.where.blockSignals(False)
        self.years.show_rows(view.school_years)
        self.holidays.show_rows(view.school_holidays)
        self.public.show_rows(view.public_holidays)
        self.closures.show_rows(view.closures)

    def _fill(self) -> None:
        self.fill.setEnabled(False)
        self.fill_error.hide()
        command = FillCalendar(
            self.year.currentData(), self.zone.currentData(), self.public_zone.currentData(), str(uuid4())
        )
        self.desk.execute(
            national_calendar.fill,
            command,
            changes=SETTINGS,
            then=self._filled,
            failed=lambda error: self._say_fill(error.message),
            settled=lambda: self.fill.setEnabled(True),
        )

    def _filled(self, filled: Filled) -> None:
        added = [
            *(["l’année scolaire"] if filled.year_added else []),
            *([count(filled.holidays_added, "période") + " de vacances"] if filled.holidays_added else []),
            *([count(filled.public_added, "jour férié", "jours fériés")] if filled.public_added else []),
        ]
        said = f"Calendrier {filled.year_label}{NBSP}: " + (", ".join(added) if added else "rien ne manquait")
        self.messages.inform(f"{said}.")
        if filled.left:
            self._say_fill(
                f"Laissé tel qu’il est écrit ici, à d’autres dates{NBSP}: {', '.join(filled.left)}."
            )

    def _say_fill(self, text: str) -> None:
        self.fill_error.setText(text)
        self.fill_error.show()


def _place(row: ClosureRow) -> str:
    if row.facility_id is not None:
        return f"facility:{row.facility_id}"
    return "" if row.activity_id is None else f"activity:{row.activity_id}"


def _closure(row_id: int | None, values: dict[str, Any]) -> ClosureRow:
    kind, _, number = (values["where"] or "").partition(":")
    return ClosureRow(
        row_id,
        values["label"],
        values["starts_on"],
        values["ends_on"],
        facility_id=int(number) if kind == "facility" else None,
        activity_id=int(number) if kind == "activity" else None,
    )
