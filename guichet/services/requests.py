"""Reading the requests: the queue a page at a time, in a fixed number of queries whatever there is."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from guichet.models.bookings import Booking, BookingState
from guichet.models.offer import Activity, Facility, Slot
from guichet.models.people import Family, Person, Quotient
from guichet.models.requests import (
    ImportLine,
    ItemDecision,
    LineOutcome,
    Origin,
    Request,
    RequestItem,
    RequestKind,
    RequestState,
)
from guichet.models.settings import UserAccount
from guichet.rules.ages import age_on
from guichet.rules.errors import UserError
from guichet.rules.names import searched_words
from guichet.rules.permissions import Permission
from guichet.rules.requests import OPEN_STATES
from guichet.rules.text import paris_day
from guichet.services import catalogue as catalogues
from guichet.services import facts as fact_readers
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs

KIND_LABELS = {
    RequestKind.BOOKINGS: "Réservations",
    RequestKind.CANCELLATIONS: "Annulations",
    RequestKind.ABSENCE: "Absence",
    RequestKind.ENROLMENT: "Inscription",
    RequestKind.WITHDRAWAL: "Retrait de demande",
    RequestKind.COMPLEMENT: "Complément",
    RequestKind.NEW_FAMILY: "Nouvelle famille",
    RequestKind.FAMILY_SHEET: "Fiche famille",
    RequestKind.CHILD_SHEET: "Fiche enfant",
    RequestKind.DOCUMENT: "Pièce",
    RequestKind.ATTESTATION: "Attestation fiscale",
    RequestKind.MESSAGE: "Message",
    RequestKind.EINVOICE_CONSENT: "Facture dématérialisée",
}
ORIGIN_LABELS = {
    Origin.PORTAL: "portail",
    Origin.DESK: "guichet",
    Origin.TELEPHONE: "téléphone",
    Origin.PAPER: "papier",
}


class Queue(StrEnum):
    """The agents' usual views of the list."""

    ALL = "all"
    OPEN = "open"
    MINE = "mine"
    TO_TAKE = "to_take"
    WAITING_FAMILY = "waiting_family"
    ANOMALIES = "anomalies"


class PieceState(StrEnum):
    """One of the dossier's required pieces: ● valid, ◐ received, ○ missing."""

    VALID = "valid"
    RECEIVED = "received"
    MISSING = "missing"


@dataclass(frozen=True)
class RequestQuery(PageQuery):
    """A view of the requests; superseded revisions are never listed.

    `states`, `kinds` and `activity_id` narrow the view; `text` is words in any order, without accents; `proposal` is
    accept, wait, refuse, examine or mixed. `complement_received` keeps those whose complement came and that nobody
    decided since, `late` open ones whose answer is overdue, `batch_id` what an import brought, `waiting_on` those with a
    child on the waiting list that day. `sort` is one of `SORTS`.
    """

    queue: Queue = Queue.OPEN
    states: tuple[RequestState, ...] = ()
    kinds: tuple[RequestKind, ...] = ()
    activity_id: int | None = None
    family_id: int | None = None
    proposal: str = ""
    text: str = ""
    complement_received: bool = False
    late: bool = False
    batch_id: int | None = None
    waiting_on: date | None = None
    sort: str = "submitted_at"


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


_SORTS: dict[str, Any] = {
    "submitted_at": Request.submitted_at,
    "answer_by": Request.answer_by,
    "state": Request.state,
    "kind": Request.kind,
    "proposal": Request.proposal,
    "family": Family.sort_key,
    "child": Person.sort_key,
    "activity": Activity.name,
    "agent": UserAccount.display_name,
}
SORTS = tuple(_SORTS)


def held_by(context: Context) -> ColumnElement[bool]:
    """Requests that the one who acts has taken up; an actor without an account has none."""
    user_id = context.actor.user_id
    return false() if user_id is None else Request.agent_id == user_id


