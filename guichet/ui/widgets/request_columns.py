"""How a request is shown in a list (screens.md §2): the three gates (pieces, unpaid, places) on the row itself."""

from dataclasses import replace

from guichet.rules.money import format_euros
from guichet.rules.text import format_date, format_instant, paris_day
from guichet.services.request_rows import PieceState, RequestRow
from guichet.ui.tables import Column, Dots, State
from guichet.ui.theme import Tone
from guichet.ui.widgets.two_lines import Lines
from guichet.ui.wording import NBSP, REQUEST_STATES, VERDICTS, age, count

MIXED = State("M", "Mélangée", Tone.WHITE)


def proposal_state(proposal: str) -> State | None:
    """What the rules propose for a whole request, as a pill."""
    return VERDICTS.get(proposal, MIXED if proposal else None)


def _proposal(row: RequestRow) -> str:
    state = proposal_state(row.proposal)
    return state.label if state else ""


def _child(row: RequestRow) -> str:
    years = age(row.child_age)
    return f"{row.child} ({years})" if years else row.child


def _dates(row: RequestRow) -> str:
    if row.first_date is None or row.last_date is None:
        return ""
    if row.first_date == row.last_date:
        return format_date(row.first_date)
    return f"{format_date(row.first_date)[:5]} → {format_date(row.last_date)[:5]} ({row.items})"


def _dates_tip(row: RequestRow) -> str:
    if row.first_date is None or row.last_date is None:
        return ""
    return (
        f"{count(row.items, 'date')} du {format_date(row.first_date)} au {format_date(row.last_date)}, "
        f"{row.undecided} à décider"
    )


def pieces(found: tuple[PieceState, ...]) -> Dots | None:
    """The dossier's required pieces as dots, valid ones filled."""
    if not found:
        return None
    valid = sum(one is PieceState.VALID for one in found)
    received = sum(one is PieceState.RECEIVED for one in found)
    words = f"{valid} sur {count(len(found), 'pièce')} valide{'s' if valid > 1 else ''}"
    if received:
        words += f", {received} à contrôler"
    return Dots(valid, len(found), words)


def _pieces(row: RequestRow) -> str:
    dots = pieces(row.pieces)
    return dots.words if dots else ""


def _places(row: RequestRow) -> str:
    if not row.books:
        return ""
    return "∞" if row.places_left is None else str(row.places_left)


def _quotient(row: RequestRow) -> str:
    return "" if row.quotient is None else str(row.quotient)


def _quotient_tip(row: RequestRow) -> str:
    if row.quotient is None or row.quotient_from is None:
        return "Pas de quotient familial en vigueur"
    return f"Quotient {row.quotient} depuis le {format_date(row.quotient_from)}"


def _answer_by(row: RequestRow) -> str:
    if row.answer_by is None:
        return ""
    day = format_date(row.answer_by)[:5]
    return f"! {day}" if row.is_overdue else day


def _activity(row: RequestRow) -> str:
    return " · ".join(part for part in (row.activity, row.facility) if part)


def _age(row: RequestRow) -> str:
    return f"{row.age_days}{NBSP}j"


def _received(row: RequestRow) -> str:
    return format_date(paris_day(row.submitted_at))[:5]


def _kind(row: RequestRow) -> str:
    return f"! {row.kind_label}" if row.anomaly else row.kind_label


def _two(first: str, second: str) -> str:
    """Both lines of a cell as they are read aloud, copied and exported."""
    return f"{first} – {second}" if first and second else first or second


def _unpaid(row: RequestRow) -> str:
    return format_euros(row.unpaid) if row.unpaid else ""


def _owed(row: RequestRow) -> str:
    return f"! {_unpaid(row)}" if row.unpaid else ""


