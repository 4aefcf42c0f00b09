"""The offer and the calendar as the rules want them: read once, in a fixed number of queries, then asked in memory."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models import offer
from guichet.models import settings as calendar_rows
from guichet.models.dossiers import DocumentType
from guichet.rules import calendar
from guichet.rules.ages import AgeGroup
from guichet.rules.deadlines import (
    END_OF_DAY,
    DeadlineRule,
    DeadlineRules,
    Limit,
    RuleKind,
    Window,
    limit,
    paris_instant,
    rules_on,
)


@dataclass(frozen=True)
class SlotInfo:
    """A slot and what bookings of it need to know."""

    id: int
    activity_id: int
    code: str
    name: str
    starts_at: time | None
    ends_at: time | None
    by_the_hour: bool


@dataclass(frozen=True)
class PeriodInfo:
    """A period of an activity and its registration window."""

    id: int
    code: str
    span: calendar.DateSpan
    window: Window | None


@dataclass(frozen=True)
class ActivityInfo:
    """An activity with its groups in their order, its deadlines and its periods."""

    id: int
    code: str
    name: str
    facility_id: int | None
    immediate: bool
    paid_at_once: bool
    modifiable: bool
    needs_dossier: bool
    waiting_list: bool
    residents_only: bool
    prepaid: bool
    holiday_activity_id: int | None
    starts_on: date | None
    ends_on: date | None
    archived: bool
    groups: tuple[AgeGroup, ...]
    group_codes: dict[str, int]
    rules: DeadlineRules
    periods: tuple[PeriodInfo, ...]

    def period_on(self, day: date) -> PeriodInfo | None:
        """The period that holds `day`; the shortest where several do (a holiday inside the year)."""
        holding = [period for period in self.periods if day in period.span]
        return min(holding, key=lambda period: period.span.last - period.span.first, default=None)


@dataclass(frozen=True)
class PoolInfo:
    """A capacity pool: which slots draw on it, for which group (None: every group)."""

    id: int
    name: str
    group_id: int | None
    slot_ids: frozenset[int]


@dataclass(frozen=True)
class RequiredType:
    """A document type that dossiers require, for children of some ages."""

    id: int
    min_age: int | None
    max_age: int | None


@dataclass(frozen=True)
class Catalogue:
    """Everything the rules ask about the offer. Valid within one transaction."""

    calendar: calendar.Calendar
    activities: dict[int, ActivityInfo]
    slots: dict[int, SlotInfo]
    exclusive: dict[int, frozenset[int]]
    pools: dict[int, PoolInfo]
    pools_of_slot: dict[int, tuple[PoolInfo, ...]]
    required_types: tuple[RequiredType, ...]
    known_limits: dict[tuple[int, date, time | None], tuple[Limit, Limit, Limit]] = field(
        default_factory=dict
    )

    def pools_for(self, slot_id: int, group_id: int | None) -> tuple[PoolInfo, ...]:
        """The pools that a booking of this slot by a child of this group draws on."""
        pools = self.pools_of_slot.get(slot_id, ())
        return tuple(pool for pool in pools if pool.group_id is None or pool.group_id == group_id)

    def rules_for(self, activity: ActivityInfo, day: date) -> tuple[DeadlineRules, ActivityInfo]:
        """The deadlines that hold for the activity on `day`, and the activity they come from."""
        other = self.activities.get(activity.holiday_activity_id or 0)
        rules = rules_on(day, self.calendar, activity.rules, other.rules if other else None)
        return rules, other if other is not None and rules is other.rules else activity

    def limits(self, slot: SlotInfo, day: date, start: time | None) -> tuple[Limit, Limit, Limit]:
        """The booking, cancelling and absence limits of a slot on `day`; never to book nor cancel where unmodifiable."""
        key = (slot.id, day, start)
        if key not in self.known_limits:
            self.known_limits[key] = self._limits(slot, day, start)
        return self.known_limits[key]

    def _limits(self, slot: SlotInfo, day: date, start: time | None) -> tuple[Limit, Limit, Limit]:
        activity = self.activities[slot.activity_id]
        rules, source = self.rules_for(activity, day)
        period = source.period_on(day) or activity.period_on(day)
        window = period.window if period is not None else None
        starts = start or slot.starts_at
        book, cancel, absence = (
            limit(rule, day, self.calendar, slot_start=starts, window=window)
            for rule in (rules.book, rules.cancel, rules.absence)
        )
        if not activity.modifiable:
            return Limit(never=True), Limit(never=True), absence
        return book, cancel, absence


def load(session: Session) -> Catalogue:
    """Read the offer and the calendar: eleven queries, whatever their size."""
    exclusive: dict[int, set[int]] = defaultdict(set)
    for low, high in session.execute(select(offer.SlotExclusion.slot_id, offer.SlotExclusion.other_slot_id)):
        exclusive[low].add(high)
        exclusive[high].add(low)
    pools = _pools(session)
    by_slot: dict[int, list[PoolInfo]] = defaultdict(list)
    for pool in pools.values():
        for slot_id in pool.slot_ids:
            by_slot[slot_id].append(pool)
    return Catalogue(
        calendar=load_calendar(session),
        activities=_activities(session),
        slots=_slots(session),
        exclusive={slot: frozenset(others) for slot, others in exclusive.items()},
        pools=pools,
        pools_of_slot={slot: tuple(found) for slot, found in by_slot.items()},
        required_types=_required_types(session),
    )


def load_for_dossiers(session: Session) -> Catalogue:
    """The calendar and the required pieces alone, all that a dossier's state asks: four queries."""
    return Catalogue(load_calendar(session), {}, {}, {}, {}, {}, _required_types(session))


