"""The head of a request: who, what, when, who holds it, and the gates that stand before a decision, always in sight."""

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import format_date, format_instant, paris_day
from guichet.services.request_detail import RequestDetail
from guichet.services.request_gates import Gates
from guichet.services.request_rows import PieceState
from guichet.ui.page import Tools
from guichet.ui.tables import State
from guichet.ui.theme import Theme, Tone
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import ElidedButton
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.widgets.request_columns import pieces as piece_dots
from guichet.ui.widgets.request_tables import is_open
from guichet.ui.wording import NBSP, REQUEST_STATES, labelled

NOT_CONCERNED = "–"
GATES = ("Pièces", "Dossier", "Impayé", "Places")


class RequestHead(QWidget):
    """`family_wanted` when its name is pressed, `invoices_wanted` what it owes, `health_wanted` to read masked values."""

    family_wanted = Signal()
    invoices_wanted = Signal()
    health_wanted = Signal()

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        super().__init__(parent)
        self._tools = tools
        self._detail: RequestDetail | None = None
        self.title = text_label("", "heading", self, wrap=True)
        self.state = text_label("", "pill", self)
        self.family = ElidedButton(self, tip="Ouvrir la fiche de la famille (Alt+F)")
        self.family.setProperty("role", "link")
        self.family.setShortcut("Alt+F")
        self.invoices = button(
            "Factures", self, role="link", tip="Ouvrir les factures impayées de la famille"
        )
        self.holder = text_label("", "muted", self, wrap=True)
        self.health = button(
            "Données de santé", self, tip="Les afficher\u00a0: cette lecture est gardée au journal"
        )
        self.anomaly = text_label("", "warning", self, wrap=True)
        self.gates = {name: text_label("", "pill", self) for name in GATES}
        self.when = text_label("", "muted", self, wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.TIGHT)
        first = QHBoxLayout()
        first.addWidget(self.title, 1)
        first.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        who = QHBoxLayout()
        who.addWidget(self.family)
        who.addWidget(self.invoices)
        who.addStretch(1)
        who.addWidget(self.health)
        layout.addLayout(first)
        layout.addLayout(who)
        layout.addWidget(self.when)
        layout.addWidget(self.holder)
        layout.addWidget(self.anomaly)
        self._frame = self._build_gates()
        layout.addWidget(self._frame)
        self.family.clicked.connect(self.family_wanted)
        self.invoices.clicked.connect(self.invoices_wanted)
        self.health.clicked.connect(self.health_wanted)
        tools.theme.changed.connect(self._paint)

    def _build_gates(self) -> QFrame:
        frame = QFrame(self)
        frame.setProperty("role", "card")
        frame.setAccessibleName("Contrôles")
        around = QVBoxLayout(frame)
        around.setContentsMargins(Space.TIGHT, Space.TIGHT, Space.TIGHT, Space.TIGHT)
        inside = QWidget(frame)
        around.addWidget(inside)
        flow = FlowLayout(inside, spacing=Space.TIGHT)
        for name, pill in self.gates.items():
            gate = QWidget(inside)
            column = QVBoxLayout(gate)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(Space.TIGHT)
            column.addWidget(text_label(name, "muted", gate))
            column.addWidget(pill, 0, Qt.AlignmentFlag.AlignLeft)
            flow.addWidget(gate)
        return frame

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_gates_in_sight()

    def _keep_gates_in_sight(self) -> None:
        """Where room lacks, the gates keep theirs: what stands below scrolls, they do not."""
        self._frame.setMinimumHeight(self._frame.heightForWidth(self.width()))
        layout = self.layout()
        if layout is not None:
            self.setMinimumHeight(layout.heightForWidth(self.width()))

    def be_brief(self, brief: bool) -> None:
        """While an answer is being written, leave out when the request came: the gates need the room."""
        self.when.setHidden(brief)
        self._keep_gates_in_sight()

    def show_detail(self, detail: RequestDetail) -> None:
        """Show who, what and the gates."""
        self._detail = detail
        self.title.setText(
            " · ".join(each for each in (detail.kind_label, detail.child, detail.activity) if each)
        )
        self.family.setText(detail.family.replace("&", "&&"))
        self.family.setVisible(detail.family_id is not None)
        self.invoices.setVisible(detail.gates.unpaid > 0 and self._tools.may(Permission.READ_BILLING))
        self.anomaly.setText(f"Anomalie{NBSP}: {detail.anomaly}" if detail.anomaly else "")
        self.anomaly.setVisible(bool(detail.anomaly))
        self.when.setText(self._when(detail))
        self._paint()

    def _when(self, detail: RequestDetail) -> str:
        today = paris_day(self._tools.desk.clock())
        said = f"Déposée le {format_instant(detail.submitted_at)} ({detail.origin}, n°{NBSP}{detail.external_id})"
        if detail.answer_by is None:
            return said
        late = " (dépassé)" if detail.answer_by < today and any(map(is_open, detail.items)) else ""
        return f"{said} · répondre avant le {format_date(detail.answer_by)}{late}"

    def _paint(self) -> None:
        detail = self._detail
        if detail is None:
            return
        state = REQUEST_STATES[detail.state]
        paint_pill(self.state, state, self._tools.theme)
        self.state.setAccessibleName(f"État{NBSP}: {state.label}")
        for name, gate in gate_states(detail.gates).items():
            pill = self.gates[name]
            paint_pill(pill, gate, self._tools.theme)
            pill.setAccessibleName(f"{name}{NBSP}: {gate.label}")
        self._keep_gates_in_sight()
        self._say_holder(detail)

    def _say_holder(self, detail: RequestDetail) -> None:
        """Who has it in hand; somebody else's name stands out."""
        since = f" depuis le {format_instant(detail.taken_at)}" if detail.taken_at is not None else ""
        self.holder.setVisible(bool(detail.agent))
        self.holder.setStyleSheet("")
        if detail.held_by_me:
            self.holder.setText(f"Vous l’avez prise en charge{since}.")
        else:
            self.holder.setText(f"Prise en charge par {detail.agent}{since}.")
            if any(map(is_open, detail.items)):
                self.holder.setStyleSheet(
                    f"color: {self._tools.theme.colours.warning_text}; font-weight: 600;"
                )


