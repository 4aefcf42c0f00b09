"""Billing, second step: what must be looked at first, check by check, each opening its rows and its families."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.services import billing_checks
from guichet.services.billing_check_rows import Check
from guichet.services.billing_checks import CheckCount, CheckQuery, CheckRow, ChecksQuery
from guichet.services.invoice_drafts import Draft
from guichet.ui.desk import Lane
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column, State
from guichet.ui.tasks import Task
from guichet.ui.theme import Tone
from guichet.ui.tokens import Space
from guichet.ui.topics import MONEY
from guichet.ui.widgets.billing_run import BillingRun, price
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import count, day_or_dash, euros_or_blank, grouped

BLOCKING = State("B", "Bloquant", Tone.RED)
TO_CHECK = State("V", "À vérifier", Tone.YELLOW)
NOTHING = State("✓", "Rien", Tone.GREEN)


@dataclass(frozen=True)
class Words:
    """A check in words: its name, in short for a cell, and what to do about it."""

    title: str
    short: str
    advice: str


WORDS = {
    Check.NO_TARIFF: Words(
        "Aucun tarif ne s’applique", "sans tarif", "Complétez les tarifs de l’activité pour ces jours."
    ),
    Check.TWO_TARIFFS: Words(
        "Plusieurs tarifs s’appliquent", "deux tarifs", "N’en gardez qu’un pour ces jours."
    ),
    Check.INCOMPLETE_TARIFF: Words(
        "Tarif incomplet", "tarif incomplet", "Il manque une tranche, un taux ou un montant au tarif."
    ),
    Check.NO_REGIE: Words(
        "Aucune régie n’encaisse l’activité", "sans régie", "Choisissez la régie de l’activité."
    ),
    Check.NO_PAYER: Words(
        "Famille sans payeur", "sans payeur", "Désignez l’adulte qui paie, sur la fiche de la famille."
    ),
    Check.NO_QUOTIENT: Words(
        "Pas de quotient familial", "sans QF", "Le tarif maximum s’applique tant qu’aucun quotient n’est en vigueur."
    ),
    Check.NOT_TICKED: Words(
        "Présence non pointée", "non pointé", "Réservé, jour passé, jamais pointé\u00a0: facturé comme présent."
    ),
    Check.NOT_BOOKED: Words(
        "Présent sans réservation", "sans réservation", "Venu sans avoir réservé\u00a0: vérifiez qu’il était bien là."
    ),
    Check.UNUSUAL: Words(
        "Montant inhabituel", "montant inhabituel", "Plus de trois fois la facture du mois précédent."
    ),
    Check.DUPLICATE: Words(
        "Même prestation deux fois", "doublon", "Le même enfant, le même jour, la même prestation, deux fois."
    ),
    Check.SETTLED_NOT_DUE: Words(
        "Facturé ou payé, puis annulé", "annulé après facture", "Décidez d’un avoir."
    ),
    Check.FORGOTTEN: Words(
        "Jamais facturé avant cette période", "oubli antérieur", "Facturez d’abord ces jours, ou joignez-les à la période."
    ),
}  # fmt: skip


def _state(row: CheckCount) -> State:
    if not row.rows:
        return NOTHING
    return BLOCKING if row.check.blocking else TO_CHECK


CHECK_COLUMNS = (
    Column[CheckCount]("Gravité", lambda row: _state(row).label, 13, state=_state),
    Column[CheckCount](
        "Contrôle",
        lambda row: WORDS[row.check].title,
        None,
        bold=True,
        tip=lambda row: WORDS[row.check].advice,
    ),
    Column[CheckCount]("Lignes", lambda row: grouped(row.rows), 7, right=True),
    Column[CheckCount]("Familles", lambda row: grouped(row.families), 8, right=True),
)

ROW_COLUMNS = (
    Column[CheckRow]("Famille", lambda row: row.family_label, None, sort="family", bold=True),
    Column[CheckRow]("Enfant", lambda row: row.child, None, sort="child", optional=1),
    Column[CheckRow]("Jour", lambda row: day_or_dash(row.day), 10, sort="day"),
    Column[CheckRow]("Quoi", lambda row: row.what, None),
    Column[CheckRow](
        "Montant", lambda row: euros_or_blank(row.cents), 10, right=True, sort="cents", optional=2
    ),
    Column[CheckRow](
        "M-1", lambda row: euros_or_blank(row.before_cents), 10, right=True, optional=3, hint="Mois précédent"
    ),
)


class ChecksStep(QWidget):
    """`go` (Destination) opens a family, `onward` goes on to the preview."""

    go = Signal(object)
    onward = Signal()

    def __init__(self, tools: Tools, run: BillingRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._run = run
        self._stale = True
        self.launch = button("Lancer les contrôles", self, role="primary")
        self.launch.setToolTip("Calculer à nouveau chaque prix de la période, puis contrôler")
        self.launch.setEnabled(tools.may(Permission.ISSUE_INVOICES))
        self.summary = text_label("", "muted", self, wrap=True)
        self.error = text_label("", "error", self, wrap=True)
        self.error.hide()
        self.next = button("Continuer vers l’aperçu", self)
        self.checks = ShortTable(
            tools.theme, CHECK_COLUMNS, "Contrôles avant facturation", "Aucun contrôle.", self,
            identity=lambda row: row.check,
        )  # fmt: skip
        self.advice = text_label("", "section", self, wrap=True)
        self.rows = SqlList[CheckRow](
            tools,
            billing_checks.search,
            ROW_COLUMNS,
            lambda row: row.key,
            name="Lignes du contrôle",
            empty="Rien à regarder ici.",
            noun="ligne",
            parent=self,
        )
        self._lay_out()
        self.launch.clicked.connect(self.check)
        self.next.clicked.connect(self.onward)
        self.checks.current_changed.connect(self._show_rows)
        self.checks.opened.connect(self._enter_rows)
        self.rows.table.opened.connect(lambda row: self.go.emit(Destination("families", row.family_id)))
        run.period_changed.connect(self._forget)
        run.state_read.connect(self._read_if_shown)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.launch)
        top.addWidget(self.summary, 1)
        top.addWidget(self.next)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(Space.SMALL, 0, 0, 0)
        column.addWidget(self.advice)
        column.addWidget(self.rows, 1)
        split = halves(Qt.Orientation.Horizontal, self.checks, right, (1, 1), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        layout.addLayout(top)
        layout.addWidget(self.error)
        layout.addWidget(split, 1)

    def check(self) -> None:
        """Price the period anew, then count what is to be looked at."""
        self.launch.setEnabled(False)
        self.error.hide()
        self.summary.setText("Calcul des prix…")
        self._stale = True
        self._tools.desk.start(
            Task("Contrôles de la période"),
            price,
            self._run.asked,
            changes=MONEY,
            then=self._priced,
            failed=self._show_error,
            settled=self._settled,
        )

    def enter(self) -> None:
        """The step is shown: read its counts if they are not those of the period."""
        if self._stale:
            self._read()

    def first_focus(self) -> QWidget:
        """Where the cursor goes when the step is shown."""
        return self.checks if self.checks.paged.total else self.launch

    def _priced(self, _draft: Draft) -> None:
        self._read()
        self.checks.setFocus(Qt.FocusReason.OtherFocusReason)

    def _settled(self) -> None:
        self.launch.setEnabled(True)
        if self._stale:
            self.summary.setText("")  # stopped or refused: nothing was counted

    def _forget(self) -> None:
        self._stale = True
        self.checks.show_rows([])
        self.summary.setText("")
        self.error.hide()

    def _read_if_shown(self) -> None:
        self._stale = True
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        self._stale = False
        query = ChecksQuery(self._run.start, self._run.end, self._run.regie_ids)
        self._tools.desk.fetch(
            billing_checks.counts, query, then=self._show, key=(self, "counts"), lane=Lane.LONG
        )

    def _show(self, counts: tuple[CheckCount, ...]) -> None:
        order = [BLOCKING, TO_CHECK, NOTHING]
        shown = sorted(counts, key=lambda row: order.index(_state(row)))
        self.checks.show_rows(shown)
        blocking = sum(row.rows for row in counts if row.check.blocking)
        to_check = sum(1 for row in counts if row.rows and not row.check.blocking)
        if blocking:
            text = f"{count(blocking, 'prestation')} sans prix ou sans régie ne pourront pas être facturées."
        elif to_check:
            text = f"Rien de bloquant, {count(to_check, 'point')} à vérifier."
        else:
            text = "Aucune anomalie\u00a0: tout ce qui a été réservé ou consommé est tarifé."
        self.summary.setText(text)
        if self.checks.current_row() is None:
            self.checks.select(0)

    def _show_rows(self, row: CheckCount | None) -> None:
        if row is None:
            self.advice.setText("")
            return
        words = WORDS[row.check]
        self.advice.setText(f"{words.title}. {words.advice}")
        query = CheckQuery(
            check=row.check, start=self._run.start, end=self._run.end, regie_ids=self._run.regie_ids
        )
        self.rows.ask(query)

    def _enter_rows(self) -> None:
        self.rows.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.rows.table.select(0)

    def _show_error(self, error: UserError) -> None:
        self.summary.setText("")
        self.error.setText(error.message)
        self.error.show()


def said(checks: tuple[Check, ...]) -> str:
    """The checks that concern an invoice to be, in a cell."""
    return ", ".join(WORDS[check].short for check in checks)


def amount_or_dash(cents: int | None) -> str:
    """An amount, a dash where there is none."""
    return "–" if cents is None else format_euros(cents)
