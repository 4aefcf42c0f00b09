"""Forms as people fill them, by keyboard alone: what is understood, what is refused and when, what is never lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QFocusEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from sqlalchemy.orm import Session

from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, UserError
from guichet.rules.text import format_date
from guichet.services.transaction import Context
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look, Theme
from guichet.ui.topics import MONEY
from guichet.ui.widgets.fields import Form, button
from guichet.ui.widgets.typed_field import TypedField
from guichet.ui.widgets.typed_fields import (
    DateField,
    EmailField,
    IbanField,
    IntegerField,
    MoneyField,
    PhoneField,
    TimeField,
)
from tests.ui.support import type_text

TODAY = date(2026, 3, 18)
IBAN = "FR7630006000011234567890189"


@dataclass(frozen=True)
class Booked:
    """What the form of these tests asks a service."""

    command_id: str
    amount: int
    first: date
    last: date


class Sheet(QDialog):
    """A form of a page: two dates, an amount, who to call."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.amount = MoneyField(self, least=1)
        self.first = DateField(lambda: TODAY, self)
        self.last = DateField(lambda: TODAY, self)
        self.mode = QComboBox(self)
        self.mode.addItems(["Chèque", "Espèces"])
        self.note = QLineEdit(self)
        self.save = button("Enregistrer", self)
        self.form = Form(self, keys_in=self)
        self.form.add("amount", "&Montant", self.amount, required=True)
        self.form.add("first", "&Du", self.first, required=True)
        self.form.add("last", "&Au", self.last)
        self.form.add("mode", "Mo&yen", self.mode)
        self.form.add("note", "&Note", self.note)
        self.form.add_check(self.in_order)
        self.form.finish(self.save)
        layout = QVBoxLayout(self)
        layout.addWidget(self.form)
        layout.addWidget(self.save)
        self.submits = 0
        self.form.submitted.connect(self.count)

    def count(self) -> None:
        self.submits += 1

    @staticmethod
    def in_order(values: dict) -> None:
        if values["last"] is not None and values["last"] < values["first"]:
            raise UserError("La fin est avant le début.", field="last")

    def error_of(self, field: QWidget) -> str:
        """The sentence shown beside a field."""
        return next(row.error.text() for row in self.form._rows.values() if row.field is field)


@pytest.fixture
def sheet(theme: Theme, qtbot: QtBot) -> Iterator[Sheet]:
    made = Sheet()
    show(made, qtbot)
    yield made
    made.close()
    made.deleteLater()


def show(widget: QWidget, qtbot: QtBot) -> None:
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()


def tab(qtbot: QtBot) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, Qt.Key.Key_Tab)


def retype(field: QLineEdit, text: str) -> None:
    field.clear()
    type_text(field, text)


def field(kind: Callable[[], TypedField], typed: str) -> TypedField:
    made = kind()
    type_text(made, typed)
    return made


def leave(made: TypedField) -> None:
    QApplication.sendEvent(made, QFocusEvent(QFocusEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason))


@pytest.fixture
def alone(theme: Theme) -> Iterator[Callable[[TypedField], TypedField]]:
    """A field without a form, deleted after the test."""
    made: list[TypedField] = []

    def keep(one: TypedField) -> TypedField:
        made.append(one)
        return one

    yield keep
    for one in made:
        one.deleteLater()


