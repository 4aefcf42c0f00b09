"""Coming in: checked in the background, refused beside the field, offered as buttons in the demonstration."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from guichet.models.database import Database
from guichet.rules.permissions import Role
from guichet.services import accounts, transaction
from guichet.services.transaction import Context
from guichet.ui.desk import Desk
from guichet.ui.login import DemoAccount, LoginDialog
from guichet.ui.theme import Theme
from tests.ui.support import SqlGuard, type_text

PASSWORD = "Rivière2026"


@pytest.fixture
def accounts_made(sqlite_database: Database, context: Context, sql_guard: SqlGuard) -> None:
    account = accounts.NewAccount("camille", "Camille Roux", frozenset({Role.AGENT}), PASSWORD)
    sql_guard.aside(lambda: transaction.run(sqlite_database, context, accounts.create, account))


@pytest.fixture
def dialog(desk: Desk, theme: Theme, accounts_made: None, qtbot: QtBot) -> Iterator[LoginDialog]:
    demo = [DemoAccount("camille", PASSWORD, "Agente du guichet")]
    dialog = LoginDialog(desk, theme, "Albertville", demo)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_the_right_password_lets_in_from_the_keyboard(dialog: LoginDialog, qtbot: QtBot) -> None:
    type_text(dialog.login, "Camille")
    qtbot.keyClick(dialog.login, Qt.Key.Key_Tab)
    type_text(dialog.password, PASSWORD)
    with qtbot.waitSignal(dialog.signed_in):
        qtbot.keyClick(dialog.password, Qt.Key.Key_Return)
    assert dialog.actor is not None
    assert dialog.actor.display_name == "Camille Roux"
    assert dialog.actor.roles == {Role.AGENT}


def test_a_wrong_password_is_said_beside_the_field_and_what_was_typed_stays(
    dialog: LoginDialog, qtbot: QtBot
) -> None:
    type_text(dialog.login, "camille")
    type_text(dialog.password, "Mauvais2026")
    qtbot.mouseClick(dialog.enter, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.password.property("invalid")))
    assert "mot de passe" in dialog.password.accessibleDescription()
    assert dialog.login.text() == "camille"
    assert dialog.enter.isEnabled()
    assert dialog.isVisible()


def test_no_login_is_refused_without_asking_the_base(
    dialog: LoginDialog, qtbot: QtBot, sql_guard: SqlGuard
) -> None:
    before = sql_guard.statements
    qtbot.mouseClick(dialog.enter, Qt.MouseButton.LeftButton)
    assert dialog.login.property("invalid")
    assert sql_guard.statements == before


def test_a_demonstration_account_enters_with_one_click(dialog: LoginDialog, qtbot: QtBot) -> None:
    offered = dialog.demo_buttons[0]
    assert isinstance(offered, QPushButton)
    assert "Agente du guichet" in offered.text()
    with qtbot.waitSignal(dialog.signed_in):
        qtbot.mouseClick(offered, Qt.MouseButton.LeftButton)


def test_every_field_of_the_login_has_a_name(dialog: LoginDialog) -> None:
    assert dialog.login.accessibleName() == "Identifiant"
    assert dialog.password.accessibleName() == "Mot de passe"
