"""Start the desktop as a person does, and leave as soon as its first page shows its data: `python -m bench.start_up URL`."""

import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from guichet.app import Desktop, Opening
from guichet.ui.messages import Messages
from guichet.ui.theme import Look, Theme

PATIENCE_MS = 30_000


def main(url: str) -> int:
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    desktop = Desktop(
        Opening(url, login="admin"), Theme(application, Look.LIGHT), Messages(application), application
    )

    def leave_when_usable() -> None:
        window = desktop.window
        if window is not None and window.isVisible() and window.tools.desk.idle:
            window.close()

    watch = QTimer(application)
    watch.timeout.connect(leave_when_usable)
    watch.start(1)
    QTimer.singleShot(PATIENCE_MS, application, lambda: application.exit(1))
    desktop.enter()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
