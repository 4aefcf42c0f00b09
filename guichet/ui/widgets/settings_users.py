"""« Utilisateurs »: who works here, with which roles, and who may still come in."""

from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.permissions import ROLE_LABELS, Role
from guichet.rules.text import format_instant
from guichet.services import accounts, users
from guichet.services.accounts import NewAccount
from guichet.services.users import ChangeUser, SetActive, SetPassword, Unlock, UserRow
from guichet.ui.messages import Question
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.topics import SETTINGS
from guichet.ui.widgets.composite_field import CompositeField
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_list import ListSection
from guichet.ui.widgets.settings_section import leave_row
from guichet.ui.wording import NBSP

ACTIVE = State("✓", "Actif", Tone.GREEN)
LOCKED = State("B", "Bloqué", Tone.ORANGE)
CLOSED = State("×", "Désactivé", Tone.GREY)
CONSOLE = State("–", "Sans mot de passe", Tone.WHITE)
NEW = "settings:user:new"


def state_of(row: UserRow) -> State:
    """Whether the account's owner may come in now."""
    if not row.active:
        return CLOSED
    if row.locked_until is not None:
        return LOCKED
    return ACTIVE if row.has_password else CONSOLE


def roles_text(row: UserRow) -> str:
    """« Agent du guichet, Régie et facturation »."""
    return ", ".join(label for role, label in ROLE_LABELS.items() if role in row.roles)


COLUMNS = (
    Column[UserRow]("Nom", lambda row: row.display_name, None, bold=True),
    Column[UserRow]("Identifiant", lambda row: row.login, 14),
    Column[UserRow]("Rôles", roles_text, None),
    Column[UserRow]("État", lambda row: state_of(row).label, 18, state=state_of),
)


