"""Who comes in: login and password, checked in the background; a demonstration base offers its accounts as buttons."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.services import accounts
from guichet.services.demo.accounts import DemoAccount
from guichet.services.transaction import Actor
from guichet.ui.desk import Desk
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import Form, button, rule, text_label
from guichet.ui.widgets.notices import Banner
from guichet.ui.widgets.tab_order import Dialog


class LoginDialog(Dialog):
    """Asks who works here. `signed_in` (Actor) once the account is known; `actor` keeps it."""

    signed_in = Signal(object)

    def __init__(
        self,
        desk: Desk,
        theme: Theme,
        town: str,
        demo_accounts: Sequence[DemoAccount] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self.actor: Actor | None = None
        self.setWindowTitle(f"Connexion — Guichet — {town}")
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 62)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.WIDE, Space.WIDE, Space.WIDE, Space.WIDE)
        layout.setSpacing(Space.MEDIUM)
        layout.addWidget(text_label("Guichet", "title", self))
        layout.addWidget(text_label(town, "muted", self, wrap=True))
        self.banner = Banner(theme, self)
        layout.addWidget(self.banner)
        self.login = QLineEdit(self)
        self.password = QLineEdit(self)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.form = Form(self)
        self.form.add("login", "&Identifiant", self.login)
        self.form.add("password", "&Mot de passe", self.password)
        self.form.finish()
        layout.addWidget(self.form)
        self.enter = button("Se connecter", self, role="primary")
        self.enter.setDefault(True)
        self.enter.clicked.connect(self._submit)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.enter)
        layout.addLayout(buttons)
        self.demo_buttons = [self._demo_button(account) for account in demo_accounts]
        if demo_accounts:
            layout.addWidget(rule(self))
            hint = text_label(
                "Ville de démonstration\u00a0: choisissez un compte pour entrer.", "muted", self, wrap=True
            )
            layout.addWidget(hint)
            for each in self.demo_buttons:
                layout.addWidget(each)
        self.banner.follow(desk)
        self.login.setFocus(Qt.FocusReason.OtherFocusReason)

    def _demo_button(self, account: DemoAccount) -> QWidget:
        made = button(f"{account.label}  ({account.login})", self)
        made.clicked.connect(lambda: self._enter_as(account))
        return made

    def _enter_as(self, account: DemoAccount) -> None:
        self.login.setText(account.login)
        self.password.setText(account.password)
        self._submit()

    def _submit(self) -> None:
        self.form.clear_errors()
        if not self.login.text().strip():
            self.form.show_error(UserError("Tapez votre identifiant.", field="login"))
            return
        self._set_busy(True)
        self._desk.call(
            accounts.sign_in,
            accounts.Credentials(self.login.text(), self.password.text()),
            then=self._welcome,
            failed=self.form.show_error,
            settled=lambda: self._set_busy(False),
        )

    def _set_busy(self, busy: bool) -> None:
        for each in (self.enter, *self.demo_buttons):
            each.setEnabled(not busy)

    def _welcome(self, actor: Actor) -> None:
        self.actor = actor
        self.signed_in.emit(actor)
        self.accept()
