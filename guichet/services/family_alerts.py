"""What waits on a family's sheet: an incomplete dossier, money due, pieces lapsed or to check, requests."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Enrolment, EnrolmentState
from guichet.models.offer import Activity
from guichet.models.people import Person
from guichet.models.requests import Request, RequestState
from guichet.rules.dossier import DossierState
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services import due_invoices
from guichet.services.family_dossiers import DossiersView, PieceStatus, dossiers
from guichet.services.transaction import Context, needs


class AlertKind(StrEnum):
    """What waits."""

    DOSSIER = "dossier"
    OVERDUE = "overdue"
    EXPIRED = "expired"
    TO_CHECK = "to_check"
    REQUEST = "request"
    COMPLEMENT = "complement"


@dataclass(frozen=True)
class Alert:
    """One thing that waits: how many, of what (`names`: children or pieces), `cents` due where it is money.

    `urgent` when it stops something today: bookings refused for an incomplete dossier, an invoice past its date.
    """

    kind: AlertKind
    count: int = 1
    names: tuple[str, ...] = ()
    cents: int = 0
    urgent: bool = False


@needs(Permission.READ_FAMILIES)
def alerts(session: Session, context: Context, family_id: int) -> tuple[Alert, ...]:
    """What waits on this family today, the urgent first, in a fixed number of queries; money and requests only for
    those who may read them.
    """
    view = dossiers(session, context, family_id)
    found = [*_incomplete(session, context, family_id, view), *_pieces(view)]
    if context.may(Permission.READ_BILLING):
        due = due_invoices.overdue(session, [family_id], paris_day(context.now)).get(family_id, 0)
        found += [Alert(AlertKind.OVERDUE, cents=due, urgent=True)] if due else []
    if context.may(Permission.READ_REQUESTS):
        found += _requests(session, family_id)
    return tuple(sorted(found, key=lambda alert: not alert.urgent))


def _incomplete(session: Session, context: Context, family_id: int, view: DossiersView) -> list[Alert]:
    """Children whose dossier of the year in progress does not stand, and those enrolled without any."""
    today = paris_day(context.now)
    current = {one.child_id: one for one in view.dossiers if one.current}
    enrolled = session.scalars(
        select(Enrolment.child_id)
        .join(Activity, Activity.id == Enrolment.activity_id)
        .where(
            Enrolment.family_id == family_id,
            Enrolment.state == EnrolmentState.ACTIVE,
            Enrolment.starts_on <= today,
            Enrolment.ends_on >= today,
            Activity.needs_dossier,
        )
        .distinct()
    ).all()
    names = [one.child for one in current.values() if one.state is not DossierState.VALID]
    without = [child_id for child_id in enrolled if child_id not in current]
    if without:
        names += session.scalars(select(Person.first_name).where(Person.id.in_(without)).order_by(Person.id))
    return [Alert(AlertKind.DOSSIER, len(names), tuple(names), urgent=True)] if names else []


def _pieces(view: DossiersView) -> list[Alert]:
    found = []
    for kind, status in (
        (AlertKind.EXPIRED, PieceStatus.EXPIRED),
        (AlertKind.TO_CHECK, PieceStatus.RECEIVED),
    ):
        waiting = [one for one in view.pieces if one.latest and one.status is status]
        if waiting:
            names = tuple(dict.fromkeys(one.label for one in waiting))
            urgent = kind is AlertKind.EXPIRED and any(one.required for one in waiting)
            found.append(Alert(kind, len(waiting), names, urgent=urgent))
    return found


def _requests(session: Session, family_id: int) -> list[Alert]:
    counted = dict(
        session.execute(
            select(Request.state, func.count()).where(Request.family_id == family_id).group_by(Request.state)
        ).all()
    )
    to_decide = counted.get(RequestState.PENDING, 0) + counted.get(RequestState.IN_PROGRESS, 0)
    asked = counted.get(RequestState.NEEDS_INFO, 0)
    found = [Alert(AlertKind.REQUEST, to_decide)] if to_decide else []
    return found + ([Alert(AlertKind.COMPLEMENT, asked)] if asked else [])
