"""Start the desktop as a person does, and leave as soon as its first page shows its data: `python -m bench.start_up URL`."""

import sys
from typing import Any

from guichet.loading import loading

WATCH_MS = 2
PATIENCE_MS = 30_000


def start_and_leave(url: str) -> None:
    """Run the `guichet` command on an account that needs no password here; exits with its code, 1 after 30 s."""
    with loading():  # in the order of the command
        from guichet import cli
        from guichet.app import Desktop
    enter = Desktop.enter

    def enter_and_watch(desktop: Any) -> None:
        _watch(desktop)
        enter(desktop)

    Desktop.enter = enter_and_watch  # type: ignore[method-assign]
    cli.main(["--database", url, "--as", "admin"])


def _watch(desktop: Any) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    def leave_when_usable() -> None:
        window = desktop.window
        if window is not None and window.current_name and window.isVisible() and window.tools.desk.idle:
            window.repaint()
            window.close()

    watch = QTimer(desktop)
    watch.timeout.connect(leave_when_usable)
    watch.start(WATCH_MS)
    QTimer.singleShot(PATIENCE_MS, desktop, lambda: QApplication.exit(1))


if __name__ == "__main__":
    start_and_leave(sys.argv[1])