class RoleBoxes(CompositeField):
    """A box to tick for each role; the value is the sorted list of role codes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes = {role: QCheckBox(label, self) for role, label in ROLE_LABELS.items()}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, box in enumerate(self.boxes.values()):
            grid.addWidget(box, place // 2, place % 2)
            box.toggled.connect(self.changed)
        self.setFocusProxy(next(iter(self.boxes.values())))

    def typed(self) -> list[str]:
        return sorted(role.value for role, box in self.boxes.items() if box.isChecked())

    def put_typed(self, typed: list[str]) -> None:
        for role, box in self.boxes.items():
            box.setChecked(role.value in typed)


class UsersSection(ListSection):
    """The accounts above, the chosen one or a new one below."""

    name = "users"
    title = "Utilisateurs"
    explanation = (
        "Un compte désactivé garde son nom dans le journal. "
        "Un compte sans mot de passe ne sert qu’à la ligne de commande."
    )
    listed = "Comptes des utilisateurs"
    empty = "Aucun compte\u00a0: ajoutez la première personne."
    columns = COLUMNS
    new_key = NEW

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.add = button("&Ajouter un compte", self)
        self.add.clicked.connect(self._new)
        self.form = self._build_form()
        self.put_side_by_side(self.form, self._build_password())
        self.head.addWidget(self.add)
        self._user: UserRow | None = None
        self.table.opened.connect(lambda _: self.display_name.setFocus())

    @staticmethod
    def identity(row: UserRow) -> int:
        return row.user_id

    def _build_form(self) -> DraftedForm:
        form = DraftedForm(self.tools, self.card, keys_in=self.card)
        self.display_name = QLineEdit(form)
        self.login = QLineEdit(form)
        self.roles = RoleBoxes(form)
        form.add("display_name", "&Nom affiché", self.display_name, required=True)
        form.add("login", "&Identifiant", self.login, required=True)
        form.add("roles", "&Rôles", self.roles)
        self.unlock = button("Dé&bloquer", form, tip="Permettre un nouvel essai tout de suite")
        self.toggle = button("Désac&tiver…", form)
        form.finish(self.unlock, self.toggle)
        form.save_wanted.connect(self.save)
        form.stale.connect(self.reload)
        self.unlock.clicked.connect(self._unlock)
        self.toggle.clicked.connect(self._ask_toggle)
        return form

    def _build_password(self) -> QWidget:
        holder = QWidget(self.card)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        label = text_label("Nouveau mot de &passe", "section", holder)
        self.new_password = QLineEdit(holder)
        self.new_password.setEchoMode(QLineEdit.EchoMode.Password)
        self.new_password.setAccessibleName("Nouveau mot de passe")
        self.new_password.setAccessibleDescription(users.PASSWORD_RULE)
        label.setBuddy(self.new_password)
        self.shown = QCheckBox("A&fficher ce qui est saisi", holder)
        self.give = button("Donner ce mot de passe", holder)
        self.password_error = text_label("", "error", holder, wrap=True)
        self.password_error.hide()
        for widget in (
            label,
            text_label(users.PASSWORD_RULE, "muted", holder, wrap=True),
            self.new_password,
            self.password_error,
            self.shown,
        ):
            column.addWidget(widget)
        column.addWidget(self.give, 0, Qt.AlignmentFlag.AlignLeft)
        self.shown.toggled.connect(
            lambda on: self.new_password.setEchoMode(
                QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password
            )
        )
        self.new_password.textEdited.connect(self.password_error.hide)
        self.give.clicked.connect(self._give_password)
        return holder

    def reload(self) -> None:
        self.desk.fetch(users.list_users, None, then=self.show_rows, key=self)

    def save(self) -> None:
        if self.form.key == NEW:
            self.form.send(
                accounts.create,
                self._new_account,
                changes=SETTINGS,
                then=self._created,
                failed=self._refused,
            )
        elif self.form.dirty:
            self.form.send(users.change, self._change, changes=SETTINGS, then=self._changed)

    def _new_account(self, values: dict[str, Any]) -> NewAccount:
        roles = frozenset(Role(role) for role in values["roles"])
        return NewAccount(values["login"], values["display_name"], roles, self.new_password.text())

    def _change(self, values: dict[str, Any]) -> ChangeUser:
        seen: UserRow = self.form.seen
        roles = frozenset(Role(role) for role in values["roles"])
        return ChangeUser(seen.user_id, seen.version, values["display_name"], roles, str(uuid4()))

    def _changed(self, row: UserRow) -> None:
        self.messages.inform(f"Compte {row.login} enregistré.")

    def show_row(self, row: UserRow) -> None:
        if self._user is None or self._user.user_id != row.user_id:
            self.new_password.clear()
            self.password_error.hide()
        self._user = row
        self.card.title.setText(f"{row.display_name} ({row.login})")
        self.login.setReadOnly(True)
        self.login.setToolTip("Un identifiant ne change pas\u00a0: le journal le nomme.")
        self.give.setVisible(True)
        self.toggle.setVisible(True)
        self.toggle.setText("Désac&tiver…" if row.active else "Réac&tiver")
        self.unlock.setVisible(row.locked_until is not None)
        if row.locked_until is not None:
            self.unlock.setToolTip(
                f"Bloqué jusqu’au {format_instant(row.locked_until)}\u00a0: permettre un nouvel essai"
            )
        values = {
            "display_name": row.display_name,
            "login": row.login,
            "roles": sorted(role.value for role in row.roles),
        }
        self.form.show_row(f"settings:user:{row.user_id}", f"Compte {row.login}", values, row)
        self.card.show()

    def _new(self) -> None:
        leave_row(self.table)
        self._user = None
        self.card.title.setText("Nouveau compte")
        self.login.setReadOnly(False)
        self.login.setToolTip("")
        self.give.setVisible(False)
        self.toggle.setVisible(False)
        self.unlock.setVisible(False)
        self.new_password.clear()
        self.form.show_row(NEW, "Nouveau compte", {"display_name": "", "login": "", "roles": []})
        self.card.show()
        self.display_name.setFocus(Qt.FocusReason.OtherFocusReason)

    def _created(self, user_id: int) -> None:
        self.choose_saved(user_id)
        self.messages.inform(f"Compte {self.form.values()['login'].strip().lower()} ouvert.")
        self.new_password.clear()

    def _ask_toggle(self) -> None:
        row = self._user
        if row is None:
            return
        if not row.active:
            self._set_active(row, active=True)
            return
        self.messages.ask(
            Question(
                "Désactiver un compte",
                f"{row.display_name} ne pourra plus entrer dans Guichet. Ce que ce compte a fait reste au journal, "
                "et il peut être réactivé.",
                "Désactiver",
                danger=True,
            ),
            then=lambda: self._set_active(row, active=False),
            parent=self,
        )

    def _set_active(self, row: UserRow, *, active: bool) -> None:
        said = "réactivé" if active else "désactivé"
        self.desk.execute(
            users.set_active,
            SetActive(row.user_id, row.version, active, str(uuid4())),
            changes=SETTINGS,
            then=lambda row: self.messages.inform(f"Compte {row.login} {said}."),
            failed=self._refused,
        )

    def _unlock(self) -> None:
        row = self._user
        if row is not None:
            self.desk.execute(
                users.unlock,
                Unlock(row.user_id, row.version, str(uuid4())),
                changes=SETTINGS,
                then=lambda row: self.messages.inform(f"Compte {row.login} débloqué."),
                failed=self._refused,
            )

    def _give_password(self) -> None:
        row = self._user
        if row is not None:
            self.give.setEnabled(False)
            self.desk.execute(
                users.set_password,
                SetPassword(row.user_id, row.version, self.new_password.text(), str(uuid4())),
                changes=SETTINGS,
                then=self._password_given,
                failed=self._refused,
                settled=lambda: self.give.setEnabled(True),
            )

    def _password_given(self, row: UserRow) -> None:
        self.new_password.clear()
        self.messages.inform(
            f"Nouveau mot de passe donné à {row.display_name}{NBSP}: remettez-le en main propre."
        )

    def _refused(self, error: UserError) -> None:
        if error.field == "password":
            self._say_password(error.message)
        else:
            self.form.refused(error)

    def _say_password(self, text: str) -> None:
        self.password_error.setText(text)
        self.password_error.show()
        self.new_password.setFocus(Qt.FocusReason.OtherFocusReason)
