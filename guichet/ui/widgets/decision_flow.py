"""Decisions on their way: the screen goes on to the next request at once, and comes back where a decision was not taken."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, UserError
from guichet.services import decisions
from guichet.services.deciding import DecisionResult
from guichet.services.decisions import Handle
from guichet.services.request_detail import RequestDetail
from guichet.ui.page import Tools
from guichet.ui.topics import DECISION
from guichet.ui.widgets.decision_bar import Key

LAST_KEPT = 50


@dataclass(frozen=True)
class Decision:
    """A decision on a request as it was on screen. `leaves`: nothing of the request will be left to decide."""

    function: Any
    command: Any
    detail: RequestDetail
    key: Key
    leaves: bool


class DecisionFlow(QObject):
    """`taken` (Decision, DecisionResult), `refused` (Decision, UserError), `halted` (Decision: an outage stopped it, it waits
    for « Réessayer »), `settled` when one is over in any way, `undone` (RequestDetail).
    """

    taken = Signal(object, object)
    refused = Signal(object, object)
    halted = Signal(object)
    settled = Signal()
    undone = Signal(object)

    def __init__(self, tools: Tools, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = tools.desk
        self._under_way: dict[int, Decision] = {}
        self._undoable: list[RequestDetail] = []
        self._halted = False
        self._desk.outage.connect(self._note_outage)
        self._desk.recovered.connect(self._note_recovery)

    def busy(self, request_id: int | None) -> bool:
        """Whether something about this request is on its way to the base."""
        return request_id in self._under_way

    @property
    def last(self) -> RequestDetail | None:
        """The request decided last here, as long as that may be undone."""
        return self._undoable[-1] if self._undoable else None

    def send(self, decision: Decision) -> None:
        """Run a decision on a request that has none under way."""
        request_id = decision.detail.request_id
        self._under_way[request_id] = decision
        if decision.key not in (Key.TAKE_UP, Key.COMPLEMENT):
            self._undoable = [*self._without(request_id), decision.detail][-LAST_KEPT:]
        self._desk.execute(
            decision.function,
            decision.command,
            changes=DECISION,
            then=partial(self._take, decision),
            failed=partial(self._refuse, decision),
            settled=partial(self._settle, decision),
        )

    def undo(self, detail: RequestDetail, command_id: str) -> None:
        """Take the last decision of a request back; what is still on its way is undone after it."""
        self._undoable = self._without(detail.request_id)
        self._desk.execute(
            decisions.undo,
            Handle(detail.request_id, command_id=command_id),
            changes=DECISION,
            then=partial(self._take_back, detail),
        )

    def _without(self, request_id: int) -> list[RequestDetail]:
        return [one for one in self._undoable if one.request_id != request_id]

    def _take(self, decision: Decision, result: DecisionResult) -> None:
        self._under_way.pop(decision.detail.request_id, None)
        self.taken.emit(decision, result)

    def _take_back(self, detail: RequestDetail, _: DecisionResult) -> None:
        self.undone.emit(detail)

    def _refuse(self, decision: Decision, error: UserError) -> None:
        if isinstance(error, AlreadyApplied):
            self._under_way.pop(decision.detail.request_id, None)  # it was taken the first time
        else:
            self._forget(decision)
        self.refused.emit(decision, error)

    def _settle(self, decision: Decision) -> None:
        self._forget(decision)
        self.settled.emit()

    def _forget(self, decision: Decision) -> None:
        """What did not happen cannot be undone."""
        if self._under_way.pop(decision.detail.request_id, None) is not None:
            self._undoable = self._without(decision.detail.request_id)

    def _note_outage(self, _: EnvironmentProblem) -> None:
        if self._under_way and not self._halted:
            self._halted = True  # coming back reads too, and stumbles on the same outage
            self.halted.emit(next(iter(self._under_way.values())))

    def _note_recovery(self) -> None:
        self._halted = False
