"""The status area's view of long work: what runs, how far it is, what waits behind it, and a button to stop it."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from guichet.ui.actions import with_key
from guichet.ui.tasks import Task
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.wording import count, grouped

STOP_KEY = "Ctrl+."
END_MILLISECONDS = 4_000


class TaskStrip(QWidget):
    """The long lane's tasks, one after the other: the first runs, the others wait."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tasks: list[Task] = []
        self.label = text_label("", "", self)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName("Avancement")
        self.bar.setMaximumWidth(self.fontMetrics().averageCharWidth() * 30)
        tip = "Arrêter après l’étape en cours\u202f; ce qui est fait reste fait"
        self.stop = button("Arrêter", self, tip=with_key(tip, STOP_KEY))
        self.stop.setShortcut(STOP_KEY)
        self.stop.clicked.connect(self._cancel)
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(END_MILLISECONDS)
        self._end.timeout.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.TIGHT, Space.MEDIUM, Space.TIGHT)
        for widget in (self.label, self.bar, self.stop):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.hide()

    @property
    def running(self) -> tuple[str, ...]:
        """The titles of what runs or waits."""
        return tuple(task.title for task in self._tasks)

    def follow(self, task: Task) -> None:
        """Show this task, after those before it, until it ends."""
        self._tasks.append(task)
        task.progressed.connect(lambda done, total, text: self._progress(task, done, total, text))
        task.finished.connect(lambda: self._finish(task))
        self._end.stop()
        self._show_first()
        self.show()

    def _show_first(self) -> None:
        task = self._tasks[0]
        self.bar.hide()
        self.stop.setVisible(task.cancellable)
        self.stop.setEnabled(not task.cancelled)
        self._say("arrêt demandé" if task.cancelled else "en cours")

    def _say(self, step: str) -> None:
        behind = len(self._tasks) - 1
        title = self._tasks[0].title
        text = f"{title} — {step}"
        if behind:
            text += f"\u202f; {count(behind, 'autre travail attend', 'autres travaux attendent')}"
        self.label.setText(text)

    def _progress(self, task: Task, done: int, total: int, text: str) -> None:
        if not self._tasks or task is not self._tasks[0] or task.cancelled:
            return
        self.bar.show()
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        self._say(text or f"{grouped(done)} sur {grouped(total)}")

    def _cancel(self) -> None:
        if self._tasks:
            self.stop.setEnabled(False)
            self._tasks[0].cancel()
            self._say("arrêt demandé")

    def _finish(self, task: Task) -> None:
        if task not in self._tasks:
            return  # a task that an outage stopped is followed again: its end is heard twice
        self._tasks.remove(task)
        if self._tasks:
            self._show_first()
            return
        self.bar.hide()
        self.stop.hide()
        self.label.setText(f"{task.title} — {'arrêté' if task.cancelled else 'terminé'}")
        self._end.start()
