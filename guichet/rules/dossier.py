"""Whether documents and the yearly dossier are valid on a date (domain.md §1, §2, §11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from guichet.rules.calendar import SchoolYear


class DocumentState(StrEnum):
    """What is known of a document (seed 004's *réclamé*, *non traité*, *valide*, *invalide*); *périmé* is computed."""

    REQUESTED = "requested"
    RECEIVED = "received"
    VALID = "valid"
    INVALID = "invalid"


class ValidityKind(StrEnum):
    """How long a type of document is good for."""

    UNLIMITED = "unlimited"
    DURATION = "duration"
    DATE = "date"
    SCHOOL_YEAR = "school_year"
    CALENDAR_YEAR = "calendar_year"


@dataclass(frozen=True, slots=True)
class Piece:
    """A document as the rules see it; `good_until` is the last day it counts, None for ever."""

    type_id: int
    state: DocumentState
    good_until: date | None = None

    def lapsed(self, on: date) -> bool:
        """Whether it no longer counts on `on`."""
        return self.good_until is not None and on > self.good_until


class DossierState(StrEnum):
    """The state of a yearly dossier: computed from its pieces and its decision, never typed."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    FILED = "filed"
    UNDER_REVIEW = "under_review"
    VALID = "valid"
    REFUSED = "refused"
    EXPIRED = "expired"


DOSSIER_LABELS = {
    DossierState.MISSING: "aucun dossier",
    DossierState.INCOMPLETE: "incomplet",
    DossierState.FILED: "déposé",
    DossierState.UNDER_REVIEW: "à l’étude",
    DossierState.VALID: "valide",
    DossierState.REFUSED: "refusé",
    DossierState.EXPIRED: "périmé",
}


def good_until(
    kind: ValidityKind,
    issued_on: date,
    *,
    days: int = 0,
    until: date | None = None,
    year: SchoolYear | None = None,
) -> date | None:
    """The last day a document counts, by its type's rule (domain.md §11); None when it never ends.

    Raises ValueError when the rule lacks what it needs (number of days, date or school year).
    """
    match kind:
        case ValidityKind.UNLIMITED:
            return None
        case ValidityKind.CALENDAR_YEAR:
            return date(issued_on.year, 12, 31)
        case ValidityKind.DURATION if days > 0:
            return issued_on + timedelta(days=days - 1)
        case ValidityKind.SCHOOL_YEAR if year is not None:
            return year.span.last
        case ValidityKind.DATE if until is not None:
            return until
    raise ValueError(f"the validity {kind} lacks its number of days, its date or its school year")


def missing_pieces(required: Iterable[int], pieces: Iterable[Piece], on: date) -> tuple[int, ...]:
    """The required types for which no valid piece counts on `on`, in the order given."""
    held = {piece.type_id for piece in pieces if _counts(piece, on)}
    return tuple(type_id for type_id in required if type_id not in held)


def dossier_state(
    *,
    exists: bool,
    decision: DossierState | None,
    required: Iterable[int],
    pieces: Iterable[Piece],
    year: SchoolYear | None,
    on: date,
) -> DossierState:
    """The state of a child's dossier of one school year, seen for a service on `on`.

    `decision` is what an agent decided (valid, refused, under review) or None. An agent's *valid* stands although a required
    piece was never given (it was waived); it falls when such a piece was found invalid or asked for again, and is expired
    when its last valid piece ended or its year is over. Undecided, a missing piece leaves it incomplete.
    """
    if not exists:
        return DossierState.MISSING
    if year is not None and on > year.span.last:
        return DossierState.EXPIRED
    if decision is DossierState.REFUSED:
        return DossierState.REFUSED
    pieces = tuple(pieces)
    missing = set(missing_pieces(required, pieces, on))
    if decision is DossierState.VALID:
        given = {piece.type_id for piece in pieces} & missing
        lapsed = {piece.type_id for piece in pieces if piece.state is DocumentState.VALID} & missing
        if given - lapsed:
            return DossierState.INCOMPLETE
        return DossierState.EXPIRED if lapsed else DossierState.VALID
    if missing:
        return DossierState.INCOMPLETE
    return decision or DossierState.FILED


def _counts(piece: Piece, on: date) -> bool:
    return piece.state is DocumentState.VALID and not piece.lapsed(on)
