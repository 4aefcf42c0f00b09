"""What a request that has just come in sets going: its proposal, what it does to another, and what the rules decide.

Withdrawals and complements act in the transaction that brings them, in the order of their lines: whatever follows in the
file finds their target as they left it. What an activity confirms at once waits for the end of the batch, so that places
go in order of submission (then portal, then id) and not in the order of the file.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.offer import Activity, Confirmation
from guichet.models.requests import ImportLine, LineOutcome, Request, RequestKind, RequestState
from guichet.rules.permissions import Permission
from guichet.rules.proposals import Verdict
from guichet.services import (
    catalogue,
    confirmation,
    journal,
    proposal_records,
    proposals,
    transaction,
    transitions,
)
from guichet.services.transaction import Context, needs

_TOO_LATE = "Votre demande était déjà prise en charge : cette modification n’a pas pu être prise en compte."
_CONFIRMED_AT_ONCE = 500
_FOLLOW_UPS = {RequestKind.WITHDRAWAL.value, RequestKind.COMPLEMENT.value}
_WHATEVER_THE_ACTIVITY = (
    RequestKind.FAMILY_SHEET,
    RequestKind.CHILD_SHEET,
    RequestKind.EINVOICE_CONSENT,
)


@dataclass(frozen=True)
class Arrival:
    """A request just written; `superseded` where another revision carries it on, `too_late` if after taking up."""

    request_id: int
    kind: str
    superseded: bool
    too_late: bool
    refers_to_id: int | None


def receive(session: Session, context: Context, arrivals: Sequence[Arrival]) -> None:
    """Propose for the requests that carry on, carry out withdrawals and complements, answer what came too late."""
    live = [one for one in arrivals if not one.superseded]
    proposals.propose(session, context, [one.request_id for one in live if one.kind not in _FOLLOW_UPS])
    rounds = _rounds([one for one in live if one.kind in _FOLLOW_UPS])
    if rounds:
        offer = catalogue.load(session)
        for some in rounds:
            proposed = proposals.propose(session, context, some, offer)
            confirmation.confirm_automatically(session, context, proposed, offer)
    for one in arrivals:
        if one.too_late:
            _answer_too_late(session, context, one.request_id)


def confirm_imported(
    database: Database, context: Context, batch_id: int, numbers: Sequence[int] | None = None
) -> None:
    """Let the rules accept what needs no agent among the requests of a batch (or of these lines of it), in order."""
    waiting = transaction.read(database, context, _to_confirm, batch_id, numbers)
    for start in range(0, len(waiting), _CONFIRMED_AT_ONCE):
        transaction.run(database, context, _confirm, waiting[start : start + _CONFIRMED_AT_ONCE])


def _answer_too_late(session: Session, context: Context, request_id: int) -> None:
    entry = journal.record(
        session,
        context,
        action="request.too_late",
        subject=("request", request_id),
        summary="Modification arrivée après la prise en charge : sans effet",
    )
    transitions.answer(
        session,
        context,
        session.get_one(Request, request_id),
        transitions.ALREADY_IN_PROGRESS,
        text=_TOO_LATE,
        entry=entry,
    )


def _rounds(follow_ups: Sequence[Arrival]) -> list[list[int]]:
    """Groups in which no two speak of the same request, so that the second is proposed after the first is done."""
    met: Counter[int | None] = Counter()
    rounds: defaultdict[int, list[int]] = defaultdict(list)
    for one in follow_ups:
        rounds[met[one.refers_to_id]].append(one.request_id)
        met[one.refers_to_id] += 1
    return list(rounds.values())


def _to_confirm(
    session: Session, context: Context, batch_id: int, numbers: Sequence[int] | None
) -> list[int]:
    query = (
        select(Request.id)
        .join(ImportLine, ImportLine.request_id == Request.id)
        .outerjoin(Activity, Activity.id == Request.activity_id)
        .where(
            ImportLine.batch_id == batch_id,
            ImportLine.outcome == LineOutcome.IMPORTED,
            Request.state == RequestState.PENDING,
            or_(
                Request.kind.in_(_WHATEVER_THE_ACTIVITY),
                (Request.proposal == Verdict.ACCEPT.value)
                & or_(Activity.id.is_(None), Activity.confirmation == Confirmation.IMMEDIATE),
            ),
        )
        .order_by(Request.submitted_at, Request.portal, Request.external_id, Request.id)
    )
    if numbers is not None:
        query = query.where(ImportLine.number.in_(numbers))
    return list(session.scalars(query))


@needs(Permission.IMPORT_REQUESTS)
def _confirm(session: Session, context: Context, request_ids: Sequence[int]) -> None:
    """Decide what was proposed; each is checked again under its hold, and one that moved on meanwhile is left alone."""
    proposed = proposal_records.recall(session, context, request_ids)
    confirmation.confirm_automatically(session, context, proposed)
