"""The status area's view of long work: what runs, how far it is, and a button to stop it."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from guichet.ui.tasks import Task
from guichet.ui.widgets.fields import button
from guichet.ui.wording import grouped


class TaskStrip(QWidget):
    """One task at a time: the long lane runs them one after the other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._task: Task | None = None
        self.label = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName("Avancement")
        self.bar.setMaximumWidth(self.fontMetrics().averageCharWidth() * 30)
        self.stop = button("Arrêter", self, tip="Arrêter après l’étape en cours ; ce qui est fait reste fait")
        self.stop.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 2, 12, 2)
        for widget in (self.label, self.bar, self.stop):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.hide()

    def follow(self, task: Task) -> None:
        """Show this task until it ends."""
        self._task = task
        self.label.setText(task.title)
        self.bar.setRange(0, 0)
        self.stop.setVisible(task.cancellable)
        self.stop.setEnabled(True)
        task.progressed.connect(self._progress)
        task.finished.connect(self._finish)
        self.show()

    def _progress(self, done: int, total: int, text: str) -> None:
        if self._task is None or self._task.cancelled:
            return
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        step = text or f"{grouped(done)} sur {grouped(total)}"
        self.label.setText(f"{self._task.title} — {step}")

    def _cancel(self) -> None:
        if self._task is not None:
            self.stop.setEnabled(False)
            self._task.cancel()
            self.label.setText(f"{self._task.title} — arrêt demandé")

    def _finish(self) -> None:
        if self.sender() is self._task or self.sender() is None:
            self._task = None
            self.hide()
