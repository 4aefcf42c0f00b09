"""« Guichet »: answers, unpaid, prepaid accounts, attestations; who decides of each field; each activity's rules."""

from dataclasses import asdict, fields
from typing import Any
from uuid import uuid4

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QTabWidget, QVBoxLayout, QWidget

from guichet.services import activity_settings, town_settings
from guichet.services.activity_settings import ActivityRow, ActivityRules, ChangeActivity
from guichet.services.town_settings import ChangeDeskRules, DeskRules
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.facts import Card, ShortTable
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_policies import PolicyTable
from guichet.ui.widgets.settings_section import SettingsSection, leave_card
from guichet.ui.widgets.typed_fields import IntegerField, MoneyField

CHANGES = frozenset({Topic.SETTINGS, Topic.REQUESTS, Topic.BILLING, Topic.ATTESTATIONS})
RULES = {
    "immediate": "Confirmer sans agent ce qui respecte toutes les règles",
    "waiting_list": "Tenir une liste d’attente quand c’est complet",
    "needs_dossier": "Exiger un dossier valide",
    "residents_only": "Réserver aux habitants de la commune",
    "prepaid": "Exiger un compte d’avance suffisant",
    "modifiable": "Permettre aux familles de modifier le planning",
    "excused_absence_free": "Ne pas facturer une absence excusée",
}


def _yes(name: str) -> Any:
    return lambda row: "oui" if getattr(row.rules, name) else "non"


ACTIVITY_COLUMNS = (
    Column[ActivityRow]("Activité", lambda row: row.name, None, bold=True),
    Column[ActivityRow](
        "Confirmation", lambda row: "automatique" if row.rules.immediate else "par un agent", 14
    ),
    Column[ActivityRow]("Attente", _yes("waiting_list"), 8, hint=RULES["waiting_list"]),
    Column[ActivityRow]("Dossier", _yes("needs_dossier"), 8, hint=RULES["needs_dossier"], optional=2),
    Column[ActivityRow]("Habitants", _yes("residents_only"), 9, hint=RULES["residents_only"], optional=3),
    Column[ActivityRow]("Prépayé", _yes("prepaid"), 8, hint=RULES["prepaid"], optional=4),
    Column[ActivityRow](
        "Absence excusée", lambda row: "gratuite" if row.rules.excused_absence_free else "facturée", 15
    ),
)


