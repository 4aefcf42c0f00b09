"""The tariffs and quotients that price a period, read once: two queries however many bookings."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models import money, people
from guichet.rules.quotient import Quotient, in_force
from guichet.rules.tariffs import (
    Bracket,
    EligibleMode,
    EligiblePart,
    Price,
    Service,
    Tariff,
    Unpriced,
    line_price,
    unit_price,
)
from guichet.rules.tariffs import (
    select as select_tariff,
)


class PriceList:
    """Prices services by the rules of `rules.tariffs`, remembering what it has already worked out."""

    def __init__(self, tariffs: dict[int, list[Tariff]], quotients: dict[int, list[Quotient]]) -> None:
        self._tariffs = tariffs
        self._quotients = quotients
        self._selected: dict[Service, Tariff | Unpriced] = {}
        self._prices: dict[tuple[int, int, int], Price | Unpriced] = {}

    def price(self, service: Service, family_id: int, quantity: int) -> Price | Unpriced:
        """Price of a service for a family, by the quotient in force on its day."""
        if service not in self._selected:
            self._selected[service] = select_tariff(self._tariffs.get(service.activity_id, ()), service)
        tariff = self._selected[service]
        if isinstance(tariff, Unpriced):
            return tariff
        quotient = in_force(self._quotients.get(family_id, ()), service.day)
        key = (tariff.id, quotient.id if quotient else 0, quantity)
        if key not in self._prices:
            unit = unit_price(tariff, quotient)
            self._prices[key] = unit if isinstance(unit, Unpriced) else line_price(unit, quantity)
        return self._prices[key]


def load_price_list(session: Session, start: date, end: date) -> PriceList:
    """Read the tariffs and quotients in force at some time between two days, both included."""
    return PriceList(_tariffs(session, start, end), _quotients(session, start, end))


def _tariffs(session: Session, start: date, end: date) -> dict[int, list[Tariff]]:
    grids = defaultdict(list)
    for bracket in session.execute(select(money.Bracket).order_by(money.Bracket.qf_from)).scalars():
        step = Bracket(bracket.qf_from, bracket.qf_below, bracket.amount_cents)
        grids[bracket.tariff_id].append(step)
    rows = session.execute(
        select(money.Tariff)
        .where(money.Tariff.valid_from <= end, money.Tariff.valid_until >= start)
        .order_by(money.Tariff.id)
    ).scalars()
    found = defaultdict(list)
    for row in rows:
        found[row.activity_id].append(_tariff(row, tuple(grids[row.id])))
    return found


def _tariff(row: money.Tariff, brackets: tuple[Bracket, ...]) -> Tariff:
    return Tariff(
        id=row.id,
        label=row.name,
        method=row.method,
        activity_id=row.activity_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        slot_id=row.slot_id,
        group_id=row.group_id,
        category=row.category,
        resident=row.resident,
        unit_price=row.amount_cents,
        brackets=brackets,
        rate=row.decimal_rate,
        minimum=row.minimum_cents,
        maximum=row.maximum_cents,
        eligible=eligible_part(row.eligible_mode, row.eligible_value),
    )


def eligible_part(mode: EligibleMode, stored: int | None) -> EligiblePart:
    """What counts for the attestation: `stored` is cents, or hundredths of a percent, by the mode."""
    value = stored or 0
    is_percentage = mode is EligibleMode.PERCENTAGE
    return EligiblePart(
        mode=mode,
        amount=0 if is_percentage else value,
        percentage=Decimal(value) / 100 if is_percentage else Decimal(0),
    )


def _quotients(session: Session, start: date, end: date) -> dict[int, list[Quotient]]:
    table = people.Quotient
    rows = session.execute(
        select(
            table.id, table.family_id, table.value, table.valid_from, table.valid_until, table.source
        ).where(table.valid_from <= end, table.valid_until >= start)
    )
    found = defaultdict(list)
    for row in rows:
        found[row.family_id].append(
            Quotient(row.value, row.valid_from, row.valid_until, row.source.value, row.id)
        )
    return found
