"""Bringing a portal's file in by hand: chosen or dropped, in the background, with progress and a way to stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.page import Tools
from guichet.ui.tasks import Task
from guichet.ui.topics import IMPORT
from guichet.ui.wording import NBSP, count, grouped

if TYPE_CHECKING:
    # Reading what portals send takes a quarter of a second to load: it waits for the first import.
    from guichet.services.intake_batch import BatchReport

KINDS = "Fichiers d’échange (*.jsonl *.json *.txt);;Tous (*)"
Done = Callable[["BatchReport"], None]


def ask_file(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Let the person choose a file of the portal; `then` is called when one is."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    dialog = QFileDialog(parent, "Importer un fichier du portail", folder, KINDS)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()


def import_file(tools: Tools, path: Path, then: Done, settled: Callable[[], None] | None = None) -> None:
    """Import a file and say how it went; what was brought in before a stop stays, the next import goes on from there."""

    def done(report: BatchReport) -> None:
        say(tools, report)
        then(report)

    tools.desk.start(
        Task(f"Import de {path.name}"), _import, path, changes=IMPORT, then=done, settled=settled
    )


def retry_lines(
    tools: Tools,
    batch_id: int,
    numbers: tuple[int, ...] | None,
    then: Done,
    settled: Callable[[], None] | None = None,
) -> None:
    """Try a batch's quarantined lines again: all of them (None), or these."""
    tools.desk.start(
        Task("Nouvel essai des lignes en quarantaine"),
        _retry,
        (batch_id, numbers),
        changes=IMPORT,
        then=then,
        settled=settled,
    )


def say(tools: Tools, report: BatchReport) -> None:
    """How an import went: a confirmation, or a warning that stays for a file refused whole."""
    if report.refusal is not None:
        tools.messages.warn(f"Fichier refusé en entier{NBSP}: {report.refusal}")
        return
    if report.already_known:
        tools.messages.inform("Ce fichier était déjà importé en entier\u00a0: rien de nouveau.")
        return
    parts = [count(report.received, "ligne reçue", "lignes reçues"), count(report.imported, "importée")]
    if report.duplicate:
        parts.append(count(report.duplicate, "déjà connue", "déjà connues"))
    if report.quarantined:
        parts.append(f"{grouped(report.quarantined)} en quarantaine")
    tools.messages.inform(", ".join(parts))


def _import(database: OpenedDatabase, context: Context, path: Path, task: Task) -> BatchReport:
    from guichet.services import intake

    return intake.import_path(database, context, path, progress=task.step)


def _retry(
    database: OpenedDatabase, context: Context, asked: tuple[int, tuple[int, ...] | None], task: Task
) -> BatchReport:
    from guichet.services import intake_retry

    batch_id, numbers = asked
    return intake_retry.retry_quarantined(database, context, batch_id, numbers=numbers, progress=task.step)
