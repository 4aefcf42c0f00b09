"""Fiscal attestations: a year, who paid what for which child, issuing one or all, and each as it was printed."""

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMessageBox, QSplitter, QTabWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.text import format_date, paris_day
from guichet.services import attestation_register, attestation_views, attestations
from guichet.services.attestation_register import AttestationQuery, AttestationRow
from guichet.services.attestation_views import Standing, YearRow
from guichet.services.attestations import AttestationsResult, IssueAttestations
from guichet.ui.desk import Lane
from guichet.ui.page import Page, Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.topics import Topic
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import count, day_or_dash, euros_or_blank

YEARS_OFFERED = 6

STANDINGS = {
    Standing.TO_ISSUE: State("À", "À délivrer", Tone.BLUE),
    Standing.ISSUED: State("✓", "Délivrée", Tone.GREEN),
    Standing.CHANGED: State("M", "À rectifier", Tone.YELLOW),
    Standing.NO_PAYER: State("!", "Sans payeur", Tone.RED),
}

YEAR_COLUMNS = (
    Column[YearRow]("Famille", lambda row: row.family_label, None, bold=True),
    Column[YearRow]("Enfant", lambda row: row.child, None),
    Column[YearRow]("Né(e) le", lambda row: day_or_dash(row.birth_date), 10, optional=2),
    Column[YearRow]("Payeur", lambda row: row.payer, None, optional=1),
    Column[YearRow](
        "À attester", lambda row: format_euros(row.eligible_cents), 11, right=True,
        hint="Sommes payées dans l’année, repas et pénalités exclus",
    ),
    Column[YearRow](
        "Exclu", lambda row: euros_or_blank(row.excluded_cents), 10, right=True, optional=3,
        hint="Payé dans l’année et n’ouvrant pas droit : repas, pénalités",
    ),
    Column[YearRow]("Attestation", lambda row: row.number, 10),
    Column[YearRow](
        "État", lambda row: STANDINGS[row.standing].label, 13, state=lambda row: STANDINGS[row.standing]
    ),
)  # fmt: skip

REGISTER_COLUMNS = (
    Column[AttestationRow]("Numéro", lambda row: row.number, 10, sort="number", bold=True),
    Column[AttestationRow]("Année", lambda row: str(row.year), 6, sort="year"),
    Column[AttestationRow]("Délivrée le", lambda row: format_date(row.issued_on), 10),
    Column[AttestationRow]("Payeur", lambda row: row.payer, None, sort="payer"),
    Column[AttestationRow]("Enfant", lambda row: row.child, None),
    Column[AttestationRow](
        "Montant", lambda row: format_euros(row.amount_cents), 11, right=True, sort="amount_cents"
    ),
    Column[AttestationRow]("Version", lambda row: str(row.version), 7, right=True, optional=1),
    Column[AttestationRow]("Remplace", lambda row: row.replaces, 10, optional=2),
)


