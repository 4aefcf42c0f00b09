"""Two things beside or above one another, with a border between them that a person moves."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget


def halves(
    orientation: Qt.Orientation, first: QWidget, second: QWidget, shares: tuple[int, int], parent: QWidget
) -> QSplitter:
    """Both stay in sight; what room the window gains goes to them in these shares."""
    split = QSplitter(orientation, parent)
    split.addWidget(first)
    split.addWidget(second)
    split.setStretchFactor(0, shares[0])
    split.setStretchFactor(1, shares[1])
    split.setChildrenCollapsible(False)
    return split
