"""Long work: progress that the status area shows, and a cancel that the work looks at between two transactions."""

import threading
import time

from PySide6.QtCore import QObject, Signal

REPORT_EVERY_SECONDS = 0.05


class TaskCancelled(Exception):
    """The person asked to stop; what was committed before stays."""


class Task(QObject):
    """One long piece of work. The worker calls `report` or `step`, the window listens to `progressed` and calls `cancel`.

    Signals carry plain values: `progressed` (done, total, text), `finished` when it ended in any way.
    """

    progressed = Signal(object, object, str)
    finished = Signal()

    def __init__(self, title: str, *, cancellable: bool = True) -> None:
        super().__init__()
        self.title = title
        self.cancellable = cancellable
        self._stop = threading.Event()
        self._reported = 0.0

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        if self.cancellable:
            self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether the person asked to stop."""
        return self._stop.is_set()

    def report(self, done: int, total: int, text: str = "") -> None:
        """Say how far the work is, from any thread."""
        now = time.monotonic()
        if done >= total or now - self._reported >= REPORT_EVERY_SECONDS:
            self._reported = now
            self.progressed.emit(done, total, text)

    def step(self, done: int, total: int, text: str = "") -> None:
        """The same, for work that can only be stopped from here. Raises TaskCancelled when the person asked to stop."""
        self.report(done, total, text)
        if self.cancelled and done < total:
            raise TaskCancelled(self.title)