@pytest.mark.parametrize(
    ("kind", "typed", "value", "shown"),
    [
        (MoneyField, "1234,5", 123450, "1\u202f234,50"),
        (MoneyField, "12€50", 1250, "12,50"),
        (IntegerField, "1250", 1250, "1\u202f250"),
        (TimeField, "13h", time(13), "13:00"),
        (PhoneField, "0612345678", "06 12 34 56 78", "06 12 34 56 78"),
        (PhoneField, "+33 6.12.34.56.78", "06 12 34 56 78", "06 12 34 56 78"),
        (PhoneField, "+32 2 512 34 56", "+32 2 512 34 56", "+32 2 512 34 56"),
        (EmailField, "Jean.Dupont@Exemple.FR", "Jean.Dupont@exemple.fr", "Jean.Dupont@exemple.fr"),
        (IbanField, "fr76 30006000011234567890189", IBAN, "FR76 3000 6000 0112 3456 7890 189"),
        (lambda: DateField(lambda: TODAY), "lun. 23", date(2026, 3, 23), "23/03/2026"),
        (lambda: DateField(lambda: TODAY), "après-demain", date(2026, 3, 20), "20/03/2026"),
    ],
)
def test_what_is_typed_is_understood_then_put_in_order_on_leaving(
    alone: Callable, kind: Callable[[], TypedField], typed: str, value: object, shown: str
) -> None:
    made = alone(kind())
    type_text(made, typed)
    assert made.text() == typed, "nothing moves under the fingers"
    assert (made.value, made.error()) == (value, "")
    leave(made)
    assert (made.text(), made.value) == (shown, value)
    made.set_value(None)
    assert (made.text(), made.value, made.error()) == ("", None, "")
    made.set_value(value)
    assert (made.text(), made.value) == (shown, value)


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        (MoneyField, "douze", "lisible"),
        (MoneyField, "12,345", "centimes"),
        (MoneyField, "-5", "négatif"),
        (lambda: MoneyField(least=1), "0", "supérieur à zéro"),
        (lambda: MoneyField(most=10000), "100,01", "100,00\u00a0€"),
        (lambda: IntegerField(most=30), "31", "30"),
        (TimeField, "25:00", "23:59"),
        (PhoneField, "06 12", "téléphone"),
        (EmailField, "jean@", "adresse électronique"),
        (IbanField, "FR7630006000011234567890188", "clé"),
        (IbanField, "FR76 3000", "27 caractères"),
        (lambda: DateField(lambda: TODAY), "31/04", "avril a 30 jours"),
        (lambda: DateField(lambda: TODAY, latest=TODAY), "demain", "au plus tard le 18/03/2026"),
    ],
)
def test_what_is_wrong_stays_as_typed_and_says_why(
    alone: Callable, kind: Callable[[], TypedField], typed: str, said: str
) -> None:
    made = alone(kind())
    type_text(made, typed)
    leave(made)
    assert made.text() == typed
    assert made.value is None
    assert said in made.error()


def test_an_amount_beyond_32_bits_keeps_every_cent(alone: Callable) -> None:
    made = alone(MoneyField())
    seen: list[object] = []
    made.changed.connect(lambda: seen.append(made.value))
    type_text(made, "99 999 999,99")
    assert seen[-1] == 9_999_999_999


def test_a_date_is_stepped_by_day_and_month_and_says_what_it_understood(
    alone: Callable, qtbot: QtBot
) -> None:
    made = alone(DateField(lambda: TODAY))
    qtbot.keyClick(made, Qt.Key.Key_Up)
    assert made.value == TODAY, "from a blank field, today"
    qtbot.keyClick(made, Qt.Key.Key_Up)
    assert made.text() == "19/03/2026"
    qtbot.keyClick(made, Qt.Key.Key_PageUp)
    assert made.text() == "19/04/2026"
    qtbot.keyClick(made, Qt.Key.Key_PageDown)
    qtbot.keyClick(made, Qt.Key.Key_Down)
    assert made.text() == "18/03/2026"
    retype(made, "fin mars")
    assert made.accessibleDescription() == "mardi 31 mars 2026"
    made.resize(made.sizeHint() * 3)
    assert made.hint(made.value) == "→ mar.\u00a031/03/2026"


def test_steps_stop_at_the_bounds(alone: Callable, qtbot: QtBot) -> None:
    made = alone(DateField(lambda: TODAY, earliest=TODAY - timedelta(1), latest=TODAY))
    made.set_value(TODAY)
    for key, last in ((Qt.Key.Key_Up, TODAY), (Qt.Key.Key_PageDown, TODAY - timedelta(1))):
        qtbot.keyClick(made, key)
        assert made.value == last