@needs(Permission.READ_REQUESTS)
def list_requests(session: Session, context: Context, query: RequestQuery) -> Page[RequestRow]:
    """One page of the view, filtered and sorted in SQL; the same number of queries for one row as for a hundred."""
    wanted = _conditions(context, query)
    total = session.execute(_base(select(func.count(Request.id))).where(*wanted)).scalar_one()
    order = _SORTS.get(query.sort, Request.submitted_at)
    ordered = (order.desc() if query.descending else order.asc()).nulls_last()
    rows = session.execute(
        _base(
            select(
                Request,
                Family.number,
                Family.label,
                Person.first_name,
                Person.last_name,
                Person.birth_date,
                Activity.name.label("activity"),
                Facility.name.label("facility"),
                func.coalesce(UserAccount.display_name, "").label("agent"),
            )
        )
        .where(*wanted)
        .order_by(ordered, Request.submitted_at, Request.portal, Request.external_id, Request.id)
        .limit(query.size)
        .offset(query.offset)
    ).all()
    beside = _beside(session, context, [row.Request for row in rows])
    return Page(tuple(_row(context, row, beside) for row in rows), total, query.offset)


@needs(Permission.READ_REQUESTS)
def count_each(session: Session, context: Context, queries: Sequence[RequestQuery]) -> tuple[int, ...]:
    """How many requests each of these views lists: one query, by the very conditions of the list."""
    counted = (_base(select(func.count(Request.id))).where(*_conditions(context, query)) for query in queries)
    found = session.execute(select(*(one.scalar_subquery() for one in counted))).one()
    return tuple(int(number) for number in found)


@needs(Permission.READ_REQUESTS)
def matching_ids(session: Session, context: Context, query: RequestQuery) -> tuple[int, ...]:
    """The ids of every request of the view, whatever the page, in order of submission, portal, id."""
    return tuple(
        session.scalars(
            _base(select(Request.id))
            .where(*_conditions(context, query))
            .order_by(Request.submitted_at, Request.portal, Request.external_id, Request.id)
        )
    )


@needs(Permission.READ_REQUESTS)
def find_request(session: Session, context: Context, reference: str) -> int:
    """The request that a person names: `#n` by its internal number, else by the portal's id (its latest revision).

    Raises UserError when there is none, or when two portals use the same id.
    """
    text = reference.strip()
    if text.startswith("#") and text[1:].isdecimal():
        found = list(session.scalars(select(Request.id).where(Request.id == int(text[1:]))))
    else:
        found = list(
            session.scalars(
                select(Request.id).where(
                    Request.external_id == text, Request.state != RequestState.SUPERSEDED
                )
            )
        )
    if not found:
        raise UserError(
            f"Il n’y a pas de demande « {text} » dans cette base.", field="request", code="request_gone"
        )
    if len(found) > 1:
        numbers = ", ".join(f"#{request_id}" for request_id in found)
        raise UserError(
            f"Plusieurs portails ont une demande « {text} » : précisez laquelle ({numbers}).",
            field="request",
            code="ambiguous_request",
        )
    return found[0]


def _base(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(Request)
        .outerjoin(Family, Family.id == Request.family_id)
        .outerjoin(Person, Person.id == Request.child_id)
        .outerjoin(Activity, Activity.id == Request.activity_id)
        .outerjoin(Facility, Facility.id == Activity.facility_id)
        .outerjoin(UserAccount, UserAccount.id == Request.agent_id)
    )


