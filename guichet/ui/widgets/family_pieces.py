"""The « Pièces » tab: what is required and received, its file shown inside the program, and the agent's check."""

from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date
from guichet.services import documents, family_dossiers
from guichet.services.documents import CheckDocument, FileView
from guichet.services.family_dossiers import DossiersView, PieceStatus, PieceView
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column, State
from guichet.ui.tokens import Space, Tone
from guichet.ui.topics import NOTHING, Topic
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import Form, button, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.wording import NBSP, day_or_dash, file_size

PIECE_STATES: dict[str, State] = {
    PieceStatus.MISSING: State("M", "Manquante", Tone.YELLOW),
    PieceStatus.REQUESTED: State("D", "Réclamée", Tone.YELLOW),
    PieceStatus.RECEIVED: State("N", "À contrôler", Tone.BLUE),
    PieceStatus.VALID: State("✓", "Valide", Tone.GREEN),
    PieceStatus.INVALID: State("X", "Invalide", Tone.RED),
    PieceStatus.EXPIRED: State("P", "Périmée", Tone.RED),
}
_CAN_BECOME_VALID = (PieceStatus.RECEIVED, PieceStatus.REQUESTED, PieceStatus.INVALID)
PDF = b"%PDF-"
NO_FILE = "Aucun fichier n’est joint à cette pièce."


def _checked(piece: PieceView) -> str:
    if not piece.checked_by or piece.checked_on is None:
        return ""
    return f"{piece.checked_by}, {format_date(piece.checked_on)}"


def _file(piece: PieceView) -> str:
    return file_size(piece.size) if piece.has_content else ""


COLUMNS = (
    Column[PieceView]("Pièce", lambda piece: piece.label, None, bold=True),
    Column[PieceView]("De", lambda piece: piece.owner, 14),
    Column[PieceView](
        "État",
        lambda piece: PIECE_STATES[piece.status].label,
        14,
        state=lambda piece: PIECE_STATES[piece.status],
        tip=lambda piece: piece.reason or PIECE_STATES[piece.status].label,
    ),
    Column[PieceView]("Exigée", lambda piece: "oui" if piece.required else "", 8, optional=4),
    Column[PieceView]("Reçue le", lambda piece: day_or_dash(piece.received_on), 11, optional=2),
    Column[PieceView]("Valable jusqu’au", lambda piece: day_or_dash(piece.valid_until), 15),
    Column[PieceView]("Contrôlée par", _checked, 22, optional=3),
    Column[PieceView]("Fichier", _file, 9, right=True, optional=1),
)


class PiecesTab(QWidget):
    """Pieces above, the one chosen below. `go` as on a page."""

    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._family_id: int | None = None
        self.table = ShortTable(
            tools.theme,
            COLUMNS,
            "Pièces",
            "Aucune pièce n’est exigée ni reçue.",
            self,
            identity=lambda piece: (piece.document_id, piece.type_id, piece.owner_id),
        )
        self.piece = PiecePanel(tools, self)
        self.piece.go.connect(self.go)
        self.piece.checked.connect(self._checked)
        split = halves(Qt.Orientation.Vertical, self.table, self.piece, (1, 1), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.MEDIUM, 0, 0)
        layout.addWidget(split)
        self.table.current_changed.connect(self.piece.show_piece)

    def show_family(self, family_id: int) -> None:
        """Read and show the pieces of this family."""
        self._family_id = family_id
        self._tools.desk.fetch(family_dossiers.dossiers, family_id, then=self._show, key=self)

    def _show(self, view: DossiersView) -> None:
        self.table.show_rows(view.pieces)
        if self.table.current_row() is None and view.pieces:
            waiting = (PieceStatus.RECEIVED, PieceStatus.EXPIRED)
            first = next((place for place, one in enumerate(view.pieces) if one.status in waiting), 0)
            self.table.select(first)

    def _checked(self) -> None:
        if self._family_id is not None:
            self.show_family(self._family_id)


