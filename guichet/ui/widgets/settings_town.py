"""« Commune »: who writes, as every document names it, with the head of a letter seen as it is typed."""

from uuid import uuid4

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from guichet.services import town_settings
from guichet.services.settings import Town
from guichet.services.town_settings import ChangeTown
from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import SETTINGS
from guichet.ui.widgets.facts import Card
from guichet.ui.widgets.fields import text_label
from guichet.ui.widgets.settings_form import DraftedForm
from guichet.ui.widgets.settings_section import SettingsSection

FIELDS = (
    ("name", "&Nom de la commune", "Commune de Valmont"),
    ("service", "&Service", "Guichet unique enfance-jeunesse"),
    ("address", "A&dresse", ""),
    ("postcode", "Code &postal", "73200"),
    ("town", "&Ville", ""),
    ("phone", "&Téléphone", "04 79 00 00 01"),
    ("email", "Adresse é&lectronique", "guichet@ville.fr"),
    ("siret", "S&IRET", "14 chiffres"),
    ("signatory", "Si&gnataire", "Prénom Nom"),
    ("signatory_title", "&Qualité du signataire", "Le maire"),
)


class TownSection(SettingsSection):
    """The town's identity and the block it prints."""

    name = "town"
    title = "Commune"
    explanation = (
        "Ce que portent les factures, les attestations et les courriers. Un document déjà émis ne change pas."
    )

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.form = DraftedForm(tools, self, keys_in=self)
        self.fields: dict[str, QLineEdit | QPlainTextEdit] = {}
        for name, label, example in FIELDS:
            field = self._field(name)
            field.setPlaceholderText(example)
            self.fields[name] = field
            self.form.add(name, label, field, required=name == "name")
        self.form.finish()
        self.preview = Card("En-tête des documents", self)
        self.preview_text = text_label("", "", self.preview, wrap=True)
        self.preview_text.setAccessibleName("Aperçu de l’en-tête des documents")
        self.signature = text_label("", "muted", self.preview, wrap=True)
        self.preview.body.addWidget(self.preview_text)
        self.preview.body.addWidget(self.signature)
        self.preview.body.addStretch(1)
        across = QHBoxLayout()
        across.setSpacing(Space.LARGE)
        across.addWidget(self.form, 3)
        across.addWidget(self.preview, 2)
        self.body.addLayout(across)
        self.body.addStretch(1)
        self.form.edited.connect(self._show_preview)
        self.form.save_wanted.connect(self.save)
        self.form.stale.connect(self.reload)

    def _field(self, name: str) -> QLineEdit | QPlainTextEdit:
        if name != "address":
            return QLineEdit(self)
        field = QPlainTextEdit(self)
        field.setTabChangesFocus(True)
        field.setFixedHeight(self.fontMetrics().lineSpacing() * 3 + 14)
        return field

    def first_field(self) -> QWidget:
        return self.fields["name"]

    def reload(self) -> None:
        self.desk.fetch(town_settings.read_town, None, then=self._show, key=self)

    def save(self) -> None:
        if self.form.dirty:
            self.form.send(town_settings.change_town, self._command, changes=SETTINGS, then=self._saved)

    def _command(self, values: dict[str, str]) -> ChangeTown:
        return ChangeTown(Town(**values), self.form.seen, str(uuid4()))

    def _show(self, town: Town) -> None:
        self.form.show_row(
            "settings:town", "Commune", {name: getattr(town, name) for name in self.fields}, town
        )

    def _saved(self, town: Town) -> None:
        self.messages.inform("Commune enregistrée.")
        self._show(town)

    def _show_preview(self) -> None:
        typed = Town(**self.form.values())
        self.preview_text.setText("\n".join(town_settings.letterhead_lines(typed)))
        self.signature.setText("\n".join(line for line in (typed.signatory_title, typed.signatory) if line))
