"""What a request is made of, as columns: dates, fields before and after, pieces, history, answers."""

from collections.abc import Sequence
from html import escape

from guichet.rules.text import format_instant, format_time
from guichet.services.request_detail import PieceView
from guichet.services.request_history import EventView
from guichet.services.request_item_views import ItemView
from guichet.ui.tables import Column, State
from guichet.ui.theme import Theme, Tone
from guichet.ui.widgets.two_lines import Lines
from guichet.ui.wording import (
    DOCUMENT_STATES,
    ITEM_DECISIONS,
    NBSP,
    VERDICTS,
    day_with_weekday,
    file_size,
    labelled,
)

TICKED_FIRST = ("accept", "examine")
_INFORMATION = State("i", "Information", Tone.WHITE)


def is_open(item: ItemView) -> bool:
    """Whether something is still to decide of it."""
    return item.decision is None or item.decision == "waiting"


def ticked_at_first(items: Sequence[ItemView]) -> set[int]:
    """What the keys act on until the agent ticks otherwise: what may be accepted; when nothing may, all that is open."""
    undecided = [item for item in items if item.decision is None] or [item for item in items if is_open(item)]
    proposed = [item for item in undecided if item.verdict in TICKED_FIRST]
    return {item.item_id for item in proposed or undecided}


def reasons_text(item: ItemView | None) -> str:
    """Every reason in plain French, those that made the proposal first, and the decision once there is one."""
    return "\n".join(sentence for _, sentence in reasons_of(item))


def reasons_html(item: ItemView | None, theme: Theme) -> str:
    """The same, each sentence after the letter and the colour of what it pulls towards; a field's whole change first."""
    lines = []
    if item is not None and item.field:
        for name, value in (("Avant", item.before), ("Après", item.after)):
            lines.append(f"<p style='margin:0 0 4px 0'><b>{name}</b>{NBSP}: {escape(value or '–')}</p>")
    for state, sentence in reasons_of(item):
        pill = theme.pill(state.tone)
        mark = (
            f'<span style="color:{pill.text}; background-color:{pill.back}; font-weight:600">'
            f"{NBSP}{state.letter}{NBSP}</span>"
        )
        lines.append(f"<p style='margin:0 0 4px 0'>{mark}{NBSP} {escape(sentence)}</p>")
    return "".join(lines)


def reasons_of(item: ItemView | None) -> list[tuple[State, str]]:
    """The decision, then the reasons, each with what it pulls towards."""
    if item is None:
        return []
    told = [
        (VERDICTS.get(reason.effect, _INFORMATION), reason.text)
        for reason in sorted(item.reasons, key=lambda reason: reason.effect != item.verdict)
    ]
    if item.decided_at is not None:
        state = ITEM_DECISIONS.get(item.decision or "", _INFORMATION)
        why = " – ".join(part for part in (item.decision_label, item.decision_text) if part)
        decided = f"{state.label} par {item.decided_by} le {format_instant(item.decided_at)}"
        told.insert(0, (state, f"{decided}{NBSP}: {why}" if why else decided))
    return told


def columns_for(items: Sequence[ItemView]) -> Sequence[Column[ItemView]]:
    """Dates, fields before and after, or a whole: what the request is made of."""
    if any(item.day is not None for item in items):
        return DATE_COLUMNS
    if any(item.field for item in items):
        return FIELD_COLUMNS
    return WHOLE_COLUMNS


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


def _places(item: ItemView) -> str:
    return "" if item.places_left is None else str(item.places_left)


def _state(item: ItemView) -> State | None:
    """The decision once there is one, the proposal until then."""
    if item.decision is not None:
        return ITEM_DECISIONS.get(item.decision)
    return VERDICTS.get(item.verdict or "")


def _state_words(item: ItemView) -> str:
    state = _state(item)
    if state is None:
        return ""
    return state.label if item.decision is not None else f"Proposé{NBSP}: {state.label.lower()}"


def _change(item: ItemView) -> str:
    """« 825 → 604 »; a dash where there was or will be nothing."""
    return f"{item.before or '–'} → {item.after or '–'}"


PROPOSAL = Column[ItemView]("Proposition", _state_words, 18, state=_state, tip=reasons_text)

DATE_COLUMNS = (
    Column[ItemView](
        "À décider",
        lambda item: " – ".join(part for part in (_what(item), _where(item)) if part),
        None,
        bold=True,
        hint="La date\u202f; dessous, l’activité et le créneau",
    ),
    PROPOSAL,
    Column[ItemView]("Motif", _motive, 14, tip=reasons_text, optional=3),
    Column[ItemView]("Places", _places, 6, right=True, hint="Places restantes ce jour-là", optional=1),
)

FIELD_COLUMNS = (
    Column[ItemView](
        "Champ",
        lambda item: f"{item.label}{NBSP}: {_change(item)}",
        None,
        bold=True,
        hint="Le champ\u202f; dessous, sa valeur avant → après",
    ),
    PROPOSAL,
)

WHOLE_COLUMNS = (
    Column[ItemView]("À décider", lambda item: item.label, None, bold=True),
    PROPOSAL,
    Column[ItemView]("Motif", _motive, 18, tip=reasons_text, optional=1),
)

ITEM_LINES = {
    "À décider": Lines(_what, _where),
    "Champ": Lines(lambda item: item.label, _change),
}

PIECE_COLUMNS = (
    Column[PieceView]("Pièce", lambda row: row.label or row.name, None, bold=True),
    Column[PieceView]("Fichier", lambda row: row.name, None, optional=2),
    Column[PieceView]("Taille", lambda row: file_size(row.size), 9, right=True, optional=1),
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
    Column[EventView]("Qui", lambda row: row.who, 18, optional=1),
    Column[EventView]("Quoi", lambda row: row.summary, None),
)
