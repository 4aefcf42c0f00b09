"""One request beside the list: before and after, each date with its tick, its proposal and reasons, pieces, history, answers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.requests import REFUSAL_LABELS
from guichet.rules.text import format_date, format_instant, format_time, paris_day
from guichet.services import request_detail
from guichet.services.request_detail import AnswerView, EventView, ItemView, PieceView, RequestDetail
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.topics import NOTHING
from guichet.ui.widgets.facts import Facts, ShortTable, scrolling
from guichet.ui.widgets.fields import button, restyle, text_label
from guichet.ui.wording import (
    DOCUMENT_STATES,
    ITEM_DECISIONS,
    NBSP,
    REQUEST_STATES,
    VERDICTS,
    day_with_weekday,
    file_size,
    labelled,
)

TICKED_FIRST = ("accept", "examine")

ANSWER_STATES = {
    "queued": State("A", "En attente d’envoi", Tone.BLUE),
    "sent": State("✓", "Envoyée", Tone.GREEN),
    "withdrawn": State("×", "Retirée", Tone.GREY),
    "failed": State("!", "En échec", Tone.RED),
}


def is_open(item: ItemView) -> bool:
    """Whether something is still to decide of it."""
    return item.decision is None or item.decision == "waiting"


def ticked_at_first(items: Sequence[ItemView]) -> set[int]:
    """What the keys act on until the agent ticks otherwise: what may be accepted; when nothing may, all that is open."""
    undecided = [item for item in items if item.decision is None] or [item for item in items if is_open(item)]
    proposed = [item for item in undecided if item.verdict in TICKED_FIRST]
    return {item.item_id for item in proposed or undecided}


def _what(item: ItemView) -> str:
    if item.day is None:
        return item.label
    at = f" à {format_time(item.start)}" if item.start is not None else ""
    return f"{day_with_weekday(item.day)}{at}"


def _where(item: ItemView) -> str:
    """The activity and slot of a date."""
    return item.label.partition(" – ")[2] if item.day is not None else ""


def _motive(item: ItemView) -> str:
    """In a word: the refusal's reason, decided or proposed; the sentences stand below the table."""
    return item.decision_label or item.verdict_label


def reasons_text(item: ItemView | None) -> str:
    """Every reason in plain French, those that made the proposal first, and the decision once there is one."""
    if item is None:
        return ""
    ordered = sorted(item.reasons, key=lambda reason: reason.effect != item.verdict)
    lines = [f"• {reason.text}" for reason in ordered]
    if item.decided_at is not None:
        decided = labelled(ITEM_DECISIONS, item.decision)
        why = " – ".join(part for part in (item.decision_label, item.decision_text) if part)
        lines.insert(
            0,
            f"{decided} par {item.decided_by} le {format_instant(item.decided_at)}{f' : {why}' if why else ''}",
        )
    return "\n".join(lines)


def _state(item: ItemView) -> State | None:
    """The decision once there is one, the proposal until then."""
    if item.decision is not None:
        return ITEM_DECISIONS.get(item.decision)
    return VERDICTS.get(item.verdict or "")


def _state_words(item: ItemView) -> str:
    state = _state(item)
    if state is None:
        return ""
    return state.label if item.decision is not None else f"Proposé : {state.label.lower()}"


PROPOSAL = Column[ItemView]("Proposition", _state_words, 15, state=_state, tip=reasons_text)

DATE_COLUMNS = (
    Column[ItemView]("À décider", _what, 18, bold=True),
    Column[ItemView]("Activité, créneau", _where, None, tip=_where, optional=1),
    PROPOSAL,
    Column[ItemView]("Motif", _motive, 14, tip=reasons_text, optional=2),
)

FIELD_COLUMNS = (
    Column[ItemView]("Champ", lambda item: item.label, None, bold=True),
    Column[ItemView]("Avant", lambda item: item.before, None),
    Column[ItemView]("Après", lambda item: item.after, None),
    PROPOSAL,
)

WHOLE_COLUMNS = (
    Column[ItemView]("À décider", lambda item: item.label, None, bold=True),
    PROPOSAL,
    Column[ItemView]("Motif", _motive, 18, tip=reasons_text, optional=1),
)

PIECE_COLUMNS = (
    Column[PieceView]("Pièce", lambda row: row.label or row.name, None, bold=True),
    Column[PieceView]("Fichier", lambda row: row.name, None),
    Column[PieceView]("Taille", lambda row: file_size(row.size), 9, right=True),
    Column[PieceView](
        "État",
        lambda row: labelled(DOCUMENT_STATES, row.state),
        13,
        state=lambda row: DOCUMENT_STATES.get(row.state),
        tip=lambda row: row.reason,
    ),
)

