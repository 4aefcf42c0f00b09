"""Reading the facts that proposals and decisions need, for many requests at once, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import and_, func, or_, select, text, tuple_
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.dossiers import Document, Dossier
from guichet.models.dossiers import DossierState as StoredDossierState
from guichet.models.money import (
    Allocation,
    ChargeBooking,
    InvoiceLine,
)
from guichet.models.offer import Opening
from guichet.models.people import Family, Person, Schooling
from guichet.rules.dossier import DocumentState, Piece
from guichet.rules.text import paris_day
from guichet.services import balances, places
from guichet.services.catalogue import Catalogue
from guichet.services.due_invoices import overdue
from guichet.services.facts import BookingFact, ChildFact, EnrolmentFact, Facts
from guichet.services.price_list import load_price_list
from guichet.services.transaction import Context

# Written out, not bound: only then does SQLite see that the index of live bookings serves.
IS_LIVE = text("booking.state <> 'cancelled'")


def gather(
    session: Session,
    context: Context,
    catalogue: Catalogue,
    *,
    child_ids: Collection[int],
    family_ids: Collection[int],
    moments: Iterable[tuple[int, date]],
    child_days: Collection[tuple[int, date]] = (),
    with_money: bool = True,
) -> Facts:
    """Read the facts about these children and families, these (slot, date) moments and these days of these children.

    At most fifteen queries, whatever their number.
    """
    wanted = set(moments)
    slots = {slot for slot, _ in wanted}
    days = {day for _, day in wanted}
    facts = Facts(catalogue, context.now)
    facts.children = _children(session, child_ids)
    facts.residents = dict(
        session.execute(select(Family.id, Family.resident).where(Family.id.in_(family_ids))).all()
    )
    facts.enrolments = _enrolments(session, child_ids)
    facts.bookings = _bookings(session, child_days)
    if wanted:
        facts.openings = _openings(session, slots, days)
        pools = {(pool.id, day) for slot, day in wanted for pool in catalogue.pools_of_slot.get(slot, ())}
        facts.counts = places.count(session, pools, context.now)
    facts.dossiers = _dossiers(session, child_ids)
    if catalogue.required_types:
        facts.pieces = _pieces(session, family_ids, child_ids)
    if with_money:
        facts.overdue = overdue(session, family_ids, paris_day(context.now))
        live = [one.id for found in facts.bookings.values() for one in found]
        facts.invoiced, facts.paid = billed(session, live)
        asked = {catalogue.slots[slot].activity_id for slot in slots}
        if any(catalogue.activities[activity].prepaid for activity in asked):
            facts.prices = load_price_list(session, min(days), max(days))
        if any(activity.prepaid for activity in catalogue.activities.values()):
            owed = balances.balances(session, family_ids)
            facts.in_hand = {family_id: -found.with_uninvoiced for family_id, found in owed.items()}
    return facts


def _children(session: Session, child_ids: Collection[int]) -> dict[int, ChildFact]:
    levels: dict[int, list[tuple[date, date, str | None]]] = defaultdict(list)
    for row in session.execute(
        select(Schooling.child_id, Schooling.starts_on, Schooling.ends_on, Schooling.level).where(
            Schooling.child_id.in_(child_ids)
        )
    ):
        levels[row.child_id].append((row.starts_on, row.ends_on, row.level))
    rows = session.execute(select(Person.id, Person.birth_date).where(Person.id.in_(child_ids)))
    return {child_id: ChildFact(birth, tuple(levels[child_id])) for child_id, birth in rows}


def _enrolments(
    session: Session, child_ids: Collection[int]
) -> dict[tuple[int, int, int], list[EnrolmentFact]]:
    found: dict[tuple[int, int, int], list[EnrolmentFact]] = defaultdict(list)
    for row in session.execute(
        select(
            Enrolment.id,
            Enrolment.child_id,
            Enrolment.family_id,
            Enrolment.activity_id,
            Enrolment.group_id,
            Enrolment.starts_on,
            Enrolment.ends_on,
            Enrolment.state,
            Enrolment.tariff_category,
        )
        .where(Enrolment.child_id.in_(child_ids), Enrolment.state != EnrolmentState.CANCELLED)
        .order_by(Enrolment.id)
    ):
        found[row.child_id, row.family_id, row.activity_id].append(
            EnrolmentFact(
                row.id,
                row.group_id,
                row.starts_on,
                row.ends_on,
                row.state is EnrolmentState.ACTIVE,
                row.tariff_category,
            )
        )
    return found


def _bookings(session: Session, child_days: Collection[tuple[int, date]]) -> dict[int, list[BookingFact]]:
    """The live bookings of each child on the days asked for it."""
    found: dict[int, list[BookingFact]] = defaultdict(list)
    if not child_days:
        return found
    for row in session.execute(
        select(
            Booking.id,
            Booking.enrolment_id,
            Booking.child_id,
            Booking.family_id,
            Booking.slot_id,
            Booking.group_id,
            Booking.date,
            Booking.starts_at,
            Booking.state,
            Booking.attendance,
            Booking.request_item_id,
        )
        .where(
            Booking.child_id.in_({child_id for child_id, _ in child_days}),
            tuple_(Booking.child_id, Booking.date).in_(child_days),
            IS_LIVE,
        )
        .order_by(Booking.id)
    ):
        found[row.child_id].append(
            BookingFact(
                row.id,
                row.enrolment_id,
                row.family_id,
                row.child_id,
                row.slot_id,
                row.group_id,
                row.date,
                row.starts_at,
                row.state is BookingState.WAITING,
                row.attendance,
                row.request_item_id,
            )
        )
    return found


def _openings(
    session: Session, slots: Collection[int], days: Collection[date]
) -> dict[tuple[int, date], frozenset[int | None]]:
    """For which groups (None: all) each slot is open on each day."""
    found: dict[tuple[int, date], set[int | None]] = defaultdict(set)
    for slot_id, day, group_id in session.execute(
        select(Opening.slot_id, Opening.date, Opening.group_id).where(
            Opening.slot_id.in_(slots), Opening.date.in_(days)
        )
    ):
        found[slot_id, day].add(group_id)
    return {key: frozenset(groups) for key, groups in found.items()}


def _dossiers(session: Session, child_ids: Collection[int]) -> dict[tuple[int, int, int], StoredDossierState]:
    rows = session.execute(
        select(Dossier.child_id, Dossier.family_id, Dossier.school_year_id, Dossier.state).where(
            Dossier.child_id.in_(child_ids)
        )
    )
    return {(child, family, year): state for child, family, year, state in rows}


def _pieces(
    session: Session, family_ids: Collection[int], child_ids: Collection[int]
) -> dict[tuple[str, int], list[Piece]]:
    found: dict[tuple[str, int], list[Piece]] = defaultdict(list)
    for row in session.execute(
        select(Document.type_id, Document.family_id, Document.person_id, Document.state, Document.valid_until)
        .where(
            Document.type_id.is_not(None),
            or_(
                Document.person_id.in_(child_ids),
                and_(Document.person_id.is_(None), Document.family_id.in_(family_ids)),
            ),
        )
        .order_by(Document.id)
    ):
        owner = ("child", row.person_id) if row.person_id is not None else ("family", row.family_id)
        found[owner].append(Piece(row.type_id, DocumentState(row.state.value), row.valid_until))
    return found


def billed(session: Session, booking_ids: Collection[int]) -> tuple[set[int], set[int]]:
    """Which bookings stand on an issued invoice, and which are paid for."""
    if not booking_ids:
        return set(), set()
    base = select(ChargeBooking.booking_id).where(ChargeBooking.booking_id.in_(booking_ids)).distinct()
    invoiced = base.join(InvoiceLine, InvoiceLine.charge_id == ChargeBooking.charge_id)
    paid = (
        base.join(Allocation, Allocation.charge_id == ChargeBooking.charge_id)
        .group_by(ChargeBooking.booking_id)
        .having(func.sum(Allocation.amount_cents) > 0)
    )
    return set(session.scalars(invoiced)), set(session.scalars(paid))
