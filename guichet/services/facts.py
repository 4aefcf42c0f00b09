"""What the rules must know to propose, and what they read of it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from guichet.models.bookings import Attendance
from guichet.models.dossiers import DossierState as StoredDossierState
from guichet.models.requests import RequestKind
from guichet.rules.ages import GroupChoice, age_on, choose_group
from guichet.rules.capacity import LiveBooking
from guichet.rules.dossier import DocumentState, DossierState, Piece, dossier_state
from guichet.rules.tariffs import Service, Unpriced
from guichet.services import places
from guichet.services.catalogue import ActivityInfo, Catalogue, SlotInfo
from guichet.services.price_list import PriceList

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
        """What the family asked, as the portal wrote it."""
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
        """The booking as the rules of capacity know it."""
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
        """The school level that day; None out of school."""
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