def _conditions(context: Context, query: RequestQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Request.state != RequestState.SUPERSEDED]
    queues: dict[Queue, ColumnElement[bool]] = {
        Queue.OPEN: Request.state.in_(OPEN_STATES),
        Queue.MINE: and_(Request.state.in_(OPEN_STATES), held_by(context)),
        Queue.TO_TAKE: or_(
            Request.state == RequestState.PENDING,
            and_(Request.state == RequestState.IN_PROGRESS, Request.agent_id.is_(None)),
        ),
        Queue.WAITING_FAMILY: Request.state == RequestState.NEEDS_INFO,
        Queue.ANOMALIES: and_(Request.state.in_(OPEN_STATES), Request.anomaly.is_not(None)),
    }
    if query.queue in queues:
        found.append(queues[query.queue])
    if query.states:
        found.append(Request.state.in_(query.states))
    if query.kinds:
        found.append(Request.kind.in_(query.kinds))
    if query.activity_id is not None:
        found.append(_speaks_of(query.activity_id))
    if query.family_id is not None:
        found.append(Request.family_id == query.family_id)
    if query.proposal:
        found.append(Request.proposal == query.proposal)
    if query.complement_received:
        found.append(_complement_received())
    if query.late:
        found.append(and_(Request.state.in_(OPEN_STATES), Request.answer_by < paris_day(context.now)))
    if query.batch_id is not None:
        found.append(
            Request.id.in_(
                select(ImportLine.request_id).where(
                    ImportLine.batch_id == query.batch_id, ImportLine.outcome == LineOutcome.IMPORTED
                )
            )
        )
    if query.waiting_on is not None:
        found.append(_waits_on(query.waiting_on, query.activity_id))
    found += [
        or_(
            Request.search_key.contains(word, autoescape=True),
            Family.search_key.contains(word, autoescape=True),
        )
        for word in searched_words(query.text)
    ]
    return found


def _complement_received() -> ColumnElement[bool]:
    """In progress, and a complement of the family has been joined to it."""
    complement = aliased(Request)
    came = (
        select(complement.id)
        .where(
            complement.refers_to_id == Request.id,
            complement.kind == RequestKind.COMPLEMENT,
            complement.state == RequestState.ACCEPTED,
        )
        .correlate(Request)
        .exists()
    )
    return and_(Request.state == RequestState.IN_PROGRESS, came)


def _waits_on(day: date, activity_id: int | None) -> ColumnElement[bool]:
    """Requests one of whose dates made a booking that waits that day, whatever the request has become since."""
    waiting = (
        select(RequestItem.id)
        .join(Booking, Booking.request_item_id == RequestItem.id)
        .where(
            RequestItem.request_id == Request.id, Booking.date == day, Booking.state == BookingState.WAITING
        )
    )
    if activity_id is not None:
        waiting = waiting.where(Booking.activity_id == activity_id)
    return waiting.correlate(Request).exists()


def _speaks_of(activity_id: int) -> ColumnElement[bool]:
    """Requests on one activity, those on several activities by their items."""
    items = (
        select(RequestItem.id)
        .join(Slot, Slot.id == RequestItem.slot_id)
        .where(RequestItem.request_id == Request.id, Slot.activity_id == activity_id)
        .exists()
    )
    return or_(Request.activity_id == activity_id, and_(Request.activity_id.is_(None), items))


@dataclass(frozen=True)
class _Dates:
    items: int
    undecided: int
    first: date | None
    last: date | None


@dataclass(frozen=True)
class _Beside:
    """What stands beside a page's requests."""

    facts: fact_readers.Facts
    dates: dict[int, _Dates]
    quotients: dict[int, tuple[int | None, date]]
    places: dict[int, int | None]


def _beside(session: Session, context: Context, requests: Sequence[Request]) -> _Beside:
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
    facts = fact_readers.gather(
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
    return _Beside(
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


def _fewest_places(facts: fact_readers.Facts, request: Request, rows: Sequence[Any]) -> int | None:
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


def _row(context: Context, row: Any, beside: _Beside) -> RequestRow:
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


def _pieces(facts: fact_readers.Facts, request: Request, day: date) -> tuple[PieceState, ...]:
    """The state of each required piece of the dossier, in the order of their types."""
    if request.child_id is None or request.family_id is None:
        return ()
    return tuple(
        PieceState(state) for state in facts.required_pieces(request.child_id, request.family_id, day)
    )
