"""The « Enfants » tab: a card a child, with school, dossiers, enrolments and who may fetch them."""

from datetime import date

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import family_children
from guichet.services.family_children import (
    AuthorisedView,
    ChildCard,
    CustodyView,
    EnrolmentView,
    HealthView,
)
from guichet.services.family_dossiers import YearDossier
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.details import Details
from guichet.ui.widgets.facts import Card, ShortTable, scrolling
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.widgets.state_label import StateLabel
from guichet.ui.wording import DOSSIER_STATES, ENROLMENT_STATES, NBSP, age, day_or_dash, labelled

CUSTODY = {
    "even_weeks": "Semaines paires",
    "odd_weeks": "Semaines impaires",
    "half_holidays": "Moitié des vacances",
    "full": "À temps plein",
}

ENROLMENTS = (
    Column[EnrolmentView]("Activité", lambda row: row.activity, None, bold=True),
    Column[EnrolmentView]("Groupe", lambda row: row.group, 18, optional=1),
    Column[EnrolmentView]("Dates", lambda row: _dates(row.starts_on, row.ends_on), 24),
    Column[EnrolmentView](
        "État",
        lambda row: labelled(ENROLMENT_STATES, row.state),
        16,
        state=lambda row: ENROLMENT_STATES.get(row.state),
    ),
    Column[EnrolmentView](
        "Payée par",
        lambda row: f"famille n°{NBSP}{row.other_family}" if row.other_family else "cette famille",
        18,
        optional=2,
    ),
)


