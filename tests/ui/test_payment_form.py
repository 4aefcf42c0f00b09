"""A payment half typed is kept apart for each family, comes back whole, and is never offered again once recorded."""

from collections.abc import Iterator
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.money import Invoice, Payment
from guichet.rules.permissions import Role
from guichet.services import invoices, transaction
from guichet.services.invoices import IssueInvoices
from guichet.services.transaction import Context
from guichet.ui.screenshots import settle
from guichet.ui.widgets.payment_form import PaymentDialog
from guichet.ui.window import MainWindow
from tests.services.billing_town import found
from tests.ui.support import Opener, SqlGuard, type_text

WEDNESDAYS = [date(2026, 2, day) for day in (4, 11, 18, 25)]


@pytest.fixture
def town(sqlite_database: Database, sql_guard: SqlGuard, context: Context) -> Database:
    """Zola owes 40 €, Éluard 20 €."""

    def build() -> None:
        with sqlite_database.writing() as session:
            town = found(session)
            town.single(town.alsh, 1000)
            for name, days in (("Zola", WEDNESDAYS), ("Éluard", WEDNESDAYS[:2])):
                family = town.family(name)
                town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *days)
        transaction.run(
            sqlite_database, context, invoices.issue, IssueInvoices(date(2026, 2, 1), date(2026, 2, 28))
        )

    sql_guard.aside(build)
    return sqlite_database


@pytest.fixture
def families(town: Database, sql_guard: SqlGuard) -> list[int]:
    """Who owes, most first."""

    def read() -> list[int]:
        with town.reading() as session:
            return list(
                session.execute(select(Invoice.family_id).order_by(Invoice.total_cents.desc())).scalars()
            )

    return sql_guard.aside(read)


class Counter:
    """Opens the dialog as the pages do."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    def receive(self, family_id: int) -> PaymentDialog:
        dialog = PaymentDialog(self.window.tools, family_id, f"Famille {family_id}", self.window)
        dialog.show()
        self.qtbot.waitExposed(dialog)
        dialog.activateWindow()
        settle(self.window.tools.desk)
        return dialog

    @property
    def pending(self) -> tuple[str, ...]:
        return self.window.tools.drafts.pending


@pytest.fixture
def counter(open_window: Opener, qtbot: QtBot) -> Iterator[Counter]:
    made = Counter(open_window(Role.FINANCE), qtbot)
    yield made
    for dialog in made.window.findChildren(PaymentDialog):
        dialog.form.discard()
        dialog.close()


def test_escape_keeps_the_payment_typed_for_its_family_alone(
    counter: Counter, families: list[int], qtbot: QtBot
) -> None:
    zola, eluard = families
    dialog = counter.receive(zola)
    assert not counter.pending, "opening the form types nothing"
    type_text(dialog.amount, "25,5")
    dialog.mode.setCurrentText("Chèque")
    dialog.received_on.clear()
    type_text(dialog.received_on, "hier")
    dialog.invoices.paged.toggle(0)
    qtbot.keyClick(dialog.received_on, Qt.Key.Key_Escape)
    settle(counter.window.tools.desk)
    assert counter.pending == (f"Règlement de Famille {zola}",)
    other = counter.receive(eluard)
    assert other.amount.text() == ""
    qtbot.keyClick(other.amount, Qt.Key.Key_Escape)
    again = counter.receive(zola)
    assert (again.amount.value, again.mode.currentText()) == (2550, "Chèque")
    assert again.received_on.value == date(2026, 3, 17)
    assert len(again.invoices.paged.checked) == 1
    assert "14,50\u00a0€" in again.rest.text()


def test_giving_up_forgets_it(counter: Counter, families: list[int], qtbot: QtBot) -> None:
    dialog = counter.receive(families[0])
    type_text(dialog.amount, "25")
    cancel = next(each for each in dialog.findChildren(type(dialog.save)) if each.text() == "Annuler")
    cancel.setFocus()
    qtbot.keyClick(cancel, Qt.Key.Key_Space)
    assert not counter.pending
    assert counter.receive(families[0]).amount.text() == ""


def test_a_payment_typed_by_keyboard_is_recorded_once_and_not_offered_again(
    counter: Counter, families: list[int], qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    dialog = counter.receive(families[0])
    assert dialog.amount.hasFocus()
    type_text(dialog.amount, "40 €")
    qtbot.keyClick(dialog.amount, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is dialog.received_on
    dialog.received_on.clear()
    type_text(dialog.received_on, "lundi dernier")
    qtbot.keyClick(dialog.received_on, Qt.Key.Key_Tab)
    type_text(dialog.reference, "chèque n° 12")
    qtbot.keyClick(dialog.reference, Qt.Key.Key_Return)
    settle(counter.window.tools.desk)
    (paid,) = recorded(town, sql_guard)
    assert (paid.amount_cents, paid.received_on, paid.reference) == (4000, date(2026, 3, 16), "chèque n° 12")
    assert not counter.pending
    assert counter.receive(families[0]).amount.text() == ""


def test_a_date_to_come_is_refused_before_anything_is_sent(
    counter: Counter, families: list[int], qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    dialog = counter.receive(families[0])
    type_text(dialog.amount, "40")
    dialog.received_on.clear()
    type_text(dialog.received_on, "demain")
    qtbot.keyClick(dialog.received_on, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(counter.window.tools.desk)
    assert "au plus tard le 18/03/2026" in dialog.received_on.accessibleDescription()
    assert dialog.received_on.hasFocus()
    assert not recorded(town, sql_guard)


def recorded(town: Database, sql_guard: SqlGuard) -> list[Payment]:
    def read() -> list[Payment]:
        with town.reading() as session:
            rows = list(session.execute(select(Payment)).scalars())
            session.expunge_all()
            return rows

    return sql_guard.aside(read)