class AttestationsPage(Page):
    """The year's list and the register on the left, the document on the right."""

    topics = frozenset({Topic.ATTESTATIONS, Topic.BILLING})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self.year = QComboBox(self)
        today = paris_day(tools.desk.clock())
        for year in range(today.year, today.year - YEARS_OFFERED, -1):
            self.year.addItem(str(year), year)
        self.year.setCurrentIndex(1)
        label = text_label("&Année", "", self)
        label.setBuddy(self.year)
        self.summary = text_label("", "muted", self)
        self.issue_one = button("Délivrer celle-ci", self, tip="Délivrer l’attestation de la ligne choisie")
        self.issue_all = button("Délivrer toutes les attestations…", self, role="primary")
        self.people = ShortTable(
            tools.theme,
            YEAR_COLUMNS,
            "Payeurs et enfants de l’année",
            "Personne n’a payé de garde ouvrant droit cette année-là pour un enfant de moins de six ans.",
            self,
            identity=lambda row: (row.family_id, row.child_id),
        )
        self.register = SqlList[AttestationRow](
            tools,
            attestation_register.search,
            REGISTER_COLUMNS,
            lambda row: row.attestation_id,
            name="Registre des attestations",
            empty="Aucune attestation n’a encore été délivrée.",
            noun="attestation délivrée",
            nouns="attestations délivrées",
        )
        self.pdf = PdfView(
            tools.theme, tools.messages, "Choisissez une attestation délivrée pour la lire.", self
        )
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Attestations")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._year_tab(label), "&Délivrer")
        self.tabs.addTab(self.register, "&Registre")
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self.tabs)
        split.addWidget(self.pdf)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 12)
        layout.addWidget(split)
        self.year.currentIndexChanged.connect(self.reload)
        self.people.current_changed.connect(self._row_chosen)
        self.register.table.current_changed.connect(self._read)
        self.tabs.currentChanged.connect(self._read)
        self.issue_all.clicked.connect(self._confirm_all)
        self.issue_one.clicked.connect(self._issue_chosen)
        self.issue_one.setEnabled(False)

    def _year_tab(self, label: QWidget) -> QWidget:
        tab = QWidget(self)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.year)
        row.addWidget(self.summary, 1)
        row.addWidget(self.issue_one)
        row.addWidget(self.issue_all)
        column = QVBoxLayout(tab)
        column.setContentsMargins(0, 12, 0, 0)
        column.addLayout(row)
        column.addWidget(self.people, 1)
        return tab

    def first_focus(self) -> QWidget:
        return self.people

    def show_example(self) -> None:
        self.people.select(0)

    def reload(self) -> None:
        self.desk.fetch(
            attestation_views.of_year, self.year.currentData(), then=self._show_year, key=(self, "year")
        )
        if self.register.query is None:
            self.register.ask(AttestationQuery())
        else:
            self.register.reload()

    def _show_year(self, rows: tuple[YearRow, ...]) -> None:
        self.people.show_rows(rows)
        standings = Counter(row.standing for row in rows)
        waiting = standings[Standing.TO_ISSUE] + standings[Standing.CHANGED]
        total = format_euros(sum(row.eligible_cents for row in rows))
        self.summary.setText(
            f"{count(len(rows), 'attestation')}, {total}, dont {waiting} à délivrer" if rows else ""
        )
        self.issue_all.setEnabled(waiting > 0)
        if rows and self.people.current_row() is None:
            self.people.select(0)

    def _row_chosen(self, row: YearRow | None) -> None:
        self.issue_one.setEnabled(row is not None and row.standing in (Standing.TO_ISSUE, Standing.CHANGED))
        self._read()

    def _read(self) -> None:
        attestation_id, number = self._shown()
        if attestation_id is None:
            self.pdf.clear()
            return

        def show(data: bytes) -> None:
            self.pdf.show_pdf(f"Attestation {number}", data, f"attestation-{number}.pdf")

        self.desk.fetch(attestation_register.pdf, (attestation_id,), then=show, key=(self, "pdf"))

    def _shown(self) -> tuple[int | None, str]:
        if self.tabs.currentWidget() is self.register:
            issued: AttestationRow | None = self.register.table.current_row()
            return (issued.attestation_id, issued.number) if issued else (None, "")
        row: YearRow | None = self.people.current_row()
        return (row.attestation_id, row.number) if row else (None, "")

    def _confirm_all(self) -> None:
        year = self.year.currentData()
        answer = QMessageBox.question(
            self,
            "Délivrer les attestations",
            f"Délivrer toutes les attestations {year} qui manquent ou ont changé ?\n\n"
            "Une attestation délivrée garde son numéro ; une correction donne une nouvelle version.",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.Yes,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._issue(IssueAttestations(year))

    def _issue_chosen(self) -> None:
        row: YearRow | None = self.people.current_row()
        if row is not None:
            self._issue(
                IssueAttestations(self.year.currentData(), family_id=row.family_id, child_id=row.child_id)
            )

    def _issue(self, command: IssueAttestations) -> None:
        self.issue_all.setEnabled(False)
        self.issue_one.setEnabled(False)
        self.desk.execute(
            attestations.issue,
            command,
            changes=frozenset({Topic.ATTESTATIONS}),
            then=self._show_issued,
            settled=self.reload,
            lane=Lane.LONG,
        )

    def _show_issued(self, result: AttestationsResult) -> None:
        new = sum(1 for row in result.attestations if row.new)
        self.messages.inform(f"{count(new, 'attestation délivrée', 'attestations délivrées')}")
        if result.problems:
            self.messages.warn(" ".join(result.problems))
