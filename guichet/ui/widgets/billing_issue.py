"""Billing, fourth step: the dates printed, the confirmation, the run that can be stopped, and what it issued."""

from datetime import timedelta
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date, paris_day
from guichet.services.invoices import IssueInvoices, IssueResult
from guichet.ui.messages import Question
from guichet.ui.page import Tools
from guichet.ui.tasks import Task
from guichet.ui.tokens import Space
from guichet.ui.topics import MONEY
from guichet.ui.widgets.billing_run import BillingRun, issue
from guichet.ui.widgets.facts import Card, Facts
from guichet.ui.widgets.fields import button, date_field, day_of, text_label
from guichet.ui.wording import NBSP, count, period


class IssueStep(QWidget):
    """`issued` (IssueResult) after the commit, `onward` goes on to the sending."""

    issued = Signal(object)
    onward = Signal()

    def __init__(self, tools: Tools, run: BillingRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._run = run
        self._running = False
        today = paris_day(tools.desk.clock())
        self.summary = text_label("", "heading", self, wrap=True)
        self.held = text_label("", "muted", self, wrap=True)
        self.issued_on = date_field(today, self)
        self.issued_on.setAccessibleName("Date des factures")
        self.own_due = QCheckBox("É&chéance au", self)
        self.due_on = date_field(today + timedelta(days=30), self)
        self.due_on.setAccessibleName("Date d’échéance")
        self.due_on.setEnabled(False)
        self.default_due = text_label("sans cela, au délai de chaque régie", "muted", self)
        self.despite = QCheckBox("Émettre &malgré les prestations sans prix ou sans régie", self)
        self.despite.setToolTip("Ce qui n’a pas de prix ou pas de régie reste à facturer plus tard")
        self.issue = button("Émettre les factures…", self, role="primary")
        self.error = text_label("", "error", self, wrap=True)
        self.error.hide()
        self.report = Card("Compte rendu", self)
        self.facts = Facts(self.report)
        self.problems = text_label("", "", self.report, wrap=True)
        self.next = button("Continuer vers l’envoi", self)
        self._lay_out()
        self.own_due.toggled.connect(self.due_on.setEnabled)
        self.despite.toggled.connect(self._enable)
        self.issue.clicked.connect(self._confirm)
        self.next.clicked.connect(self.onward)
        run.state_read.connect(self._show_state)
        run.period_changed.connect(self._forget)
        self._enable()

    def _lay_out(self) -> None:
        dates, act = QHBoxLayout(), QHBoxLayout()
        label = text_label("&Datées du", "", self)
        label.setBuddy(self.issued_on)
        for widget in (label, self.issued_on, self.own_due, self.due_on, self.default_due):
            dates.addWidget(widget)
        dates.addStretch(1)
        act.addWidget(self.despite)
        act.addStretch(1)
        act.addWidget(self.issue)
        card = Card("", self)
        card.body.addWidget(self.summary)
        card.body.addWidget(self.held)
        card.body.addLayout(dates)
        card.body.addLayout(act)
        card.body.addWidget(self.error)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.next)
        self.report.body.addWidget(self.facts)
        self.report.body.addWidget(self.problems)
        self.report.body.addLayout(foot)
        self.report.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.LARGE)
        layout.addWidget(card)
        layout.addWidget(self.report)
        layout.addStretch(1)

    def enter(self) -> None:
        """The step is shown; what it says follows the run by itself."""

    def first_focus(self) -> QWidget:
        """Where the cursor goes when the step is shown."""
        return self.issue if self.issue.isEnabled() else self.issued_on

    def _forget(self) -> None:
        self.report.hide()
        self.error.hide()
        self.despite.setChecked(False)
        self._show_state()

    def _show_state(self) -> None:
        state = self._run.state
        if state is None:
            self.summary.setText("Lecture en cours…")
        elif state.draft.invoices:
            self.summary.setText(
                f"{count(state.draft.invoices, 'facture')} à émettre, {count(state.draft.lines, 'ligne')}, "
                f"{format_euros(state.draft.total_cents)}"
            )
        elif state.issued:
            self.summary.setText(
                f"{count(state.issued, 'facture émise', 'factures émises')}, rien de plus à émettre"
            )
        else:
            self.summary.setText("Rien à émettre\u00a0: lancez d’abord les contrôles.")
        names = self._run.held_names
        self.held.setVisible(bool(names))
        self.held.setText(f"Mises de côté{NBSP}: " + ", ".join(f"{name} ({why})" for name, why in names))
        self.despite.setVisible(bool(state and state.blocked))
        self._enable()

    def _enable(self) -> None:
        state = self._run.state
        self.issue.setEnabled(
            state is not None
            and not self._running
            and state.draft.invoices > 0
            and (not state.blocked or self.despite.isChecked())
            and self._tools.may(Permission.ISSUE_INVOICES)
        )

    def _confirm(self) -> None:
        state = self._run.state
        if state is None:
            return
        command = IssueInvoices(
            self._run.start,
            self._run.end,
            self._run.regie_ids,
            issued_on=day_of(self.issued_on),
            due_on=day_of(self.due_on) if self.own_due.isChecked() else None,
            expected=state.draft.fingerprint,
            despite_anomalies=self.despite.isChecked(),
            held=self._run.held,
            command_id=str(uuid4()),
        )
        what = f"{count(state.draft.invoices, 'facture')} pour {format_euros(state.draft.total_cents)}"
        self._tools.messages.ask(
            Question(
                "Émettre les factures",
                f"Émettre {what}, datées du {format_date(day_of(self.issued_on))}\u202f?\n\n"
                "Une facture émise ne se modifie plus\u00a0: une erreur se corrige par un avoir.",
                "Émettre",
                danger=True,
            ),
            then=lambda: self._issue(command),
            parent=self,
        )

    def _issue(self, command: IssueInvoices) -> None:
        self.error.hide()
        self._running = True
        self._enable()
        self._tools.desk.start(
            Task(f"Émission des factures, {period(command.start, command.end)}"),
            issue,
            command,
            changes=MONEY,
            then=self._show_issued,
            failed=self._show_error,
            settled=self._settled,
        )

    def _settled(self) -> None:
        self._running = False
        self._run.read()
        self._enable()

    def _show_issued(self, result: IssueResult) -> None:
        if not result.invoices:
            self._tools.messages.warn(result.message)
            return
        many = count(len(result.invoices), "facture émise", "factures émises")
        self._tools.messages.inform(f"{many}, {format_euros(result.total_cents)}")
        first, last = result.invoices[0].number, result.invoices[-1].number
        self.facts.show_pairs(
            [
                ("Factures émises", many),
                ("Total", format_euros(result.total_cents)),
                ("Lignes", count(result.lines, "ligne")),
                ("Numéros", first if first == last else f"{first} à {last}"),
                ("Mises de côté", count(len(self._run.held), "famille") if self._run.held else "Aucune"),
            ]
        )
        left = [anomaly.message for anomaly in result.anomalies if anomaly.blocking]
        self.problems.setVisible(bool(left))
        self.problems.setText(f"Resté à facturer{NBSP}:\n" + "\n".join(left))
        self.report.show()
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)
        self.issued.emit(result)

    def _show_error(self, error: UserError) -> None:
        self.error.setText(error.message)
        self.error.show()
