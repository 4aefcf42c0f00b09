"""What the rules must know to propose: gathered for many requests at once, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.dossiers import Document, Dossier
from guichet.models.dossiers import DossierState as StoredDossierState
from guichet.models.money import (
    Allocation,
    ChargeBooking,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    TreasuryTitle,
)
from guichet.models.offer import Opening
from guichet.models.people import Family, Person, Schooling
from guichet.models.requests import RequestKind
from guichet.rules.ages import GroupChoice, age_on, choose_group
from guichet.rules.capacity import LiveBooking
from guichet.rules.dossier import DocumentState, DossierState, Piece, dossier_state
from guichet.rules.tariffs import Service, Unpriced
from guichet.rules.text import paris_day
from guichet.services import balances, places
from guichet.services.catalogue import ActivityInfo, Catalogue, SlotInfo
from guichet.services.price_list import PriceList, load_price_list
from guichet.services.transaction import Context

# Written out, not bound: only then does SQLite see that the index of live bookings serves.
IS_LIVE = text("booking.state <> 'cancelled'")
_DECIDED = {
    StoredDossierState.VALID: DossierState.VALID,
    StoredDossierState.REFUSED: DossierState.REFUSED,
    StoredDossierState.UNDER_REVIEW: DossierState.UNDER_REVIEW,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was kept."""

    id: int
    portal: str
    kind: RequestKind
    line: dict[str, Any]
    family_id: int | None
    child_id: int | None
    activity_id: int | None
    refers_to_id: int | None
    submitted_at: datetime
    payment_reference: str | None

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = self.line.get("payload") or {}
        return found


@dataclass(frozen=True, slots=True)
class BookingFact:
    """A live booking of a child, with what bars changing it."""

    id: int
    enrolment_id: int
    family_id: int
    child_id: int
    slot_id: int
    group_id: int | None
    day: date
    start: time
    waiting: bool
    attendance: Attendance
    item_id: int | None

    @property
    def live(self) -> LiveBooking:
        return LiveBooking(self.id, self.family_id, self.slot_id, self.day, self.start, self.waiting)


@dataclass(frozen=True, slots=True)
class EnrolmentFact:
    """An enrolment that is not cancelled."""

    id: int
    group_id: int | None
    starts_on: date
    ends_on: date
    active: bool
    category: str | None


@dataclass(frozen=True, slots=True)
class ChildFact:
    """What decides a child's group: the birth date, and the school levels over time."""

    birth_date: date | None
    levels: tuple[tuple[date, date, str | None], ...] = ()

    def level_on(self, day: date) -> str | None:
        return next((level for first, last, level in self.levels if first <= day <= last), None)


