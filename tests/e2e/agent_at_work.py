"""An agent who accepts one request after another in the real window, until someone pulls the plug: `URL LOGIN`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from guichet.models.database import open_database
from guichet.services import accounts, transaction
from guichet.services.transaction import Context
from guichet.ui.desktop import build_window
from guichet.ui.messages import Messages
from guichet.ui.page import Destination
from guichet.ui.pages.requests import RequestsPage
from guichet.ui.theme import Look, Theme
from guichet.ui.window import Place


def main(url: str, login: str, folder: Path) -> int:
    application = QApplication([])
    now = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)
    database = open_database(url)
    actor = transaction.read(database, Context(accounts.system_actor(), now), accounts.acting_as, login)
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    window = build_window(
        database, actor, lambda: now, Place("Valmont", "Base"), Theme(application, Look.LIGHT),
        Messages(application), settings,
    )  # fmt: skip
    window.show()

    def work() -> None:
        if window.current_name != "requests":
            if window.current_name:
                print(window.current_name, flush=True)  # noqa: T201 - where the last place led
            window.go(Destination("requests"))
        page = window.current_page
        if isinstance(page, RequestsPage) and page.view.detail is not None:
            print("at work", flush=True)  # noqa: T201 - the test waits for it
            QTest.keyClick(page.list.table, Qt.Key.Key_A)

    timer = QTimer(window)
    timer.timeout.connect(work)
    timer.start(30)
    return application.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
