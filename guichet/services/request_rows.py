"""A request as the list shows it: its dates, its pieces, the places left, read for a whole page at once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from guichet.models.people import Quotient
from guichet.models.requests import (
    ItemDecision,
    Request,
    RequestItem,
    RequestKind,
    RequestState,
)
from guichet.rules.ages import age_on
from guichet.rules.permissions import Permission
from guichet.rules.requests import OPEN_STATES
from guichet.rules.text import paris_day
from guichet.services import catalogue as catalogues
from guichet.services import facts_reading
from guichet.services.facts import Facts
from guichet.services.request_labels import KIND_LABELS, ORIGIN_LABELS
from guichet.services.transaction import Context


class PieceState(StrEnum):
    """One of the dossier's required pieces: ● valid, ◐ received, ○ missing."""

    VALID = "valid"
    RECEIVED = "received"
    MISSING = "missing"


@dataclass(frozen=True)
class RequestRow:
    """A request in the list (screens.md §2). Amounts in cents; `places_left` None means no limit, or nothing to book."""

    request_id: int
    version: int
    external_id: str
    portal: str
    state: RequestState
    kind: RequestKind
    kind_label: str
    proposal: str
    anomaly: str | None
    submitted_at: datetime
    age_days: int
    answer_by: date | None
    is_overdue: bool
    family_id: int | None
    family_number: str
    family_label: str
    child_id: int | None
    child: str
    child_age: int | None
    activity: str
    facility: str
    items: int
    undecided: int
    first_date: date | None
    last_date: date | None
    pieces: tuple[PieceState, ...]
    unpaid: int
    quotient: int | None
    quotient_from: date | None
    books: bool
    places_left: int | None
    origin: str
    agent: str


@dataclass(frozen=True)
class _Dates:
    items: int
    undecided: int
    first: date | None
    last: date | None


@dataclass(frozen=True)
class Beside:
    """What stands beside a page's requests."""

    facts: Facts
    dates: dict[int, _Dates]
    quotients: dict[int, tuple[int | None, date]]
    places: dict[int, int | None]


def read_beside(session: Session, context: Context, requests: Sequence[Request]) -> Beside:
    """Read what stands beside these requests, in a fixed number of queries."""
    ids = [request.id for request in requests]
    offer = catalogues.load(session)
    items = session.execute(
        select(RequestItem.request_id, RequestItem.slot_id, RequestItem.date, RequestItem.decision).where(
            RequestItem.request_id.in_(ids)
        )
    ).all()
    books = {request.id: request for request in requests if request.kind is RequestKind.BOOKINGS}
    moments = {
        (row.slot_id, row.date)
        for row in items
        if row.request_id in books and row.slot_id is not None and row.date is not None
    }
    families = {request.family_id for request in requests if request.family_id is not None}
    facts = facts_reading.gather(
        session,
        context,
        offer,
        child_ids={request.child_id for request in requests if request.child_id is not None},
        family_ids=families,
        moments=moments,
    )
    by_request: dict[int, list[Any]] = defaultdict(list)
    for row in items:
        by_request[row.request_id].append(row)
    return Beside(
        facts,
        {request_id: _dates(rows) for request_id, rows in by_request.items()},
        _quotients(session, families, paris_day(context.now)),
        {
            request_id: _fewest_places(facts, books[request_id], by_request[request_id])
            for request_id in books
        },
    )


def _dates(rows: Sequence[Any]) -> _Dates:
    days = [row.date for row in rows if row.date is not None]
    undecided = sum(row.decision in (None, ItemDecision.WAITING) for row in rows)
    return _Dates(len(rows), undecided, min(days, default=None), max(days, default=None))


def _fewest_places(facts: Facts, request: Request, rows: Sequence[Any]) -> int | None:
    """The fewest places left on one of the dates still to decide; None where none is limited."""
    offer = facts.catalogue
    left = []
    for row in rows:
        if row.slot_id is None or row.decision not in (None, ItemDecision.WAITING):
            continue
        activity = offer.activities[offer.slots[row.slot_id].activity_id]
        enrolment = facts.enrolment(request.child_id or 0, request.family_id or 0, activity.id, row.date)
        choice = facts.group(
            request.child_id or 0, activity, row.date, enrolment.group_id if enrolment else None
        )
        pools = offer.pools_for(row.slot_id, choice.group.id if choice.group else None)
        found = facts.counts.left(pools, row.date).left
        if found is not None:
            left.append(found)
    return min(left, default=None)


def _quotients(
    session: Session, family_ids: Collection[int], today: date
) -> dict[int, tuple[int | None, date]]:
    newer = aliased(Quotient)
    rows = session.execute(
        select(Quotient.family_id, Quotient.value, Quotient.valid_from).where(
            Quotient.family_id.in_(family_ids),
            Quotient.valid_from <= today,
            Quotient.valid_until >= today,
            ~select(newer.id)
            .where(
                newer.family_id == Quotient.family_id,
                newer.valid_from <= today,
                newer.valid_until >= today,
                newer.id > Quotient.id,
            )
            .exists(),
        )
    )
    return {row.family_id: (row.value, row.valid_from) for row in rows}


def row_of(context: Context, row: Any, beside: Beside) -> RequestRow:
    """The list's row; income is told only to who may read it."""
    request: Request = row.Request
    today = paris_day(context.now)
    dates = beside.dates.get(request.id, _Dates(0, 0, None, None))
    value, since = beside.quotients.get(request.family_id or 0, (None, None))
    born = row.birth_date
    may_read_income = context.may(Permission.READ_INCOME)
    return RequestRow(
        request_id=request.id,
        version=request.version,
        external_id=request.external_id,
        portal=request.portal,
        state=request.state,
        kind=request.kind,
        kind_label=KIND_LABELS[request.kind],
        proposal=request.proposal or "",
        anomaly=request.anomaly,
        submitted_at=request.submitted_at,
        age_days=(today - paris_day(request.submitted_at)).days,
        answer_by=request.answer_by,
        is_overdue=request.answer_by is not None
        and request.answer_by < today
        and request.state in OPEN_STATES,
        family_id=request.family_id,
        family_number=row.number or "",
        family_label=row.label or _newcomer(request),
        child_id=request.child_id,
        child=f"{row.first_name} {row.last_name}" if row.first_name is not None else "",
        child_age=age_on(born, today) if born is not None and born <= today else None,
        activity=row.activity or "",
        facility=row.facility or "",
        items=dates.items,
        undecided=dates.undecided,
        first_date=dates.first,
        last_date=dates.last,
        pieces=_pieces(beside.facts, request, dates.first or today),
        unpaid=beside.facts.overdue.get(request.family_id or 0, 0),
        quotient=value if may_read_income else None,
        quotient_from=since if may_read_income else None,
        books=request.kind is RequestKind.BOOKINGS,
        places_left=beside.places.get(request.id),
        origin=ORIGIN_LABELS[request.origin],
        agent=row.agent,
    )


def _newcomer(request: Request) -> str:
    """The name of a family that is not known yet."""
    payload: dict[str, Any] = request.payload.get("payload") or {}
    adults: Sequence[dict[str, Any]] = payload.get("adults") or ()
    return f"{adults[0].get('last_name', '')} {adults[0].get('first_name', '')}".strip() if adults else ""


def _pieces(facts: Facts, request: Request, day: date) -> tuple[PieceState, ...]:
    """The state of each required piece of the dossier, in the order of their types."""
    if request.child_id is None or request.family_id is None:
        return ()
    return tuple(
        PieceState(state) for state in facts.required_pieces(request.child_id, request.family_id, day)
    )
