"""Which requests a view lists: its criteria, as conditions in SQL."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import aliased

from guichet.models.bookings import Booking, BookingState
from guichet.models.offer import Slot
from guichet.models.people import Family
from guichet.models.requests import (
    ImportLine,
    LineOutcome,
    Request,
    RequestItem,
    RequestKind,
    RequestState,
)
from guichet.rules.names import searched_words
from guichet.rules.requests import OPEN_STATES
from guichet.rules.text import paris_day
from guichet.services.paging import PageQuery
from guichet.services.transaction import Context


class Queue(StrEnum):
    """The agents' usual views of the list."""

    ALL = "all"
    OPEN = "open"
    MINE = "mine"
    TO_TAKE = "to_take"
    WAITING_FAMILY = "waiting_family"
    ANOMALIES = "anomalies"


@dataclass(frozen=True)
class RequestQuery(PageQuery):
    """A view of the requests; superseded revisions are never listed.

    `states`, `kinds` and `activity_id` narrow the view; `text` is words in any order, without accents; `proposal` is
    accept, wait, refuse, examine or mixed. `complement_received` keeps those whose complement came and that nobody
    decided since, `late` open ones whose answer is overdue, `batch_id` what an import brought, `waiting_on` those with a
    child on the waiting list that day. `sort` is one of `requests.SORTS`.
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


def held_by(context: Context) -> ColumnElement[bool]:
    """Requests that the one who acts has taken up; an actor without an account has none."""
    user_id = context.actor.user_id
    return false() if user_id is None else Request.agent_id == user_id


def conditions(context: Context, query: RequestQuery) -> list[ColumnElement[bool]]:
    """What makes a request, joined to its family, one that the view lists."""
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