STATE = Column[RequestRow](
    "État",
    lambda row: REQUEST_STATES[row.state].label,
    6,
    sort="state",
    state=lambda row: REQUEST_STATES[row.state],
    tip=lambda row: row.anomaly or REQUEST_STATES[row.state].label,
    hint=", ".join(f"{state.letter} {state.label.lower()}" for state in REQUEST_STATES.values()),
)
RECEIVED = Column[RequestRow](
    "Reçue le",
    _received,
    6,
    sort="submitted_at",
    tip=lambda row: f"Déposée le {format_instant(row.submitted_at)}",
    optional=3,
)
KIND = Column[RequestRow](
    "Type",
    _kind,
    12,
    sort="kind",
    tip=lambda row: row.anomaly or row.kind_label,
)
DATES = Column[RequestRow]("Dates (n)", _dates, 17, tip=_dates_tip, optional=2)
CHILD = Column[RequestRow]("Enfant (âge)", _child, None, sort="child")

FAMILY = Column[RequestRow](
    "Famille",
    lambda row: _two(row.family_label, _child(row)),
    27,
    sort="family",
    bold=True,
    hint="La famille\u202f; dessous, l’enfant et son âge",
)
ABOUT = Column[RequestRow](
    "Type",
    lambda row: _two(_kind(row), _activity(row)),
    None,
    sort="kind",
    tip=lambda row: row.anomaly or _two(row.kind_label, _activity(row)),
    hint="Le type de demande\u202f; dessous, l’activité et le site",
)
WHEN = Column[RequestRow](
    "Reçue le",
    lambda row: _two(_received(row), _age(row)),
    8,
    sort="submitted_at",
    tip=lambda row: f"Déposée le {format_instant(row.submitted_at)}",
    hint="Le jour du dépôt\u202f; dessous, l’âge de la demande en jours",
    optional=3,
)
DUE = Column[RequestRow](
    "Répondre",
    _answer_by,
    8,
    sort="answer_by",
    optional=6,
    hint="Répondre avant le\u202f; ! quand c’est dépassé",
)

QUEUE_COLUMNS = (
    STATE,
    FAMILY,
    ABOUT,
    Column[RequestRow](
        "Prop.",
        _proposal,
        5,
        sort="proposal",
        state=lambda row: proposal_state(row.proposal),
        hint="Proposition des règles\u00a0: ✓ accepter, L liste d’attente, R refuser, ? à examiner, M mélangée",
    ),
    WHEN,
    DUE,
    DATES,
    Column[RequestRow](
        "Pièces",
        lambda row: _two(_pieces(row), _owed(row)),
        7,
        dots=lambda row: pieces(row.pieces),
        hint="Pièces exigées du dossier\u202f; dessous, ce que la famille doit, échéance passée",
        optional=1,
    ),
    Column[RequestRow](
        "Places", _places, 6, right=True, hint="Places restantes sur la date la plus chargée", optional=1
    ),
    Column[RequestRow]("QF", _quotient, 6, right=True, tip=_quotient_tip, optional=8),
    Column[RequestRow]("Agent", lambda row: row.agent, 14, sort="agent", optional=7),
    Column[RequestRow]("Origine", lambda row: row.origin, 9, optional=10),
    replace(CHILD, extra=True),
    Column[RequestRow]("Impayé", _unpaid, 9, right=True, extra=True),
    Column[RequestRow]("Activité, site", _activity, None, sort="activity", extra=True),
    Column[RequestRow](
        "Âge (j)", lambda row: str(row.age_days), 6, right=True, value=lambda row: row.age_days, extra=True
    ),
)
TWO_LINES: dict[str, Lines] = {
    "Famille": Lines(
        lambda row: row.family_label or row.child, lambda row: _child(row) if row.family_label else ""
    ),
    "Type": Lines(_kind, _activity),
    "Reçue le": Lines(_received, _age),
    "Pièces": Lines(_pieces, _owed),
}

FAMILY_COLUMNS = (replace(STATE, width=15), RECEIVED, KIND, CHILD, DATES)
