"""The dialog that changes how a person is reached; what is typed is kept until it is saved or given up."""

import json
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.errors import StaleVersion, UserError
from guichet.services import contacts
from guichet.services.contacts import ChangeContacts, Contacts, ContactsQuery
from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.form import Form
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.widgets.typed_fields import EmailField, PhoneField

FIELDS = ("mobile_phone", "home_phone", "work_phone", "email", "address", "address_more", "postcode", "town")


class ContactsForm(Form):
    """`stale` (StaleVersion) when another desk changed the person first."""

    stale = Signal(object)

    def show_error(self, error: UserError) -> None:
        super().show_error(error)
        if isinstance(error, StaleVersion):
            self.stale.emit(error)


class ContactsDialog(Dialog):
    """Reads a person's contacts, then lets them be changed."""

    def __init__(self, tools: Tools, family_id: int, person_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Coordonnées")
        self._tools = tools
        self._family_id = family_id
        self._person_id = person_id
        self._query = ContactsQuery(family_id, person_id)
        self._read: Contacts | None = None
        self._told: UserError | None = None
        self._fields: dict[str, QLineEdit] = {}
        self.name = text_label("", "heading", self)
        self.form = ContactsForm(self, keys_in=self)
        self.mobile, self.home, self.work = PhoneField(self), PhoneField(self), PhoneField(self)
        self.email = EmailField(self)
        self.address, self.more = QLineEdit(self), QLineEdit(self)
        self.postcode, self.town = QLineEdit(self), QLineEdit(self)
        # What was read, beside what is typed over it: a draft taken up later must not undo what others wrote since.
        self._base = QLineEdit(self)
        for name, label, field in (
            ("mobile_phone", "Téléphone &mobile", self.mobile),
            ("home_phone", "Téléphone du &domicile", self.home),
            ("work_phone", "Téléphone &professionnel", self.work),
            ("email", "&Courriel", self.email),
            ("address", "&Adresse", self.address),
            ("address_more", "Complém&ent", self.more),
            ("postcode", "Code p&ostal", self.postcode),
            ("town", "&Ville", self.town),
            ("base", "Fiche lue", self._base),
        ):
            self.form.add(name, label, field)
            self._fields[name] = field
        self.form.show_field("base", False)
        self.save = button("Enregistrer", self, role="primary")
        self.save.setEnabled(False)
        self.form.finish(self.save)
        cancel = button("Fermer", self, tip="Fermer\u202f; ce qui est tapé est gardé en brouillon (Échap)")
        cancel.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setSpacing(Space.MEDIUM)
        layout.addWidget(self.name)
        layout.addWidget(self.form)
        layout.addLayout(foot)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 84)
        self.form.submitted.connect(self._send)
        self.form.stale.connect(self._read_again)
        tools.desk.fetch(contacts.read, self._query, then=self._show, failed=self.form.show_error, key=self)

    def _show(self, found: Contacts) -> None:
        self._read = found
        self.name.setText(found.name)
        present = {name: getattr(found, name) for name in FIELDS}
        self.form.set_values({**present, "base": json.dumps(present)})
        self.form.keep_draft(
            self._tools.drafts, f"contacts:{self._person_id}", f"coordonnées de {found.name}"
        )
        self._take_others_changes(present)
        self.save.setEnabled(True)
        if self._told is not None:
            self.form.show_error(self._told)
            self._told = None
        else:
            self.mobile.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_others_changes(self, present: dict[str, str]) -> None:
        """In a draft made over an older sheet, show what is there now in the fields that were left as they were."""
        before: dict[str, str] = json.loads(self._base.text())
        if before == present:
            return
        for name, value in present.items():
            if self._fields[name].text() == before[name]:
                self._fields[name].setText(value)
        self._base.setText(json.dumps(present))

    def _read_again(self, error: StaleVersion) -> None:
        """Read what the other desk wrote, keep what was typed here, and say who was first."""
        self._told = UserError(error.message)
        self._tools.desk.fetch(contacts.read, self._query, then=self._show, key=self)

    def _send(self) -> None:
        self.form.send(
            self._tools.desk,
            contacts.change,
            self._command,
            changes=frozenset({Topic.FAMILIES}),
            then=self._saved,
        )

    def _command(self, values: dict[str, Any]) -> ChangeContacts:
        if self._read is None:
            raise UserError("La fiche n’est pas encore lue\u00a0: patientez un instant.")
        typed = {name: values[name] or "" for name in FIELDS}
        return ChangeContacts(str(uuid4()), self._person_id, self._family_id, self._read.version, **typed)

    def _saved(self, _contacts: Contacts) -> None:
        self._tools.messages.inform("Coordonnées enregistrées")
        self.accept()
