"""Billing a period: the dates, what must be looked at first, what would be issued, and the issue itself."""

from datetime import date, timedelta
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date, paris_day
from guichet.services import billing_views, invoices
from guichet.services.billing_views import PreviewQuery, PreviewRow
from guichet.services.invoices import Draft, DraftInvoices, IssueInvoices, IssueResult
from guichet.services.pricing import Anomaly
from guichet.ui.desk import Lane
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.topics import MONEY
from guichet.ui.widgets.facts import Card, ShortTable
from guichet.ui.widgets.fields import button, date_field, day_of, set_day, text_label
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import MONTHS, NBSP, count, grouped, last_day_of_month

MONTHS_OFFERED = 14
BLOCKING = State("B", "Bloquant", Tone.RED)
TO_CHECK = State("V", "À vérifier", Tone.YELLOW)

ANOMALY_COLUMNS = (
    Column[Anomaly](
        "Gravité",
        lambda row: (BLOCKING if row.blocking else TO_CHECK).label,
        13,
        state=lambda row: BLOCKING if row.blocking else TO_CHECK,
    ),
    Column[Anomaly]("Famille", lambda row: row.family_number or "toutes", 16),
    Column[Anomaly]("Ce qu’il faut regarder", lambda row: row.message, None),
    Column[Anomaly]("Prestations", lambda row: str(len(row.booking_ids)), 10, right=True),
)


def _before(row: PreviewRow) -> str:
    return "–" if row.before_cents is None else format_euros(row.before_cents)


def _difference(row: PreviewRow) -> str:
    change = row.total_cents - (row.before_cents or 0)
    if row.before_cents is None or not change:
        return ""
    return f"{'+' if change > 0 else ''}{format_euros(change)}"


PREVIEW_COLUMNS = (
    Column[PreviewRow]("Famille", lambda row: row.family_label, None, sort="family", bold=True),
    Column[PreviewRow]("Numéro", lambda row: row.family_number, 13, optional=1),
    Column[PreviewRow]("Régie", lambda row: row.regie, 20, sort="regie", optional=2),
    Column[PreviewRow]("Lignes", lambda row: grouped(row.lines), 8, right=True, sort="lines"),
    Column[PreviewRow](
        "Montant", lambda row: format_euros(row.total_cents), 11, right=True, sort="total", bold=True
    ),
    Column[PreviewRow]("Mois précédent", _before, 14, right=True),
    Column[PreviewRow]("Écart", _difference, 11, right=True, hint="Montant − mois précédent"),
)


