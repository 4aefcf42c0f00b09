"""The pieces of a request: listed, and opened inside the program; nothing received is ever executed."""

from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageReader, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.services import request_pieces
from guichet.services.request_detail import PieceView
from guichet.services.request_pieces import PieceContent
from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.widgets.request_tables import PIECE_COLUMNS

PDF_SIGN = b"%PDF-"
IMAGE_SIGNS = {b"\x89PNG\r\n\x1a\n": b"png", b"\xff\xd8\xff": b"jpeg"}
LONGEST_SIDE = 12_000


class PieceTab(QWidget):
    """Enter opens the piece under the cursor; what it is, its bytes say, not its name."""

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        super().__init__(parent)
        self._tools = tools
        self._wanted: int | None = None
        self.table = ShortTable(
            tools.theme, PIECE_COLUMNS, "Pièces jointes", "Aucune pièce jointe.", self, fitted=True
        )
        self.look = button(
            "Voir la pièce",
            self,
            tip="Voir la pièce ici même (Entrée)\u202f; la lecture est gardée au journal",
        )
        self.note = text_label("", "muted", self, wrap=True)
        self.image = Picture(self)
        self.pdf = PdfView(tools.theme, tools.messages, "", self)
        self.shown = QStackedWidget(self)
        for each in (self.note, self.image, self.pdf):
            self.shown.addWidget(each)
        row = QHBoxLayout()
        row.addWidget(self.look)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.SMALL, 0, 0)
        layout.addWidget(self.table)
        layout.addLayout(row)
        layout.addWidget(self.shown, 1)
        self.table.opened.connect(self._open)
        self.look.clicked.connect(lambda: self._open(self.table.current_row()))
        self.table.current_changed.connect(self._allow)

    def show_pieces(self, pieces: Sequence[PieceView]) -> None:
        """List the pieces; nothing is opened before it is asked for."""
        self.table.show_rows(pieces)
        self.close_piece()
        if pieces:
            self.table.select(0)
        self.look.setVisible(bool(pieces))

    @property
    def is_open(self) -> bool:
        """Whether a piece is shown."""
        return self.shown.currentWidget() is not self.note

    def close_piece(self) -> None:
        """Show no piece any more."""
        self._wanted = None
        self.pdf.clear()
        self.image.clear_picture()
        self.note.setText("")
        self.shown.setCurrentWidget(self.note)

    def _allow(self, piece: PieceView | None) -> None:
        self.look.setEnabled(piece is not None and piece.has_content)
        if piece is not None and not piece.has_content and not self.is_open:
            self.note.setText("Le contenu de cette pièce n’a pas été reçu\u00a0: seul son nom est connu.")

    def _open(self, piece: PieceView | None) -> None:
        if piece is None or not piece.has_content:
            return
        self._wanted = piece.document_id
        self._tools.desk.execute(
            request_pieces.open_piece,
            piece.document_id,
            changes=NOTHING,
            then=self._show,
            failed=self._refused,
        )

    def _refused(self, error: UserError) -> None:
        self.note.setText(error.message)
        self.shown.setCurrentWidget(self.note)

    def _show(self, piece: PieceContent) -> None:
        if piece.document_id != self._wanted:
            return
        if piece.content.startswith(PDF_SIGN):
            self.pdf.show_pdf(piece.name, piece.content, piece.name)
            self.shown.setCurrentWidget(self.pdf)
            return
        image = read_image(piece.content)
        if image is not None:
            self.image.show_picture(image, piece.name)
            self.shown.setCurrentWidget(self.image)
        else:
            self.note.setText(
                "Ce fichier n’est ni un PDF ni une image lisible\u00a0: il n’est pas affiché ici."
            )
            self.shown.setCurrentWidget(self.note)


def read_image(content: bytes) -> QImage | None:
    """A PNG or JPEG picture by its own signature, None for anything else or for a picture too large to be one."""
    kind = next((kind for sign, kind in IMAGE_SIGNS.items() if content.startswith(sign)), None)
    if kind is None:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(kind))
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > LONGEST_SIDE:
        return None
    image = reader.read()
    return None if image.isNull() else image


class Picture(QLabel):
    """A picture as large as its place allows, never enlarged."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(1, 1)
        self._image: QPixmap | None = None

    def show_picture(self, image: QImage, name: str) -> None:
        """Show a picture; its name is what a screen reader says."""
        self._image = QPixmap.fromImage(image)
        self.setAccessibleName(f"Pièce {name}")
        self._fit()

    def clear_picture(self) -> None:
        """Show nothing."""
        self._image = None
        self.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._image is not None:
            room = self.size().boundedTo(self._image.size())
            self.setPixmap(
                self._image.scaled(
                    room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            )
