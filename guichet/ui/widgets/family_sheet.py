"""A family's sheet: what is known of it, tab by tab, each read when it is first looked at."""

from datetime import date, timedelta

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.rules.text import format_date, paris_day
from guichet.services import family_sheet
from guichet.services.family_sheet import (
    BookingView,
    DocumentView,
    DossierView,
    EnrolmentView,
    FamilySheet,
    MemberView,
    QuotientView,
)
from guichet.ui.page import Tools
from guichet.ui.tables import Column, State
from guichet.ui.widgets.facts import Card, Facts, ShortTable, scrolling
from guichet.ui.widgets.fields import date_field, day_of, text_label
from guichet.ui.wording import (
    ATTENDANCES,
    BOOKING_STATES,
    CONSENTS,
    DOSSIER_STATES,
    ENROLMENT_STATES,
    MEMBER_ROLES,
    QUOTIENT_SOURCES,
    age,
    day_or_dash,
    day_with_weekday,
    document_state,
    labelled,
    member_name,
)

BOOKINGS_BEFORE = timedelta(days=31)
BOOKINGS_AFTER = timedelta(days=92)
FAR = date(9000, 1, 1)


class HouseholdTab(QWidget):
    """Who makes up the family, its address, quotients and consents."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 12, 8, 12)
        layout.setSpacing(12)
        identity = Card("Dossier", inside)
        self.facts = Facts(identity)
        identity.body.addWidget(self.facts)
        layout.addWidget(identity)
        self._adults = Card("Responsables et contacts", inside)
        self.members = ShortTable(
            tools.theme,
            (
                Column[MemberView]("Nom", member_name, None, bold=True),
                Column[MemberView]("Qualité", _quality, 18),
                Column[MemberView]("Téléphones", lambda member: ", ".join(member.phones), 20),
                Column[MemberView]("Courriel", lambda member: member.email or "", 24, optional=1),
            ),
            "Responsables et contacts",
            "Aucun adulte n’est inscrit dans cette famille.",
            self._adults,
            fitted=True,
        )
        self._adults.body.addWidget(self.members)
        layout.addWidget(self._adults)
        self._quotients = Card("Quotient familial", inside)
        self.quotients = ShortTable(
            tools.theme,
            (
                Column[QuotientView]("Valeur", _quotient_value, 10, bold=True),
                Column[QuotientView]("Source", _quotient_source, 20),
                Column[QuotientView]("Valable", _quotient_validity, None),
            ),
            "Quotients familiaux",
            "Aucun quotient familial : le tarif maximum s’applique.",
            self._quotients,
            fitted=True,
        )
        self._quotients.body.addWidget(self.quotients)
        self._quotients.setVisible(tools.may(Permission.READ_INCOME))
        layout.addWidget(self._quotients)
        self._consents = Card("Consentements", inside)
        self.consents = Facts(self._consents)
        self._consents.body.addWidget(self.consents)
        layout.addWidget(self._consents)
        layout.addStretch(1)
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
                ("Régime", sheet.regime or ""),
                ("Numéro CAF", sheet.caf_number or ""),
                ("Enfants à charge déclarés", "" if sheet.dependants is None else str(sheet.dependants)),
                (
                    "Factures",
                    f"envoyées {sending}" + (f" à {sheet.invoice_email}" if sheet.invoice_email else ""),
                ),
                ("Compte du portail", sheet.portal_login or "aucun"),
            )
        )
        self.members.show_rows([member for member in sheet.members if member.role != "child"])
        self.quotients.show_rows(sheet.quotients)
        latest: dict[str, tuple[bool, date]] = {}
        for kind, given, day in sheet.consents:
            latest.setdefault(kind, (given, day))
        self._consents.setVisible(bool(latest))
        self.consents.show_pairs(
            (CONSENTS.get(kind, kind), f"{'donné' if given else 'retiré'} le {format_date(day)}")
            for kind, (given, day) in latest.items()
        )


class ChildrenTab(QWidget):
    """The children, their yearly dossiers, pieces and enrolments."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme = tools.theme
        today = paris_day(tools.desk.clock())

        def piece(row: DocumentView) -> State:
            return document_state(row.state, row.valid_until, today)

        self.children_table = ShortTable(
            theme,
            (
                Column[MemberView]("Enfant", member_name, None, bold=True),
                Column[MemberView]("Né(e) le", lambda child: day_or_dash(child.birth_date), 12),
                Column[MemberView]("Âge", lambda child: age(child.age), 8),
                Column[MemberView]("Autre famille", _other_families, 22, optional=1),
            ),
            "Enfants",
            "Aucun enfant dans cette famille.",
            fitted=True,
        )
        self.enrolments = ShortTable(
            theme,
            (
                Column[EnrolmentView]("Enfant", lambda row: row.child, 16),
                Column[EnrolmentView]("Activité", lambda row: row.activity, None, bold=True),
                Column[EnrolmentView]("Groupe", lambda row: row.group or "", 18, optional=1),
                Column[EnrolmentView]("Dates", _enrolment_dates, 26),
                Column[EnrolmentView](
                    "État",
                    lambda row: labelled(ENROLMENT_STATES, row.state),
                    16,
                    state=lambda row: ENROLMENT_STATES.get(row.state),
                ),
            ),
            "Inscriptions",
            "Aucune inscription : une réservation demande d’abord une inscription.",
            fitted=True,
        )
        self.dossiers = ShortTable(
            theme,
            (
                Column[DossierView]("Enfant", lambda row: row.child, 16),
                Column[DossierView]("Année scolaire", lambda row: row.school_year, None),
                Column[DossierView](
                    "Dossier",
                    lambda row: labelled(DOSSIER_STATES, row.state),
                    16,
                    state=lambda row: DOSSIER_STATES.get(row.state),
                ),
            ),
            "Dossiers annuels",
            "Aucun dossier annuel.",
            fitted=True,
        )
        self.documents = ShortTable(
            theme,
            (
                Column[DocumentView]("Pièce", lambda row: row.label, None, bold=True),
                Column[DocumentView]("De", lambda row: row.owner, 16),
                Column[DocumentView]("Valable jusqu’au", lambda row: day_or_dash(row.valid_until), 16),
                Column[DocumentView]("État", lambda row: piece(row).label, 16, state=piece),
            ),
            "Pièces",
            "Aucune pièce reçue.",
            fitted=True,
        )
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 12, 8, 12)
        layout.setSpacing(12)
        for title, table in (
            ("Enfants", self.children_table),
            ("Inscriptions", self.enrolments),
            ("Dossiers annuels", self.dossiers),
            ("Pièces", self.documents),
        ):
            card = Card(title, inside)
            card.body.addWidget(table)
            layout.addWidget(card)
        layout.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolling(inside, self))

    def show_sheet(self, sheet: FamilySheet) -> None:
        """Fill the tab."""
        self.children_table.show_rows([member for member in sheet.members if member.role == "child"])
        self.enrolments.show_rows(sheet.enrolments)
        self.dossiers.show_rows(sheet.dossiers)
        self.documents.show_rows(sheet.documents)


