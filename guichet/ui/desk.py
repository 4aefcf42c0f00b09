"""The only door from the screens to the services: no SQL ever runs on the GUI thread.

Two lanes, each one worker thread with its queue, so that issuing a month never delays a key. What a service returns
comes back to the GUI thread through a signal; what it raises is sorted into refusals, outages and bugs.
"""

import dataclasses
from collections.abc import Callable, Hashable
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QThreadPool, Signal

from guichet.rules.errors import AlreadyApplied, EnvironmentProblem, UserError
from guichet.services import transaction
from guichet.services.transaction import Actor, Context, OpenedDatabase
from guichet.ui.tasks import Task, TaskCancelled
from guichet.ui.topics import NOTHING, Topics

Asked = TypeVar("Asked")
Given = TypeVar("Given")

CLOSING_MILLISECONDS = 60_000


class Lane(Enum):
    """Where a piece of work queues: what answers a key, or what may last minutes."""

    INTERACTIVE = "interactive"
    LONG = "long"


@dataclasses.dataclass(eq=False)
class _Job:
    lane: Lane
    function: Callable[..., Any]
    asked: Any
    then: Callable[[Any], None] | None
    failed: Callable[[UserError], None] | None
    settled: Callable[[], None] | None
    writes: bool
    whole: bool = False
    changes: Topics = NOTHING
    key: Hashable | None = None
    ticket: int = 0
    task: Task | None = None
    result: Any = None
    error: BaseException | None = None