EVENT_COLUMNS = (
    Column[EventView]("Quand", lambda row: format_instant(row.at), 18),
    Column[EventView]("Qui", lambda row: row.who, 18),
    Column[EventView]("Quoi", lambda row: row.summary, None),
)

ANSWER_COLUMNS = (
    Column[AnswerView](
        "Réponse à la famille", lambda row: labelled(REQUEST_STATES, row.status), 20, bold=True
    ),
    Column[AnswerView]("Texte", lambda row: row.text, None),
    Column[AnswerView]("Part le", lambda row: format_instant(row.sent_at or row.leaves_at), 18, optional=1),
    Column[AnswerView](
        "Envoi",
        lambda row: labelled(ANSWER_STATES, row.state),
        18,
        state=lambda row: ANSWER_STATES.get(row.state),
    ),
)


def columns_for(items: Sequence[ItemView]) -> Sequence[Column[ItemView]]:
    """Dates, fields before and after, or a whole: what the request is made of."""
    if any(item.day is not None for item in items):
        return DATE_COLUMNS
    return FIELD_COLUMNS if any(item.field for item in items) else WHOLE_COLUMNS


class RequestDetailView(QWidget):
    """`show_request` reads and shows one; `shown` (RequestDetail or None) when what is shown changed; `go` as on a page."""

    shown = Signal(object)
    go = Signal(object)

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._request_id: int | None = None
        self.detail: RequestDetail | None = None
        self.title = text_label("", "heading", self, wrap=True)
        self.state = text_label("", "pill", self)
        self.family = button("", self, role="link", tip="Ouvrir la fiche de la famille")
        self.facts = Facts(self)
        self.anomaly = text_label("", "warning", self, wrap=True)
        self.health = button("Afficher les données de santé", self, tip="Cette lecture est gardée au journal")
        self.items = ShortTable(
            tools.theme,
            DATE_COLUMNS,
            "Dates, champs ou pièces à décider",
            "Rien à décider dans cette demande.",
            self,
            checkable=True,
            identity=lambda item: item.item_id,
            editable=is_open,
        )
        self.reasons = QLabel(self)
        self.reasons.setTextFormat(Qt.TextFormat.PlainText)
        self.reasons.setWordWrap(True)
        self.reasons.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reasons.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.pieces = self._table(PIECE_COLUMNS, "Pièces jointes", "Aucune pièce jointe.")
        self.history = self._table(EVENT_COLUMNS, "Historique", "Rien n’a encore été fait.")
        self.answers = self._table(
            ANSWER_COLUMNS, "Réponses à la famille", "Aucune réponse n’est encore prête pour la famille."
        )
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Détail de la demande")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._build_items(), "À &décider")
        self.tabs.addTab(self.pieces, "Pièces")
        self.tabs.addTab(self.history, "&Historique")
        self.tabs.addTab(self.answers, "Réponse&s")
        self.empty = text_label("Choisissez une demande pour la lire.", "muted", self, wrap=True)
        self.empty.setMargin(24)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._build_sheet())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.items.current_changed.connect(lambda item: self.reasons.setText(reasons_text(item)))
        self.family.clicked.connect(self._open_family)
        self.health.clicked.connect(self._reveal_health)
        tools.theme.changed.connect(self._paint_state)

    def _table(self, columns: Sequence[Column[Any]], name: str, empty: str) -> ShortTable:
        return ShortTable(self._tools.theme, columns, name, empty, self)

    def _build_items(self) -> QWidget:
        tab = QWidget(self)
        why = scrolling(self.reasons, tab)
        why.setMaximumHeight(self.fontMetrics().height() * 9)
        why.setMinimumHeight(self.fontMetrics().height() * 4)
        column = QVBoxLayout(tab)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.items, 1)
        column.addWidget(text_label("Pourquoi", "section", tab))
        column.addWidget(why)
        return tab

    def _build_sheet(self) -> QWidget:
        sheet = QWidget(self)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(8, 12, 16, 8)
        column.setSpacing(8)
        column.addLayout(head)
        who = QHBoxLayout()
        who.addWidget(self.family)
        who.addStretch(1)
        who.addWidget(self.health)
        column.addLayout(who)
        column.addWidget(self.anomaly)
        column.addWidget(self.facts)
        column.addWidget(self.tabs, 1)
        return sheet

    def show_request(self, request_id: int | None) -> None:
        """Read and show a request; None shows nothing."""
        if request_id != self._request_id:
            self.detail = None
            self.shown.emit(None)
        self._request_id = request_id
        if request_id is None:
            self._stack.setCurrentIndex(0)
            return
        self._tools.desk.fetch(request_detail.request_detail, request_id, then=self._show, key=self)

    def reload(self) -> None:
        """Read again the request shown."""
        self.show_request(self._request_id)

    def focus_items(self) -> None:
        """Put the cursor among the dates or fields, to tick them."""
        self.tabs.setCurrentIndex(0)
        self.items.setFocus(Qt.FocusReason.OtherFocusReason)

    def chosen(self) -> tuple[int, ...]:
        """The ids of the items ticked, in their order."""
        if self.detail is None:
            return ()
        ticked = self.items.paged.checked
        return tuple(item.item_id for item in self.detail.items if item.item_id in ticked and is_open(item))

    def likely_refusal(self) -> str:
        """The refusal code that the rules give most often to what is ticked."""
        if self.detail is None:
            return ""
        ticked = set(self.chosen())
        labels = Counter(
            item.verdict_label for item in self.detail.items if item.item_id in ticked and item.verdict_label
        )
        if not labels:
            return ""
        likely = labels.most_common(1)[0][0]
        return next((code.value for code, label in REFUSAL_LABELS.items() if label == likely), "")

    def _show(self, detail: RequestDetail) -> None:
        same = self.detail is not None and self.detail.request_id == detail.request_id
        kept = {key for key in self.items.paged.checked if isinstance(key, int)} if same else set()
        unchanged = self.detail is not None and same and self.detail.version == detail.version
        self.detail = detail
        subject = " · ".join(part for part in (detail.kind_label, detail.child, detail.activity) if part)
        self.title.setText(subject)
        self.family.setText(detail.family)
        self.family.setVisible(detail.family_id is not None)
        self.anomaly.setText(f"Anomalie{NBSP}: {detail.anomaly}" if detail.anomaly else "")
        self.anomaly.setVisible(bool(detail.anomaly))
        self.facts.show_pairs(self._pairs(detail))
        self.health.setVisible(
            any(item.masked for item in detail.items) and self._tools.may(Permission.READ_HEALTH)
        )
        self.items.show_columns(columns_for(detail.items))
        self.items.show_rows(detail.items)
        self.items.paged.set_checked(set(kept) if unchanged else set(ticked_at_first(detail.items)))
        if self.items.current_row() is None:
            self.items.select(0)
        self.pieces.show_rows(detail.pieces)
        self.tabs.setTabText(1, f"Pièces ({len(detail.pieces)})" if detail.pieces else "Pièces")
        self.history.show_rows(detail.history)
        self.answers.show_rows(detail.answers)
        self._paint_state()
        self._stack.setCurrentIndex(1)
        self.shown.emit(detail)

    def _pairs(self, detail: RequestDetail) -> list[tuple[str, str]]:
        today = paris_day(self._tools.desk.clock())
        answer_by = ""
        if detail.answer_by is not None:
            late = " (dépassé)" if detail.answer_by < today and any(map(is_open, detail.items)) else ""
            answer_by = f"{format_date(detail.answer_by)}{late}"
        agent = detail.agent
        if detail.agent and detail.taken_at is not None:
            agent = f"{detail.agent}, depuis le {format_instant(detail.taken_at)}"
        paid = ""
        if detail.payment_reference:
            amount = f" de {format_euros(detail.paid)}" if detail.paid is not None else ""
            paid = f"paiement{amount}, référence {detail.payment_reference}"
        related = "; ".join(
            f"{one.kind_label} {one.external_id} ({labelled(REQUEST_STATES, one.state).lower()})"
            for one in detail.related
        )
        return [
            (
                "Déposée",
                f"le {format_instant(detail.submitted_at)}, {detail.origin}, n° {detail.external_id}",
            ),
            ("Répondre avant le", answer_by),
            ("Prise en charge", agent),
            ("Payé d’avance", paid),
            *detail.facts,
            ("La famille écrit", detail.comment),
            ("Demandes liées", related),
        ]

    def _paint_state(self) -> None:
        if self.detail is None:
            return
        state = REQUEST_STATES[self.detail.state]
        pill = self._tools.theme.pill(state.tone)
        self.state.setText(f"<b>{state.letter}</b>{NBSP} {state.label}")
        self.state.setAccessibleName(f"État : {state.label}")
        self.state.setStyleSheet(
            f"color: {pill.text}; background: {pill.back}; border: 1px solid {pill.edge};"
            "border-radius: 9px; padding: 2px 10px;"
        )
        restyle(self.state)

    def _open_family(self) -> None:
        if self.detail is not None and self.detail.family_id is not None:
            self.go.emit(Destination("families", self.detail.family_id))

    def _reveal_health(self) -> None:
        if self._request_id is not None:
            self._tools.desk.execute(
                request_detail.reveal_health, self._request_id, changes=NOTHING, then=self._show
            )
