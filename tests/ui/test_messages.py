"""What the program says: outages with a way back, refusals, and bugs under a reference number."""

import logging
import sys
import threading

import pytest
from pytestqt.qtbot import QtBot

from guichet.ui.messages import CrashDialog, CrashReport, Messages


def test_a_bug_is_logged_under_the_reference_shown(
    messages: Messages, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), qtbot.waitSignal(messages.crash) as crash:
        reference = messages.report_bug(KeyError("place"))
    assert crash.args is not None
    report: CrashReport = crash.args[0]
    assert report.reference == reference
    assert reference in caplog.text
    dialog = CrashDialog(report)
    qtbot.addWidget(dialog)
    assert any(reference in label for label in _texts(dialog))


def test_exceptions_of_any_thread_lead_to_the_crash_dialog(
    messages: Messages, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    messages.install_hooks()

    def fail() -> None:
        raise ValueError("dans un fil")

    with qtbot.waitSignal(messages.crash) as crash:
        thread = threading.Thread(target=fail)
        thread.start()
    thread.join()
    assert crash.args is not None
    assert "ValueError" in crash.args[0].details
    assert "dans un fil" not in crash.args[0].details, "an error's own words may name a child"
    error = ValueError("sur le bureau")
    with qtbot.waitSignal(messages.crash) as crash:
        sys.excepthook(ValueError, error, None)
    assert crash.args is not None
    assert "ValueError" in crash.args[0].details


def _texts(dialog: CrashDialog) -> list[str]:
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in dialog.findChildren(QLabel)]
