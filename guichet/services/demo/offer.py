"""What the demonstration town offers, written from resources/demo/town.json."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from guichet.models.dossiers import DocumentScope, DocumentType, ValidityRule
from guichet.models.money import Bracket, Regie, Tariff
from guichet.models.offer import (
    Activity,
    ActivityType,
    AgeGroup,
    CapacityPool,
    Confirmation,
    DeadlineAction,
    DeadlineKind,
    DeadlineRule,
    Facility,
    Opening,
    Period,
    PoolSlot,
    Slot,
    SlotExclusion,
    Supervision,
)
from guichet.models.people import School
from guichet.models.settings import Closure
from guichet.rules.tariffs import EligibleMode, TariffMethod
from guichet.services import numbering
from guichet.services.demo.calendar import TownCalendar
from guichet.services.demo.writing import Writer

END_OF_TIME = date(9999, 12, 31)


@dataclass(frozen=True)
class Group:
    """An age group of the offer."""

    id: int
    code: str
    min_age: int
    max_age: int


@dataclass(frozen=True)
class Pool:
    """A count of places: the slots that draw on it, the places beyond demand, which open days are sold out."""

    id: int
    group_id: int | None
    slot_ids: frozenset[int]
    spare: int
    full_every: int


@dataclass(frozen=True)
class OfferedActivity:
    """An activity as the builder uses it."""

    id: int
    code: str
    slots: Mapping[str, int]
    groups: tuple[Group, ...]
    pools: tuple[Pool, ...]
    periods: Mapping[str, int]
    days: tuple[date, ...]

    def group_for(self, age: int) -> int | None:
        """The group that takes this age; None where the activity has no group."""
        return next((group.id for group in self.groups if group.min_age <= age <= group.max_age), None)

    def takes(self, age: int) -> bool:
        """Whether a child of this age may come."""
        return not self.groups or self.group_for(age) is not None


@dataclass(frozen=True)
class Offer:
    """Everything offered, by code."""

    activities: Mapping[str, OfferedActivity]
    regies: Mapping[str, int]
    facilities: Mapping[str, int]
    document_types: Mapping[str, int]
    schools: Mapping[str, int]


@dataclass
class _Ids:
    types: dict[str, int] = field(default_factory=dict)
    facilities: dict[str, int] = field(default_factory=dict)
    regies: dict[str, int] = field(default_factory=dict)


def write_offer(writer: Writer, town: Mapping[str, Any], calendar: TownCalendar) -> Offer:
    """Write facilities, régies, activities with their slots, groups, places, deadlines, open days and tariffs."""
    ids = _Ids(
        types={row["code"]: writer.add_one(ActivityType, **row) for row in town["activity_types"]},
        facilities={row["code"]: writer.add_one(Facility, **row) for row in town["facilities"]},
        regies={row["code"]: _write_regie(writer, row) for row in town["regies"]},
    )
    days = {
        "school": calendar.school_days,
        "wednesday": calendar.wednesdays,
        "holidays": calendar.holidays,
        "none": frozenset[date](),
    }
    activities: dict[str, OfferedActivity] = {}
    # An activity that names its holiday activity comes after it.
    for data in sorted(town["activities"], key=lambda row: "holiday_activity" in row):
        activities[data["code"]] = _write_activity(
            writer, data, ids, activities, tuple(sorted(days[data["days"]]))
        )
    for closure in town["closures"]:
        writer.add_one(
            Closure,
            facility_id=ids.facilities[closure["facility"]],
            starts_on=date.fromisoformat(closure["starts_on"]),
            ends_on=date.fromisoformat(closure["ends_on"]),
            reason=closure["reason"],
        )
    return Offer(
        activities=activities,
        regies=ids.regies,
        facilities=ids.facilities,
        document_types=_write_document_types(writer, town["document_types"]),
        schools={name: writer.add_one(School, name=name) for name in town["schools"]},
    )


def _write_regie(writer: Writer, data: Mapping[str, Any]) -> int:
    columns = {key: value for key, value in data.items() if key != "start"}
    regie_id = writer.add_one(Regie, **columns)
    for kind, number in data["start"].items():
        numbering.start_at(writer.session, data["series"], kind, number)
    return regie_id


def _write_document_types(writer: Writer, types: list[Mapping[str, Any]]) -> dict[str, int]:
    ids = {}
    for position, data in enumerate(types):
        ids[data["code"]] = writer.add_one(
            DocumentType,
            code=data["code"],
            label=data["label"],
            scope=DocumentScope(data["scope"]),
            validity=ValidityRule(data["validity"]),
            validity_days=data.get("validity_days"),
            required=data.get("required", False),
            position=position,
        )
    return ids


def _write_activity(
    writer: Writer,
    data: Mapping[str, Any],
    ids: _Ids,
    written: Mapping[str, OfferedActivity],
    days: tuple[date, ...],
) -> OfferedActivity:
    holiday = data.get("holiday_activity")
    activity_id = writer.add_one(
        Activity,
        code=data["code"],
        name=data["name"],
        type_id=ids.types[data["type"]],
        facility_id=ids.facilities[data["facility"]],
        regie_id=ids.regies[data["regie"]],
        confirmation=Confirmation(data["confirmation"]),
        supervision=Supervision(data["supervision"]),
        paid_at_once=data.get("paid_at_once", False),
        modifiable=data.get("modifiable", True),
        waiting_list=data.get("waiting_list", True),
        holiday_activity_id=written[holiday].id if holiday else None,
    )
    slots = _write_slots(writer, activity_id, data)
    groups = tuple(
        Group(
            writer.add_one(AgeGroup, activity_id=activity_id, position=position, **group),
            group["code"],
            group["min_age"],
            group["max_age"],
        )
        for position, group in enumerate(data.get("groups", []))
    )
    group_ids = {group.code: group.id for group in groups}
    pools = tuple(_write_pool(writer, activity_id, pool, slots, group_ids) for pool in data["pools"])
    _write_deadlines(writer, activity_id, data["deadlines"])
    periods = {
        row["code"]: writer.add_one(Period, activity_id=activity_id, **_dates(row)) for row in data["periods"]
    }
    writer.add(
        Opening,
        [
            {"activity_id": activity_id, "slot_id": slot_id, "date": day}
            for slot_id in slots.values()
            for day in days
        ],
    )
    for tariff in data["tariffs"]:
        _write_tariff(writer, activity_id, tariff, slots)
    return OfferedActivity(activity_id, data["code"], slots, groups, pools, periods, days)


def _write_slots(writer: Writer, activity_id: int, data: Mapping[str, Any]) -> dict[str, int]:
    slots = {
        slot["code"]: writer.add_one(
            Slot,
            activity_id=activity_id,
            code=slot["code"],
            name=slot["name"],
            starts_at=time.fromisoformat(slot["starts_at"]),
            ends_at=time.fromisoformat(slot["ends_at"]),
            meal=slot.get("meal", False),
            position=position,
        )
        for position, slot in enumerate(data["slots"])
    }
    for pair in data.get("exclusions", []):
        lower, higher = sorted(slots[code] for code in pair)
        writer.add_one(SlotExclusion, slot_id=lower, other_slot_id=higher)
    return slots


def _write_pool(
    writer: Writer,
    activity_id: int,
    data: Mapping[str, Any],
    slots: Mapping[str, int],
    groups: Mapping[str, int],
) -> Pool:
    group_id = groups[data["group"]] if "group" in data else None
    pool_id = writer.add_one(
        CapacityPool, activity_id=activity_id, group_id=group_id, code=data["code"], name=data["name"]
    )
    slot_ids = [slots[code] for code in data["slots"]]
    writer.add(
        PoolSlot,
        [{"activity_id": activity_id, "pool_id": pool_id, "slot_id": slot_id} for slot_id in slot_ids],
    )
    return Pool(pool_id, group_id, frozenset(slot_ids), data["spare"], data.get("full_every", 0))


def _write_deadlines(writer: Writer, activity_id: int, rules: list[Mapping[str, Any]]) -> None:
    for rule in rules:
        at_time = rule.get("at_time")
        writer.add_one(
            DeadlineRule,
            activity_id=activity_id,
            action=DeadlineAction(rule["action"]),
            kind=DeadlineKind(rule["kind"]),
            weekday=rule.get("weekday"),
            at_time=time.fromisoformat(at_time) if at_time else None,
            days=rule.get("days"),
        )


def _write_tariff(
    writer: Writer, activity_id: int, data: Mapping[str, Any], slots: Mapping[str, int]
) -> None:
    """One row a slot: a tariff names one slot or all."""
    for code in data["slots"]:
        tariff_id = writer.add_one(
            Tariff,
            code=data["code"] if len(data["slots"]) == 1 else f"{data['code']}-{code}",
            name=data["name"],
            activity_id=activity_id,
            slot_id=slots[code],
            method=TariffMethod(data["method"]),
            amount_cents=data.get("amount_cents"),
            rate=data.get("rate"),
            minimum_cents=data.get("minimum_cents"),
            maximum_cents=data.get("maximum_cents"),
            eligible_mode=EligibleMode(data.get("eligible_mode", "all")),
            eligible_value=data.get("eligible_value"),
            valid_from=date.fromisoformat(data["valid_from"]),
            valid_until=date.fromisoformat(data["valid_until"]),
        )
        writer.add(
            Bracket,
            [
                {"tariff_id": tariff_id, "qf_from": lower, "qf_below": below, "amount_cents": cents}
                for lower, below, cents in data.get("brackets", [])
            ],
        )


def _dates(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with every member named `…_on` read as a date."""
    return {key: date.fromisoformat(value) if key.endswith("_on") else value for key, value in row.items()}
