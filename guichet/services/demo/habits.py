"""What the children of the demonstration town come to: enrolments, bookings, attendance, and the places that this leaves."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.offer import PoolDay
from guichet.rules.text import paris_day
from guichet.services.demo.offer import Offer, OfferedActivity
from guichet.services.demo.people import Household, SomeOne
from guichet.services.demo.writing import Writer

FIRST_DAY = date(2025, 10, 1)
_BOOKED_UNTIL = (date(2026, 4, 3), date(2026, 4, 30), date(2026, 7, 3))
"""Some families book week by week, others the whole year: so that spring days fill up while others still ask."""

_MIDNIGHT = time(0, 0)
_CHUNK = 20_000
_ABSENCE_REASONS = ("Maladie", "Raison familiale", "Sortie scolaire")


@dataclass(frozen=True)
class Habit:
    """A child's regular coming to an activity: the slot, and the weekdays (Monday 0) it comes on."""

    activity: str
    slot: str
    weekdays: frozenset[int]


@dataclass(frozen=True)
class _Enrolled:
    household: Household
    child: SomeOne
    activity: OfferedActivity
    habits: tuple[Habit, ...]


class HabitsWriter:
    """Draws and writes enrolments and bookings, counting the places taken as it goes."""

    def __init__(self, writer: Writer, rng: Random, offer: Offer) -> None:
        self._writer = writer
        self._rng = rng
        self._offer = offer
        self._today = paris_day(writer.now)
        self._taken: Counter[tuple[int, date]] = Counter()
        self._pools: dict[tuple[int, int | None], list[int]] = _pools_by_slot(offer)
        self._known: dict[int, tuple[Habit, ...]] = {}

    def write(self, households: Sequence[Household]) -> int:
        """Write the enrolments and bookings of these families; returns the number of bookings."""
        enrolled = [
            one for household in households if household.habits for one in self._enrolments(household)
        ]
        ids = self._writer.add(Enrolment, [_enrolment_row(one, self._today) for one in enrolled])
        count = 0
        chunk: list[dict[str, Any]] = []
        for one, enrolment_id in zip(enrolled, ids, strict=True):
            chunk.extend(self._bookings(one, enrolment_id))
            if len(chunk) >= _CHUNK:
                self._writer.add(Booking, chunk)
                count += len(chunk)
                chunk = []
        self._writer.add(Booking, chunk)
        return count + len(chunk)

    def write_places(self) -> None:
        """Give each open day its size: what is taken and some more, or exactly what is taken where it is full."""
        rows = []
        for activity in self._offer.activities.values():
            for pool in activity.pools:
                usual = max((self._taken[pool.id, day] for day in activity.days), default=0)
                for rank, day in enumerate(activity.days):
                    taken = self._taken[pool.id, day]
                    full = pool.full_every and day > self._today and taken and rank % pool.full_every == 0
                    rows.append(
                        {"pool_id": pool.id, "date": day, "size": taken if full else usual + pool.spare}
                    )
        self._writer.add(PoolDay, rows)

    def _enrolments(self, household: Household) -> Iterator[_Enrolled]:
        for child in household.children:
            if child.id not in self._known:
                self._known[child.id] = tuple(_draw_habits(self._rng, child.age_on(self._today)))
            by_activity: dict[str, list[Habit]] = {}
            for habit in self._known[child.id]:
                by_activity.setdefault(habit.activity, []).append(habit)
            for code, habits in by_activity.items():
                activity = self._offer.activities[code]
                if activity.takes(child.age_on(self._today)):
                    yield _Enrolled(household, child, activity, tuple(habits))

    def _bookings(self, one: _Enrolled, enrolment_id: int) -> Iterator[dict[str, Any]]:
        weeks = {"even": 0, "odd": 1}.get(one.household.weeks)
        last_day = self._rng.choice(_BOOKED_UNTIL)
        for day in one.activity.days:
            if not FIRST_DAY <= day <= last_day:
                continue
            if weeks is not None and day.isocalendar().week % 2 != weeks:
                continue
            age = one.child.age_on(day)
            if not one.activity.takes(age):
                continue
            for habit in one.habits:
                if day.weekday() in habit.weekdays and self._rng.random() < 0.96:
                    yield self._booking(one, enrolment_id, habit, day, one.activity.group_for(age))

    def _booking(
        self, one: _Enrolled, enrolment_id: int, habit: Habit, day: date, group_id: int | None
    ) -> dict[str, Any]:
        slot_id = one.activity.slots[habit.slot]
        for pool_id in self._pools.get((slot_id, None), []):
            self._taken[pool_id, day] += 1
        if group_id is not None:
            for pool_id in self._pools.get((slot_id, group_id), []):
                self._taken[pool_id, day] += 1
        attendance, reason = self._attendance(day)
        return {
            "enrolment_id": enrolment_id,
            "child_id": one.child.id,
            "family_id": one.household.id,
            "activity_id": one.activity.id,
            "slot_id": slot_id,
            "group_id": group_id,
            "date": day,
            "starts_at": _MIDNIGHT,
            "state": BookingState.BOOKED,
            "attendance": attendance,
            "absence_reason": reason,
            "requested_at": _asked_at(self._writer.now, day),
        }

    def _attendance(self, day: date) -> tuple[Attendance, str | None]:
        if day >= self._today:
            return Attendance.UNKNOWN, None
        drawn = self._rng.random()
        if drawn < 0.95:
            return Attendance.PRESENT, None
        if drawn < 0.97:
            return Attendance.ABSENT_EXCUSED, "Certificat médical"
        return Attendance.ABSENT_BILLED, self._rng.choice(_ABSENCE_REASONS)