class DeskSection(SettingsSection):
    """Three tabs: the desk's rules, the fields, the activities."""

    name = "desk"
    title = "Guichet"
    explanation = (
        "Ces réglages valent pour la suite\u00a0: ce qui est déjà décidé, facturé ou délivré ne change pas."
    )

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Guichet")
        self.tabs.setDocumentMode(True)
        self._rules: DeskRules | None = None
        self._build_fields()
        self.answers = self._build_answers()
        self.policies = self._build_policies()
        self.activities = self._build_activities()
        self.tabs.addTab(self.answers, "&Règles")
        self.tabs.addTab(self.policies, "&Champs des fiches")
        self.tabs.addTab(self.activities, "&Activités")
        self.body.addWidget(self.tabs, 1)

    def _build_fields(self) -> None:
        self.answer_days = IntegerField(self, least=0, most=town_settings.LONGEST_ANSWER_DAYS, unit="jours")
        self.undo_seconds = IntegerField(
            self, least=0, most=town_settings.LONGEST_HOLD_SECONDS, unit="secondes"
        )
        self.overdue_blocks = QCheckBox("Proposer de refuser tant qu’une facture échue est impayée", self)
        self.prepaid_floor = MoneyField(self, least=None)
        self.care_label = QLineEdit(self)
        self.sixth_birthday = QCheckBox("Attester aussi pour l’enfant qui a six ans le 1er janvier", self)

    def _build_answers(self) -> QWidget:
        tab, column = _tab(self.tabs)
        self.desk_form = DraftedForm(self.tools, tab, keys_in=tab)
        for name, label, field, required in (
            ("answer_days", "Répondre sous (jours calen&daires)", self.answer_days, True),
            ("undo_seconds", "Retenir une réponse avant envo&i", self.undo_seconds, True),
            ("overdue_blocks", "I&mpayés", self.overdue_blocks, False),
            ("prepaid_floor_cents", "Compte d’avance\u00a0: solde &plancher", self.prepaid_floor, True),
            ("care_label", "Attestation\u00a0: nature de la &garde", self.care_label, True),
            (
                "sixth_birthday_included",
                "Attestation\u00a0: &sixième anniversaire",
                self.sixth_birthday,
                False,
            ),
        ):
            self.desk_form.add(name, label, field, required=required)
        self.desk_form.finish()
        self.desk_form.save_wanted.connect(self.save)
        self.desk_form.stale.connect(self.reload)
        across = QHBoxLayout()
        across.addWidget(self.desk_form, 4)
        across.addStretch(1)
        column.addLayout(across)
        column.addStretch(1)
        return tab

    def _build_policies(self) -> QWidget:
        tab, column = _tab(self.tabs)
        self.policies_form = DraftedForm(self.tools, tab, keys_in=tab)
        self.policy_table = PolicyTable(self.tools, self.policies_form)
        self.policies_form.add("field_policies", "C&hamps", self.policy_table)
        self.policies_form.finish()
        self.policies_form.save_wanted.connect(self.save)
        self.policies_form.stale.connect(self.reload)
        column.addWidget(self.policies_form, 1)
        return tab

    def _build_activities(self) -> QWidget:
        tab, column = _tab(self.tabs)
        self.table = ShortTable(
            self.tools.theme,
            ACTIVITY_COLUMNS,
            "Règles des activités",
            "Aucune activité n’est encore décrite.",
            tab,
            identity=lambda row: row.activity_id,
        )
        self.table.setMinimumHeight(self.fontMetrics().height() * 6)
        self.card = Card(" ", tab)
        self.activity_form = DraftedForm(self.tools, self.card, keys_in=tab)
        self.boxes = {name: QCheckBox(label, self.activity_form) for name, label in RULES.items()}
        titles = ("Confirmation", "Attente", "Dossier", "Habitants", "Prépayé", "Planning", "Absence")
        for title, (name, box) in zip(titles, self.boxes.items(), strict=True):
            self.activity_form.add(name, title, box)
            box.setAccessibleName(box.text())
        self.activity_form.finish()
        self.card.body.addWidget(self.activity_form)
        self.card.hide()
        column.addWidget(self.table, 1)
        column.addWidget(self.card)
        self.table.current_changed.connect(self._activity_chosen)
        self.table.opened.connect(lambda _: self.boxes["immediate"].setFocus())
        self.activity_form.save_wanted.connect(self.save)
        self.activity_form.stale.connect(self.reload)
        return tab

    def first_field(self) -> QWidget:
        shown = self.tabs.currentWidget()
        if shown is self.answers:
            return self.answer_days
        return self.policy_table.table if shown is self.policies else self.table

    def step_back(self) -> bool:
        return leave_card(self.card, self.table)

    def show_example(self) -> None:
        self.table.select(0)

    def reload(self) -> None:
        self.desk.fetch(town_settings.read_desk_rules, None, then=self._show_rules, key=(self, "rules"))
        self.desk.fetch(
            activity_settings.list_activities, None, then=self.table.show_rows, key=(self, "activities")
        )

    def save(self) -> None:
        shown = self.tabs.currentWidget()
        if shown is self.activities:
            if self.activity_form.dirty:
                self.activity_form.send(
                    activity_settings.change_activity,
                    self._activity_command,
                    changes=CHANGES,
                    then=lambda _: self.messages.inform("Règles de l’activité enregistrées."),
                )
            return
        form = self.desk_form if shown is self.answers else self.policies_form
        if form.dirty:
            form.send(
                town_settings.change_desk_rules,
                lambda values: self._desk_command(form, values),
                changes=CHANGES,
                then=self._saved,
            )

    def _desk_command(self, form: DraftedForm, values: dict[str, Any]) -> ChangeDeskRules:
        seen: DeskRules = form.seen
        return ChangeDeskRules(DeskRules(**(asdict(seen) | values)), seen, str(uuid4()))

    def _activity_command(self, values: dict[str, Any]) -> ChangeActivity:
        seen: ActivityRow = self.activity_form.seen
        return ChangeActivity(seen.activity_id, seen.version, ActivityRules(**values), str(uuid4()))

    def _saved(self, rules: DeskRules) -> None:
        self.messages.inform("Réglages du guichet enregistrés.")
        self._show_rules(rules)

    def _show_rules(self, rules: DeskRules) -> None:
        values = asdict(rules)
        policies = {"field_policies": values.pop("field_policies")}
        self.desk_form.show_row("settings:desk", "Réglages du guichet", values, rules)
        self.policies_form.show_row("settings:policies", "Champs des fiches", policies, rules)

    def _activity_chosen(self, row: ActivityRow | None) -> None:
        self.card.setVisible(row is not None)
        if row is not None:
            self.card.title.setText(row.name)
            values = {field.name: getattr(row.rules, field.name) for field in fields(ActivityRules)}
            key = f"settings:activity:{row.activity_id}"
            self.activity_form.show_row(key, f"Règles de {row.name}", values, row)


def _tab(tabs: QTabWidget) -> tuple[QWidget, QVBoxLayout]:
    tab = QWidget(tabs)
    column = QVBoxLayout(tab)
    column.setContentsMargins(0, Space.MEDIUM, 0, 0)
    column.setSpacing(Space.MEDIUM)
    return tab, column