class Desk(QObject):
    """Runs service functions in the background for one person on one database.

    Signals: `changed` carries the topics a committed act touched; `outage` the EnvironmentProblem that stopped one or
    more jobs (now waiting for `retry`), `recovered` that none waits any longer; `refused` a UserError nobody else
    shows; `crashed` any other exception; `task_started` the Task of long work.
    """

    changed = Signal(object)
    outage = Signal(object)
    recovered = Signal()
    refused = Signal(object)
    crashed = Signal(object)
    task_started = Signal(object)
    _finished = Signal(object)

    def __init__(
        self,
        database: OpenedDatabase,
        actor: Actor,
        clock: Callable[[], datetime],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.actor = actor
        self.clock = clock
        self._database = database
        self._lanes = {lane: self._new_lane() for lane in Lane}
        self._latest: dict[Hashable, int] = {}
        self._tickets = 0
        self._running: list[_Job] = []
        self._waiting: list[_Job] = []
        self._closing = False
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def _new_lane(self) -> QThreadPool:
        pool = QThreadPool(self)
        pool.setMaxThreadCount(1)
        pool.setExpiryTimeout(-1)
        return pool

    def fetch(
        self,
        function: Callable[[Any, Context, Asked], Given],
        query: Asked,
        *,
        then: Callable[[Given], None],
        failed: Callable[[UserError], None] | None = None,
        settled: Callable[[], None] | None = None,
        key: Hashable | None = None,
        lane: Lane = Lane.INTERACTIVE,
    ) -> None:
        """Read in the background, then call `then` with the frozen result on the GUI thread.

        A newer fetch with the same `key` supersedes this one: its result is dropped, no callback runs. An outage
        calls nothing either until it is over: the job waits for `retry` or `give_up`, and so does its form.
        """
        self._submit(_Job(lane, function, query, then, failed, settled, writes=False, key=key))

    def execute(
        self,
        function: Callable[[Any, Context, Asked], Given],
        command: Asked,
        *,
        changes: Topics,
        then: Callable[[Given], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
        settled: Callable[[], None] | None = None,
        lane: Lane = Lane.INTERACTIVE,
    ) -> None:
        """Run one writing act in one transaction, then announce `changes` and call `then` with its result.

        When the same act is still waiting after an outage (same function, same command but for its id), it takes
        that command's id: whether or not the first attempt reached the server, it applies once.
        """
        for waiting in self._waiting:
            if waiting.function is function and _same_act(waiting.asked, command):
                command = waiting.asked
                self._waiting.remove(waiting)
                break
        self._submit(_Job(lane, function, command, then, failed, settled, writes=True, changes=changes))

    def call(
        self,
        function: Callable[[OpenedDatabase, Context, Asked], Given],
        asked: Asked,
        *,
        changes: Topics = NOTHING,
        then: Callable[[Given], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
        settled: Callable[[], None] | None = None,
    ) -> None:
        """Run a function that opens its own transactions and answers at once, such as signing in."""
        lane = Lane.INTERACTIVE
        self._submit(
            _Job(lane, function, asked, then, failed, settled, writes=True, whole=True, changes=changes)
        )

    def start(
        self,
        task: Task,
        function: Callable[[OpenedDatabase, Context, Asked, Task], Given],
        asked: Asked,
        *,
        changes: Topics = NOTHING,
        then: Callable[[Given], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
        settled: Callable[[], None] | None = None,
    ) -> None:
        """Run a function that opens its own transactions on the long lane; it reports to `task` and looks whether to stop.

        A cancelled task announces its changes (what was committed stays) and calls only `settled`.
        """
        task.setParent(self)
        self.task_started.emit(task)
        self._submit(
            _Job(Lane.LONG, function, asked, then, failed, settled, writes=True, changes=changes, task=task)
        )

    def retry(self) -> None:
        """Run again all that an outage stopped, in order."""
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            job.error = None
            if job.task is not None:
                self.task_started.emit(job.task)
            self._submit(job, again=True)

    def give_up(self) -> None:
        """Forget what an outage stopped; the forms still hold what was typed and can be used again."""
        waiting, self._waiting = self._waiting, []
        self.recovered.emit()
        for job in waiting:
            _call_back(job.settled)

    @property
    def idle(self) -> bool:
        """Whether nothing runs nor queues."""
        return not self._running

    @property
    def unsaved(self) -> int:
        """How many acts an outage stopped before they were known to be in the database."""
        return sum(1 for job in self._waiting if job.writes)

    def close(self) -> None:
        """Cancel what can be, wait for what writes, then let go of the database. Nothing is delivered afterwards."""
        self._closing = True
        for job in self._running:
            if job.task is not None:
                job.task.cancel()
        for pool in self._lanes.values():
            pool.waitForDone(CLOSING_MILLISECONDS)
        self._database.dispose()

    def context(self) -> Context:
        """Who acts, and now."""
        return Context(actor=self.actor, now=self.clock())

    def _submit(self, job: _Job, *, again: bool = False) -> None:
        if self._closing:
            return
        if job.key is not None and not again:
            self._tickets += 1
            job.ticket = self._latest[job.key] = self._tickets
        self._running.append(job)
        self._lanes[job.lane].start(partial(self._work, job))

    def _superseded(self, job: _Job) -> bool:
        return job.key is not None and self._latest.get(job.key) != job.ticket

    def _work(self, job: _Job) -> None:
        # Worker thread: touches nothing of Qt but the signal that brings the job back.
        if not (self._superseded(job) or (self._closing and not job.writes)):
            try:
                job.result = self._call(job)
            except BaseException as error:  # noqa: BLE001 - sorted on the GUI thread, never lost
                job.error = error
        self._finished.emit(job)

    def _call(self, job: _Job) -> Any:
        context = self.context()
        if job.task is not None:
            if job.task.cancelled:  # while it waited behind another one
                raise TaskCancelled(job.task.title)
            return job.function(self._database, context, job.asked, job.task)
        if job.whole:
            return job.function(self._database, context, job.asked)
        door = transaction.run if job.writes else transaction.read
        return door(self._database, context, job.function, job.asked)

    def _deliver(self, job: _Job) -> None:
        self._running.remove(job)
        if self._closing or self._superseded(job):
            return
        if job.task is not None:
            job.task.finished.emit()
        if isinstance(job.error, EnvironmentProblem):
            self._waiting.append(job)
            self.outage.emit(job.error)
            return
        if job.error is None:
            self._succeed(job)
        else:
            self._fail(job, job.error)
        _call_back(job.settled)

    def _succeed(self, job: _Job) -> None:
        if not self._waiting:
            self.recovered.emit()
        if job.changes:
            self.changed.emit(job.changes)
        _call_back(job.then, job.result)

    def _fail(self, job: _Job, error: BaseException) -> None:
        if isinstance(error, TaskCancelled):
            self.changed.emit(job.changes)
        elif isinstance(error, UserError):
            if isinstance(error, AlreadyApplied) and job.changes:
                self.changed.emit(job.changes)
            if job.failed is not None:
                _call_back(job.failed, error)
            else:
                self.refused.emit(error)
        else:
            self.crashed.emit(error)


def _same_act(first: Any, second: Any) -> bool:
    if type(first) is not type(second) or not hasattr(first, "command_id"):
        return False
    return bool(dataclasses.replace(first, command_id=second.command_id) == second)


def _call_back(callback: Callable[..., None] | None, *values: Any) -> None:
    """Call unless the widget it belongs to was closed meanwhile."""
    if callback is None:
        return
    owner = getattr(callback.func if isinstance(callback, partial) else callback, "__self__", None)
    if isinstance(owner, QObject) and not shiboken6.isValid(owner):
        return
    callback(*values)