def _asked_at(now: datetime, day: date) -> datetime:
    """Ten days before, and never in the future."""
    return min(now, now + (day - timedelta(days=10) - paris_day(now)))


def _draw_habits(rng: Random, age: int) -> Iterator[Habit]:
    """What a child of this age comes to; the school canteen above all."""
    school = 3 <= age <= 11
    if school and rng.random() < 0.72:
        yield Habit("CANT", "REPAS", _some_days(rng, (0, 1, 3, 4), 0.8))
    if school and rng.random() < 0.2:
        yield Habit("GARD", "MATIN", _some_days(rng, (0, 1, 3, 4), 0.7))
    if school and rng.random() < 0.3:
        yield Habit("GARD", "SOIR", _some_days(rng, (0, 1, 3, 4), 0.7))
    if school and rng.random() < 0.3:
        yield Habit("MERC", rng.choices(["JOURNEE", "MATIN", "AM"], weights=[60, 25, 15])[0], frozenset({2}))
    elif 4 <= age <= 11 and rng.random() < 0.06:
        yield Habit("MARM", "JOURNEE", frozenset({2}))
    if school and rng.random() < 0.16:
        yield Habit("VAC", rng.choice(["JOURNEE", "JOURNEE", "AM"]), _some_days(rng, range(5), 0.7))
    if 6 <= age <= 11 and rng.random() < 0.14:
        yield Habit("EMS", "SEANCE", frozenset())
    if 11 <= age <= 17 and rng.random() < 0.4:
        yield Habit("TJ", "SORTIE", _some_days(rng, range(5), 0.3))


def _some_days(rng: Random, weekdays: Sequence[int], share: float) -> frozenset[int]:
    chosen = frozenset(day for day in weekdays if rng.random() < share)
    return chosen or frozenset({weekdays[0]})


def _enrolment_row(one: _Enrolled, today: date) -> Mapping[str, Any]:
    return {
        "child_id": one.child.id,
        "family_id": one.household.id,
        "activity_id": one.activity.id,
        "period_id": one.activity.periods.get("2025-2026"),
        "group_id": one.activity.group_for(one.child.age_on(today)),
        "starts_on": date(2025, 9, 1),
        "ends_on": date(2026, 8, 31) if one.activity.code in {"VAC", "TJ"} else date(2026, 7, 3),
        "state": EnrolmentState.ACTIVE,
        "typical_week": [
            {"weekday": weekday + 1, "slot": habit.slot, "weeks": one.household.weeks}
            for habit in one.habits
            for weekday in sorted(habit.weekdays)
        ],
    }


def _pools_by_slot(offer: Offer) -> dict[tuple[int, int | None], list[int]]:
    pools: dict[tuple[int, int | None], list[int]] = {}
    for activity in offer.activities.values():
        for pool in activity.pools:
            for slot_id in pool.slot_ids:
                pools.setdefault((slot_id, pool.group_id), []).append(pool.id)
    return pools
