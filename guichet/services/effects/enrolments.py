"""Carrying out an enrolment: an active enrolment, its group where it is fixed, its typical week as information."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.requests import ItemDecision, RequestItem
from guichet.rules.errors import UserError
from guichet.rules.requests import RefusalCode
from guichet.services import catalogue, places
from guichet.services.effects.base import Done, Work
from guichet.services.proposals_enrolment import period_asked
from guichet.services.transaction import Context

_STATES = {
    ItemDecision.ACCEPTED: EnrolmentState.ACTIVE,
    ItemDecision.WAITING: EnrolmentState.WAITING,
    ItemDecision.REFUSED: EnrolmentState.CANCELLED,
}


def enrol(session: Session, context: Context, work: Work) -> list[Done]:
    """Create the enrolment (active, or waiting), or move the one that this request made earlier."""
    (one,) = work.decided
    request = work.request
    places.lock(session, {request.child_id or 0}, ())
    existing = session.scalars(
        select(Enrolment)
        .where(Enrolment.request_id == request.id, Enrolment.state != EnrolmentState.CANCELLED)
        .with_for_update()
    ).one_or_none()
    wanted = _STATES[one.decision]
    if existing is not None:
        trace = {"enrolment": existing.id, "was": existing.state.value}
        existing.state = wanted
        return [Done(trace)]
    if one.decision is ItemDecision.REFUSED:
        return [Done()]
    offer = work.offer or catalogue.load(session)
    payload = work.payload
    activity = offer.activities[request.activity_id or 0]
    starts, ends = date.fromisoformat(payload["start"]), date.fromisoformat(payload["end"])
    if _overlaps(session, request.child_id, request.family_id, activity.id, starts, ends):
        sentence = "L’enfant est déjà inscrit à cette activité sur ces dates par cette famille."
        return [Done(failure=(RefusalCode.DOUBLON, sentence))]
    period = period_asked(activity, payload.get("period"), starts)
    enrolment = Enrolment(
        child_id=request.child_id,
        family_id=request.family_id,
        activity_id=activity.id,
        period_id=period.id if period is not None else None,
        group_id=one.group_id or activity.group_codes.get(payload.get("group") or ""),
        starts_on=starts,
        ends_on=ends,
        state=wanted,
        typical_week=payload.get("typical_week") or None,
        payment_reference=request.payment_reference,
        request_id=request.id,
    )
    session.add(enrolment)
    session.flush()  # its id goes into the trace
    return [Done({"enrolment": enrolment.id, "was": None})]


def undo(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Cancel the enrolment this decision made, or put it back as it was. Raises UserError once dates are booked under it."""
    if "enrolment" not in trace:
        return
    enrolment = session.get_one(Enrolment, trace["enrolment"])
    live = select(Booking.id).where(
        Booking.enrolment_id == enrolment.id, Booking.state != BookingState.CANCELLED
    )
    if session.execute(live.limit(1)).first() is not None:
        raise UserError("Des dates sont réservées sous cette inscription : annulez-les d’abord.")
    enrolment.state = EnrolmentState(trace["was"]) if trace["was"] else EnrolmentState.CANCELLED


def _overlaps(
    session: Session, child_id: int | None, family_id: int | None, activity_id: int, starts: date, ends: date
) -> bool:
    statement = select(Enrolment.id).where(
        Enrolment.child_id == child_id,
        Enrolment.family_id == family_id,
        Enrolment.activity_id == activity_id,
        Enrolment.state != EnrolmentState.CANCELLED,
        Enrolment.starts_on <= ends,
        Enrolment.ends_on >= starts,
    )
    return session.execute(statement.limit(1)).first() is not None
