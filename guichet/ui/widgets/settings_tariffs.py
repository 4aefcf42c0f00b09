"""« Tarifs »: each dated price, what it gives a family, and its next version once it has priced something."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.tariff_checks import END_OF_TIME, check_tariff, examples
from guichet.rules.tariffs import EligibleMode, TariffMethod
from guichet.rules.text import format_date, paris_day
from guichet.services import tariff_list, tariff_settings
from guichet.services.tariff_list import TariffRow, TariffsView, TariffValues
from guichet.services.tariff_settings import NewVersion, SaveTariff
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.topics import Topic
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_list import ListSection
from guichet.ui.widgets.settings_section import leave_row
from guichet.ui.widgets.settings_tariff_fields import BracketGrid, PercentField, RateField, write_decimal
from guichet.ui.widgets.typed_fields import DateField, MoneyField
from guichet.ui.wording import NBSP

CHANGES = frozenset({Topic.SETTINGS, Topic.BILLING})
METHODS = {
    TariffMethod.SINGLE: "Prix unique",
    TariffMethod.QF_BRACKETS: "Tranches de quotient",
    TariffMethod.EFFORT_RATE: "Taux d’effort",
}
ELIGIBLE = {
    EligibleMode.ALL: "Tout le prix",
    EligibleMode.NONE: "Rien (repas)",
    EligibleMode.AMOUNT: "Un montant par unité",
    EligibleMode.PERCENTAGE: "Un pourcentage",
}
RESIDENTS: dict[bool | None, str] = {None: "Tous", True: "Habitants", False: "Hors commune"}
METHOD_FIELDS = {
    TariffMethod.SINGLE: {"amount"},
    TariffMethod.QF_BRACKETS: {"brackets"},
    TariffMethod.EFFORT_RATE: {"rate", "minimum", "maximum"},
}
ELIGIBLE_FIELDS = {EligibleMode.AMOUNT: "eligible_amount", EligibleMode.PERCENTAGE: "eligible_value"}
USED = State("U", "Utilisé", Tone.GREY)
FREE = State("M", "Modifiable", Tone.GREEN)
NEW = "settings:tariff:new"


def _until(day: date) -> str:
    return "sans fin" if day == END_OF_TIME else format_date(day)


def _price(row: TariffRow) -> str:
    values = row.values
    match values.method:
        case TariffMethod.SINGLE:
            return format_euros(values.amount_cents or 0)
        case TariffMethod.QF_BRACKETS:
            cents = [bracket[2] for bracket in values.brackets] or [0]
            return f"{format_euros(min(cents))} à {format_euros(max(cents))}"
        case TariffMethod.EFFORT_RATE:
            rate = write_decimal(values.rate) if values.rate is not None else "?"
            return f"QF × {rate}, {format_euros(values.minimum_cents or 0)} à {format_euros(values.maximum_cents or 0)}"


COLUMNS = (
    Column[TariffRow]("Activité", lambda row: row.activity, None, optional=3),
    Column[TariffRow]("Tarif", lambda row: row.values.name, None, bold=True),
    Column[TariffRow]("Créneau", lambda row: row.slot or "tous", 12, optional=1),
    Column[TariffRow]("Du", lambda row: format_date(row.values.valid_from), 10),
    Column[TariffRow]("Au", lambda row: _until(row.values.valid_until), 10),
    Column[TariffRow]("Prix de l’unité", _price, None),
    Column[TariffRow](
        "État",
        lambda row: (USED if row.used else FREE).label,
        14,
        state=lambda row: USED if row.used else FREE,
    ),
)


class TariffsSection(ListSection):
    """The tariffs above; below, the chosen one, its next version, or a new one, with what it gives three families."""

    name = "tariffs"
    title = "Tarifs"
    explanation = (
        "Un tarif qui a déjà servi ne change plus\u00a0: il reçoit une nouvelle version à partir d’une date. "
        "Sans quotient, c’est le prix maximum qui s’applique."
    )
    listed = "Tarifs"
    empty = "Aucun tarif\u00a0: rien ne peut être facturé. Ajoutez le premier."
    columns = COLUMNS
    new_key = NEW

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._view: TariffsView | None = None
        self._following = False
        self.add = button("&Nouveau tarif", self)
        self.head.addWidget(self.add)
        self.notice = text_label("", "muted", self.card, wrap=True)
        self.follow = button("Nouvelle &version à partir d’une date", self.card, role="primary")
        self.form = self._build_form()
        self.examples = text_label("", "", self.card, wrap=True)
        self.examples.setAccessibleName("Exemples de prix")
        beside = QWidget(self.card)
        column = QVBoxLayout(beside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(text_label("Exemples, pour une unité", "section", beside))
        column.addWidget(self.examples)
        self.card.body.addWidget(self.notice)
        self.card.body.addWidget(self.follow, 0, Qt.AlignmentFlag.AlignLeft)
        self.put_side_by_side(self.form, beside)
        self.table.opened.connect(lambda _: self.name_field.setFocus())
        self.add.clicked.connect(self._new)
        self.follow.clicked.connect(self._follow)

    @staticmethod
    def identity(row: TariffRow) -> int:
        return row.tariff_id

    def _build_form(self) -> DraftedForm:
        form = DraftedForm(self.tools, self.card, keys_in=self)
        self.name_field = QLineEdit(form)
        self.activity, self.slot, self.group = QComboBox(form), QComboBox(form), QComboBox(form)
        self.resident = _combo(form, RESIDENTS)
        self.method = _combo(form, METHODS)
        self.eligible = _combo(form, ELIGIBLE)
        self.amount, self.minimum, self.maximum = MoneyField(form), MoneyField(form), MoneyField(form)
        self.rate, self.percentage, self.eligible_amount = (
            RateField(form),
            PercentField(form),
            MoneyField(form),
        )
        self.rate.setPlaceholderText("0,0125")
        self.brackets = BracketGrid(form)
        self.category = QLineEdit(form)
        self.valid_from, self.valid_until = DateField(self._today, form), DateField(self._today, form)
        self.valid_until.setPlaceholderText("sans fin")
        for name, label, field, required in (
            ("name", "N&om", self.name_field, True),
            ("valid_from", "Valable &du", self.valid_from, True),
            ("valid_until", "A&u", self.valid_until, False),
            ("method", "&Méthode", self.method, False),
            ("amount", "&Prix de l’unité", self.amount, True),
            ("brackets", "&Tranches", self.brackets, False),
            ("rate", "Tau&x d’effort", self.rate, True),
            ("minimum", "M&inimum", self.minimum, True),
            ("maximum", "M&aximum", self.maximum, True),
            ("activity", "A&ctivité", self.activity, False),
            ("slot", "C&réneau", self.slot, False),
            ("group", "&Groupe", self.group, False),
            ("resident", "&Habitants", self.resident, False),
            ("category", "Catégorie tari&faire", self.category, False),
            ("eligible_mode", "Compte pour l’atte&station", self.eligible, False),
            ("eligible_amount", "Montant par unité", self.eligible_amount, True),
            ("eligible_value", "Pourcentage", self.percentage, True),
        ):
            form.add(name, label, field, required=required)
        form.finish()
        form.save_wanted.connect(self.save)
        form.stale.connect(self.reload)
        form.edited.connect(self._show_parts)
        self.activity.currentIndexChanged.connect(self._fill_choices)
        return form

    def step_back(self) -> bool:
        if not super().step_back():
            return False
        row: TariffRow | None = self.table.current_row()
        if row is not None and self._following and not self.form.dirty:
            self._following = False
            self.show_row(row)
        return True

    def show_example(self) -> None:
        self.table.select(1 if len(self.table.paged.rows) > 1 else 0)

    def reload(self) -> None:
        self.desk.fetch(tariff_list.list_tariffs, None, then=self._show, key=self)

    def save(self) -> None:
        if self.form.isHidden():
            return
        if self._following:
            self.form.send(
                tariff_settings.follow_tariff, self._next_command, changes=CHANGES, then=self._saved
            )
        elif self.form.dirty:
            self.form.send(tariff_settings.save_tariff, self._save_command, changes=CHANGES, then=self._saved)

    def _save_command(self, values: dict[str, Any]) -> SaveTariff:
        seen: TariffRow | None = self.form.seen
        typed = self._typed(values)
        if seen is None:
            return SaveTariff(typed, command_id=str(uuid4()))
        return SaveTariff(typed, seen.tariff_id, seen.version, str(uuid4()))

    def _next_command(self, values: dict[str, Any]) -> NewVersion:
        seen: TariffRow = self.form.seen
        return NewVersion(seen.tariff_id, seen.version, self._typed(values), str(uuid4()))

    def _saved(self, tariff_id: int) -> None:
        self.choose_saved(tariff_id)
        self._following = False
        self.messages.inform(
            "Tarif enregistré\u00a0: les prestations non facturées seront tarifées à nouveau."
        )

    def _show(self, view: TariffsView) -> None:
        self._view = view
        chosen = self.activity.currentData()
        _refill(self.activity, [(one.name, one.row_id) for one in view.activities], chosen)
        self._fill_choices()
        self.show_rows(view.tariffs)

    def _fill_choices(self) -> None:
        view, activity = self._view, self.activity.currentData()
        if view is not None:
            slots = [(one.name, one.row_id) for one in view.slots if one.activity_id == activity]
            groups = [(one.name, one.row_id) for one in view.groups if one.activity_id == activity]
            _refill(self.slot, [("Tous", None), *slots], self.slot.currentData())
            _refill(self.group, [("Tous", None), *groups], self.group.currentData())

    def show_row(self, row: TariffRow) -> None:
        if self._following and self.form.seen is not None and self.form.seen.tariff_id == row.tariff_id:
            self._open_next(row)
            return
        self._following = False
        self.card.title.setText(f"{row.values.name} ({row.code})")
        used = ""
        if row.used and row.last_priced_on is not None:
            used = f"A tarifé des prestations jusqu’au {format_date(row.last_priced_on)}{NBSP}: il ne change plus."
        self._open(
            row, f"settings:tariff:{row.tariff_id}", f"Tarif {row.code}", row.values, editable=not row.used
        )
        self.notice.setText(used)
        self.notice.setVisible(bool(used))
        self.follow.setVisible(True)

    def _follow(self) -> None:
        row: TariffRow | None = self.table.current_row()
        if row is None:
            return
        self._following = True
        self.card.title.setText(f"{row.values.name}{NBSP}: nouvelle version")
        self._open_next(row)
        self.notice.setText("L’ancienne version s’arrête la veille.")
        self.notice.setVisible(True)
        self.follow.setVisible(False)
        self.valid_from.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_next(self, row: TariffRow) -> None:
        key, label = f"settings:tariff:{row.tariff_id}:next", f"Nouvelle version de {row.code}"
        self._open(row, key, label, self._next_values(row), editable=True)

    def _new(self) -> None:
        view = self._view
        if view is None or not view.activities:
            self.messages.warn("Décrivez d’abord une activité\u00a0: un tarif en concerne une.")
            return
        leave_row(self.table)
        self._following = False
        values = TariffValues("", view.activities[0].row_id, TariffMethod.SINGLE, self._next_month())
        self.card.title.setText("Nouveau tarif")
        self._open(None, NEW, "Nouveau tarif", values, editable=True)
        self.notice.setVisible(False)
        self.follow.setVisible(False)
        self.name_field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(
        self, seen: TariffRow | None, key: str, label: str, values: TariffValues, *, editable: bool
    ) -> None:
        choose(self.activity, values.activity_id)
        self._fill_choices()
        self.form.show_row(key, label, _form_values(values), seen)
        self.form.setVisible(editable)
        self.card.show()

    def _show_parts(self) -> None:
        method = TariffMethod(self.method.currentData())
        for owner, names in METHOD_FIELDS.items():
            for name in names:
                self.form.form.show_field(name, owner is method)
        mode = EligibleMode(self.eligible.currentData())
        for owner_mode, name in ELIGIBLE_FIELDS.items():
            self.form.form.show_field(name, owner_mode is mode)
        self._say_examples()

    def _say_examples(self) -> None:
        try:
            rule = self._typed(self.form.values()).as_rule()
            check_tariff(rule)
        except UserError as error:
            self.examples.setText(error.message)
            return
        self.examples.setText("\n\n".join(examples(rule)))

    def _typed(self, values: dict[str, Any]) -> TariffValues:
        """The tariff in the form; what is blank stays blank. Raises UserError for brackets that cannot be read."""
        method = TariffMethod(values["method"])
        mode = EligibleMode(values["eligible_mode"])
        return TariffValues(
            name=values["name"],
            activity_id=values["activity"] if values["activity"] is not None else 0,
            method=method,
            valid_from=values["valid_from"] or self._next_month(),
            valid_until=values["valid_until"] or END_OF_TIME,
            slot_id=self.slot.currentData(),
            group_id=self.group.currentData(),
            category=values["category"] or None,
            resident=self.resident.currentData(),
            amount_cents=values["amount"],
            brackets=self.brackets.brackets() if method is TariffMethod.QF_BRACKETS else (),
            rate=values["rate"],
            minimum_cents=values["minimum"],
            maximum_cents=values["maximum"],
            eligible_mode=mode,
            eligible_value=values[ELIGIBLE_FIELDS[mode]] if mode in ELIGIBLE_FIELDS else None,
        )

    def _next_values(self, row: TariffRow) -> TariffValues:
        """The same tariff from the day after it ends, else from the first month where it has priced nothing."""
        if row.values.valid_until < END_OF_TIME:
            start, until = row.values.valid_until + timedelta(days=1), END_OF_TIME
        else:
            start = max(self._next_month(), (row.last_priced_on or date.min) + timedelta(days=1))
            until = row.values.valid_until
        return replace(row.values, valid_from=start, valid_until=until)

    def _next_month(self) -> date:
        return (self._today().replace(day=1) + timedelta(days=32)).replace(day=1)

    def _today(self) -> date:
        return paris_day(self.desk.clock())


def _form_values(values: TariffValues) -> dict[str, Any]:
    mode = values.eligible_mode
    return {
        "name": values.name,
        "valid_from": values.valid_from,
        "valid_until": None if values.valid_until == END_OF_TIME else values.valid_until,
        "method": values.method,
        "amount": values.amount_cents,
        "brackets": values.brackets,
        "rate": values.rate,
        "minimum": values.minimum_cents,
        "maximum": values.maximum_cents,
        "activity": values.activity_id,
        "slot": values.slot_id,
        "group": values.group_id,
        "resident": values.resident,
        "category": values.category or "",
        "eligible_mode": mode,
        "eligible_amount": values.eligible_value if mode is EligibleMode.AMOUNT else None,
        "eligible_value": values.eligible_value if mode is EligibleMode.PERCENTAGE else None,
    }


def _combo(parent: QWidget, entries: dict[Any, str]) -> QComboBox:
    combo = QComboBox(parent)
    for value, label in entries.items():
        combo.addItem(label, value)
    return combo


def _refill(combo: QComboBox, entries: list[tuple[str, int | None]], chosen: int | None) -> None:
    """Show these entries without that counting as a person's change."""
    combo.blockSignals(True)
    combo.clear()
    for label, value in entries:
        combo.addItem(label, value)
    place = combo.findData(chosen)
    combo.setCurrentIndex(max(0, place))
    combo.blockSignals(False)
