"""What the rules decide by themselves when requests come in (domain.md §2): no agent, but journal and answer all the same."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.requests import ItemDecision, Request, RequestKind, RequestState
from guichet.rules.proposals import Proposal, Verdict
from guichet.rules.requests import RefusalCode
from guichet.services import catalogue as catalogues
from guichet.services import confirmation_dates, proposals, transitions
from guichet.services.catalogue import Catalogue
from guichet.services.deciding import Choice, How, carry_out
from guichet.services.proposal_records import Proposed
from guichet.services.transaction import Context

BY_RULES = "regles"
_BY_ACTIVITY = frozenset(
    {RequestKind.BOOKINGS, RequestKind.CANCELLATIONS, RequestKind.ABSENCE, RequestKind.ENROLMENT}
)
_CHANGES = frozenset({RequestKind.CANCELLATIONS, RequestKind.ABSENCE})
_BY_DATE = _CHANGES | {RequestKind.BOOKINGS}
_BY_FIELD = frozenset({RequestKind.FAMILY_SHEET, RequestKind.CHILD_SHEET})
_AT_ONCE = frozenset({RequestKind.COMPLEMENT, RequestKind.EINVOICE_CONSENT})
_AUTOMATIC_REASONS = frozenset({"automatic", "unchanged"})


def confirm_automatically(
    session: Session, context: Context, proposed: Sequence[Proposed], offer: Catalogue | None = None
) -> tuple[int, ...]:
    """Decide what needs no agent among requests just proposed, in the order given, bookings after the rest.

    Returns the ids of those decided.

    Requests of activities with immediate confirmation when every item passes every rule; fields of a sheet that families
    may change themselves; withdrawals (accepted while pending, else answered that it is too late); complements that were
    waited for; consents to e-invoices. What turns out not to be possible any more is proposed anew and left to an agent.
    """
    offer = offer or catalogues.load(session)
    immediate = _immediate_enrolments(session, proposed, offer)
    decided = [(one, choices) for one in proposed if (choices := _choices(one, offer, immediate))]
    done, left = _decide_each(
        session, context, [one for one in decided if one[0].kind not in _BY_DATE], offer
    )
    for kinds, confirm in (
        (_CHANGES, confirmation_dates.confirm_changes),
        ({RequestKind.BOOKINGS}, confirmation_dates.confirm_bookings),
    ):
        some = [one for one, _ in decided if one.kind in kinds]
        if some:
            accepted, refused = confirm(session, context, some, offer, BY_RULES)
            done += accepted
            left += refused
    if left:
        proposals.propose(session, context, left, offer)
    return tuple(done)


def _choices(one: Proposed, offer: Catalogue, immediate: Collection[int]) -> list[Choice]:
    if one.kind is RequestKind.WITHDRAWAL:
        return [_withdrawal(item.item_id, item.proposal) for item in one.items]
    if one.kind in _BY_FIELD:
        return [
            Choice(item.item_id, ItemDecision.ACCEPTED)
            for item in one.items
            if item.proposal.verdict is Verdict.ACCEPT
            and any(reason.code in _AUTOMATIC_REASONS for reason in item.proposal.reasons)
        ]
    if not one.fits:
        return []
    if one.kind in _BY_ACTIVITY and not _is_immediate(one, offer, immediate):
        return []
    if one.kind in _BY_ACTIVITY | _AT_ONCE:
        return [Choice(item.item_id, ItemDecision.ACCEPTED) for item in one.items]
    return []


def _withdrawal(item_id: int, proposal: Proposal) -> Choice:
    if proposal.verdict is Verdict.ACCEPT:
        return Choice(item_id, ItemDecision.ACCEPTED)
    return Choice(item_id, ItemDecision.REFUSED, RefusalCode.AUTRE.value, proposal.sentence)


def _is_immediate(one: Proposed, offer: Catalogue, immediate: Collection[int]) -> bool:
    if one.kind is RequestKind.ENROLMENT:
        return one.request_id in immediate
    activities = {
        offer.slots[item.draft.slot_id].activity_id for item in one.items if item.draft.slot_id is not None
    }
    return all(offer.activities[activity_id].immediate for activity_id in activities)


def _immediate_enrolments(session: Session, proposed: Sequence[Proposed], offer: Catalogue) -> set[int]:
    asked = [one.request_id for one in proposed if one.kind is RequestKind.ENROLMENT and one.fits]
    if not asked:
        return set()
    immediate = [activity.id for activity in offer.activities.values() if activity.immediate]
    return set(
        session.scalars(select(Request.id).where(Request.id.in_(asked), Request.activity_id.in_(immediate)))
    )


def _decide_each(
    session: Session,
    context: Context,
    decided: Sequence[tuple[Proposed, Sequence[Choice]]],
    offer: Catalogue,
) -> tuple[list[int], list[int]]:
    """Decide requests one after the other, journal and answers together; returns those done, those not possible."""
    ids = [one.request_id for one, _ in decided]
    requests = transitions.hold_pending(session, ids)
    items = transitions.items_by_request(session, list(requests))
    moves = transitions.Moves()
    how = How(BY_RULES, automatic=True, strict=False, offer=offer, moves=moves)
    done: list[int] = []
    left: list[int] = []
    for one, choices in decided:
        request = requests.get(one.request_id)
        if request is None or request.state is not RequestState.PENDING:
            continue
        result = carry_out(session, context, request, items[request.id], choices, how)
        failed = any(outcome.sentence for outcome in result.items)
        (left if failed else done).append(request.id)
    moves.write(session, context)
    return done, left
