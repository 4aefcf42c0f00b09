"""« Portails »: where each family portal is, whether it answers from this machine, and its token in the keyring."""

from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.services import portal_settings
from guichet.services.portal_settings import KeepToken, PortalCheck, PortalRow, SavePortal
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.topics import Topic
from guichet.ui.widgets.fields import announce, button, text_label
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_list import ListSection
from guichet.ui.widgets.settings_section import leave_row

CHANGES = frozenset({Topic.SETTINGS, Topic.IMPORTS})
LINKS = {True: "Dossier d’échange", False: "Adresse https://"}
NEW = "settings:portal:new"

COLUMNS = (
    Column[PortalRow]("Code", lambda row: row.code, 16, bold=True),
    Column[PortalRow]("Nom", lambda row: row.name, None),
    Column[PortalRow]("Liaison", lambda row: LINKS[row.folder], 18),
    Column[PortalRow]("Où", lambda row: row.address, None),
)


class PortalsSection(ListSection):
    """The portals above, the chosen one or a new one below, with a trial of its link."""

    name = "portals"
    title = "Portails"
    explanation = (
        "Le jeton d’un portail reste dans le trousseau de chaque poste\u202f; la base ne le connaît pas."
    )
    listed = "Portails"
    empty = "Aucun portail\u00a0: les demandes se saisissent au guichet."
    columns = COLUMNS
    new_key = NEW

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.add = button("&Nouveau portail", self)
        self.head.addWidget(self.add)
        self.form = self._build_form()
        self.put_side_by_side(self.form, self._build_token())
        self.table.opened.connect(lambda _: self.display_name.setFocus())
        self.add.clicked.connect(self._new)

    @staticmethod
    def identity(row: PortalRow) -> str:
        return row.code

    def _build_form(self) -> DraftedForm:
        form = DraftedForm(self.tools, self.card, keys_in=self)
        self.code = QLineEdit(form)
        self.display_name = QLineEdit(form)
        self.link = QComboBox(form)
        for folder, label in LINKS.items():
            self.link.addItem(label, folder)
        self.address = QLineEdit(form)
        self.address.setPlaceholderText("Chemin du dossier, ou https://…")
        form.add("code", "&Code", self.code, required=True)
        form.add("name", "No&m", self.display_name)
        form.add("folder", "&Liaison", self.link)
        form.add("address", "&Où", self.address, required=True)
        form.finish()
        form.save_wanted.connect(self.save)
        form.stale.connect(self.reload)
        form.edited.connect(self._link_edited)
        return form

    def _build_token(self) -> QWidget:
        holder = QWidget(self.card)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        self.try_link = button("&Essayer la liaison", holder, tip="Sans rien relever ni envoyer")
        self.tried = text_label("", "", holder, wrap=True)
        self.token_label = text_label("&Jeton du portail", "section", holder)
        self.token = QLineEdit(holder)
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setAccessibleName("Jeton du portail")
        self.token_label.setBuddy(self.token)
        self.keep = button("Confier au &trousseau de ce poste", holder)
        for widget in (self.try_link, self.keep):
            widget.setSizePolicy(widget.sizePolicy().Policy.Maximum, widget.sizePolicy().Policy.Fixed)
        for shown in (self.try_link, self.tried, self.token_label, self.token, self.keep):
            column.addWidget(shown)
        self.try_link.clicked.connect(self._try)
        self.keep.clicked.connect(self._keep_token)
        return holder

    def reload(self) -> None:
        self.desk.fetch(portal_settings.list_portals, None, then=self.show_rows, key=self)

    def save(self) -> None:
        if self.form.dirty:
            self.form.send(portal_settings.save_portal, self._command, changes=CHANGES, then=self._saved)

    def _command(self, values: dict[str, Any]) -> SavePortal:
        return SavePortal(PortalRow(**values), self.form.seen, str(uuid4()))

    def _saved(self, portal: PortalRow) -> None:
        self.choose_saved(portal.code)
        self.messages.inform(f"Portail {portal.code} enregistré.")

    def show_row(self, row: PortalRow) -> None:
        self.card.title.setText(row.name)
        self._open(row, f"settings:portal:{row.code}", f"Portail {row.code}", row)

    def _new(self) -> None:
        leave_row(self.table)
        self.card.title.setText("Nouveau portail")
        self._open(None, NEW, "Nouveau portail", PortalRow("", "", True, ""))
        self.code.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, seen: PortalRow | None, key: str, label: str, row: PortalRow) -> None:
        if key != self.form.key:
            self.token.clear()
            self.tried.setText("")
        self.code.setReadOnly(seen is not None)
        self.form.show_row(key, label, vars(row), seen)
        self.card.show()

    def _link_edited(self) -> None:
        by_address = not self.link.currentData()
        for widget in (self.token_label, self.token, self.keep):
            widget.setVisible(by_address)

    def _try(self) -> None:
        self.try_link.setEnabled(False)
        self._say("Essai en cours…")
        self.desk.call(
            portal_settings.check_portal,
            PortalRow(**self.form.values()),
            then=self._tried,
            failed=lambda error: self._say(error.message),
            settled=lambda: self.try_link.setEnabled(True),
        )

    def _tried(self, found: PortalCheck) -> None:
        self._say(f"{'✓' if found.answers else '✗'} {found.sentence}")

    def _keep_token(self) -> None:
        values = self.form.values()
        self.desk.call(
            portal_settings.keep_token,
            KeepToken(values["code"], values["address"], self.token.text()),
            then=self._kept,
            failed=self._refused,
        )

    def _kept(self, kept: bool) -> None:
        self.token.clear()
        self._say(
            "✓ Jeton gardé par le trousseau de ce poste."
            if kept
            else "✗ Ce poste n’a pas de trousseau qui protège\u00a0: le jeton sera demandé à chaque relevé."
        )

    def _refused(self, error: UserError) -> None:
        self._say(f"✗ {error.message}")
        self.token.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, text: str) -> None:
        self.tried.setText(text)
        announce(self.tried, text)
