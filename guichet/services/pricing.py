"""Pricing: the bookings of some days become charges, recomputed at will until invoiced or paid."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, Table, and_, bindparam, delete, select, update
from sqlalchemy.orm import Session

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment
from guichet.models.money import Allocation, Charge, ChargeBooking, DocumentOrigin, Regie
from guichet.models.offer import Activity, Slot
from guichet.models.people import Family
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.tariffs import Price, Service, Unpriced
from guichet.rules.text import format_date, paris_day
from guichet.services import journal
from guichet.services.balances import allocated, is_on_a_document
from guichet.services.bulk import insert_rows
from guichet.services.price_list import PriceList, load_price_list
from guichet.services.transaction import Context, needs

_CHARGE: Table = Charge.__table__  # type: ignore[assignment]
_CHARGE_BOOKING: Table = ChargeBooking.__table__  # type: ignore[assignment]
_SLICE = 2000
"""Bookings worked out before their charges are written: what they take in memory is then let go."""

Step = Callable[[int, int, str], None]
"""Told (done, total, what) between two parts of a long act; what it raises rolls the whole act back."""

_VOID = {
    "unit_cents": 0,
    "amount_cents": 0,
    "eligible_cents": 0,
    "regie_id": None,
    "trace": {"method": "void", "sentence": "Prestation annulée : son règlement a été annulé auparavant."},
}
"""A charge no longer due that cannot go: payments since undone still name it. It is never billed."""


class AnomalyCode(StrEnum):
    """What a clerk must know before invoicing; the blocking ones leave something unbilled."""

    UNPRICED = "unpriced"
    NO_REGIE = "no_regie"
    NOT_TICKED = "not_ticked"
    NO_QUOTIENT = "no_quotient"
    SETTLED_NOT_DUE = "settled_not_due"


BLOCKING = frozenset({AnomalyCode.UNPRICED, AnomalyCode.NO_REGIE})


@dataclass(frozen=True)
class Anomaly:
    """One thing to look at: a French sentence, the family (None: an activity as a whole), the bookings behind it."""

    code: AnomalyCode
    message: str
    family_id: int | None
    family_number: str
    booking_ids: tuple[int, ...]

    @property
    def blocking(self) -> bool:
        """Whether it leaves something unbilled."""
        return self.code in BLOCKING


@dataclass(frozen=True)
class PricePeriod:
    """Days to price, both included, for the activities of some régies (none named: every activity)."""

    start: date
    end: date
    regie_ids: tuple[int, ...] = ()
    command_id: str | None = None


@dataclass(frozen=True)
class PricingReport:
    """What a pricing run did to the charges, and what it could not price."""

    created: int
    updated: int
    deleted: int
    unchanged: int
    settled: int
    anomalies: tuple[Anomaly, ...]

    @property
    def changed(self) -> bool:
        """Whether any charge was written."""
        return bool(self.created or self.updated or self.deleted)


def say_nothing(_done: int, _total: int, _text: str) -> None:
    """Progress that nobody follows."""


@needs(Permission.ISSUE_INVOICES)
def price_period(
    session: Session, context: Context, command: PricePeriod, *, step: Step = say_nothing
) -> PricingReport:
    """Make the charges of a period match its bookings, whoever made them before; twice is once.

    Billed: booked and present, booked and not ticked, absent and billed, absent and excused where the activity bills
    it. Not billed: cancelled, waiting. A charge invoiced, paid or come from another program is left as it is.
    Raises UserError when the days are out of order.
    """
    report = recompute(session, context, command, step)
    if report.changed:
        journal.record(
            session,
            context,
            action="billing.price",
            subject=("charge", None),
            summary=f"Tarification du {format_date(command.start)} au {format_date(command.end)}",
            detail={"created": report.created, "updated": report.updated, "deleted": report.deleted},
        )
    return report


def recompute(
    session: Session, context: Context, command: PricePeriod, step: Step = say_nothing
) -> PricingReport:
    """As `price_period`, for a caller that checks the permission and journals by itself; `step` hears how far it is."""
    if command.start > command.end:
        raise UserError("La période finit avant de commencer : corrigez les dates.", field="period")
    lock_billing(session)
    prices = load_price_list(session, command.start, command.end)
    work = _Work(prices, today=paris_day(context.now))
    # Straight from the connection: plain columns need nothing of the unit of work.
    rows = session.connection().execute(_bookings(command)).all()
    for start in range(0, len(rows), _SLICE):
        step(start, len(rows), "Calcul des prix")
        for row in rows[start : start + _SLICE]:
            work.take(row)
        work.write(session)
    return PricingReport(
        created=work.created,
        updated=work.updated,
        deleted=work.deleted,
        unchanged=work.unchanged,
        settled=work.settled,
        anomalies=tuple(work.anomalies(session)),
    )


def lock_billing(session: Session) -> None:
    """Make pricing and invoicing wait for one another and for payments, until the transaction ends."""
    session.execute(select(Regie.id).order_by(Regie.id).with_for_update(key_share=True)).all()


def is_due() -> Any:
    """Whether a booking, joined to its activity, is to be billed: booked, but for absences excused for free."""
    excused = and_(Booking.attendance == Attendance.ABSENT_EXCUSED, Activity.excused_absence_free)
    return and_(Booking.state == BookingState.BOOKED, ~excused)


def _bookings(command: PricePeriod) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            Booking.id,
            Booking.family_id,
            Booking.child_id,
            Booking.activity_id,
            Booking.slot_id,
            Booking.group_id,
            Booking.date,
            Booking.quantity,
            is_due().label("due"),
            (Booking.attendance == Attendance.UNKNOWN).label("unticked"),
            Enrolment.tariff_category,
            Family.resident,
            Activity.regie_id,
            Slot.name.label("slot"),
            Charge.id.label("charge_id"),
            Charge.version,
            Charge.tariff_id,
            Charge.unit_cents,
            Charge.quantity.label("charged_quantity"),
            Charge.eligible_cents,
            Charge.label.label("charge_label"),
            Charge.trace,
            Charge.regie_id.label("charge_regie_id"),
            Charge.family_id.label("charge_family_id"),
            Charge.date.label("charge_date"),
            is_on_a_document(Charge.id).label("invoiced"),
            (Charge.origin == DocumentOrigin.IMPORTED).label("imported"),
            (allocated(Charge.id) != 0).label("paid"),
            select(Allocation.id).where(Allocation.charge_id == Charge.id).exists().label("touched"),
        )
        .join(Enrolment, Enrolment.id == Booking.enrolment_id)
        .join(Family, Family.id == Booking.family_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .outerjoin(ChargeBooking, ChargeBooking.booking_id == Booking.id)
        .outerjoin(Charge, Charge.id == ChargeBooking.charge_id)
        .where(Booking.date.between(command.start, command.end))
        .order_by(Booking.family_id, Booking.date, Booking.id)
    )
    if command.regie_ids:
        statement = statement.where(Activity.regie_id.in_(command.regie_ids))
    return statement


class _Work:
    """One run: sorts each booking into what is to be created, changed, deleted or left."""

    def __init__(self, prices: PriceList, today: date) -> None:
        self.prices = prices
        self.today = today
        self._new: list[tuple[int, dict[str, Any]]] = []
        self._changed: list[dict[str, Any]] = []
        self._stale: list[int] = []
        self._voided: list[int] = []
        self.created = self.updated = self.deleted = 0
        self.unchanged = 0
        self.settled = 0
        self._found: dict[tuple[AnomalyCode, int | None, str], list[int]] = defaultdict(list)

    def take(self, row: Row[Any]) -> None:
        if row.charge_id is not None and (row.invoiced or row.paid or row.imported):
            self.settled += 1
            if not row.due and not row.imported:
                self._note(AnomalyCode.SETTLED_NOT_DUE, row.family_id, _settled_not_due(row), row.id)
        elif row.due:
            self._price(row)
        elif row.charge_id is not None:
            self._drop(row)

    def _price(self, row: Row[Any]) -> None:
        service = Service(
            row.activity_id, row.slot_id, row.group_id, row.date, row.tariff_category, row.resident
        )
        price = self.prices.price(service, row.family_id, row.quantity)
        if isinstance(price, Unpriced):
            self._note(AnomalyCode.UNPRICED, row.family_id, f"{row.slot} : {price.message}", row.id)
            if row.charge_id is not None:
                self._drop(row)
            return
        self._warn(row, price)
        if row.charge_id is None:
            self._new.append((row.id, _charge_values(row, price)))
        elif _differs(row, price):
            values = _charge_values(row, price)
            self._changed.append({"charge": row.charge_id, "version": row.version + 1, **values})
        else:
            self.unchanged += 1

    def _warn(self, row: Row[Any], price: Price) -> None:
        if row.regie_id is None:
            message = f"{row.slot} : aucune régie n’encaisse cette activité, choisissez-en une."
            self._note(AnomalyCode.NO_REGIE, None, message, row.id)
        if row.unticked and row.date <= self.today:
            self._note(AnomalyCode.NOT_TICKED, None, f"{row.slot} : réservations non pointées.", row.id)
        if price.trace.get("maximum_applied"):
            message = "Pas de quotient familial en vigueur : le tarif maximum s’applique."
            self._note(AnomalyCode.NO_QUOTIENT, row.family_id, message, row.id)

    def _note(self, code: AnomalyCode, family_id: int | None, message: str, booking_id: int) -> None:
        self._found[(code, family_id, message)].append(booking_id)

    def _drop(self, row: Row[Any]) -> None:
        (self._voided if row.touched else self._stale).append(row.charge_id)

    def write(self, session: Session) -> None:
        """Write what was taken since the last call."""
        if dropped := self._stale + self._voided:
            session.execute(delete(_CHARGE_BOOKING).where(_CHARGE_BOOKING.c.charge_id.in_(dropped)))
            session.execute(delete(_CHARGE).where(_CHARGE.c.id.in_(self._stale)))
            session.execute(update(_CHARGE).where(_CHARGE.c.id.in_(self._voided)).values(_VOID))
        if self._changed:
            columns = [key for key in self._changed[0] if key != "charge"]
            statement = update(_CHARGE).where(_CHARGE.c.id == bindparam("charge"))
            session.execute(statement.values({name: bindparam(name) for name in columns}), self._changed)
        created = insert_rows(session, _CHARGE, [values for _, values in self._new])
        links = [
            {"charge_id": charge_id, "booking_id": booking_id}
            for charge_id, (booking_id, _) in zip(created, self._new, strict=True)
        ]
        insert_rows(session, _CHARGE_BOOKING, links)
        self.created += len(self._new)
        self.updated += len(self._changed)
        self.deleted += len(dropped)
        self._new, self._changed, self._stale, self._voided = [], [], [], []

    def anomalies(self, session: Session) -> Iterator[Anomaly]:
        family_ids = {family_id for _, family_id, _ in self._found if family_id is not None}
        rows = session.execute(select(Family.id, Family.number).where(Family.id.in_(family_ids)))
        numbers = {row.id: row.number for row in rows}
        order = list(AnomalyCode)
        for (code, family_id, message), ids in sorted(
            self._found.items(),
            key=lambda item: (order.index(item[0][0]), numbers.get(item[0][1] or 0, ""), item[0][2]),
        ):
            yield Anomaly(code, message, family_id, numbers.get(family_id or 0, ""), tuple(ids))


def _settled_not_due(row: Row[Any]) -> str:
    what = "facturé" if row.invoiced else "payé"
    return f"{row.slot} du {format_date(row.date)} : {what}, puis annulé ou excusé. Décidez d’un avoir."


def _charge_values(row: Row[Any], price: Price) -> dict[str, Any]:
    return {
        "family_id": row.family_id,
        "child_id": row.child_id,
        "activity_id": row.activity_id,
        "regie_id": row.regie_id,
        "tariff_id": price.tariff_id,
        "date": row.date,
        "label": row.slot,
        "quantity": price.quantity,
        "unit_cents": price.unit_price,
        "amount_cents": price.amount,
        "eligible_cents": price.eligible_amount,
        "trace": price.trace,
    }


def _differs(row: Row[Any], price: Price) -> bool:
    charged = (
        row.tariff_id,
        row.unit_cents,
        row.charged_quantity,
        row.eligible_cents,
        row.charge_label,
        row.charge_regie_id,
        row.charge_family_id,
        row.charge_date,
    )
    wanted = (
        price.tariff_id,
        price.unit_price,
        price.quantity,
        price.eligible_amount,
        row.slot,
        row.regie_id,
        row.family_id,
        row.date,
    )
    return charged != wanted or row.trace != price.trace
