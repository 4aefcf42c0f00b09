"""The work waiting, counted: the tiles of the home page, and today by site (screens.md §1)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from guichet.models.bookings import Booking, BookingState
from guichet.models.dossiers import Document, DocumentState
from guichet.models.money import Invoice
from guichet.models.offer import Activity, CapacityPool, Facility, PoolDay, PoolSlot
from guichet.models.requests import BatchState, ImportBatch, ImportLine, Request, RequestKind, RequestState
from guichet.rules.permissions import Permission
from guichet.rules.requests import OPEN_STATES
from guichet.rules.text import paris_day
from guichet.services import facts
from guichet.services.requests import held_by
from guichet.services.transaction import Context, needs

EXPIRING_DAYS = 30


@dataclass(frozen=True)
class NightTile:
    """The last import of a portal's file: when, how many lines, what they became, and what is proposed or wrong."""

    batch_id: int
    portal: str
    batch: str
    at: datetime
    refused: bool
    received: int
    imported: int
    duplicate: int
    quarantined: int
    fits: int
    anomalies: int


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
    """What waits for the one who looks. Amounts in cents; each count opens the list it names."""

    today: date
    mine: int
    to_take: int
    waiting_family: int
    complements: int
    anomalies: int
    late_answers: int
    expiring_pieces: int
    freed_places: int
    overdue_invoices: int
    overdue_cents: int
    night: NightTile | None
    sites: tuple[SiteRow, ...]


@needs(Permission.READ_REQUESTS)
def home(session: Session, context: Context) -> Home:
    """Every tile in a fixed number of queries."""
    today = paris_day(context.now)
    requests = _requests(session, context, today)
    overdue, cents = _overdue(session, today) if context.may(Permission.READ_BILLING) else (0, 0)
    return Home(
        today=today,
        **requests,
        complements=_complements(session),
        expiring_pieces=_expiring(session, today),
        freed_places=_freed(session, today),
        overdue_invoices=overdue,
        overdue_cents=cents,
        night=_night(session),
        sites=_sites(session, today),
    )


def _requests(session: Session, context: Context, today: date) -> dict[str, int]:
    is_open = Request.state.in_(OPEN_STATES)
    counted = {
        "mine": and_(is_open, held_by(context)),
        "to_take": or_(
            Request.state == RequestState.PENDING,
            and_(Request.state == RequestState.IN_PROGRESS, Request.agent_id.is_(None)),
        ),
        "waiting_family": Request.state == RequestState.NEEDS_INFO,
        "anomalies": and_(is_open, Request.anomaly.is_not(None)),
        "late_answers": and_(is_open, Request.answer_by < today),
    }
    row = session.execute(
        select(*(func.coalesce(func.sum(case((what, 1), else_=0)), 0) for what in counted.values())).where(
            is_open
        )
    ).one()
    return dict(zip(counted, (int(number) for number in row), strict=True))


def _complements(session: Session) -> int:
    """Requests whose complement came and that nobody decided since."""
    complement = aliased(Request)
    statement = (
        select(func.count(func.distinct(Request.id)))
        .join(complement, complement.refers_to_id == Request.id)
        .where(
            complement.kind == RequestKind.COMPLEMENT,
            complement.state == RequestState.ACCEPTED,
            Request.state == RequestState.IN_PROGRESS,
        )
    )
    return session.execute(statement).scalar_one()


def _expiring(session: Session, today: date) -> int:
    return session.execute(
        select(func.count(Document.id)).where(
            Document.state == DocumentState.VALID,
            Document.valid_until >= today,
            Document.valid_until <= today + timedelta(days=EXPIRING_DAYS),
        )
    ).scalar_one()


def _freed(session: Session, today: date) -> int:
    """Days of a pool that have a place while children wait for it."""
    booked = func.sum(case((Booking.state == BookingState.BOOKED, Booking.quantity), else_=0))
    waiting = func.sum(case((Booking.state == BookingState.WAITING, 1), else_=0))
    days = (
        select(PoolDay.id)
        .join(CapacityPool, CapacityPool.id == PoolDay.pool_id)
        .join(PoolSlot, PoolSlot.pool_id == PoolDay.pool_id)
        .join(
            Booking,
            and_(
                Booking.slot_id == PoolSlot.slot_id,
                Booking.date == PoolDay.date,
                or_(CapacityPool.group_id.is_(None), CapacityPool.group_id == Booking.group_id),
            ),
        )
        .where(PoolDay.date >= today, Booking.state != BookingState.CANCELLED)
        .group_by(PoolDay.id, PoolDay.size)
        .having(and_(waiting > 0, booked < PoolDay.size))
        .subquery()
    )
    return session.execute(select(func.count()).select_from(days)).scalar_one()


def _overdue(session: Session, today: date) -> tuple[int, int]:
    """How many invoices are past their due date and not wholly paid, and the cents due on them."""
    rows = facts.due_on_invoices().where(Invoice.due_on < today).subquery()
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(rows.c.due), 0)).where(rows.c.due > 0)
    ).one()
    return int(row[0]), int(row[1])


def _night(session: Session) -> NightTile | None:
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
