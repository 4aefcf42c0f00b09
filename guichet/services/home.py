"""The work waiting, counted: the tiles of the home page, and today by site (screens.md §1)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState
from guichet.models.money import Payment
from guichet.models.offer import Activity, CapacityPool, Facility, PoolDay
from guichet.models.people import Family
from guichet.models.requests import BatchState, ImportBatch, ImportLine, Request, RequestKind, RequestState
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services import billing_state, expiring_pieces, freed_places, invoice_documents, settings
from guichet.services.import_views import MissingNight, missing_nights
from guichet.services.invoice_documents import InvoiceQuery, Standing
from guichet.services.invoice_drafts import DraftInvoices
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.requests import count_each
from guichet.services.transaction import Context, needs

# The very view that each number opens: the count and the list share their conditions.
QUERIES: dict[str, RequestQuery] = {
    "mine": RequestQuery(queue=Queue.MINE),
    "to_take": RequestQuery(queue=Queue.TO_TAKE),
    "complements": RequestQuery(complement_received=True),
    "waiting_family": RequestQuery(queue=Queue.WAITING_FAMILY),
    "late_answers": RequestQuery(late=True, sort="answer_by"),
    "anomalies": RequestQuery(queue=Queue.ANOMALIES),
    "waiting_list": RequestQuery(states=(RequestState.WAITING_LIST,)),
    "attestations_asked": RequestQuery(kinds=(RequestKind.ATTESTATION,)),
}

OVERDUE = InvoiceQuery(standing=Standing.OVERDUE, sort="due_on", descending=False)


@dataclass(frozen=True)
class NightTile:
    """The last import of a portal's file: how many lines, what they became; `proposed` requests, of which `fits` fit.

    `proposed` counts what `RequestQuery(queue=ALL, batch_id=…)` lists.
    """

    batch_id: int
    portal: str
    batch: str
    at: datetime
    refused: bool
    received: int
    imported: int
    duplicate: int
    quarantined: int
    proposed: int
    fits: int
    anomalies: int


@dataclass(frozen=True)
class FirstSteps:
    """A base without any family yet: whether the town is named and has activities."""

    town_named: bool
    has_activities: bool


@dataclass(frozen=True)
class SiteRow:
    """Today in one activity: children expected, children waiting, places of the day (None where not limited)."""

    facility: str
    activity_id: int
    activity: str
    booked: int
    waiting: int
    places: int | None


@dataclass(frozen=True)
class Home:
    """What waits for the one who looks; each count opens the list it names."""

    today: date
    mine: int
    to_take: int
    waiting_family: int
    complements: int
    anomalies: int
    late_answers: int
    waiting_list: int
    attestations_asked: int
    expiring_pieces: int
    freed_places: int
    night: NightTile | None
    missing: tuple[MissingNight, ...]
    sites: tuple[SiteRow, ...]
    first_steps: FirstSteps | None


@dataclass(frozen=True)
class Money:
    """The money that waits, in cents: invoices overdue, payments received today, contra-entries taken off."""

    overdue_invoices: int
    overdue_cents: int
    payments_today: int
    payments_today_cents: int


@dataclass(frozen=True)
class MonthToBill:
    """The last whole month as the last pricing left it: the invoices that issuing would number, in cents together.

    `unpriced` bookings of it still wait for a price.
    """

    start: date
    end: date
    to_bill: int
    to_bill_cents: int
    unpriced: int


@needs(Permission.READ_REQUESTS)
def home(session: Session, context: Context) -> Home:
    """Every tile in a fixed number of queries."""
    today = paris_day(context.now)
    counted = dict(zip(QUERIES, count_each(session, context, tuple(QUERIES.values())), strict=True))
    return Home(
        today=today,
        **counted,
        expiring_pieces=expiring_pieces.count(session, today),
        freed_places=freed_places.count(session, context),
        night=_night(session, context),
        missing=missing_nights(session, context),
        sites=_sites(session, today),
        first_steps=_first_steps(session),
    )


@needs(Permission.READ_BILLING)
def money(session: Session, context: Context, query: None = None) -> Money:
    """Read apart: what is overdue is reckoned over every invoice ever issued."""
    overdue = invoice_documents.totals(session, context, OVERDUE)
    paid = session.execute(
        select(func.count(Payment.id), func.coalesce(func.sum(Payment.amount_cents), 0)).where(
            Payment.received_on == paris_day(context.now)
        )
    ).one()
    return Money(overdue.documents, overdue.left_cents, int(paid[0]), int(paid[1]))


@needs(Permission.ISSUE_INVOICES)
def month_to_bill(session: Session, context: Context, query: None = None) -> MonthToBill:
    """Read apart too: the month's bookings are counted."""
    end = paris_day(context.now).replace(day=1) - timedelta(days=1)
    start = end.replace(day=1)
    state = billing_state.read(session, context, DraftInvoices(start, end))
    return MonthToBill(start, end, state.draft.invoices, state.draft.total_cents, state.unpriced)


