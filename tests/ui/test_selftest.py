"""The program proves itself where it is installed; and what is wrong there is said and counted."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from PySide6.QtCore import qWarning
from PySide6.QtWidgets import QApplication
from sqlalchemy.engine import URL

from guichet.models.database import open_database
from guichet.rules.permissions import Role
from guichet.services.transaction import Context
from guichet.ui import selftest
from guichet.ui.pages.journal import JournalPage
from guichet.ui.pages.settings import SettingsPage
from guichet.ui.printing import Printers
from guichet.ui.window import Place
from tests.ui import desk_town
from tests.ui.support import SqlGuard, actor, delete_now

LONGEST_WAIT_SECONDS = 240
PAGES = {"home", "requests", "imports", "families", "billing", "attestations", "journal", "settings"}

Steps = dict[str, tuple[str, tuple[str, ...]]]


def test_the_program_of_this_tree_passes_and_leaves_the_papers_of_its_day(tmp_path: Path) -> None:
    folder = tmp_path / "essai"
    answer = subprocess.run(
        [sys.executable, "-m", "guichet", "selftest", "--json", "--keep", str(folder)],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_WAIT_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    steps: dict[str, Any] = {step["title"]: step for step in json.loads(answer.stdout)["steps"]}
    assert [title for title, step in steps.items() if step["problems"]] == []
    assert steps["Base d’une version antérieure"]["said"].startswith("schéma 0001 porté à")
    assert {path.stem for path in folder.glob("*.png")} == PAGES
    printed = PdfReader(folder / "impression.pdf")
    assert len(printed.pages) >= 1
    assert (folder / "familles.xlsx").stat().st_size > 0
    assert len(list(folder.glob("base-0001*.db"))) == 2, "the base and the copy taken before the upgrade"


def test_a_folder_that_exists_is_not_written_over(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "guichet", "selftest", "--keep", str(tmp_path)],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_WAIT_SECONDS,
        check=False,
    )
    assert answer.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def trial(
    sqlite_url: Callable[[], URL],
    context: Context,
    clock: Callable[[], datetime],
    tmp_path: Path,
    sql_guard: SqlGuard,
    qapp: QApplication,
) -> Callable[[], Steps]:
    """The window tried out on a small town; each step by its title."""
    url = sqlite_url()

    def build() -> None:
        database = open_database(url)
        desk_town.build(database)
        desk_town.bring_night(database, context, tmp_path)
        database.dispose()

    sql_guard.aside(build)
    night = next(tmp_path.glob("*.jsonl"))

    def run() -> Steps:
        steps: Steps = {}
        selftest.try_window(
            lambda: open_database(url),
            actor(Role.ADMINISTRATOR),
            clock,
            Place("Valmont", "essai", fixed_day=True),
            night,
            tmp_path / "essai",
            lambda title, said, _seconds, problems: steps.update({title: (said, problems)}),
        )
        qapp.setStyleSheet("")
        delete_now()
        return steps

    return run


def test_what_nobody_caught_is_told_in_its_step_and_the_others_go_on(
    trial: Callable[[], Steps], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_page: JournalPage) -> None:
        raise RuntimeError

    monkeypatch.setattr(JournalPage, "show_example", break_down)
    steps = trial()
    assert "RuntimeError" in steps["Page Journal"][1][0]
    assert steps["Page Paramètres"][1] == ()
    assert steps["Fermeture"][1] == ()


def test_a_warning_of_qt_is_a_problem(trial: Callable[[], Steps], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SettingsPage, "show_example", lambda _page: qWarning("QLayout: something is wrong"))
    assert trial()["Page Paramètres"][1] == ("Qt\u00a0: QLayout: something is wrong",)


def test_a_night_already_imported_is_no_night(trial: Callable[[], Steps]) -> None:
    asker = Printers.asker
    assert trial()["Import de la nuit"][1] != ()
    assert Printers.asker is asker, "the system's print dialog is back"
