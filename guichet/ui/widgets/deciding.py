"""Deciding the request on screen: which keys may be pressed, what is sent, what comes back, what is written meanwhile."""

from functools import partial
from typing import Any
from uuid import uuid4

from PySide6.QtCore import QObject, Signal

from guichet.rules.errors import AlreadyApplied, StaleVersion, UserError
from guichet.rules.requests import END_STATES, STATE_LABELS, Act, RequestState
from guichet.services import decisions
from guichet.services.deciding import DecisionResult
from guichet.services.decisions import Accept, AskComplement, Handle, Refuse, Wait
from guichet.services.request_detail import RequestDetail
from guichet.ui.page import Tools
from guichet.ui.widgets.answer_tab import WAITABLE, Written
from guichet.ui.widgets.decision_bar import DecisionBar, Key
from guichet.ui.widgets.decision_flow import Decision, DecisionFlow
from guichet.ui.widgets.request_detail import RequestDetailView
from guichet.ui.widgets.request_tables import is_open
from guichet.ui.wording import NBSP

_KEYS = {Act.TAKE_UP: Key.TAKE_UP, Act.ASK_COMPLEMENT: Key.COMPLEMENT, Act.UNDO: Key.UNDO}


class Deciding(QObject):
    """Between the bar, where keys are pressed, and the request shown.

    `over` (id): nothing is left to decide of this request, show the next one. `taken` (id): a decision was. `wanted`
    (id): this one is to be looked at again. `reopened` (id): its decision was taken back. `stale`: the list should be
    read again.
    """

    over = Signal(int)
    taken = Signal(int)
    wanted = Signal(int)
    reopened = Signal(int)
    stale = Signal()

    def __init__(self, tools: Tools, view: RequestDetailView, bar: DecisionBar, parent: QObject) -> None:
        super().__init__(parent)
        self._drafts = tools.drafts
        self._messages = tools.messages
        self._view = view
        self._bar = bar
        self._flow = DecisionFlow(tools, self)
        view.written = self._written
        view.items.paged.checks_changed.connect(self.suggest)
        bar.accepted.connect(self._accept)
        bar.waited.connect(self._wait)
        bar.refused.connect(self._refuse)
        bar.asked.connect(self._ask_complement)
        bar.taken_up.connect(self._take_up)
        bar.undone.connect(self._undo)
        bar.edited.connect(self._keep_draft)
        bar.closed.connect(self._keep_draft)
        self._flow.taken.connect(self._taken)
        self._flow.refused.connect(self._refused)
        self._flow.halted.connect(self._come_back)
        self._flow.settled.connect(self.allow)
        self._flow.undone.connect(self._undone)

    def allow(self) -> None:
        """Offer the keys that the request shown allows now."""
        detail = self._view.detail
        keys = {Key.UNDO} if self._flow.last is not None else set()
        if detail is not None and not self._flow.busy(detail.request_id):
            keys |= {_KEYS[act] for act in detail.can if act in _KEYS}
            if Act.DECIDE in detail.can and self._view.chosen():
                keys |= {Key.ACCEPT, Key.REFUSE}
                if detail.kind in WAITABLE:
                    keys.add(Key.WAIT)
        self._bar.allow(keys)

    def suggest(self) -> None:
        """The same, and the likely refusal of the dates ticked."""
        self.allow()
        code = self._view.likely_refusal()
        if code and not self._bar.writing:
            self._bar.suggest_refusal(code)

    def restore_draft(self, request_id: int) -> None:
        """Put back in the bar what was written about this request and not sent."""
        self._bar.restore(self._drafts.of(self._draft_key(request_id)))
        self._view.follow_writing()

    def _decide(self, function: Any, command: Any, key: Key, *, leaves: bool) -> None:
        """Send a decision and go on at once; what was written about it stays until it is taken."""
        detail = self._view.detail
        if detail is None or self._flow.busy(detail.request_id):
            return
        if self._bar.writing:
            self._keep_draft()
        self._flow.send(Decision(function, command, detail, key, leaves))
        self.allow()
        if leaves:
            self.over.emit(detail.request_id)

    def _taken(self, decision: Decision, result: DecisionResult) -> None:
        detail = decision.detail
        self._drop_draft(detail.request_id)
        self._view.forget(detail.request_id)
        self.taken.emit(detail.request_id)
        over = result.state in END_STATES or result.state in (
            RequestState.WAITING_LIST,
            RequestState.NEEDS_INFO,
        )
        if self._view.request_id == detail.request_id:
            self._bar.close_panel()
            if over:
                self.over.emit(detail.request_id)
        words = STATE_LABELS[RequestState(result.state)]
        undo = partial(self._undo_one, detail) if result.undo_until is not None else None
        self._messages.inform(
            f"{detail.child or detail.family or detail.external_id}{NBSP}: demande {words}"
            f"{' — Ctrl+Z pour revenir' if undo else ''}",
            undo=undo,
        )

    def _refused(self, decision: Decision, error: UserError) -> None:
        """Come back to what was not done, with why; somebody who writes about another request is not interrupted."""
        request_id = decision.detail.request_id
        self._view.forget(request_id)
        if isinstance(error, AlreadyApplied):
            self._drop_draft(request_id)
            self._messages.inform(error.message)
            return
        if isinstance(error, StaleVersion):
            self._messages.refuse(error)
            self.stale.emit()
            return
        elsewhere = self._view.request_id != request_id
        if elsewhere and self._bar.writing:
            named = decision.detail.child or decision.detail.family
            self._messages.warn(f"{named} (n°{NBSP}{decision.detail.external_id}){NBSP}: {error.message}")
            return
        self._come_back(decision)
        if error.field == "override_reason":
            self._bar.ask_override(error, decision.key)
        elif self._bar.writing:
            self._bar.show_error(error)
        else:
            self._messages.refuse(error)

    def _come_back(self, decision: Decision) -> None:
        request_id = decision.detail.request_id
        self.wanted.emit(request_id)
        self.restore_draft(request_id)
        self.allow()

    def _rest(self, chosen: tuple[int, ...]) -> bool:
        """Whether deciding these leaves nothing else to decide."""
        detail = self._view.detail
        left = (
            {item.item_id for item in detail.items if item.decision is None} if detail is not None else set()
        )
        return left <= set(chosen)

    def _accept(self, override_reason: str) -> None:
        self._grant(decisions.accept, Accept, Key.ACCEPT, override_reason)

    def _wait(self, override_reason: str) -> None:
        self._grant(decisions.wait, Wait, Key.WAIT, override_reason)

    def _grant(
        self, function: Any, command: type[Accept] | type[Wait], key: Key, override_reason: str
    ) -> None:
        """Give the dates chosen their places, or their rank on the waiting list."""
        detail, chosen = self._view.detail, self._view.chosen()
        if detail is not None:
            wanted = command(
                detail.request_id,
                detail.version,
                chosen,
                override_reason=override_reason,
                command_id=str(uuid4()),
            )
            self._decide(function, wanted, key, leaves=self._rest(chosen))

    def _refuse(self, code: str, text: str) -> None:
        detail, chosen = self._view.detail, self._view.chosen()
        if detail is not None:
            command = Refuse(detail.request_id, code, text, detail.version, chosen, command_id=str(uuid4()))
            self._decide(decisions.refuse, command, Key.REFUSE, leaves=self._rest(chosen))

    def _ask_complement(self, text: str) -> None:
        detail = self._view.detail
        if detail is not None:
            command = AskComplement(detail.request_id, text, detail.version, command_id=str(uuid4()))
            self._decide(decisions.ask_complement, command, Key.COMPLEMENT, leaves=True)

    def _take_up(self) -> None:
        detail = self._view.detail
        if detail is not None:
            command = Handle(detail.request_id, detail.version, command_id=str(uuid4()))
            self._decide(decisions.take_up, command, Key.TAKE_UP, leaves=False)

    def _undo(self) -> None:
        """Take back the decision of the request shown, else the last one taken here."""
        detail, last = self._view.detail, self._flow.last
        shown = detail is not None and Act.UNDO in detail.can and any(map(is_open, detail.items)) is False
        undone = detail if shown else last or detail
        if undone is not None:
            self._undo_one(undone)

    def _undo_one(self, detail: RequestDetail) -> None:
        self._view.forget(detail.request_id)
        self._flow.undo(detail, str(uuid4()))

    def _undone(self, detail: RequestDetail) -> None:
        self._messages.inform(
            f"{detail.child or detail.family}{NBSP}: la décision est annulée, la demande est à décider"
        )
        self.reopened.emit(detail.request_id)

    def _written(self) -> Written:
        values = self._bar.written()
        return Written.of(values.get("panel", ""), values)

    def _draft_key(self, request_id: int) -> str:
        return f"request:{request_id}"

    def _keep_draft(self) -> None:
        detail = self._view.detail
        if detail is None:
            return
        values = self._bar.written()
        if any(values.get(name) for name in ("text", "question", "reason")):
            label = f"réponse à {detail.child or detail.family or detail.external_id}"
            self._drafts.keep(self._draft_key(detail.request_id), label, values)
        else:
            self._drafts.drop(self._draft_key(detail.request_id))
        self._view.follow_writing()

    def _drop_draft(self, request_id: int) -> None:
        self._drafts.drop(self._draft_key(request_id))
