"""Carrying out decisions taken date by date: bookings, cancellations, absences."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.bookings import Attendance, Booking, BookingState
from guichet.models.money import ChargeBooking, InvoiceLine
from guichet.models.requests import ItemDecision, Request, RequestItem, RequestKind
from guichet.rules.capacity import LiveBooking, find_doubles
from guichet.rules.errors import UserError
from guichet.rules.requests import RefusalCode
from guichet.rules.text import format_date
from guichet.services import bookings, catalogue, places, waiting
from guichet.services.effects.base import NOTHING, Decided, Done, Work
from guichet.services.transaction import Context

_REASONS = {
    "medical": "raison médicale",
    "family": "raison familiale",
    "school": "sortie ou événement scolaire",
    "other": "autre raison",
}


@dataclass(frozen=True)
class Absence:
    """What an absence becomes: excused with a medical certificate, else billed as normal (seeds 000, 002)."""

    excused: bool
    reason: str

    @classmethod
    def of(cls, line: dict[str, Any]) -> "Absence":
        """Read it from a request's line as it was kept: the certificate it announces must be among its attachments."""
        payload = line.get("payload") or {}
        announced = payload.get("certificate")
        names = {attachment.get("name") for attachment in line.get("attachments") or ()}
        excused = payload.get("reason") == "medical" and announced is not None and announced in names
        return cls(excused, _REASONS.get(payload.get("reason") or "", "autre raison"))

    @property
    def attendance(self) -> Attendance:
        """What the booking becomes."""
        return Attendance.ABSENT_EXCUSED if self.excused else Attendance.ABSENT_BILLED

    @property
    def note(self) -> str:
        """What the family is told of its price."""
        return "Absence excusée." if self.excused else "Absence facturée normalement."


def book(session: Session, context: Context, work: Work) -> list[Done]:
    """Book what is accepted, queue what waits, free the turn of what is refused after it waited."""
    orders = [
        bookings.Order(
            child_id=work.request.child_id or 0,
            family_id=work.request.family_id or 0,
            slot_id=one.item.slot_id or 0,
            day=_day(one.item),
            start=one.item.starts_at,
            requested_at=work.request.submitted_at,
            waiting=one.decision is ItemDecision.WAITING,
            item_id=one.item.id,
            payment_reference=work.request.payment_reference,
            group_id=one.group_id,
            past_turn=one.past_turn,
        )
        for one in work.decided
        if one.decision is not ItemDecision.REFUSED
    ]
    waited = {one.item.id: one.item.decision is ItemDecision.WAITING for one in work.decided}
    outcomes = iter(bookings.book(session, context, orders, work.offer, work.facts))
    done = []
    for one in work.decided:
        if one.decision is ItemDecision.REFUSED:
            done.append(_leave_queue(session, context, one))
            continue
        outcome = next(outcomes)
        if outcome.booking_id is None:
            done.append(Done(failure=(outcome.code or RefusalCode.AUTRE, outcome.sentence)))
        else:
            was = BookingState.WAITING.value if waited[one.item.id] else None
            done.append(Done({"booking": outcome.booking_id, "was": was}, note_of(work.request, one)))
    return done


