"""Each check made before billing, as a question to SQL: the rows that it finds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Select,
    String,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)

from guichet.models.bookings import Attendance, Booking, Enrolment
from guichet.models.money import Charge, ChargeBooking, DocumentOrigin, Invoice, InvoiceKind, Tariff
from guichet.models.offer import Activity, Slot
from guichet.models.people import Family, MemberRole, Membership
from guichet.services.balances import allocated, is_on_a_document
from guichet.services.billable import amounts_to_bill, charges_to_bill
from guichet.services.pricing import is_due

UNUSUAL_FACTOR = 3
"""An invoice of more than so many times the month before is looked at twice."""

LOOKED_BACK_DAYS = 366
"""How far before the period a charge never invoiced is still looked for."""

Rows = Select[*tuple[Any, ...]]


class Check(StrEnum):
    """One question asked before billing; the first four leave something unbilled and stop the run."""

    NO_TARIFF = "no_tariff"
    TWO_TARIFFS = "two_tariffs"
    INCOMPLETE_TARIFF = "incomplete_tariff"
    NO_REGIE = "no_regie"
    NO_PAYER = "no_payer"
    NO_QUOTIENT = "no_quotient"
    NOT_TICKED = "not_ticked"
    NOT_BOOKED = "not_booked"
    UNUSUAL = "unusual"
    DUPLICATE = "duplicate"
    SETTLED_NOT_DUE = "settled_not_due"
    FORGOTTEN = "forgotten"

    @property
    def blocking(self) -> bool:
        """Whether it leaves something unbilled."""
        return self in _BLOCKING


_BLOCKING = frozenset({Check.NO_TARIFF, Check.TWO_TARIFFS, Check.INCOMPLETE_TARIFF, Check.NO_REGIE})


@dataclass(frozen=True)
class Asked:
    """What every check is asked of: a period, régies, today, and some families when only theirs matter."""

    start: date
    end: date
    regie_ids: tuple[int, ...]
    today: date
    family_ids: tuple[int, ...] | None = None

    def bookings(self) -> list[Any]:
        """Conditions on the bookings of the period, joined to their activity."""
        conditions: list[Any] = [Booking.date.between(self.start, self.end)]
        if self.regie_ids:
            conditions.append(Activity.regie_id.in_(self.regie_ids))
        if self.family_ids is not None:
            conditions.append(Booking.family_id.in_(self.family_ids))
        return conditions

    def charges(self) -> list[Any]:
        """Conditions on the charges that the run would bill."""
        conditions = charges_to_bill(self.start, self.end, self.regie_ids)
        return conditions if self.family_ids is None else [*conditions, Charge.family_id.in_(self.family_ids)]


def _of_bookings(*more: Any) -> Rows:
    """Bookings as rows, joined to what the checks ask about."""
    return (
        select(
            Booking.id.label("key"),
            Booking.family_id.label("family_id"),
            Booking.child_id.label("child_id"),
            Booking.date.label("day"),
            (Activity.name + literal(", ") + Slot.name).label("what"),
            cast(null(), Integer).label("cents"),
            cast(null(), Integer).label("before_cents"),
        )
        .join(Activity, Activity.id == Booking.activity_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .where(*more)
    )


def _of_charges(*more: Any) -> Rows:
    """Charges as rows."""
    return (
        select(
            Charge.id.label("key"),
            Charge.family_id.label("family_id"),
            Charge.child_id.label("child_id"),
            Charge.date.label("day"),
            (func.coalesce(Activity.name + literal(", "), "") + Charge.label).label("what"),
            Charge.amount_cents.label("cents"),
            cast(null(), Integer).label("before_cents"),
        )
        .outerjoin(Activity, Activity.id == Charge.activity_id)
        .where(*more)
    )


def _unpriced(asked: Asked, tariffs: Callable[[Any], Any]) -> Rows:
    """Bookings due without a charge, by how many tariffs apply to them (the same conditions as `Tariff.applies`)."""
    applying = (
        select(func.count(Tariff.id))
        .where(
            Tariff.activity_id == Booking.activity_id,
            Tariff.valid_from <= Booking.date,
            Tariff.valid_until >= Booking.date,
            or_(Tariff.slot_id.is_(None), Tariff.slot_id == Booking.slot_id),
            or_(Tariff.group_id.is_(None), Tariff.group_id == Booking.group_id),
            or_(Tariff.category.is_(None), Tariff.category == Enrolment.tariff_category),
            or_(Tariff.resident.is_(None), Tariff.resident == Family.resident),
        )
        .correlate(Booking, Enrolment, Family)
        .scalar_subquery()
    )
    charged = select(ChargeBooking.id).where(ChargeBooking.booking_id == Booking.id).exists()
    return (
        _of_bookings(*asked.bookings(), is_due(), ~charged, tariffs(applying))
        .join(Enrolment, Enrolment.id == Booking.enrolment_id)
        .join(Family, Family.id == Booking.family_id)
    )


def _no_regie(asked: Asked) -> Rows:
    conditions = [
        Charge.date.between(asked.start, asked.end),
        Charge.regie_id.is_(None),
        Charge.amount_cents > 0,
    ]
    if asked.regie_ids:
        conditions.append(literal(False))
    if asked.family_ids is not None:
        conditions.append(Charge.family_id.in_(asked.family_ids))
    return _of_charges(*conditions, ~is_on_a_document(Charge.id))


def _no_payer(asked: Asked) -> Rows:
    adult = select(Membership.id).where(
        Membership.family_id == Family.id, Membership.role == MemberRole.ADULT
    )
    return (
        select(
            Charge.family_id.label("key"),
            Charge.family_id.label("family_id"),
            cast(null(), Integer).label("child_id"),
            cast(null(), Date).label("day"),
            literal("Aucun adulte ne paie pour cette famille", String).label("what"),
            func.sum(Charge.amount_cents).label("cents"),
            cast(null(), Integer).label("before_cents"),
        )
        .join(Family, Family.id == Charge.family_id)
        .where(*asked.charges(), Family.payer_id.is_(None), ~adult.exists())
        .group_by(Charge.family_id)
    )


def _no_quotient(asked: Asked) -> Rows:
    return _of_charges(*asked.charges(), Charge.trace["maximum_applied"].as_boolean())


def _on_a_bill() -> Any:
    return (
        select(ChargeBooking.id)
        .where(ChargeBooking.booking_id == Booking.id, is_on_a_document(ChargeBooking.charge_id))
        .exists()
    )


def _not_ticked(asked: Asked) -> Rows:
    return _of_bookings(
        *asked.bookings(),
        is_due(),
        Booking.attendance == Attendance.UNKNOWN,
        Booking.date <= asked.today,
        ~_on_a_bill(),
    )


def _not_booked(asked: Asked) -> Rows:
    return _of_bookings(
        *asked.bookings(),
        is_due(),
        Booking.booked_beforehand.is_(False),
        Booking.attendance == Attendance.PRESENT,
        ~_on_a_bill(),
    )


def _unusual(asked: Asked) -> Rows:
    groups = amounts_to_bill(asked.start, asked.end, asked.regie_ids)
    if asked.family_ids is not None:
        groups = groups.where(Charge.family_id.in_(asked.family_ids))
    drafted = groups.subquery()
    before = invoiced_before(asked.start).subquery()
    return (
        select(
            drafted.c.family_id.label("key"),
            drafted.c.family_id.label("family_id"),
            cast(null(), Integer).label("child_id"),
            cast(null(), Date).label("day"),
            literal("Facture bien plus élevée que le mois précédent", String).label("what"),
            drafted.c.total_cents.label("cents"),
            before.c.total.label("before_cents"),
        )
        .join(before, (before.c.family_id == drafted.c.family_id) & (before.c.regie_id == drafted.c.regie_id))
        .where(before.c.total > 0, drafted.c.total_cents > UNUSUAL_FACTOR * before.c.total)
    )


def _duplicate(asked: Asked) -> Rows:
    conditions = [
        Charge.date.between(asked.start, asked.end),
        Charge.regie_id.is_not(None),
        Charge.child_id.is_not(None),
    ]
    if asked.family_ids is not None:
        # A child of two families may be charged to each: its other family's charges are looked at too.
        children = select(Membership.person_id).where(Membership.family_id.in_(asked.family_ids))
        conditions.append(Charge.child_id.in_(children))
    same = (
        select(Charge.child_id, Charge.activity_id, Charge.date, Charge.label)
        .where(*conditions)
        .group_by(Charge.child_id, Charge.activity_id, Charge.date, Charge.label)
        .having(func.count() > 1)
        .subquery()
    )
    return _of_charges(*asked.charges()).join(
        same,
        (same.c.child_id == Charge.child_id)
        & (same.c.activity_id == Charge.activity_id)
        & (same.c.date == Charge.date)
        & (same.c.label == Charge.label),
    )


def _settled_not_due(asked: Asked) -> Rows:
    settled = is_on_a_document(Charge.id) | (allocated(Charge.id) != 0)
    return (
        _of_bookings(*asked.bookings(), ~is_due(), Charge.origin != DocumentOrigin.IMPORTED, settled)
        .join(ChargeBooking, ChargeBooking.booking_id == Booking.id)
        .join(Charge, Charge.id == ChargeBooking.charge_id)
    )


def _forgotten(asked: Asked) -> Rows:
    first = asked.start - timedelta(days=LOOKED_BACK_DAYS)
    conditions = charges_to_bill(first, asked.start - timedelta(days=1), asked.regie_ids)
    if asked.family_ids is not None:
        conditions.append(Charge.family_id.in_(asked.family_ids))
    return _of_charges(*conditions, Charge.amount_cents > 0)


def invoiced_before(start: date) -> Select[int, int, int]:
    """What each family and régie were invoiced for periods that end in the month before `start`."""
    last = start.replace(day=1) - timedelta(days=1)
    return (
        select(
            Invoice.family_id,
            Invoice.regie_id,
            func.sum(Invoice.total_cents).label("total"),
        )
        .where(Invoice.kind == InvoiceKind.INVOICE, Invoice.period_end.between(last.replace(day=1), last))
        .group_by(Invoice.family_id, Invoice.regie_id)
    )


ROWS: dict[Check, Callable[[Asked], Rows]] = {
    Check.NO_TARIFF: lambda asked: _unpriced(asked, lambda applying: applying == 0),
    Check.TWO_TARIFFS: lambda asked: _unpriced(asked, lambda applying: applying > 1),
    Check.INCOMPLETE_TARIFF: lambda asked: _unpriced(asked, lambda applying: applying == 1),
    Check.NO_REGIE: _no_regie,
    Check.NO_PAYER: _no_payer,
    Check.NO_QUOTIENT: _no_quotient,
    Check.NOT_TICKED: _not_ticked,
    Check.NOT_BOOKED: _not_booked,
    Check.UNUSUAL: _unusual,
    Check.DUPLICATE: _duplicate,
    Check.SETTLED_NOT_DUE: _settled_not_due,
    Check.FORGOTTEN: _forgotten,
}
