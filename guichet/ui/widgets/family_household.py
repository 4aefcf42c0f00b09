"""The « Foyer » tab: the dossier, its adults and contacts, its quotients and consents."""

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services.family_sheet import ConsentView, FamilySheet, MemberView, QuotientView
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.widgets.details import Details
from guichet.ui.widgets.facts import Card, ShortTable, scrolling
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.wording import CONSENTS, MEMBER_ROLES, NBSP, QUOTIENT_SOURCES, member_name

FAR = date(9000, 1, 1)


class HouseholdTab(QWidget):
    """Filled with a FamilySheet. `edit_wanted` (person id)."""

    edit_wanted = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._may_edit = tools.may(Permission.EDIT_FAMILIES)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, Space.MEDIUM, Space.SMALL, Space.MEDIUM)
        self._column.setSpacing(Space.MEDIUM)
        dossier = Card("Dossier", inside)
        self.facts = Details(dossier)
        dossier.body.addWidget(self.facts)
        self._column.addWidget(dossier)
        self._people = QVBoxLayout()
        self._people.setSpacing(Space.MEDIUM)
        self._column.addLayout(self._people)
        self.cards: list[AdultCard] = []
        self._quotients = Card("Quotient familial", inside)
        self.quotients = ShortTable(
            tools.theme,
            (
                Column[QuotientView]("Valeur", _quotient_value, 10, bold=True),
                Column[QuotientView]("Source", _quotient_source, 20),
                Column[QuotientView]("Valable", _quotient_validity, None),
            ),
            "Quotients familiaux",
            "Aucun quotient familial\u00a0: le tarif maximum s’applique.",
            self._quotients,
            fitted=True,
        )
        self._quotients.body.addWidget(self.quotients)
        self._quotients.setVisible(tools.may(Permission.READ_INCOME))
        self._column.addWidget(self._quotients)
        consents = Card("Consentements", inside)
        self.consents = Details(consents)
        self._no_consent = text_label("Aucun consentement n’a été donné ni retiré.", "muted", consents)
        consents.body.addWidget(self.consents)
        consents.body.addWidget(self._no_consent)
        self._column.addWidget(consents)
        self._column.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolling(inside, self))

    def show_sheet(self, sheet: FamilySheet) -> None:
        """Fill the tab."""
        sending = "par courriel" if sheet.sending_mode == "email" else "sur papier"
        self.facts.show_pairs(
            (
                ("Adresse", sheet.address),
                ("Commune", "Réside dans la commune" if sheet.resident else "Hors commune"),
                ("Payeur", sheet.payer),
                ("Régime", sheet.regime or ""),
                ("Allocataire", sheet.allocataire or ""),
                ("Numéro CAF ou MSA", sheet.caf_number or ""),
                ("Enfants à charge déclarés", "" if sheet.dependants is None else str(sheet.dependants)),
                ("Factures", f"{sending}" + (f", {sheet.invoice_email}" if sheet.invoice_email else "")),
                ("Compte du portail", sheet.portal_login or ""),
                *((("Compte bancaire", sheet.bank),) if sheet.bank else ()),
            )
        )
        self._show_people(sheet)
        self.quotients.show_rows(sheet.quotients)
        self.consents.setVisible(bool(sheet.consents))
        self._no_consent.setVisible(not sheet.consents)
        self.consents.show_pairs([(_consent_name(one), _consent_word(one)) for one in sheet.consents])

    def _show_people(self, sheet: FamilySheet) -> None:
        for card in self.cards:
            self._people.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = []
        for member in sheet.members:
            if member.role == "child":
                continue
            card = AdultCard(member, sheet, may_edit=self._may_edit, parent=self)
            card.edit_wanted.connect(self.edit_wanted)
            self._people.addWidget(card)
            self.cards.append(card)


class AdultCard(Card):
    """An adult or a contact, and how to reach them."""

    edit_wanted = Signal(object)

    def __init__(
        self, member: MemberView, sheet: FamilySheet, *, may_edit: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__("", parent)
        self.member = member
        head = QHBoxLayout()
        name = text_label(member_name(member), "heading", self, wrap=True)
        head.addWidget(name, 1)
        head.addWidget(text_label(_quality(member, sheet), "muted", self))
        if may_edit:
            self.edit = button("Modifier…", self, tip="Modifier les coordonnées")
            self.edit.setAccessibleName(f"Modifier les coordonnées de {member.first_name} {member.last_name}")
            self.edit.clicked.connect(lambda: self.edit_wanted.emit(member.person_id))
            head.addWidget(self.edit)
        self.body.addLayout(head)
        self.details = Details(self)
        self.details.show_pairs(
            (
                ("Téléphone mobile", member.mobile_phone),
                ("Téléphone du domicile", member.home_phone),
                ("Téléphone professionnel", member.work_phone),
                ("Courriel", member.email),
                ("Adresse", _own_address(member, sheet)),
                ("Profession", ", ".join(part for part in (member.profession, member.employer) if part)),
            )
        )
        self.body.addWidget(self.details)


def _quality(member: MemberView, sheet: FamilySheet) -> str:
    parts = [member.quality or MEMBER_ROLES.get(member.role, "")]
    if member.holder:
        parts.append("titulaire")
    if member.person_id == sheet.payer_id:
        parts.append("payeur")
    return " · ".join(part for part in parts if part)


def _own_address(member: MemberView, sheet: FamilySheet) -> str:
    if member.address and member.address != sheet.address:
        return member.address
    return "Celle du dossier" if sheet.address else ""


def _quotient_value(quotient: QuotientView) -> str:
    return "inconnu" if quotient.value is None else str(quotient.value)


def _quotient_source(quotient: QuotientView) -> str:
    return QUOTIENT_SOURCES.get(quotient.source, quotient.source)


def _quotient_validity(quotient: QuotientView) -> str:
    if quotient.valid_until > FAR:
        return f"à partir du {format_date(quotient.valid_from)}"
    return f"du {format_date(quotient.valid_from)} au {format_date(quotient.valid_until)}"


def _consent_name(consent: ConsentView) -> str:
    name = CONSENTS.get(consent.kind, consent.kind)
    return f"{name} ({consent.person})" if consent.person else name


def _consent_word(consent: ConsentView) -> str:
    by = f", par {consent.given_by}" if consent.given_by else ""
    return f"{'donné' if consent.given else 'retiré'} le{NBSP}{format_date(consent.day)}{by}"
