"""Asking where to save or what to open, in one place."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

WORKBOOKS = "Classeur Excel (*.xlsx)"
PDF_DOCUMENTS = "Document PDF (*.pdf)"

Chosen = Callable[[Path], None]
Chooser = Callable[[QWidget, str, str, str, Chosen], None]
FolderChooser = Callable[[QWidget, str, Chosen], None]


def _ask_where_to_save(parent: QWidget, title: str, name: str, kinds: str, then: Chosen) -> None:
    dialog = QFileDialog(parent, title, name, kinds)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix)
    dialog.selectFile(name)
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()


def _ask_folder(parent: QWidget, title: str, then: Chosen) -> None:
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()


class Files:
    """The system's dialogs; a test puts its own answers in `chooser` and `folder_chooser`."""

    chooser: Chooser = staticmethod(_ask_where_to_save)
    folder_chooser: FolderChooser = staticmethod(_ask_folder)

    @classmethod
    def save_as(cls, parent: QWidget, title: str, name: str, kinds: str, then: Chosen) -> None:
        """Ask where to save a file proposed under `name`; `then` is called when somewhere is chosen."""
        cls.chooser(parent, title, name, kinds, then)

    @classmethod
    def choose_folder(cls, parent: QWidget, title: str, then: Chosen) -> None:
        """Ask for a folder to write several files in; `then` is called when one is chosen."""
        cls.folder_chooser(parent, title, then)


def open_file(path: Path) -> None:
    """Open a file with the program the system gives it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
