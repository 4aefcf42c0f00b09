"""A picture of every page, taken from the real window on a real base: for the demonstration without a display, and to look at."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QSettings, QTemporaryDir
from PySide6.QtWidgets import QApplication

from guichet.services.transaction import Actor, OpenedDatabase
from guichet.ui.desk import Desk
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.page import Destination
from guichet.ui.theme import Look, Theme
from guichet.ui.window import MainWindow, Place

WIDTH, HEIGHT = 1440, 900
SEARCHED = "mart"
HELPED = "requests"
LONGEST_WAIT_SECONDS = 30.0
QUIET_SECONDS = 0.15
LOOK_NAMES = {Look.LIGHT: "clair", Look.DARK: "sombre"}


def take_screenshots(
    open_base: Callable[[], OpenedDatabase],
    actor: Actor,
    clock: Callable[[], datetime],
    place: Place,
    directory: Path,
    *,
    looks: Sequence[Look] = (Look.LIGHT, Look.DARK),
    scales: Sequence[int] = (100,),
    places: Mapping[str, Destination] | None = None,
) -> list[Path]:
    """Open every page in each look and text size, wait for its data, and save `page-clair-100.png` and the like.

    The palette and the help follow; in the first look and size only, the other `places` by the name of their picture.

    Uses the application that runs, or makes one (on the `offscreen` platform where there is no display).
    Raises OSError when the directory cannot be written, TimeoutError when a page never gets its data.
    """
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)  # noqa: S101 - pages are widgets
    directory.mkdir(parents=True, exist_ok=True)
    theme = Theme(application)
    aside = QTemporaryDir()
    taken: list[Path] = []
    for look in looks:
        for scale in scales:
            theme.apply(look, scale)
            settings = QSettings(aside.filePath("window.ini"), QSettings.Format.IniFormat)
            messages = Messages(application)
            window = build_window(open_base(), actor, clock, place, theme, messages, settings)
            window.resize(WIDTH, HEIGHT)
            window.show()
            suffix = f"{LOOK_NAMES.get(look, look.value)}-{scale}"
            wanted = {name: Destination(name) for name in window.entries}
            if not taken:
                wanted |= places or {}
            taken += [
                _picture(window, destination, directory / f"{name}-{suffix}.png")
                for name, destination in wanted.items()
            ]
            taken += _overlays(window, directory, suffix)
            window.close()
            window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return taken


def _picture(window: MainWindow, destination: Destination, path: Path) -> Path:
    window.go(destination)
    settle(window.tools.desk)
    window.current_page.show_example()
    settle(window.tools.desk)
    return _save(window, path)


def _overlays(window: MainWindow, directory: Path, suffix: str) -> list[Path]:
    """The palette with what a word finds over the first page, and the help of the page that decides."""
    window.go(Destination(next(iter(window.entries))))
    settle(window.tools.desk)
    window.commands.open_over()
    window.commands.field.insert(SEARCHED)
    window.commands.field.textEdited.emit(SEARCHED)
    settle(window.tools.desk)
    taken = [_save(window, directory / f"palette-{suffix}.png")]
    window.commands.close_over()
    if HELPED in window.entries:
        window.go(Destination(HELPED))
        settle(window.tools.desk)
    window.help.open_over()
    settle(window.tools.desk)
    taken.append(_save(window, directory / f"help-{suffix}.png"))
    window.help.close_over()
    return taken


def _save(window: MainWindow, path: Path) -> Path:
    if not window.grab().save(str(path)):
        raise OSError(f"cannot write {path}")
    return path


def settle(desk: Desk) -> None:
    """Let the window work until the desk has had nothing to do for a moment. Raises TimeoutError."""
    end = time.monotonic() + LONGEST_WAIT_SECONDS
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if not desk.idle:
            quiet_since = time.monotonic()
        if time.monotonic() > end:
            raise TimeoutError("a page is still waiting for its data")
