"""The gates an agent looks at before deciding (screens.md): the pieces, the dossier, what is unpaid, the places left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from guichet.models.requests import ItemDecision, Request, RequestItem, RequestKind
from guichet.rules.dossier import DOSSIER_LABELS, DossierState
from guichet.rules.text import paris_day
from guichet.services import catalogue as catalogues
from guichet.services import facts_reading
from guichet.services.facts import Facts
from guichet.services.request_rows import PieceState
from guichet.services.transaction import Context

_OPEN = (None, ItemDecision.WAITING)


@dataclass(frozen=True)
class Gates:
    """What holds a request back. `unpaid` in cents, past its due date; `places` by item, None where nothing limits them.

    `dossier` is empty for a request about no child. `places_left` is the fewest on a date still to decide.
    """

    pieces: tuple[PieceState, ...] = ()
    dossier: str = ""
    dossier_is_valid: bool = False
    unpaid: int = 0
    books: bool = False
    places: dict[int, int | None] = field(default_factory=dict)
    places_left: int | None = None


def read(session: Session, context: Context, request: Request, items: Sequence[RequestItem]) -> Gates:
    """The gates of one request as they stand now, in a fixed number of queries."""
    books = request.kind is RequestKind.BOOKINGS
    offer = catalogues.load(session)
    dated = [item for item in items if item.slot_id is not None and item.date is not None]
    facts = facts_reading.gather(
        session,
        context,
        offer,
        child_ids=[request.child_id] if request.child_id is not None else [],
        family_ids=[request.family_id] if request.family_id is not None else [],
        moments={(item.slot_id, item.date) for item in dated if item.slot_id and item.date} if books else (),
    )
    days = [item.date for item in dated if item.date is not None]
    day = min(days, default=paris_day(context.now))
    places = {item.id: _left(facts, request, item) for item in dated} if books else {}
    limited = [places[item.id] for item in dated if books and item.decision in _OPEN]
    known = [one for one in limited if one is not None]
    state = _dossier(facts, request, day)
    return Gates(
        pieces=_pieces(facts, request, day),
        dossier=DOSSIER_LABELS[state] if state is not None else "",
        dossier_is_valid=state is DossierState.VALID,
        unpaid=facts.overdue.get(request.family_id or 0, 0),
        books=books,
        places=places,
        places_left=min(known, default=None),
    )


def _left(facts: Facts, request: Request, item: RequestItem) -> int | None:
    """Places left on a date for this child's group, as the list counts them."""
    offer = facts.catalogue
    slot_id, day = item.slot_id or 0, item.date or date.min
    activity = offer.activities[offer.slots[slot_id].activity_id]
    child, family = request.child_id or 0, request.family_id or 0
    enrolment = facts.enrolment(child, family, activity.id, day)
    choice = facts.group(child, activity, day, enrolment.group_id if enrolment else None)
    pools = offer.pools_for(slot_id, choice.group.id if choice.group else None)
    return facts.counts.left(pools, day).left


def _dossier(facts: Facts, request: Request, day: date) -> DossierState | None:
    if request.child_id is None or request.family_id is None:
        return None
    return facts.dossier(request.child_id, request.family_id, day)


def _pieces(facts: Facts, request: Request, day: date) -> tuple[PieceState, ...]:
    if request.child_id is None or request.family_id is None:
        return ()
    return tuple(PieceState(one) for one in facts.required_pieces(request.child_id, request.family_id, day))
