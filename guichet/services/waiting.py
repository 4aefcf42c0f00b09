"""The waiting list as families leave it: a date that waits is given up, and its request moves on."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.requests import ItemDecision, RequestItem
from guichet.rules.requests import Act, RequestState
from guichet.services import transitions
from guichet.services.transaction import Context


def give_up(session: Session, context: Context, item_ids: Sequence[int]) -> None:
    """Close items whose waiting bookings the family cancelled; each request's state follows, journalled and answered."""
    requests = session.scalars(
        select(RequestItem.request_id)
        .where(RequestItem.id.in_(item_ids), RequestItem.decision == ItemDecision.WAITING)
        .distinct()
        .order_by(RequestItem.request_id)
    ).all()
    moves = transitions.Moves()
    for request_id in requests:
        request = transitions.hold(session, request_id, None)
        items = transitions.items_of(session, request_id)
        for item in items:
            if item.id in item_ids:
                item.decision = ItemDecision.CANCELLED
                item.decided_at = context.now
                item.decided_by = context.actor.login
        made = transitions.state_made_by(items)
        toward = request.state if request.state is RequestState.NEEDS_INFO else made
        step = transitions.Step(
            Act.GIVE_UP,
            "request.give_up",
            "La famille renonce à des dates en liste d’attente",
            toward=toward,
            detail={"items": sorted(item_ids)},
        )
        moves.add(request, step, items)
    if requests:
        moves.write(session, context)
