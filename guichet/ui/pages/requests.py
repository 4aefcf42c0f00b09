"""The requests: the queue on the left, the one chosen on the right, one key per decision below."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from guichet.rules.errors import StaleVersion, UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import END_STATES, STATE_LABELS, Act, RequestState
from guichet.services import decisions, requests
from guichet.services.bulk_decisions import BulkReport
from guichet.services.deciding import DecisionResult
from guichet.services.decisions import Accept, AskComplement, Handle, Refuse, Wait
from guichet.services.request_detail import RequestDetail
from guichet.services.requests import KIND_LABELS, Queue, RequestQuery, RequestRow
from guichet.ui.page import Page, Tools
from guichet.ui.topics import DECISION, Topic
from guichet.ui.widgets.bulk_dialog import BulkDialog, BulkReportDialog
from guichet.ui.widgets.decision_bar import DecisionBar, Key
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.widgets.request_columns import QUEUE_COLUMNS
from guichet.ui.widgets.request_detail import RequestDetailView
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import VERDICTS, count

TYPING_MILLISECONDS = 150

VIEWS = (
    ("À traiter", RequestQuery()),
    ("À prendre", RequestQuery(queue=Queue.TO_TAKE)),
    ("À ma charge", RequestQuery(queue=Queue.MINE)),
    ("En traitement", RequestQuery(states=(RequestState.IN_PROGRESS,))),
    ("En attente de la famille", RequestQuery(queue=Queue.WAITING_FAMILY)),
    ("Liste d’attente", RequestQuery(states=(RequestState.WAITING_LIST,))),
    ("En anomalie", RequestQuery(queue=Queue.ANOMALIES)),
    ("Toutes", RequestQuery(queue=Queue.ALL)),
)
PROPOSALS = {
    "": "Toute proposition",
    **{code: state.label for code, state in VERDICTS.items()},
    "mixed": "Mélangée",
}
_KEYS = {Act.TAKE_UP: Key.TAKE_UP, Act.ASK_COMPLEMENT: Key.COMPLEMENT, Act.UNDO: Key.UNDO}
_WAITABLE = ("bookings", "enrolment")


class RequestsPage(Page):
    """`open` takes a Queue, or a RequestQuery."""

    topics = frozenset({Topic.REQUESTS, Topic.IMPORTS})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._deciding = False
        self._leave: int | None = None
        self._seek: int | None = None
        self._last_decided: RequestDetail | None = None
        self.queue = QComboBox(self)
        self.kind = QComboBox(self)
        self.proposal = QComboBox(self)
        self.search = QLineEdit(self)
        self.bulk = button("Accepter tout ce qui rentre…", self)
        self.list = SqlList[RequestRow](
            tools,
            requests.list_requests,
            QUEUE_COLUMNS,
            lambda row: row.request_id,
            name="Demandes",
            empty="Aucune demande ici : tout est traité, ou aucun critère ne correspond.",
            noun="demande",
            checkable=True,
            editable=lambda row: row.state not in END_STATES,
        )
        self.view = RequestDetailView(tools, self)
        self.bar = DecisionBar(self)
        self._lay_out()
        self._fill_filters()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._ask)
        self._connect()

    def _lay_out(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(16, 12, 8, 8)
        filters = QHBoxLayout()
        for title, field in (("&Voir", self.queue), ("&Type", self.kind), ("Pro&position", self.proposal)):
            label = text_label(title, "", left)
            label.setBuddy(field)
            label.setVisible(field is self.queue)
            field.setAccessibleName(title.replace("&", ""))
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            field.setMinimumContentsLength(12)
            filters.addWidget(label)
            filters.addWidget(field)
        self.search.setPlaceholderText("Famille, enfant, numéro…")
        self.search.setAccessibleName("Rechercher dans les demandes")
        self.search.setClearButtonEnabled(True)
        filters.addWidget(self.search, 1)
        column.addLayout(filters)
        column.addWidget(self.list, 1)
        self.list.foot.addWidget(self.bulk)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.view)
        split.setStretchFactor(0, 4)
        split.setStretchFactor(1, 3)
        split.setSizes([700, 525])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(split, 1)
        layout.addWidget(self.bar)
        may_decide = self.tools.may(Permission.DECIDE_REQUESTS)
        self.bar.setVisible(may_decide)
        self.bulk.setVisible(may_decide)

    def _fill_filters(self) -> None:
        self.queue.addItems([label for label, _ in VIEWS])
        self.kind.addItem("Tous les types", "")
        for kind, label in KIND_LABELS.items():
            self.kind.addItem(label, kind.value)
        for code, label in PROPOSALS.items():
            self.proposal.addItem(label, code)

    def _connect(self) -> None:
        for combo in (self.queue, self.kind, self.proposal):
            combo.currentIndexChanged.connect(self._ask)
        self.search.textEdited.connect(self._typed)
        self.search.returnPressed.connect(self._focus_list)
        self.list.table.current_changed.connect(self._row_chosen)
        self.list.table.opened.connect(self.view.focus_items)
        self.list.loaded.connect(self._move_on)
        self.list.model.checks_changed.connect(self._say_bulk)
        self.view.shown.connect(self._allow)
        self.view.go.connect(self.go)
        self.view.items.paged.checks_changed.connect(self._suggest)
        self.bulk.clicked.connect(self._bulk)
        self.bar.accepted.connect(self._accept)
        self.bar.waited.connect(self._wait)
        self.bar.refused.connect(self._refuse)
        self.bar.asked.connect(self._ask_complement)
        self.bar.taken_up.connect(self._take_up)
        self.bar.undone.connect(self._undo)
        self.bar.closed.connect(self._focus_list)

    def first_focus(self) -> QWidget:
        return self.list.table

    def reload(self) -> None:
        if self.list.query is None:
            self._ask()
        else:
            self.list.reload()
            self.view.reload()

    def open(self, wanted: Any) -> None:
        query = wanted if isinstance(wanted, RequestQuery) else RequestQuery(queue=Queue(wanted))
        same_view = (place for place, (_, view) in enumerate(VIEWS) if _view_of(view) == _view_of(query))
        for combo in (self.queue, self.kind, self.proposal):
            combo.blockSignals(True)
        self.queue.setCurrentIndex(next(same_view, 0))
        choose(self.kind, query.kinds[0].value if query.kinds else "")
        choose(self.proposal, query.proposal)
        for combo in (self.queue, self.kind, self.proposal):
            combo.blockSignals(False)
        self.search.setText(query.text)
        self.list.model.set_checked(set())
        shown = replace(self._query(), sort=query.sort, descending=query.descending)
        self.list.ask(shown, own_order=True)

    def show_example(self) -> None:
        self._focus_list()

    def _typed(self) -> None:
        self._typing.start()

    def _query(self) -> RequestQuery:
        kind = self.kind.currentData()
        return replace(
            VIEWS[self.queue.currentIndex()][1],
            kinds=tuple(each for each in KIND_LABELS if each.value == kind),
            proposal=self.proposal.currentData(),
            text=self.search.text(),
        )

    def _ask(self) -> None:
        self.list.model.set_checked(set())
        self.list.ask(self._query())

    def _focus_list(self) -> None:
        self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.list.table.current_row() is None:
            self.list.table.select(0)

    def _row_chosen(self, row: RequestRow | None) -> None:
        self.bar.close_panel()
        self.view.show_request(row.request_id if row is not None else None)

    def _move_on(self) -> None:
        """After a decision the cursor stands on the next request, whether or not the decided one is still listed; after
        an undo, on the request that is to be decided again.
        """
        leave, self._leave = self._leave, None
        seek, self._seek = self._seek, None
        table = self.list.table
        place = None if seek is None else self.list.model.position(seek)
        if place is not None:
            table.select(place)
            return
        row = table.current_row()
        if leave is not None and row is not None and row.request_id == leave:
            table.select(table.currentIndex().row() + 1)
        elif row is None:
            table.select(0)

    def _allow(self, detail: RequestDetail | None) -> None:
        if detail is None or self._deciding:
            self.bar.allow(frozenset({Key.UNDO}) if self._can_undo_last() else frozenset())
            return
        keys = {_KEYS[act] for act in detail.can if act in _KEYS}
        if Act.DECIDE in detail.can and self.view.chosen():
            keys |= {Key.ACCEPT, Key.REFUSE}
            if detail.kind.value in _WAITABLE:
                keys.add(Key.WAIT)
        if self._can_undo_last():
            keys.add(Key.UNDO)
        self.bar.allow(keys)

    def _can_undo_last(self) -> bool:
        return self._last_decided is not None and not self._deciding

    def _suggest(self) -> None:
        self._allow(self.view.detail)
        code = self.view.likely_refusal()
        if code:
            self.bar.suggest_refusal(code)

    def _decide(self, function: Any, command: Any, override_key: Key | None = None) -> None:
        """Run one decision on the request shown; keys rest until it is settled."""
        detail = self.view.detail
        if detail is None or self._deciding:
            return

        def done(result: DecisionResult) -> None:
            self._decided(detail, result)

        def failed(error: UserError) -> None:
            self._refused(error, override_key)

        self._deciding = True
        self._allow(detail)
        self.desk.execute(
            function, command, changes=DECISION, then=done, failed=failed, settled=self._settled
        )

    def _settled(self) -> None:
        self._deciding = False
        self._allow(self.view.detail)

    def _decided(self, detail: RequestDetail, result: DecisionResult) -> None:
        self.bar.close_panel()
        finished = result.state in END_STATES or result.state is RequestState.WAITING_LIST
        self._last_decided = detail if result.undo_until is not None else None
        if finished or result.state is RequestState.NEEDS_INFO:
            self._leave = detail.request_id
            self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)
        words = STATE_LABELS[RequestState(result.state)]
        undo = " — Ctrl+Z pour revenir" if self._last_decided is not None else ""
        self.messages.inform(f"{detail.child or detail.family} : demande {words}{undo}")

    def _refused(self, error: UserError, override_key: Key | None) -> None:
        if isinstance(error, StaleVersion):
            self.messages.refuse(error)
            self.bar.close_panel()
            self.reload()
        elif error.field == "override_reason" and override_key is not None:
            self.bar.ask_override(error, override_key)
        elif self.bar.writing:
            self.bar.show_error(error)
        else:
            self.messages.refuse(error)

    def _accept(self, override_reason: str) -> None:
        detail = self.view.detail
        if detail is not None:
            command = Accept(
                detail.request_id,
                detail.version,
                self.view.chosen(),
                override_reason=override_reason,
                command_id=str(uuid4()),
            )
            self._decide(decisions.accept, command, Key.ACCEPT)

    def _wait(self, override_reason: str) -> None:
        detail = self.view.detail
        if detail is not None:
            command = Wait(
                detail.request_id,
                detail.version,
                self.view.chosen(),
                override_reason=override_reason,
                command_id=str(uuid4()),
            )
            self._decide(decisions.wait, command, Key.WAIT)

    def _refuse(self, code: str, text: str) -> None:
        detail = self.view.detail
        if detail is not None:
            command = Refuse(
                detail.request_id, code, text, detail.version, self.view.chosen(), command_id=str(uuid4())
            )
            self._decide(decisions.refuse, command)

    def _ask_complement(self, text: str) -> None:
        detail = self.view.detail
        if detail is not None:
            command = AskComplement(detail.request_id, text, detail.version, command_id=str(uuid4()))
            self._decide(decisions.ask_complement, command)

    def _take_up(self) -> None:
        detail = self.view.detail
        if detail is not None:
            self._decide(
                decisions.take_up, Handle(detail.request_id, detail.version, command_id=str(uuid4()))
            )

    def _undo(self) -> None:
        """Take back the decision of the request shown, else the last one taken here."""
        detail, last = self.view.detail, self._last_decided
        undone = detail if detail is not None and Act.UNDO in detail.can else last
        if undone is None or self._deciding:
            return
        self._last_decided = None
        self._deciding = True
        self.desk.execute(
            decisions.undo,
            Handle(undone.request_id, command_id=str(uuid4())),
            changes=DECISION,
            then=lambda _: self._undone(undone),
            settled=self._settled,
        )

    def _undone(self, last: RequestDetail) -> None:
        self.messages.inform(
            f"{last.child or last.family} : la décision est annulée, la demande est à décider"
        )
        self._seek = last.request_id

    def _say_bulk(self) -> None:
        ticked = len(self.list.model.checked)
        self.bulk.setText(
            f"Accepter ce qui rentre ({count(ticked, 'cochée')})…"
            if ticked
            else "Accepter tout ce qui rentre…"
        )

    def _bulk(self) -> None:
        ticked = tuple(key for key in self.list.model.checked if isinstance(key, int))
        if ticked:
            self._simulate(ticked)
        else:
            self.desk.fetch(requests.matching_ids, self._query(), then=self._simulate, key=(self, "bulk"))

    def _simulate(self, request_ids: tuple[int, ...]) -> None:
        dialog = BulkDialog(self.tools, request_ids, self)
        dialog.finished_run.connect(self._show_report)
        dialog.open()

    def _show_report(self, report: BulkReport) -> None:
        self.list.model.set_checked(set())
        dialog = BulkReportDialog(self.tools, report, self)
        dialog.opened.connect(lambda one: self.open(RequestQuery(queue=Queue.ALL, text=one.external_id)))
        dialog.open()


def _view_of(query: RequestQuery) -> tuple[Queue, tuple[RequestState, ...]]:
    return query.queue, query.states
