"""Billing a period in five steps: Période → Contrôles → Aperçu → Émission → Envoi; where it stands is read from the base."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.text import paris_day
from guichet.services.billing_state import PeriodState
from guichet.ui.actions import Action
from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.widgets.billing_checks import ChecksStep
from guichet.ui.widgets.billing_issue import IssueStep
from guichet.ui.widgets.billing_period import PeriodStep
from guichet.ui.widgets.billing_preview import PreviewStep
from guichet.ui.widgets.billing_run import BillingRun
from guichet.ui.widgets.billing_sending import SendingStep
from guichet.ui.widgets.stepper import NEXT_KEY, PREVIOUS_KEY, Stepper, StepState
from guichet.ui.wording import count, period

STEPS = ("period", "checks", "preview", "issue", "sending")
TITLES = ("Période", "Contrôles", "Aperçu", "Émission", "Envoi")


class IssuePanel(QWidget):
    """`issued` (IssueResult) after the commit, `go` as on a page, `moved` when another step or period is shown.

    Ctrl+PgUp and Ctrl+PgDown go from step to step while the cursor is inside.
    """

    issued = Signal(object)
    go = Signal(object)
    moved = Signal()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        last = paris_day(tools.desk.clock()).replace(day=1) - timedelta(days=1)
        self.run = BillingRun(tools, last.replace(day=1), last, self)
        self.stepper = Stepper(tools.theme, TITLES, self)
        self.period = PeriodStep(tools, self.run, self)
        self.checks = ChecksStep(tools, self.run, self)
        self.preview = PreviewStep(tools, self.run, self)
        self.issue = IssueStep(tools, self.run, self)
        self.sending = SendingStep(tools, self.run, self)
        self._stack = QStackedWidget(self)
        for step in (self.period, self.checks, self.preview, self.issue, self.sending):
            self._stack.addWidget(step)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.setSpacing(Space.MEDIUM)
        layout.addWidget(self.stepper)
        layout.addWidget(self._stack, 1)
        self.stepper.chosen.connect(self._show_step)
        self.period.onward.connect(lambda: self.show_step("checks"))
        self.checks.onward.connect(lambda: self.show_step("preview"))
        self.preview.onward.connect(lambda: self.show_step("issue"))
        self.issue.onward.connect(lambda: self.show_step("sending"))
        self.issue.issued.connect(self.issued)
        for step in (self.checks, self.preview, self.sending):
            step.go.connect(self.go)
        for key, by in ((PREVIOUS_KEY, -1), (NEXT_KEY, 1)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._step, by))
        self.run.state_read.connect(self._show_states)
        self.run.period_changed.connect(self._period_changed)
        self._show_states()

    def reload(self) -> None:
        """Read again where the period stands; the steps follow."""
        self.run.read()

    def show_step(self, name: str) -> None:
        """Show a step by its name (`period`, `checks`, `preview`, `issue`, `sending`)."""
        if name in STEPS:
            self.stepper.go(STEPS.index(name))

    @property
    def step(self) -> str:
        """The name of the step shown."""
        return STEPS[self.stepper.current]

    def here(self) -> dict[str, Any]:
        """The step and the period shown, as `open` takes them."""
        return {
            "step": self.step,
            "start": self.run.start.isoformat(),
            "end": self.run.end.isoformat(),
            "regies": list(self.run.regie_ids),
        }

    def open(self, wanted: dict[str, Any]) -> None:
        """Show a step and a period."""
        if "start" in wanted and "end" in wanted:
            start, end = date.fromisoformat(wanted["start"]), date.fromisoformat(wanted["end"])
            self.run.choose(start, end, tuple(int(regie_id) for regie_id in wanted.get("regies", ())))
        if wanted.get("step") and wanted["step"] != self.step:
            self.show_step(wanted["step"])
        if "anomaly" in wanted:
            self.preview.show_anomaly(wanted["anomaly"])

    def crumbs(self) -> tuple[str, ...]:
        """The period and the step."""
        return (period(self.run.start, self.run.end), TITLES[self.stepper.current])

    def _step(self, by: int) -> None:
        self.stepper.go(self.stepper.current + by)

    def page_actions(self) -> Sequence[Action]:
        """What can be done here, for the palette."""

        def going(place: int) -> Action:
            return Action(
                f"Facturation, étape {TITLES[place].lower()}",
                lambda: self.stepper.go(place),
                words="facturer mois étape",
            )

        return (
            *(going(place) for place in range(len(STEPS))),
            Action("Étape précédente", partial(self._step, -1), PREVIOUS_KEY, "arrow-left"),
            Action("Étape suivante", partial(self._step, 1), NEXT_KEY, "arrow-right"),
            Action("Lancer les contrôles de facturation", self._check, words="anomalies tarifer prix"),
        )

    def step_back(self) -> bool:
        """Go to the step before; False on the first."""
        if self.stepper.current == 0:
            return False
        self.stepper.go(self.stepper.current - 1)
        return True

    def first_focus(self) -> QWidget:
        """Where the cursor goes when the panel is shown."""
        if self.step == "period":
            return self.period.month
        shown: Any = self._stack.currentWidget()
        widget: QWidget = shown.first_focus()
        return widget

    def _check(self) -> None:
        self.show_step("checks")
        self.checks.check()

    def _show_step(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        if place:
            shown: Any = self._stack.currentWidget()
            shown.enter()
        self.first_focus().setFocus(Qt.FocusReason.OtherFocusReason)
        self.moved.emit()

    def _period_changed(self) -> None:
        self._show_states()
        self.moved.emit()

    def _show_states(self) -> None:
        state = self.run.state
        days = period(self.run.start, self.run.end)
        if state is None:
            self.stepper.show_states([StepState(days, done=True), *[StepState("…")] * 4])
        else:
            self.stepper.show_states(
                [StepState(days, done=True), _checks(state), _preview(state), _issue(state), _sending(state)]
            )


def _checks(state: PeriodState) -> StepState:
    if not state.due:
        return StepState("rien à facturer")
    if state.unpriced == state.due and not state.draft.invoices:
        return StepState("à lancer")
    if state.unpriced:
        return StepState(f"{count(state.unpriced, 'prestation')} sans prix", attention=True)
    if state.without_regie:
        return StepState(f"{count(state.without_regie, 'prestation')} sans régie", attention=True)
    return StepState("tout est tarifé", done=True)


def _preview(state: PeriodState) -> StepState:
    if not state.draft.invoices:
        return StepState("rien à relire", done=state.issued > 0)
    return StepState(f"{count(state.draft.invoices, 'facture')}, {format_euros(state.draft.total_cents)}")


def _issue(state: PeriodState) -> StepState:
    if not state.issued:
        return StepState(
            f"{count(state.draft.invoices, 'facture')} à émettre" if state.draft.invoices else ""
        )
    issued = count(state.issued, "émise")
    if state.draft.invoices:
        return StepState(f"{issued}, {count(state.draft.invoices, 'reste', 'restent')}", attention=True)
    return StepState(issued, done=True)


def _sending(state: PeriodState) -> StepState:
    if not state.issued:
        return StepState("après l’émission")
    text = f"{state.by_email} par courriel, {state.by_paper} sur papier"
    return StepState(text, done=bool(state.sendings))