def _first_steps(session: Session) -> FirstSteps | None:
    """What a base just made still lacks; None once families are in."""
    if session.execute(select(Family.id).limit(1)).first() is not None:
        return None
    named = settings.get(session, "town.name") != settings.DEFAULTS["town.name"]
    offered = session.execute(select(Activity.id).limit(1)).first() is not None
    return FirstSteps(named, offered)


def _night(session: Session, context: Context) -> NightTile | None:
    batch = session.scalars(
        select(ImportBatch).order_by(ImportBatch.started_at.desc(), ImportBatch.id.desc()).limit(1)
    ).first()
    if batch is None:
        return None
    fits, anomalies = session.execute(
        select(
            func.coalesce(func.sum(case((Request.proposal == "accept", 1), else_=0)), 0),
            func.coalesce(func.sum(case((Request.anomaly.is_not(None), 1), else_=0)), 0),
        )
        .select_from(ImportLine)
        .join(Request, Request.id == ImportLine.request_id)
        .where(ImportLine.batch_id == batch.id, ImportLine.outcome == "imported")
    ).one()
    (proposed,) = count_each(session, context, [RequestQuery(queue=Queue.ALL, batch_id=batch.id)])
    return NightTile(
        batch.id,
        batch.portal,
        batch.batch,
        batch.started_at,
        batch.state is BatchState.REFUSED,
        batch.received,
        batch.imported,
        batch.duplicate,
        batch.quarantined,
        proposed,
        int(fits),
        int(anomalies),
    )


def _sites(session: Session, today: date) -> tuple[SiteRow, ...]:
    booked = func.count(func.distinct(case((Booking.state == BookingState.BOOKED, Booking.child_id))))
    waiting = func.count(func.distinct(case((Booking.state == BookingState.WAITING, Booking.child_id))))
    # A child of a group may draw on several of its pools (morning and afternoon): the largest says how many it takes.
    by_group = (
        select(CapacityPool.activity_id, func.max(PoolDay.size).label("size"))
        .join(PoolDay, PoolDay.pool_id == CapacityPool.id)
        .where(PoolDay.date == today)
        .group_by(CapacityPool.activity_id, CapacityPool.group_id)
        .subquery()
    )
    sizes: dict[int, Any] = dict(
        session.execute(
            select(by_group.c.activity_id, func.sum(by_group.c.size)).group_by(by_group.c.activity_id)
        ).all()
    )
    rows = session.execute(
        select(
            func.coalesce(Facility.name, "").label("facility"),
            Activity.id,
            Activity.name,
            booked.label("booked"),
            waiting.label("waiting"),
        )
        .join(Activity, Activity.id == Booking.activity_id)
        .outerjoin(Facility, Facility.id == Activity.facility_id)
        .where(Booking.date == today, Booking.state != BookingState.CANCELLED)
        .group_by(Facility.name, Activity.id, Activity.name)
        .order_by("facility", Activity.name, Activity.id)
    )
    return tuple(
        SiteRow(
            row.facility,
            row.id,
            row.name,
            int(row.booked),
            int(row.waiting),
            int(sizes[row.id]) if row.id in sizes else None,
        )
        for row in rows
    )