@dataclass
class Facts:
    """The facts about the children, families and dates of some requests."""

    catalogue: Catalogue
    now: datetime
    children: dict[int, ChildFact] = field(default_factory=dict)
    residents: dict[int, bool] = field(default_factory=dict)
    enrolments: dict[tuple[int, int, int], list[EnrolmentFact]] = field(default_factory=dict)
    bookings: dict[int, list[BookingFact]] = field(default_factory=dict)
    openings: dict[tuple[int, date], frozenset[int | None]] = field(default_factory=dict)
    counts: places.Counts = field(default_factory=lambda: places.Counts(sizes={}))
    dossiers: dict[tuple[int, int, int], StoredDossierState] = field(default_factory=dict)
    pieces: dict[tuple[str, int], list[Piece]] = field(default_factory=dict)
    overdue: dict[int, int] = field(default_factory=dict)
    in_hand: dict[int, int] = field(default_factory=dict)
    prices: PriceList | None = None
    invoiced: set[int] = field(default_factory=set)
    paid: set[int] = field(default_factory=set)

    def enrolment(self, child_id: int, family_id: int, activity_id: int, day: date) -> EnrolmentFact | None:
        """The active enrolment under which this family may book the child on `day`."""
        found = self.enrolments.get((child_id, family_id, activity_id), ())
        return next((one for one in found if one.active and one.starts_on <= day <= one.ends_on), None)

    def group(
        self, child_id: int, activity: ActivityInfo, day: date, fixed: int | None = None
    ) -> GroupChoice:
        """The group for a booking: the enrolment's where it is fixed, else the one that age and class propose."""
        child = self.children.get(child_id, ChildFact(None))
        known = next((group for group in activity.groups if group.id == fixed), None)
        if known is not None:
            has_age = child.birth_date is not None and child.birth_date <= day
            return GroupChoice(
                known, None, age_on(child.birth_date, day) if has_age and child.birth_date else None
            )
        return choose_group(activity.groups, child.birth_date, day, child.level_on(day))

    def dossier(self, child_id: int, family_id: int, day: date) -> DossierState:
        """The state of the child's dossier in this family for the school year of `day`."""
        year = self.catalogue.calendar.school_year(day)
        stored = self.dossiers.get((child_id, family_id, year.id)) if year is not None else None
        return dossier_state(
            exists=stored is not None and stored is not StoredDossierState.EXPECTED,
            decision=_DECIDED.get(stored) if stored is not None else None,
            required=self.required_types(child_id, day),
            pieces=[*self.pieces.get(("family", family_id), ()), *self.pieces.get(("child", child_id), ())],
            year=year,
            on=max(day, year.span.first) if year is not None else day,
        )

    def required_pieces(self, child_id: int, family_id: int, day: date) -> tuple[str, ...]:
        """What stands for each required piece on `day`: `valid`, `received` (to look at) or `missing`."""
        held = [*self.pieces.get(("family", family_id), ()), *self.pieces.get(("child", child_id), ())]
        found = []
        for type_id in self.required_types(child_id, day):
            states = {one.state for one in held if one.type_id == type_id and not one.lapsed(day)}
            is_valid, is_received = DocumentState.VALID in states, DocumentState.RECEIVED in states
            found.append("valid" if is_valid else "received" if is_received else "missing")
        return tuple(found)

    def closed(self, slot: SlotInfo, activity: ActivityInfo, day: date, group_id: int | None) -> str | None:
        """Why the slot is not open on `day`, as a French sentence; None when it is."""
        closure = self.catalogue.calendar.closure(day, activity.facility_id, activity.id)
        if closure is not None:
            return f"{activity.name} est fermé ce jour-là : {closure.label}."
        if self._is_open(slot.id, day, group_id):
            return None
        holiday = self.catalogue.calendar.public_holidays.get(day)
        if holiday is not None:
            return f"{activity.name} est fermé ce jour-là : {holiday}."
        return f"{activity.name} n’accueille pas les enfants ce jour-là sur ce créneau ({slot.name})."

    def _is_open(self, slot_id: int, day: date, group_id: int | None) -> bool:
        """Open for all, or for the child's group; a child that fits no group is refused for that, not for the day."""
        open_for = self.openings.get((slot_id, day), frozenset())
        return bool(open_for) and (group_id is None or bool(open_for & {None, group_id}))

    def price(
        self, slot: SlotInfo, day: date, group_id: int | None, one: EnrolmentFact | None, family_id: int
    ) -> int | str:
        """Cents that a date takes from a prepaid account, 0 where nothing is prepaid; a sentence where it has no price."""
        if self.prices is None or not self.catalogue.activities[slot.activity_id].prepaid:
            return 0
        category = one.category if one is not None else None
        resident = self.residents.get(family_id, True)
        service = Service(slot.activity_id, slot.id, group_id, day, category, resident)
        found = self.prices.price(service, family_id, 1)
        return found.message if isinstance(found, Unpriced) else found.amount

    def live_at(
        self, child_id: int, family_id: int, slot_id: int, day: date, start: time
    ) -> BookingFact | None:
        """The family's own live booking of the child at that moment."""
        return next(
            (
                one
                for one in self.bookings.get(child_id, ())
                if (one.slot_id, one.day, one.start, one.family_id) == (slot_id, day, start, family_id)
            ),
            None,
        )

    def required_types(self, child_id: int, day: date) -> list[int]:
        """The types of piece that a dossier of a child of this age requires on `day`."""
        birth = self.children.get(child_id, ChildFact(None)).birth_date
        age = age_on(birth, day) if birth is not None and birth <= day else None
        return [
            one.id
            for one in self.catalogue.required_types
            if age is None
            or ((one.min_age is None or age >= one.min_age) and (one.max_age is None or age <= one.max_age))
        ]


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


def due_on_invoices() -> Select[int, int]:
    """(family_id, cents) still due on each invoice not passed to the Trésor: its total less what paid its charges and
    what credit notes took off. The caller narrows it down; it is grouped by invoice.
    """
    correction = aliased(Invoice)
    credited = (
        select(func.coalesce(func.sum(correction.total_cents), 0))
        .where(correction.refers_to_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )
    paid = func.coalesce(func.sum(Allocation.amount_cents), 0)
    return (
        select(Invoice.family_id, (Invoice.total_cents - paid - credited).label("due"))
        .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .outerjoin(Allocation, Allocation.charge_id == InvoiceLine.charge_id)
        .where(Invoice.kind == InvoiceKind.INVOICE, ~exists().where(TreasuryTitle.invoice_id == Invoice.id))
        .group_by(Invoice.id)
    )


# Built once: composing it costs more than running it, and every decision asks.
_OVERDUE = due_on_invoices().where(
    Invoice.family_id.in_(bindparam("families", expanding=True)), Invoice.due_on < bindparam("today")
)


def overdue(session: Session, family_ids: Collection[int], today: date) -> dict[int, int]:
    """Cents still due on each family's invoices past their due date, passed to the Trésor left out."""
    rows = session.execute(_OVERDUE, {"families": list(family_ids), "today": today})
    found: dict[int, int] = defaultdict(int)
    for family_id, due in rows:
        found[family_id] += max(due, 0)
    return {family_id: due for family_id, due in found.items() if due}


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
