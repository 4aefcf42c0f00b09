"""« Délais »: until when a family may book, cancel or declare an absence, with an example worked out as one edits."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.calendar import WEDNESDAY, monday_of
from guichet.rules.deadline_words import describe_rule
from guichet.rules.deadlines import WEEKDAYS, DeadlineRule, RuleKind
from guichet.rules.text import paris_day
from guichet.services import deadlines_settings
from guichet.services.deadlines_settings import ACTIONS, ActivityDeadlines, DeadlinesView, SaveDeadline
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.topics import Topic
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_list import ListSection
from guichet.ui.widgets.typed_fields import DateField, IntegerField, TimeField

CHANGES = frozenset({Topic.SETTINGS, Topic.REQUESTS})
EXAMPLE_WEEKS = 3
KINDS: dict[RuleKind, str] = {
    RuleKind.WEEK_BEFORE: "Un jour de la semaine précédente",
    RuleKind.WORKING_DAYS: "Des jours ouvrés avant",
    RuleKind.HOURS_BEFORE: "Des heures avant",
    RuleKind.WINDOW: "Pendant la période d’inscription",
    RuleKind.NEVER: "Jamais",
    RuleKind.ALWAYS: "Sans limite",
}
# What each kind asks for; the other fields of the editor are hidden.
NEEDED: dict[RuleKind, tuple[str, ...]] = {
    RuleKind.WEEK_BEFORE: ("weekday", "at"),
    RuleKind.WORKING_DAYS: ("days", "at", "count_request_day", "count_service_day"),
    RuleKind.HOURS_BEFORE: ("hours",),
    RuleKind.WINDOW: (),
    RuleKind.NEVER: (),
    RuleKind.ALWAYS: (),
}
PARTS = ("weekday", "days", "hours", "at", "count_request_day", "count_service_day")


def _words(action: str) -> Column[ActivityDeadlines]:
    return Column(ACTIONS[action], lambda row: describe_rule(row.rule(action)), None)


COLUMNS = (
    Column[ActivityDeadlines]("Activité", lambda row: row.name, None, bold=True),
    *(_words(action) for action in ACTIONS),
)


class DeadlinesSection(ListSection):
    """The activities and their rules above, one rule below."""

    name = "deadlines"
    title = "Délais"
    explanation = (
        "Ce qui compte est l’instant où la famille a envoyé sa demande\u202f; 13:00:00 exactement est à l’heure. "
        "Un agent peut déroger, avec une raison."
    )
    listed = "Délais par activité"
    empty = "Aucune activité n’est encore décrite."
    columns = COLUMNS

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._view: DeadlinesView | None = None
        self._activity: ActivityDeadlines | None = None
        self.action = QComboBox(self.card)
        for action, label in ACTIONS.items():
            self.action.addItem(label, action)
        title = text_label("&Action", "", self.card)
        title.setBuddy(self.action)
        self.action.setAccessibleName("Action")
        top = QHBoxLayout()
        top.addWidget(title)
        top.addWidget(self.action)
        top.addStretch(1)
        self.form = self._build_form()
        self.card.body.addLayout(top)
        self.put_side_by_side(self.form, self._build_example())
        self.table.opened.connect(lambda _: self.action.setFocus())
        self.action.currentIndexChanged.connect(self._show_rule)
        self.example_day.changed.connect(self._say_example)

    @staticmethod
    def identity(row: ActivityDeadlines) -> int:
        return row.activity_id

    def _build_form(self) -> DraftedForm:
        form = DraftedForm(self.tools, self.card, keys_in=self)
        self.kind = QComboBox(form)
        for kind, label in KINDS.items():
            self.kind.addItem(label, kind.value)
        self.weekday = QComboBox(form)
        for number, name in enumerate(WEEKDAYS):
            self.weekday.addItem(name.capitalize(), number)
        self.days = IntegerField(form, least=1, most=366, unit="jours ouvrés")
        self.hours = IntegerField(form, least=0, most=366 * 24, unit="heures")
        self.at = TimeField(form)
        self.count_request_day = QCheckBox("Le jour de la demande &compte", form)
        self.count_service_day = QCheckBox("Le jour du &service compte", form)
        form.add("kind", "&Limite", self.kind)
        form.add("weekday", "&Jour", self.weekday)
        form.add("days", "Com&bien de jours", self.days, required=True)
        form.add("hours", "Combien d’&heures", self.hours, required=True)
        form.add("at", "Jusq&u’à", self.at)
        form.add("count_request_day", "Jour de la demande", self.count_request_day)
        form.add("count_service_day", "Jour du service", self.count_service_day)
        form.finish()
        self.at.setPlaceholderText("HH:MM, ou fin de journée")
        form.save_wanted.connect(self.save)
        form.stale.connect(self.reload)
        form.edited.connect(self._show_parts)
        return form

    def _build_example(self) -> QWidget:
        holder = QWidget(self.card)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        title = text_label("E&xemple, pour une date de service", "section", holder)
        self.example_day = DateField(self._today, holder)
        self.example_day.setAccessibleName("Date de service de l’exemple")
        self.example_day.set_value(monday_of(self._today()) + timedelta(weeks=EXAMPLE_WEEKS, days=WEDNESDAY))
        title.setBuddy(self.example_day)
        self.example = text_label("", "", holder, wrap=True)
        self.note = text_label("", "muted", holder, wrap=True)
        for widget in (title, self.example_day, self.example, self.note):
            column.addWidget(widget)
        return holder

    def reload(self) -> None:
        self.desk.fetch(deadlines_settings.read_deadlines, None, then=self._show, key=self)

    def save(self) -> None:
        if self.form.dirty:
            self.form.send(deadlines_settings.save_deadline, self._command, changes=CHANGES, then=self._saved)

    def _command(self, values: dict[str, Any]) -> SaveDeadline:
        seen: ActivityDeadlines = self.form.seen
        return SaveDeadline(
            seen.activity_id, seen.version, self.action.currentData(), _rule(values), str(uuid4())
        )

    def _saved(self, _: None) -> None:
        self.messages.inform(f"Délai enregistré pour {self.card.title.text()}.")

    def _show(self, view: DeadlinesView) -> None:
        self._view = view
        self.show_rows(view.activities)

    def show_row(self, row: ActivityDeadlines) -> None:
        self._activity = row
        self.card.title.setText(row.name)
        self._show_rule()
        self.card.show()

    def _show_rule(self) -> None:
        row, action = self._activity, self.action.currentData()
        if row is None:
            return
        label = f"Délai\u00a0: {row.name}, {ACTIONS[action].lower()}"
        self.form.show_row(
            f"settings:deadline:{row.activity_id}:{action}", label, _values(row.rule(action)), row
        )
        notes = []
        if not row.modifiable:
            notes.append("Le planning de cette activité ne se modifie pas\u00a0: seule l’absence a un délai.")
        if row.holiday_activity:
            notes.append(
                f"Pendant les vacances scolaires, les délais de l’activité {row.holiday_activity} s’appliquent."
            )
        self.note.setText(" ".join(notes))

    def _show_parts(self) -> None:
        kind = RuleKind(self.kind.currentData())
        for part in PARTS:
            self.form.form.show_field(part, part in NEEDED[kind])
        self._say_example()

    def _say_example(self) -> None:
        view, row, day = self._view, self._activity, self.example_day.value
        if view is None or row is None or day is None:
            self.example.setText("")
            return
        rule = _rule(self.form.values())
        text = view.example(row.activity_id, self.action.currentData(), rule, day)
        self.example.setText(text[:1].upper() + text[1:])

    def _today(self) -> date:
        return paris_day(self.desk.clock())


def _values(rule: DeadlineRule) -> dict[str, Any]:
    return {
        "kind": rule.kind.value,
        "weekday": rule.weekday,
        "days": rule.days or None,
        "hours": rule.hours,
        "at": rule.at,
        "count_request_day": rule.count_request_day,
        "count_service_day": rule.count_service_day,
    }


def _rule(values: dict[str, Any]) -> DeadlineRule:
    """The rule in the form; what its kind does not use is left out, what is blank or wrong counts as nothing."""
    kind = RuleKind(values["kind"])
    used = {part: values[part] for part in NEEDED[kind] if values[part] is not None}
    return DeadlineRule(kind, **used)
