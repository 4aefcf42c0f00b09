"""The billing of one period, shared by its five steps: which days, who is held out, where it stands in the base."""

from datetime import date
from typing import Any

from PySide6.QtCore import QObject, Signal

from guichet.services import billing_state, invoice_drafts, invoices, transaction
from guichet.services.billable import Held
from guichet.services.billing_state import PeriodState
from guichet.services.invoice_drafts import Draft, DraftInvoices
from guichet.services.invoices import IssueInvoices, IssueResult
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.page import Tools
from guichet.ui.tasks import Task

HELD_KEY = "billing.held"


class BillingRun(QObject):
    """`period_changed` when other days are chosen, `held_changed` when a family is held out or not any more, `state_read`
    when where the period stands has come from the base. What is held out is kept in the clerk's account.
    """

    period_changed = Signal()
    held_changed = Signal()
    state_read = Signal()

    def __init__(self, tools: Tools, start: date, end: date, parent: QObject) -> None:
        super().__init__(parent)
        self._tools = tools
        self.start, self.end = start, end
        self.regie_ids: tuple[int, ...] = ()
        self.state: PeriodState | None = None

    @property
    def asked(self) -> DraftInvoices:
        """What is to be billed."""
        return DraftInvoices(self.start, self.end, self.regie_ids, self.held)

    @property
    def held(self) -> tuple[Held, ...]:
        """The families that this run leaves out."""
        return tuple(Held(int(family_id), reason) for family_id, (_, reason) in sorted(self._kept().items()))

    @property
    def held_names(self) -> tuple[tuple[str, str], ...]:
        """Their names, each with why."""
        return tuple((label, reason) for label, reason in self._kept().values())

    def choose(self, start: date, end: date, regie_ids: tuple[int, ...]) -> None:
        """Bill other days or régies."""
        if (start, end, regie_ids) != (self.start, self.end, self.regie_ids):
            self.start, self.end, self.regie_ids = start, end, regie_ids
            self.state = None
            self.period_changed.emit()
            self.read()

    def hold(self, family_id: int, label: str, reason: str) -> None:
        """Leave a family out of this run."""
        self._keep({**self._kept(), str(family_id): [label, reason]})

    def release(self, family_id: int) -> None:
        """Bill a family after all."""
        self._keep({key: value for key, value in self._kept().items() if key != str(family_id)})

    def read(self) -> None:
        """Read where the period stands."""
        self._tools.desk.fetch(billing_state.read, self.asked, then=self._show, key=self)

    def _show(self, state: PeriodState) -> None:
        self.state = state
        self.state_read.emit()

    def _period_key(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    def _kept(self) -> dict[str, Any]:
        every: dict[str, Any] = self._tools.preferences.get(HELD_KEY, {})
        kept = every.get(self._period_key())
        return {key: one for key, one in kept.items() if _held(key, one)} if isinstance(kept, dict) else {}

    def _keep(self, held: dict[str, Any]) -> None:
        every = dict(self._tools.preferences.get(HELD_KEY, {}))
        every.pop(self._period_key(), None)
        if held:
            every[self._period_key()] = held
        self._tools.preferences.set(HELD_KEY, every)
        self.held_changed.emit()
        self.read()


def _held(family_id: str, kept: Any) -> bool:
    """Whether an account keeps a family held out: its id, its name and why."""
    named = isinstance(kept, list) and len(kept) == 2 and all(isinstance(each, str) for each in kept)
    return named and family_id.isascii() and family_id.isdecimal() and len(family_id) < 10


def price(database: OpenedDatabase, context: Context, command: DraftInvoices, task: Task) -> Draft:
    """Price a period anew, in one transaction that stopping rolls back whole."""
    return transaction.run(database, context, invoice_drafts.draft, command, step=task.step)


def issue(database: OpenedDatabase, context: Context, command: IssueInvoices, task: Task) -> IssueResult:
    """Issue a period, in one transaction that stopping rolls back whole: no invoice, no number taken."""
    return transaction.run(database, context, invoices.issue, command, step=task.step)