def facts_of(detail: RequestDetail) -> list[tuple[str, str]]:
    """What the request says beside its dates and fields, as name and value."""
    paid = ""
    if detail.payment_reference:
        amount = f" de {format_euros(detail.paid)}" if detail.paid is not None else ""
        paid = f"paiement{amount}, référence {detail.payment_reference}"
    related = f"{NBSP}; ".join(
        f"{one.kind_label} {one.external_id} ({labelled(REQUEST_STATES, one.state).lower()})"
        for one in detail.related
    )
    return [
        ("La famille écrit", detail.comment),
        *detail.facts,
        ("Payé d’avance", paid),
        ("Demandes liées", related),
    ]


def gate_states(gates: Gates) -> dict[str, State]:
    """Each gate in a letter, a few words and a tone: green lets pass, the others hold back."""
    dots = piece_dots(gates.pieces)
    all_valid = all(piece is PieceState.VALID for piece in gates.pieces)
    pieces = (
        State(NOT_CONCERNED, "Aucune", Tone.WHITE)
        if dots is None
        else State("✓" if all_valid else "!", _dots(gates.pieces), Tone.GREEN if all_valid else Tone.YELLOW)
    )
    if not gates.dossier:
        dossier = State(NOT_CONCERNED, "Sans objet", Tone.WHITE)
    elif gates.dossier_is_valid:
        dossier = State("✓", gates.dossier.capitalize(), Tone.GREEN)
    else:
        dossier = State("!", gates.dossier.capitalize(), Tone.YELLOW)
    unpaid = (
        State("!", format_euros(gates.unpaid), Tone.RED) if gates.unpaid else State("✓", "Aucun", Tone.GREEN)
    )
    if not gates.books:
        places = State(NOT_CONCERNED, "Sans objet", Tone.WHITE)
    elif gates.places_left is None:
        places = State("✓", "Sans limite", Tone.GREEN)
    elif gates.places_left:
        places = State("✓", str(gates.places_left), Tone.GREEN)
    else:
        places = State("L", "Complet", Tone.ORANGE)
    return dict(zip(GATES, (pieces, dossier, unpaid, places), strict=True))


_SIGNS = {PieceState.VALID: "●", PieceState.RECEIVED: "◐", PieceState.MISSING: "○"}


def _dots(pieces: tuple[PieceState, ...]) -> str:
    return "".join(_SIGNS[piece] for piece in pieces)


def paint_pill(label: QLabel, state: State, theme: Theme) -> None:
    """Show a state as a pill: its letter, its words, its tone."""
    pill = theme.pill(state.tone)
    words = "" if state.letter == NOT_CONCERNED else f"{NBSP} {escape(state.label)}"
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setText(f"<b>{escape(state.letter)}</b>{words}")
    label.setStyleSheet(
        f"color: {pill.text}; background: {pill.back}; border: 1px solid {pill.edge};"
        "border-radius: 9px; padding: 2px 6px;"
    )