def load_calendar(session: Session) -> calendar.Calendar:
    """School years, school holidays, public holidays day by day, closures."""
    public: dict[date, str] = {}
    holidays = []
    for row in session.execute(
        select(
            calendar_rows.Holiday.kind,
            calendar_rows.Holiday.name,
            calendar_rows.Holiday.starts_on,
            calendar_rows.Holiday.ends_on,
        ).order_by(calendar_rows.Holiday.starts_on)
    ):
        span = calendar.DateSpan(row.starts_on, row.ends_on)
        if row.kind is calendar_rows.HolidayKind.PUBLIC:
            public.update((day, row.name) for day in span.days())
        else:
            holidays.append(calendar.SchoolHoliday(row.name, calendar.HolidayKind(row.kind.value), span))
    years = session.execute(
        select(
            calendar_rows.SchoolYear.id,
            calendar_rows.SchoolYear.label,
            calendar_rows.SchoolYear.starts_on,
            calendar_rows.SchoolYear.ends_on,
        ).order_by(calendar_rows.SchoolYear.starts_on)
    )
    closures = session.execute(
        select(
            calendar_rows.Closure.reason,
            calendar_rows.Closure.starts_on,
            calendar_rows.Closure.ends_on,
            calendar_rows.Closure.facility_id,
            calendar_rows.Closure.activity_id,
        ).order_by(calendar_rows.Closure.id)
    )
    return calendar.Calendar(
        school_years=tuple(
            calendar.SchoolYear(row.id, row.label, calendar.DateSpan(row.starts_on, row.ends_on))
            for row in years
        ),
        school_holidays=tuple(holidays),
        public_holidays=public,
        closures=tuple(
            calendar.Closure(
                row.reason, calendar.DateSpan(row.starts_on, row.ends_on), row.facility_id, row.activity_id
            )
            for row in closures
        ),
    )


def _activities(session: Session) -> dict[int, ActivityInfo]:
    rules = _rules(session)
    groups: dict[int, list[tuple[str, AgeGroup]]] = defaultdict(list)
    for row in session.scalars(select(offer.AgeGroup).order_by(offer.AgeGroup.position, offer.AgeGroup.id)):
        group = AgeGroup(row.id, row.name, row.min_age, row.max_age, frozenset(row.levels or ()))
        groups[row.activity_id].append((row.code, group))
    periods: dict[int, list[PeriodInfo]] = defaultdict(list)
    for period in session.scalars(select(offer.Period).order_by(offer.Period.starts_on)):
        span = calendar.DateSpan(period.starts_on, period.ends_on)
        periods[period.activity_id].append(PeriodInfo(period.id, period.code, span, _window(period)))
    return {
        row.id: ActivityInfo(
            id=row.id,
            code=row.code,
            name=row.name,
            facility_id=row.facility_id,
            immediate=row.confirmation is offer.Confirmation.IMMEDIATE,
            paid_at_once=row.paid_at_once,
            modifiable=row.modifiable,
            needs_dossier=row.needs_dossier,
            waiting_list=row.waiting_list,
            residents_only=row.residents_only,
            prepaid=row.prepaid,
            holiday_activity_id=row.holiday_activity_id,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            archived=row.archived,
            groups=tuple(group for _, group in groups[row.id]),
            group_codes={code: group.id for code, group in groups[row.id]},
            rules=rules.get(row.id, DeadlineRules()),
            periods=tuple(periods[row.id]),
        )
        for row in session.scalars(select(offer.Activity))
    }


def _rules(session: Session) -> dict[int, DeadlineRules]:
    found: dict[int, dict[str, DeadlineRule]] = defaultdict(dict)
    for row in session.scalars(select(offer.DeadlineRule)):
        found[row.activity_id][row.action.value] = deadline_rule(row)
    return {activity_id: DeadlineRules(**rules) for activity_id, rules in found.items()}


def deadline_rule(row: offer.DeadlineRule) -> DeadlineRule:
    """A stored deadline as the rules want it."""
    return DeadlineRule(
        RuleKind(row.kind.value),
        weekday=row.weekday or 0,
        at=row.at_time,
        days=row.days or 0,
        hours=row.hours or 0,
        count_request_day=row.counts_request_day,
        count_service_day=row.counts_service_day,
    )


def _window(period: offer.Period) -> Window | None:
    """The registration window of a period, in whole Paris days; None where neither end is entered."""
    opens, closes = period.registration_opens_on, period.registration_closes_on
    if opens is None and closes is None:
        return None
    return Window(
        None if opens is None else paris_instant(opens, time(0)),
        None if closes is None else paris_instant(closes, END_OF_DAY),
    )


def _slots(session: Session) -> dict[int, SlotInfo]:
    return {
        row.id: SlotInfo(
            row.id,
            row.activity_id,
            row.code,
            row.name,
            row.starts_at,
            row.ends_at,
            row.unit is offer.SlotUnit.HOUR,
        )
        for row in session.scalars(select(offer.Slot))
    }


def _pools(session: Session) -> dict[int, PoolInfo]:
    slots: dict[int, set[int]] = defaultdict(set)
    for pool_id, slot_id in session.execute(select(offer.PoolSlot.pool_id, offer.PoolSlot.slot_id)):
        slots[pool_id].add(slot_id)
    return {
        row.id: PoolInfo(row.id, row.name, row.group_id, frozenset(slots[row.id]))
        for row in session.scalars(select(offer.CapacityPool).order_by(offer.CapacityPool.id))
    }


def _required_types(session: Session) -> tuple[RequiredType, ...]:
    rows: Sequence[DocumentType] = session.scalars(
        select(DocumentType).where(DocumentType.required).order_by(DocumentType.position, DocumentType.id)
    ).all()
    return tuple(RequiredType(row.id, row.min_age, row.max_age) for row in rows)
