"""The tariffs as they are listed and typed: values whose unit is said, what each may name, whether it has served."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models import money
from guichet.models.offer import Activity, AgeGroup, Slot
from guichet.rules.permissions import Permission
from guichet.rules.tariff_checks import END_OF_TIME
from guichet.rules.tariffs import Bracket, EligibleMode, Tariff, TariffMethod
from guichet.services import price_list
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class TariffValues:
    """A tariff as typed. Amounts in cents; `rate` × QF is in euros; `eligible_value` cents or hundredths of a percent.

    A condition left None holds for every slot, group, category, or residence. `brackets`: (from, below or None, cents).
    """

    name: str
    activity_id: int
    method: TariffMethod
    valid_from: date
    valid_until: date = END_OF_TIME
    slot_id: int | None = None
    group_id: int | None = None
    category: str | None = None
    resident: bool | None = None
    amount_cents: int | None = None
    brackets: tuple[tuple[int, int | None, int], ...] = ()
    rate: Decimal | None = None
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    eligible_mode: EligibleMode = EligibleMode.ALL
    eligible_value: int | None = None

    def as_rule(self, tariff_id: int = 0) -> Tariff:
        """The tariff as the rules price with it."""
        return Tariff(
            id=tariff_id,
            label=self.name,
            method=self.method,
            activity_id=self.activity_id,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            slot_id=self.slot_id,
            group_id=self.group_id,
            category=self.category,
            resident=self.resident,
            unit_price=self.amount_cents,
            brackets=tuple(Bracket(*bracket) for bracket in self.brackets),
            rate=self.rate,
            minimum=self.minimum_cents,
            maximum=self.maximum_cents,
            eligible=price_list.eligible_part(self.eligible_mode, self.eligible_value),
        )


@dataclass(frozen=True)
class TariffRow:
    """A tariff as listed. `used`: it has priced something, so that only its end may still move."""

    tariff_id: int
    version: int
    code: str
    activity: str
    slot: str
    group: str
    used: bool
    last_priced_on: date | None
    values: TariffValues


@dataclass(frozen=True)
class Choice:
    """A slot or a group of an activity, as a tariff may name it."""

    row_id: int
    activity_id: int
    name: str


@dataclass(frozen=True)
class TariffsView:
    """Every tariff by activity and date, latest first, and what a tariff may name."""

    tariffs: tuple[TariffRow, ...]
    activities: tuple[Choice, ...]
    slots: tuple[Choice, ...]
    groups: tuple[Choice, ...]


@needs(Permission.ADMINISTER)
def list_tariffs(session: Session, context: Context, query: None = None) -> TariffsView:
    """The tariffs, in a fixed number of queries."""
    activities = _choices(session, select(Activity.id, Activity.id, Activity.name).order_by(Activity.name))
    slots = _choices(session, select(Slot.id, Slot.activity_id, Slot.name).order_by(Slot.position, Slot.id))
    groups = _choices(
        session,
        select(AgeGroup.id, AgeGroup.activity_id, AgeGroup.name).order_by(AgeGroup.position, AgeGroup.id),
    )
    names = {one.row_id: one.name for one in activities}
    slot_names = {one.row_id: one.name for one in slots}
    group_names = {one.row_id: one.name for one in groups}
    priced = {
        row.tariff_id: row.last
        for row in session.execute(
            select(money.Charge.tariff_id, func.max(money.Charge.date).label("last"))
            .where(money.Charge.tariff_id.is_not(None))
            .group_by(money.Charge.tariff_id)
        )
    }
    brackets = grids(session)
    rows = session.scalars(
        select(money.Tariff)
        .join(Activity, Activity.id == money.Tariff.activity_id)
        .order_by(Activity.name, money.Tariff.valid_from.desc(), money.Tariff.name, money.Tariff.id)
    )
    return TariffsView(
        tuple(
            TariffRow(
                tariff_id=row.id,
                version=row.version,
                code=row.code,
                activity=names[row.activity_id],
                slot=slot_names.get(row.slot_id or 0, ""),
                group=group_names.get(row.group_id or 0, ""),
                used=row.id in priced,
                last_priced_on=priced.get(row.id),
                values=values_of(row, brackets[row.id]),
            )
            for row in rows
        ),
        activities,
        slots,
        groups,
    )


def _choices(session: Session, query: Any) -> tuple[Choice, ...]:
    return tuple(Choice(*row) for row in session.execute(query))


def grids(session: Session) -> dict[int, list[tuple[int, int | None, int]]]:
    """The brackets of every tariff, by tariff then quotient: (from, below or None, cents)."""
    found: dict[int, list[tuple[int, int | None, int]]] = defaultdict(list)
    for row in session.scalars(
        select(money.Bracket).order_by(money.Bracket.tariff_id, money.Bracket.qf_from)
    ):
        found[row.tariff_id].append((row.qf_from, row.qf_below, row.amount_cents))
    return found


def values_of(row: money.Tariff, grid: Sequence[tuple[int, int | None, int]]) -> TariffValues:
    """A stored tariff with its brackets."""
    return TariffValues(
        name=row.name,
        activity_id=row.activity_id,
        method=row.method,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        slot_id=row.slot_id,
        group_id=row.group_id,
        category=row.category,
        resident=row.resident,
        amount_cents=row.amount_cents,
        brackets=tuple(grid),
        rate=row.decimal_rate,
        minimum_cents=row.minimum_cents,
        maximum_cents=row.maximum_cents,
        eligible_mode=row.eligible_mode,
        eligible_value=row.eligible_value,
    )