def undo_book(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Free the place, or give the turn in the queue back."""
    booking = _held(session, trace)
    if booking is None:
        return
    if booking.attendance is not Attendance.UNKNOWN:
        raise UserError("La présence est déjà pointée : cette décision ne peut plus être défaite.")
    _refuse_if_invoiced(session, booking)
    if trace["was"] == BookingState.WAITING.value:
        booking.state = BookingState.WAITING
        booking.cancelled_at = None
    else:
        bookings.release(booking, context.now)


def cancel(session: Session, context: Context, work: Work) -> list[Done]:
    """Cancel the bookings whose cancellation is accepted: the places are free at once, the turns given up too."""
    done = []
    given_up = []
    for one in work.decided:
        if not one.accepted:
            done.append(NOTHING)
            continue
        booking = bookings.find(session, _moment(work, one))
        if booking is None:
            done.append(_no_booking(one))
        elif booking.attendance is not Attendance.UNKNOWN:
            sentence = f"La présence du {format_date(booking.date)} est déjà pointée : corrigez-la d’abord."
            done.append(Done(failure=(RefusalCode.AUTRE, sentence)))
        elif _is_invoiced(session, booking):
            sentence = f"Le {format_date(booking.date)} est déjà facturé : établissez d’abord un avoir."
            done.append(Done(failure=(RefusalCode.AUTRE, sentence)))
        else:
            trace = {"booking": booking.id, "was": booking.state.value}
            if booking.state is BookingState.WAITING and booking.request_item_id is not None:
                given_up.append(booking.request_item_id)
            bookings.release(booking, context.now)
            done.append(Done(trace))
    session.flush()  # the ranks of those who still wait are counted in the base
    waiting.give_up(session, context, given_up)
    return done


def undo_cancel(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Give the cancelled booking its place back, unless somebody took it meanwhile.

    A turn in the queue that was given up is not given back: the family was told at once, those behind moved up.
    """
    booking = _held(session, trace)
    if booking is None:
        return
    if trace["was"] == BookingState.WAITING.value:
        raise UserError("La famille a quitté la liste d’attente : elle doit redemander cette date.")
    offer = catalogue.load(session)
    pools = offer.pools_for(booking.slot_id, booking.group_id)
    keys = {(pool.id, booking.date) for pool in pools}
    places.lock(session, {booking.child_id}, keys)
    if _is_barred(session, booking, offer):
        raise UserError(f"L’enfant a une autre réservation le {format_date(booking.date)}.", code="doublon")
    left = places.count(session, keys, context.now).left(pools, booking.date)
    if not left.is_free:
        raise UserError(
            f"La place du {format_date(booking.date)} a été reprise : {left.why}.", code="complet"
        )
    booking.state = BookingState.BOOKED
    booking.cancelled_at = None


def _is_barred(session: Session, booking: Booking, offer: catalogue.Catalogue) -> bool:
    """Whether the child, in any family, has got the same slot or one that excludes it since."""
    live = session.scalars(
        select(Booking).where(
            Booking.child_id == booking.child_id,
            Booking.date == booking.date,
            Booking.state != BookingState.CANCELLED,
        )
    )
    others = [LiveBooking(one.id, one.family_id, one.slot_id, one.date, one.starts_at) for one in live]
    return bool(find_doubles(booking.slot_id, booking.date, booking.starts_at, others, offer.exclusive))


def declare_absent(session: Session, context: Context, work: Work) -> list[Done]:
    """Record the absence on the booking."""
    absence = Absence.of(work.request.payload)
    done = []
    for one in work.decided:
        if not one.accepted:
            done.append(NOTHING)
            continue
        booking = bookings.find(session, _moment(work, one))
        if booking is None or booking.state is not BookingState.BOOKED:
            done.append(_no_booking(one))
        elif absence.excused and _is_invoiced(session, booking):
            sentence = f"Le {format_date(booking.date)} est déjà facturé : établissez d’abord un avoir."
            done.append(Done(failure=(RefusalCode.AUTRE, sentence)))
        else:
            trace = {
                "booking": booking.id,
                "was": booking.attendance.value,
                "reason": booking.absence_reason,
            }
            booking.attendance = absence.attendance
            booking.absence_reason = absence.reason
            done.append(Done(trace, note_of(work.request, one)))
    return done


def undo_absent(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Put the attendance back as it was."""
    booking = _held(session, trace)
    if booking is not None:
        booking.attendance = Attendance(trace["was"])
        booking.absence_reason = trace["reason"]


def _leave_queue(session: Session, context: Context, one: Decided) -> Done:
    booking = session.scalars(
        select(Booking)
        .where(Booking.request_item_id == one.item.id, Booking.state == BookingState.WAITING)
        .with_for_update()
    ).one_or_none()
    if booking is None:
        return NOTHING
    bookings.release(booking, context.now)
    return Done({"booking": booking.id, "was": BookingState.WAITING.value})


def note_of(request: Request, one: Decided) -> str:
    """What the family reads beside a date decided so: the act and the preview of its answer say the same."""
    if request.kind is RequestKind.BOOKINGS:
        return _cancel_note(one)
    if request.kind is RequestKind.ABSENCE and one.accepted:
        return Absence.of(request.payload).note
    return ""


def _cancel_note(one: Decided) -> str:
    """What the proposal already knew that the family must read at once."""
    if not one.accepted:
        return ""
    return " ".join(reason["text"] for reason in one.item.reasons if reason["code"] == "not_cancellable")


def _moment(work: Work, one: Decided) -> bookings.Moment:
    return bookings.Moment(
        work.request.child_id or 0,
        work.request.family_id or 0,
        one.item.slot_id or 0,
        _day(one.item),
        one.item.starts_at or time(0, 0),
    )


def _no_booking(one: Decided) -> Done:
    sentence = f"Aucune réservation de cette famille le {format_date(_day(one.item))} sur ce créneau."
    return Done(failure=(RefusalCode.AUTRE, sentence))


def _held(session: Session, trace: dict[str, Any]) -> Booking | None:
    if "booking" not in trace:
        return None
    return session.scalars(
        select(Booking).where(Booking.id == trace["booking"]).with_for_update()
    ).one_or_none()


def _is_invoiced(session: Session, booking: Booking) -> bool:
    return (
        session.execute(
            select(InvoiceLine.id)
            .join(ChargeBooking, ChargeBooking.charge_id == InvoiceLine.charge_id)
            .where(ChargeBooking.booking_id == booking.id)
            .limit(1)
        ).first()
        is not None
    )


def _refuse_if_invoiced(session: Session, booking: Booking) -> None:
    if _is_invoiced(session, booking):
        raise UserError("Cette date est déjà facturée : établissez d’abord un avoir.", code="invoiced")


def _day(item: RequestItem) -> Any:
    return item.date