class BookingsTab(QWidget):
    """Booked dates of the children, over the dates chosen."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = tools.desk
        self._family_id: int | None = None
        today = paris_day(tools.desk.clock())
        self.first = date_field(today - BOOKINGS_BEFORE, self)
        self.last = date_field(today + BOOKINGS_AFTER, self)
        self.table = ShortTable(
            tools.theme,
            (
                Column[BookingView]("Date", lambda row: day_with_weekday(row.date), 18),
                Column[BookingView]("Enfant", lambda row: row.child, 16, bold=True),
                Column[BookingView]("Activité", lambda row: row.activity, None),
                Column[BookingView]("Créneau", lambda row: row.slot, 18),
                Column[BookingView](
                    "État",
                    lambda row: labelled(BOOKING_STATES, row.state),
                    16,
                    state=lambda row: BOOKING_STATES.get(row.state),
                ),
                Column[BookingView](
                    "Présence", lambda row: ATTENDANCES.get(row.attendance, ""), 14, optional=2
                ),
                Column[BookingView]("Réservé par", _booked_by, 18, optional=1),
            ),
            "Réservations",
            "Aucune réservation entre ces deux dates.",
            self,
        )
        filters = QHBoxLayout()
        for title, field in (("&Du", self.first), ("&au", self.last)):
            label = text_label(title, "", self)
            label.setBuddy(field)
            field.setAccessibleName("Du" if field is self.first else "Au")
            filters.addWidget(label)
            filters.addWidget(field)
            field.dateChanged.connect(self._fetch)
        filters.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addLayout(filters)
        layout.addWidget(self.table, 1)

    def show_family(self, family_id: int) -> None:
        """Fill the tab."""
        self._family_id = family_id
        self._fetch()

    def _fetch(self) -> None:
        if self._family_id is not None:
            query = family_sheet.BookingsQuery(self._family_id, day_of(self.first), day_of(self.last))
            self._desk.fetch(family_sheet.bookings, query, then=self.table.show_rows, key=self)


def _quality(member: MemberView) -> str:
    role = member.quality or MEMBER_ROLES.get(member.role, "")
    return f"{role} (titulaire)" if member.holder else role


def _quotient_value(quotient: QuotientView) -> str:
    return "inconnu" if quotient.value is None else str(quotient.value)


def _quotient_source(quotient: QuotientView) -> str:
    return QUOTIENT_SOURCES.get(quotient.source, quotient.source)


def _quotient_validity(quotient: QuotientView) -> str:
    start = f"à partir du {format_date(quotient.valid_from)}"
    return (
        start
        if quotient.valid_until > FAR
        else f"du {format_date(quotient.valid_from)} au {format_date(quotient.valid_until)}"
    )


def _other_families(child: MemberView) -> str:
    return ", ".join(f"n° {number}" for number in child.other_families)


def _enrolment_dates(row: EnrolmentView) -> str:
    return f"{format_date(row.starts_on)} → {format_date(row.ends_on)}"


def _booked_by(row: BookingView) -> str:
    return f"famille n° {row.other_family}" if row.other_family else "cette famille"