class PiecePanel(QWidget):
    """One piece: what is known of it, its file, and « Valide » or « Invalide » with the reason."""

    go = Signal(object)
    checked = Signal()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._piece: PieceView | None = None
        self.title = text_label("", "heading", self, wrap=True)
        self.words = text_label("", "muted", self, wrap=True)
        self.open = button(
            "Afficher le fichier", self, tip="Montrer le fichier ici\u202f; rien n’est exécuté"
        )
        self.valid = button("Valide", self, role="primary", tip="Marquer la pièce valide")
        self.invalid = button("Invalide", self, role="danger", tip="Marquer la pièce invalide, avec un motif")
        self.request = button("Ouvrir la demande", self, tip="La pièce attend dans une demande")
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText("Pourquoi la pièce n’est pas valide (la famille le lira)")
        self.form = Form(self)
        self.form.add("reason", "Motif", self.reason)
        self.form.finish()
        self.file = FilePreview(tools, self)
        head = QHBoxLayout()
        names = QVBoxLayout()
        names.addWidget(self.title)
        names.addWidget(self.words)
        head.addLayout(names, 1)
        for each in (self.open, self.request, self.valid, self.invalid):
            head.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.SMALL, 0, Space.SMALL)
        layout.addLayout(head)
        layout.addWidget(self.form)
        layout.addWidget(self.file, 1)
        self.open.clicked.connect(self._open)
        self.valid.clicked.connect(lambda: self._check(valid=True))
        self.invalid.clicked.connect(lambda: self._check(valid=False))
        self.request.clicked.connect(self._go_to_request)
        self.show_piece(None)

    def show_piece(self, piece: PieceView | None) -> None:
        """Show a piece; its file only once it is asked for."""
        if piece is None or self._piece is None or piece.document_id != self._piece.document_id:
            self.file.clear("")
            self.reason.clear()
            self.form.clear_errors()
        self._piece = piece
        received = piece is not None and piece.document_id is not None
        waits = piece is not None and piece.request_id is not None
        may_check = received and not waits and self._tools.may(Permission.EDIT_FAMILIES)
        status = piece.status if piece is not None else PieceStatus.MISSING
        self.valid.setVisible(may_check and status in _CAN_BECOME_VALID)
        self.invalid.setVisible(may_check and status is not PieceStatus.INVALID)
        self.form.setVisible(may_check and status is not PieceStatus.INVALID)
        self.request.setVisible(waits and self._tools.may(Permission.READ_REQUESTS))
        self.open.setVisible(piece is not None and piece.has_content)
        if piece is None:
            self.title.setText("")
            self.words.setText("")
            return
        self.title.setText(f"{piece.label} · {piece.owner}")
        self.words.setText(_sentence(piece))

    def _open(self) -> None:
        if self._piece is not None and self._piece.document_id is not None:
            # A child's file may speak of health: its reading is written to the journal.
            self._tools.desk.execute(
                documents.open_file, self._piece.document_id, changes=NOTHING, then=self.file.show_file
            )

    def _check(self, *, valid: bool) -> None:
        piece = self._piece
        if piece is None or piece.document_id is None:
            return
        self.form.clear_errors()
        command = CheckDocument(str(uuid4()), piece.document_id, piece.version, valid, self.reason.text())
        for each in (self.valid, self.invalid):
            each.setEnabled(False)
        self._tools.desk.execute(
            documents.check,
            command,
            changes=frozenset({Topic.FAMILIES, Topic.REQUESTS}),
            then=self._done,
            failed=self._refused,
            settled=self._settled,
        )

    def _done(self, _nothing: None) -> None:
        self.reason.clear()
        self._tools.messages.inform("Pièce contrôlée")
        self.checked.emit()

    def _refused(self, error: UserError) -> None:
        self.form.show_error(error)
        if error.code == "stale_version":
            self.checked.emit()

    def _settled(self) -> None:
        for each in (self.valid, self.invalid):
            each.setEnabled(True)

    def _go_to_request(self) -> None:
        if self._piece is not None and self._piece.request_id is not None:
            self.go.emit(Destination("requests", {"request": self._piece.request_id}))


class FilePreview(QStackedWidget):
    """A file shown by what its bytes are, a PDF or a picture; anything else is only named, and never run."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = text_label("", "muted", self, wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.pdf = PdfView(tools.theme, tools.messages, "", self)
        self.picture = Picture(self)
        for each in (self.words, self.pdf, self.picture):
            self.addWidget(each)

    def clear(self, words: str) -> None:
        """Show no file, and say this instead."""
        self.pdf.clear()
        self.picture.show_image(QImage())
        self.words.setText(words)
        self.setCurrentWidget(self.words)

    def show_file(self, file: FileView) -> None:
        """Show a file."""
        if file.content.startswith(PDF):
            self.pdf.show_pdf(file.name, file.content, file.name)
            self.setCurrentWidget(self.pdf)
            return
        image = QImage.fromData(file.content)
        if image.isNull():
            self.clear(f"Ce format ne se montre pas ici{NBSP}: {file.name} ({file_size(len(file.content))}).")
            return
        self.picture.show_image(image)
        self.picture.setAccessibleName(f"Image{NBSP}: {file.name}")
        self.setCurrentWidget(self.picture)


class Picture(QLabel):
    """A picture fitted in the room there is, never larger than it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(1, 1)

    def show_image(self, image: QImage) -> None:
        """Show this picture."""
        self._image = image
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._image.isNull():
            self.setPixmap(QPixmap())
            return
        room = self.size().boundedTo(self._image.size())
        self.setPixmap(
            QPixmap.fromImage(
                self._image.scaled(
                    room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            )
        )


def _sentence(piece: PieceView) -> str:
    if piece.document_id is None:
        return "Cette pièce est exigée et n’a jamais été fournie."
    parts = [
        PIECE_STATES[piece.status].label,
        f"reçue le {format_date(piece.received_on)}" if piece.received_on else "",
        f"valable jusqu’au {format_date(piece.valid_until)}" if piece.valid_until else "",
        f"contrôlée par {_checked(piece)}" if _checked(piece) else "",
        f"motif{NBSP}: {piece.reason}" if piece.reason else "",
        "" if piece.has_content else NO_FILE[0].lower() + NO_FILE[1:-1],
        "remplacée par une pièce plus récente" if not piece.latest else "",
    ]
    return " · ".join(part for part in parts if part)