def test_the_calendar_opens_chooses_and_closes_without_a_mouse(sheet: Sheet, qtbot: QtBot) -> None:
    sheet.first.setFocus()
    type_text(sheet.first, "23/03")
    qtbot.keyClick(sheet.first, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    qtbot.keyClick(inside(popup), Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert sheet.isVisible(), "Escape closes the calendar, not the form"
    assert sheet.first.text() == "23/03"
    qtbot.keyClick(sheet.first, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(inside(popup), Qt.Key.Key_Right)
    qtbot.keyClick(inside(popup), Qt.Key.Key_Return)
    assert sheet.first.value == date(2026, 3, 24)
    assert not popup.isVisible()
    assert sheet.first.hasFocus()


def inside(popup: QWidget) -> QWidget:
    focused = QApplication.focusWidget()
    assert focused is not None
    assert popup.isAncestorOf(focused)
    return focused


def test_a_clock_time_goes_by_quarters(alone: Callable, qtbot: QtBot) -> None:
    made = alone(TimeField())
    type_text(made, "23h50")
    qtbot.keyClick(made, Qt.Key.Key_Up)
    assert made.text() == "00:05"
    qtbot.keyClick(made, Qt.Key.Key_Down)
    assert made.text() == "23:50"


def test_a_field_is_quiet_until_it_was_left_then_follows_each_key(sheet: Sheet, qtbot: QtBot) -> None:
    type_text(sheet.first, "31/0")
    assert not sheet.error_of(sheet.first)
    type_text(sheet.first, "4")
    assert not sheet.error_of(sheet.first)
    tab(qtbot)
    assert sheet.error_of(sheet.first) == "Le 31/04 n’existe pas\u00a0: avril a 30 jours."
    assert sheet.first.accessibleDescription() == sheet.error_of(sheet.first)
    assert not sheet.error_of(sheet.amount), "what was not reached is not judged"
    sheet.first.setFocus()
    retype(sheet.first, "30/04")
    assert not sheet.error_of(sheet.first)
    assert sheet.first.accessibleDescription() == "jeudi 30 avril 2026"
    type_text(sheet.first, "/20")
    assert sheet.first.value == date(2020, 4, 30)
    type_text(sheet.first, "2")
    assert "L’année 202" in sheet.error_of(sheet.first)


def test_an_empty_required_field_is_judged_when_tab_leaves_it_not_when_the_program_does(
    sheet: Sheet, qtbot: QtBot
) -> None:
    sheet.amount.setFocus()
    sheet.note.setFocus()
    assert not sheet.error_of(sheet.amount)
    sheet.amount.setFocus()
    tab(qtbot)
    assert sheet.error_of(sheet.amount) == "Ce champ est obligatoire."


def test_submitting_judges_all_and_takes_the_cursor_to_the_first_wrong(sheet: Sheet) -> None:
    type_text(sheet.amount, "12")
    sheet.note.setFocus()
    assert not sheet.form.check()
    assert QApplication.focusWidget() is sheet.first
    assert sheet.error_of(sheet.first) == "Ce champ est obligatoire."
    assert not sheet.error_of(sheet.last)
    type_text(sheet.first, "demain")
    assert not sheet.error_of(sheet.first)
    type_text(sheet.last, "hier")
    assert sheet.error_of(sheet.last) == "La fin est avant le début."
    retype(sheet.last, "+5")
    assert not sheet.error_of(sheet.last)
    assert sheet.form.check()
    assert sheet.form.values() == {
        "amount": 1200,
        "first": date(2026, 3, 19),
        "last": date(2026, 3, 23),
        "mode": "Chèque",
        "note": "",
    }


def test_tab_reaches_every_field_and_each_says_its_name_and_that_it_is_required(
    sheet: Sheet, qtbot: QtBot
) -> None:
    sheet.amount.setFocus()
    names = []
    for _ in range(6):
        focused = QApplication.focusWidget()
        assert focused is not None
        names.append(spoken_name(focused))
        tab(qtbot)
    assert names == ["Montant, obligatoire", "Du, obligatoire", "Au", "Moyen", "Note", "Enregistrer"]


def spoken_name(widget: QWidget) -> str:
    """What a screen reader says of it; a list of choices is named by its label where the platform has relations."""
    interface = QAccessible.queryAccessibleInterface(widget)
    if isinstance(widget, QComboBox):
        return widget.accessibleName()
    return interface.text(QAccessible.Text.Name)


def test_enter_in_the_last_field_and_ctrl_enter_anywhere_submit_once(sheet: Sheet, qtbot: QtBot) -> None:
    sheet.note.setFocus()
    qtbot.keyClick(sheet.note, Qt.Key.Key_Return)
    assert sheet.submits == 1
    sheet.amount.setFocus()
    qtbot.keyClick(sheet.amount, Qt.Key.Key_Return)
    assert sheet.submits == 1, "one may still be filling the others"
    qtbot.keyClick(sheet.amount, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert sheet.submits == 2
    qtbot.keyClick(sheet.amount, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert sheet.submits == 3
    assert "Ctrl+" in sheet.save.toolTip()


def test_a_refusal_without_field_stands_at_the_end_until_something_changes(sheet: Sheet) -> None:
    sheet.form.show_error(UserError("La régie est close."))
    assert shown_sentences(sheet) == ["La régie est close."]
    type_text(sheet.note, "x")
    assert not shown_sentences(sheet)


def shown_sentences(sheet: Sheet) -> list[str]:
    from PySide6.QtWidgets import QLabel

    return [
        label.text()
        for label in sheet.findChildren(QLabel)
        if label.property("role") == "error" and label.isVisible() and label.text()
    ]


def test_a_refusal_of_the_service_stands_beside_its_field_until_it_changes(sheet: Sheet) -> None:
    type_text(sheet.amount, "12")
    sheet.form.show_error(UserError("Ce montant dépasse le reste dû.", field="amount"))
    assert sheet.amount.hasFocus()
    assert sheet.amount.accessibleDescription() == "Ce montant dépasse le reste dû."
    type_text(sheet.note, "x")
    assert sheet.error_of(sheet.amount) == "Ce montant dépasse le reste dû."
    assert sheet.amount.text() == "12,00", "put in order, it is still the amount refused"
    retype(sheet.amount, "11")
    assert not sheet.error_of(sheet.amount)


def test_a_hidden_or_disabled_field_is_not_judged(sheet: Sheet) -> None:
    type_text(sheet.amount, "12")
    sheet.form.show_field("first", False)
    assert sheet.form.check()
    sheet.form.show_field("first", True)
    assert not sheet.form.check()
    sheet.first.setEnabled(False)
    assert sheet.form.check()


def test_values_put_by_the_program_are_no_typing(sheet: Sheet) -> None:
    drafts = Drafts()
    sheet.form.set_values({"amount": 1250, "first": TODAY, "last": None, "mode": "Espèces", "note": "x"})
    sheet.form.keep_draft(drafts, "sheet:1", "Fiche 1")
    assert not sheet.form.dirty
    assert (sheet.amount.text(), sheet.first.text()) == ("12,50", "18/03/2026")
    type_text(sheet.note, "y")
    assert sheet.form.dirty
    assert drafts.pending == ("Fiche 1",)
    sheet.note.setText("x")
    assert not sheet.form.dirty
    assert not drafts.pending, "back to what is saved, nothing waits"


def test_what_is_typed_wrong_or_right_comes_back_as_it_was(theme: Theme, qtbot: QtBot) -> None:
    drafts = Drafts()
    first = Sheet()
    first.form.keep_draft(drafts, "sheet:1", "Fiche 1")
    show(first, qtbot)
    type_text(first.amount, "12,3é")
    type_text(first.first, "lun")
    first.mode.setCurrentText("Espèces")
    qtbot.keyClick(first.first, Qt.Key.Key_Escape)
    assert not first.isVisible()
    first.deleteLater()
    assert drafts.pending == ("Fiche 1",)
    again = Sheet()
    show(again, qtbot)
    again.form.keep_draft(drafts, "sheet:1", "Fiche 1")
    assert (again.amount.text(), again.mode.currentText()) == ("12,3é", "Espèces")
    assert again.first.value == date(2026, 3, 23)
    assert not again.error_of(again.amount), "quiet again until it is tried"
    forget = next(each for each in again.findChildren(QPushButton) if each.text() == "Effacer")
    assert forget.isVisible()
    forget.setFocus()
    qtbot.keyClick(forget, Qt.Key.Key_Space)
    assert (again.amount.text(), again.first.text(), again.mode.currentText()) == ("", "", "Chèque")
    assert not drafts.pending
    assert not forget.isVisible()
    again.close()
    again.deleteLater()


def test_turning_to_another_subject_keeps_each_draft_apart(sheet: Sheet) -> None:
    drafts = Drafts()
    sheet.form.keep_draft(drafts, "sheet:1", "Fiche 1")
    type_text(sheet.note, "pour la 1")
    sheet.form.set_values({"note": "de la 2", "amount": None})
    sheet.form.keep_draft(drafts, "sheet:2", "Fiche 2")
    assert sheet.note.text() == "de la 2"
    assert drafts.pending == ("Fiche 1",)
    type_text(sheet.note, "+")
    assert drafts.pending == ("Fiche 1", "Fiche 2")
    sheet.form.set_values({"note": ""})
    sheet.form.keep_draft(drafts, "sheet:1", "Fiche 1")
    assert sheet.note.text() == "pour la 1"


class Service:
    """Stands for a service: fails as told, else answers the command."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.asked: list[Booked] = []

    def book(self, _session: Session, _context: Context, command: Booked) -> Booked:
        if self.failure is not None:
            raise self.failure
        self.asked.append(command)
        return command


def filled(sheet: Sheet, drafts: Drafts) -> Callable[[dict], Booked]:
    sheet.form.keep_draft(drafts, "sheet:1", "Fiche 1")
    type_text(sheet.amount, "12,50")
    type_text(sheet.first, "demain")
    return lambda values: Booked("c-1", values["amount"], values["first"], values["last"] or values["first"])


def test_the_command_goes_and_the_draft_with_it(sheet: Sheet, desk: Desk) -> None:
    drafts, service, done = Drafts(), Service(), []
    build = filled(sheet, drafts)
    sheet.form.send(desk, service.book, build, changes=MONEY, then=done.append)
    assert not sheet.save.isEnabled(), "a second press would send it twice"
    settle(desk)
    assert service.asked == done == [Booked("c-1", 1250, date(2026, 3, 19), date(2026, 3, 19))]
    assert not drafts.pending
    assert not sheet.form.dirty
    assert sheet.save.isEnabled()


def test_leaving_a_field_after_the_success_brings_no_draft_back(
    sheet: Sheet, desk: Desk, qtbot: QtBot
) -> None:
    drafts, service = Drafts(), Service()
    build = filled(sheet, drafts)
    retype(sheet.amount, "40")
    sheet.form.send(desk, service.book, build, changes=MONEY)
    settle(desk)
    assert sheet.amount.hasFocus()
    tab(qtbot)
    assert sheet.amount.text() == "40,00"
    assert not drafts.pending


def test_a_day_kept_in_a_draft_stays_that_day(theme: Theme) -> None:
    drafts, sheets = Drafts(), []
    for today in (TODAY, TODAY + timedelta(1)):
        sheet = Sheet()
        sheet.first._today = lambda today=today: today
        sheet.form.keep_draft(drafts, "sheet:1", "Fiche 1")
        if today == TODAY:
            type_text(sheet.first, "demain")
        sheets.append(sheet)
    assert sheets[1].first.value == date(2026, 3, 19)
    for sheet in sheets:
        sheet.deleteLater()


def test_nothing_goes_while_a_field_is_wrong(sheet: Sheet, desk: Desk) -> None:
    drafts, service = Drafts(), Service()
    build = filled(sheet, drafts)
    retype(sheet.first, "31/04")
    sheet.form.send(desk, service.book, build, changes=MONEY)
    settle(desk)
    assert not service.asked
    assert sheet.first.hasFocus()
    assert sheet.save.isEnabled()


def test_a_refusal_keeps_what_was_typed(sheet: Sheet, desk: Desk) -> None:
    drafts, service = Drafts(), Service()
    build = filled(sheet, drafts)
    service.failure = UserError("Trop tard pour ce jour.", field="first")
    sheet.form.send(desk, service.book, build, changes=MONEY)
    settle(desk)
    assert sheet.error_of(sheet.first) == "Trop tard pour ce jour."
    assert drafts.pending == ("Fiche 1",)
    assert sheet.save.isEnabled()


def test_what_was_recorded_before_is_a_success(sheet: Sheet, desk: Desk) -> None:
    drafts, service, told = Drafts(), Service(), []
    build = filled(sheet, drafts)
    sheet.form.send(desk, service.book, build, changes=MONEY)
    settle(desk)
    type_text(sheet.note, "encore")
    sheet.form.send(desk, service.book, build, changes=MONEY, already=told.append)
    settle(desk)
    assert [type(each) for each in told] == [AlreadyApplied]
    assert len(service.asked) == 1
    assert not drafts.pending


def test_a_lost_base_keeps_the_draft_and_a_late_success_takes_it_away(desk: Desk, theme: Theme) -> None:
    """The form is closed during the outage: once the command got through, it must not be offered a second time."""
    drafts, service = Drafts(), Service()
    sheet = Sheet()
    build = filled(sheet, drafts)
    service.failure = EnvironmentProblem("La base ne répond pas.")
    sheet.form.send(desk, service.book, build, changes=MONEY)
    settle(desk)
    assert drafts.pending == ("Fiche 1",)
    sheet.close()
    sheet.deleteLater()
    settle(desk)
    service.failure = None
    desk.retry()
    settle(desk)
    assert len(service.asked) == 1
    assert not drafts.pending


def test_a_note_of_several_lines_takes_enter_for_itself(theme: Theme, qtbot: QtBot) -> None:
    dialog = QDialog()
    note = QPlainTextEdit(dialog)
    save = button("Enregistrer", dialog)
    form = Form(dialog, keys_in=dialog)
    form.add("note", "Note", note)
    form.finish(save)
    layout = QVBoxLayout(dialog)
    layout.addWidget(form)
    submits: list[str] = []
    form.submitted.connect(lambda: submits.append(form.values()["note"]))
    show(dialog, qtbot)
    type_text(note, "une")
    qtbot.keyClick(note, Qt.Key.Key_Return)
    type_text(note, "deux")
    assert not submits
    qtbot.keyClick(note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert submits == ["une\ndeux"]
    dialog.close()
    dialog.deleteLater()


@pytest.mark.parametrize("scale", [100, 200])
def test_what_was_understood_never_covers_what_is_typed(
    theme: Theme, qtbot: QtBot, sheet: Sheet, scale: int
) -> None:
    theme.apply(Look.LIGHT, scale)
    for width in (8, 14, 40):
        sheet.first.setFixedWidth(sheet.fontMetrics().averageCharWidth() * width)
        retype(sheet.first, "23/03")
        margin = sheet.first.textMargins().right()
        typed = sheet.first.fontMetrics().horizontalAdvance("23/03")
        room_for_hint = margin - sheet.first._inner_right()
        assert room_for_hint == 0 or typed + margin <= sheet.first.width()
    assert sheet.first.value == date(2026, 3, 23)


def test_a_date_typed_over_midnight_is_read_on_the_new_day(alone: Callable) -> None:
    day = [TODAY]
    made = alone(DateField(lambda: day[0]))
    type_text(made, "demain")
    assert made.value == date(2026, 3, 19)
    day[0] = TODAY + timedelta(1)
    assert made.value == date(2026, 3, 20)
    leave(made)
    assert made.text() == format_date(date(2026, 3, 20))


def test_times_are_plain_clock_times(alone: Callable) -> None:
    made = alone(TimeField())
    made.set_value(datetime(2026, 3, 18, 8, 5).time())  # noqa: DTZ001 - a clock time
    assert (made.text(), made.value) == ("08:05", time(8, 5))