class ChildrenTab(QWidget):
    """Reads and shows the children of a family."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self.cards: list[ChildPanel] = []
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, Space.MEDIUM, Space.SMALL, Space.MEDIUM)
        self._column.setSpacing(Space.MEDIUM)
        self.empty = text_label("Aucun enfant dans cette famille.", "muted", inside)
        self.empty.hide()
        self._column.addWidget(self.empty)
        self._column.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolling(inside, self))

    def show_family(self, family_id: int) -> None:
        """Read and show the children of this family."""
        self._tools.desk.fetch(family_children.children, family_id, then=self._show, key=self)

    def _show(self, children: tuple[ChildCard, ...]) -> None:
        for card in self.cards:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [ChildPanel(self._tools, child, self) for child in children]
        for place, card in enumerate(self.cards):
            self._column.insertWidget(place, card)
        self.empty.setVisible(not children)


class ChildPanel(Card):
    """One child; health stands behind a button, since its reading is journalled."""

    def __init__(self, tools: Tools, child: ChildCard, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._tools = tools
        self.child = child
        self.body.addLayout(self._head())
        self.details = Details(self)
        self.details.show_pairs(self._facts())
        self.body.addWidget(self.details)
        self.dossiers = QWidget(self)
        pills = FlowLayout(self.dossiers)
        for dossier in child.dossiers:
            pills.addWidget(self._dossier(dossier))
        if not child.dossiers:
            pills.addWidget(text_label("Aucun dossier annuel.", "muted", self.dossiers))
        self._add_section("Dossiers annuels", self.dossiers)
        self.enrolments = ShortTable(
            tools.theme,
            ENROLMENTS,
            f"Inscriptions de {child.first_name}",
            "Aucune inscription\u00a0: une réservation demande d’abord une inscription.",
            self,
            fitted=True,
        )
        self.enrolments.show_rows(child.enrolments)
        self._add_section("Inscriptions", self.enrolments)
        self._add_section("Personnes autorisées à venir le chercher", self._authorised())
        if tools.may(Permission.READ_HEALTH):
            self._add_health()

    def _head(self) -> QHBoxLayout:
        child = self.child
        head = QHBoxLayout()
        head.addWidget(text_label(f"{child.first_name} {child.last_name}", "heading", self, wrap=True), 1)
        years = age(child.age)
        born = f"{years} · né(e) le{NBSP}{format_date(child.birth_date)}" if child.birth_date else ""
        head.addWidget(text_label(born or "âge non renseigné", "muted", self))
        return head

    def _facts(self) -> list[tuple[str, str]]:
        child = self.child
        others = ", ".join(f"n°{NBSP}{number}" for number in child.other_families)
        pairs = [
            ("École", child.school),
            ("Classe", child.class_name),
            ("Numéro", child.number),
        ]
        if others:
            pairs.append(("Aussi dans la famille", others))
        pairs += [("Garde", _custody(rule)) for rule in child.custody]
        return pairs

    def _dossier(self, dossier: YearDossier) -> QWidget:
        holder = QWidget(self.dossiers)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, Space.MEDIUM, 0)
        row.setSpacing(Space.SMALL)
        row.addWidget(text_label(dossier.school_year, "", holder))
        pill = StateLabel(self._tools.theme, DOSSIER_STATES[dossier.state], holder)
        pill.setAccessibleName(f"Dossier {dossier.school_year}{NBSP}: {pill.state.label}")
        pill.setToolTip(_dossier_tip(dossier))
        row.addWidget(pill)
        return holder

    def _authorised(self) -> QWidget:
        people = self.child.authorised
        if not people:
            return text_label("Personne d’autre que les responsables.", "muted", self)
        shown = Details(self)
        shown.show_pairs([(_authorised_name(one), _authorised_facts(one)) for one in people])
        return shown

    def _add_section(self, title: str, content: QWidget) -> None:
        self.body.addWidget(text_label(title, "section", self))
        self.body.addWidget(content)

    def _add_health(self) -> None:
        self.health = Details(self)
        self.health.hide()
        if self.child.has_health:
            self.read_health = button(
                "Lire la fiche sanitaire", self, tip="Cette lecture est inscrite au journal"
            )
            self.read_health.setAccessibleName(f"Lire la fiche sanitaire de {self.child.first_name}")
            self.read_health.clicked.connect(self._read_health)
            row = QHBoxLayout()
            row.addWidget(self.read_health)
            row.addStretch(1)
            self.body.addLayout(row)
        else:
            self._add_section("Santé", text_label("Aucune fiche sanitaire saisie.", "muted", self))
        self.body.addWidget(self.health)

    def _read_health(self) -> None:
        self._tools.desk.execute(
            family_children.read_health, self.child.person_id, changes=NOTHING, then=self._show_health
        )

    def _show_health(self, view: HealthView | None) -> None:
        if view is None:
            return
        devices = [
            word for word, has in (("lunettes", view.glasses), ("appareil auditif", view.hearing_aid)) if has
        ]
        doctor = " · ".join(part for part in (view.doctor, view.doctor_phone) if part)
        self.health.show_pairs(
            (
                ("À faire", view.action_needed),
                ("Allergies", view.allergies),
                ("Régime alimentaire", view.diet),
                ("PAI", "oui" if view.pai else "non"),
                ("Traitement", view.treatment),
                ("Appareils", ", ".join(devices) or "aucun"),
                ("Médecin", doctor),
                ("Vaccins à jour jusqu’au", day_or_dash(view.vaccinations_until)),
                ("Remarques", view.notes),
            )
        )
        self.read_health.hide()
        self.health.show()


def _dates(first: date, last: date) -> str:
    return f"{format_date(first)} → {format_date(last)}"


def _dossier_tip(dossier: YearDossier) -> str:
    parts = [
        f"Déposé le {format_date(dossier.filed_on)}" if dossier.filed_on else "",
        f"Décidé le {format_date(dossier.decided_on)}" if dossier.decided_on else "",
        f"par {dossier.decided_by}" if dossier.decided_by else "",
        dossier.reason,
    ]
    return " · ".join(part for part in parts if part)


def _custody(rule: CustodyView) -> str:
    span = [
        f"depuis le {format_date(rule.since)}" if rule.since else "",
        f"jusqu’au {format_date(rule.until)}" if rule.until else "",
    ]
    return ", ".join(part for part in (CUSTODY.get(rule.pattern, rule.pattern), rule.detail, *span) if part)


def _authorised_name(one: AuthorisedView) -> str:
    return f"{one.name} ({one.relation})" if one.relation else one.name


def _authorised_facts(one: AuthorisedView) -> str:
    parts = [
        one.phone,
        f"à partir du {format_date(one.since)}" if one.since else "",
        f"jusqu’au {format_date(one.until)}" if one.until else "",
        f"autorisé par la famille n°{NBSP}{one.other_family}" if one.other_family else "",
    ]
    return ", ".join(part for part in parts if part)