class IssuePanel(QWidget):
    """Période → contrôles → aperçu → émission. `issued` (IssueResult) after the commit; `go` as on a page."""

    issued = Signal(object)
    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._draft: Draft | None = None
        self._drafted: DraftInvoices | None = None
        today = paris_day(tools.desk.clock())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._build_period(today))
        layout.addWidget(self._build_checks())
        layout.addWidget(self._build_issue(today), 1)
        self._show_no_draft()

    def _build_period(self, today: date) -> Card:
        card = Card("1. Période", self)
        self.month = QComboBox(card)
        first = today.replace(day=1)
        for _ in range(MONTHS_OFFERED):
            self.month.addItem(f"{MONTHS[first.month - 1]} {first.year}", first)
            first = (first - timedelta(days=1)).replace(day=1)
        self.month.addItem("Autres dates", None)
        self.month.setCurrentIndex(1)
        self.first = date_field(today, card)
        self.last = date_field(today, card)
        self.preview = button("Préparer l’aperçu", card, role="primary")
        row = QHBoxLayout()
        for title, field in (("&Mois", self.month), ("D&u", self.first), ("&au", self.last)):
            label = text_label(title, "", card)
            label.setBuddy(field)
            field.setAccessibleName({"&Mois": "Mois", "D&u": "Premier jour", "&au": "Dernier jour"}[title])
            row.addWidget(label)
            row.addWidget(field)
        row.addStretch(1)
        row.addWidget(self.preview)
        card.body.addLayout(row)
        self._set_month()
        self.month.currentIndexChanged.connect(self._set_month)
        self.first.dateChanged.connect(self._period_changed)
        self.last.dateChanged.connect(self._period_changed)
        self.preview.clicked.connect(self.prepare)
        return card

    def _build_checks(self) -> Card:
        card = Card("2. Contrôles", self)
        self.checks_text = text_label("", "muted", card, wrap=True)
        self.anomalies = ShortTable(
            self._tools.theme, ANOMALY_COLUMNS, "Contrôles avant facturation", "Aucune anomalie.", card
        )
        self.anomalies.setMaximumHeight(self.fontMetrics().height() * 10)
        self.anomalies.opened.connect(self._open_family)
        card.body.addWidget(self.checks_text)
        card.body.addWidget(self.anomalies, 1)
        return card

    def _build_issue(self, today: date) -> Card:
        card = Card("3. Aperçu et émission", self)
        self.summary = text_label("", "heading", card, wrap=True)
        self.issued_on = date_field(today, card)
        self.due_on = date_field(today + timedelta(days=30), card)
        self.own_due = QCheckBox("É&chéance au", card)
        self.despite = QCheckBox("Émettre &malgré les anomalies bloquantes", card)
        self.issue = button("Émettre les factures…", card, role="primary")
        self.error = text_label("", "error", card, wrap=True)
        self.error.hide()
        row = QHBoxLayout()
        label = text_label("&Datées du", "", card)
        label.setBuddy(self.issued_on)
        self.issued_on.setAccessibleName("Date des factures")
        self.due_on.setAccessibleName("Date d’échéance")
        self.due_on.setEnabled(False)
        self.own_due.toggled.connect(self.due_on.setEnabled)
        for widget in (label, self.issued_on, self.own_due, self.due_on, self.despite):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.issue)
        self.despite.toggled.connect(self._enable)
        self.issue.clicked.connect(self._confirm)
        self.drafted = SqlList[PreviewRow](
            self._tools,
            billing_views.preview,
            PREVIEW_COLUMNS,
            lambda row: (row.family_id, row.regie),
            name="Factures à émettre",
            empty="Rien à facturer sur cette période.",
            noun="facture à émettre",
            nouns="factures à émettre",
            parent=card,
        )
        self.drafted.table.opened.connect(self._open_drafted)
        card.body.addWidget(self.summary)
        card.body.addWidget(self.drafted, 1)
        card.body.addLayout(row)
        card.body.addWidget(self.error)
        return card

    def prepare(self) -> None:
        """Price the period anew and show what issuing it would bill."""
        self._show_no_draft("Calcul en cours…")
        self.preview.setEnabled(False)
        asked = DraftInvoices(day_of(self.first), day_of(self.last))
        self._drafted = asked
        self._tools.desk.execute(
            invoices.draft,
            asked,
            changes=MONEY,
            then=self._show_draft,
            failed=self._show_error,
            settled=lambda: self.preview.setEnabled(True),
            lane=Lane.LONG,
        )

    def _set_month(self) -> None:
        first: date | None = self.month.currentData()
        self.first.setEnabled(first is None)
        self.last.setEnabled(first is None)
        if first is not None:
            set_day(self.first, first)
            set_day(self.last, last_day_of_month(first))

    def _period_changed(self) -> None:
        self._show_no_draft()

    def _show_no_draft(self, text: str = "") -> None:
        self._draft = None
        self.anomalies.show_rows([])
        self.checks_text.setText(text or "Préparez l’aperçu : chaque prestation est tarifée à nouveau.")
        self.anomalies.setVisible(False)
        self.drafted.hide()
        self.summary.setText("Aucun aperçu")
        self.despite.hide()
        self.error.hide()
        self._enable()

    def _show_draft(self, draft: Draft) -> None:
        if self._drafted is None or self._drafted != DraftInvoices(day_of(self.first), day_of(self.last)):
            return
        self._draft = draft
        blocking = sum(1 for anomaly in draft.anomalies if anomaly.blocking)
        self.checks_text.setText(
            "Aucune anomalie : tout ce qui a été réservé ou consommé est tarifé."
            if not draft.anomalies
            else f"{count(len(draft.anomalies), 'point')} à regarder, "
            + (f"dont {count(blocking, 'bloquant')}" if blocking else "aucun bloquant")
            + ". Entrée ouvre la famille."
        )
        self.anomalies.setVisible(bool(draft.anomalies))
        self.anomalies.show_rows(sorted(draft.anomalies, key=lambda anomaly: not anomaly.blocking))
        self.summary.setText(
            f"{count(draft.invoices, 'facture')} · {count(draft.lines, 'ligne')} · {format_euros(draft.total_cents)}"
            if draft.invoices
            else "Rien à facturer sur cette période."
        )
        self.drafted.setVisible(bool(draft.invoices))
        if draft.invoices:
            self.drafted.ask(PreviewQuery(start=self._drafted.start, end=self._drafted.end))
        self.despite.setVisible(bool(blocking))
        self.despite.setChecked(False)
        self._enable()
        if self.issue.isEnabled():
            self.issue.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enable(self) -> None:
        draft = self._draft
        blocked = draft is not None and any(anomaly.blocking for anomaly in draft.anomalies)
        self.issue.setEnabled(
            draft is not None
            and draft.invoices > 0
            and (not blocked or self.despite.isChecked())
            and self._tools.may(Permission.ISSUE_INVOICES)
        )

    def _confirm(self) -> None:
        if self._draft is None or self._drafted is None:
            return
        answer = QMessageBox.question(
            self,
            "Émettre les factures",
            f"Émettre {count(self._draft.invoices, 'facture')} pour {format_euros(self._draft.total_cents)}, "
            f"datées du {format_date(day_of(self.issued_on))}{NBSP}?\n\n"
            "Une facture émise ne se modifie plus : une erreur se corrige par un avoir.",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.Yes,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._issue(self._draft, self._drafted)

    def _issue(self, draft: Draft, drafted: DraftInvoices) -> None:
        self.issue.setEnabled(False)
        command = IssueInvoices(
            drafted.start,
            drafted.end,
            drafted.regie_ids,
            issued_on=day_of(self.issued_on),
            due_on=day_of(self.due_on) if self.own_due.isChecked() else None,
            expected=draft.fingerprint,
            despite_anomalies=self.despite.isChecked(),
            command_id=str(uuid4()),
        )
        self._tools.desk.execute(
            invoices.issue,
            command,
            changes=MONEY,
            then=self._show_issued,
            failed=self._show_error,
            settled=self._enable,
            lane=Lane.LONG,
        )

    def _show_issued(self, result: IssueResult) -> None:
        if result.invoices:
            many = "s" if len(result.invoices) > 1 else ""
            self._tools.messages.inform(
                f"{count(len(result.invoices), 'facture')} émise{many}, {format_euros(result.total_cents)}"
            )
            self._show_no_draft(
                "Ces factures sont émises. Préparez un nouvel aperçu pour facturer autre chose."
            )
            self.issued.emit(result)
        else:
            self._tools.messages.warn(result.message)

    def _show_error(self, error: UserError) -> None:
        self._show_no_draft()
        self.error.setText(error.message)
        self.error.show()

    def _open_family(self, anomaly: Anomaly) -> None:
        if anomaly.family_id is not None:
            self.go.emit(Destination("families", anomaly.family_id))

    def _open_drafted(self, row: PreviewRow) -> None:
        self.go.emit(Destination("families", row.family_id))
