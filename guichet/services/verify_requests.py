"""What verify proves of requests: every line in has one outcome, every decision its effect, its journal, its answer."""

from collections.abc import Iterator

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking
from guichet.models.requests import (
    BatchState,
    ImportBatch,
    ImportLine,
    ItemDecision,
    ItemKind,
    LineOutcome,
    Outbox,
    OutboxState,
    Request,
    RequestItem,
    RequestKind,
)
from guichet.models.settings import Journal
from guichet.rules import requests as rules
from guichet.services.findings import Finding
from guichet.services.transaction import Context

_ANSWERED = (
    rules.RequestState.ACCEPTED,
    rules.RequestState.PARTLY_ACCEPTED,
    rules.RequestState.REFUSED,
    rules.RequestState.WAITING_LIST,
    rules.RequestState.NEEDS_INFO,
    rules.RequestState.CANCELLED,
)
_DECIDED = (
    rules.RequestState.ACCEPTED,
    rules.RequestState.PARTLY_ACCEPTED,
    rules.RequestState.REFUSED,
    rules.RequestState.WAITING_LIST,
)


def lines_without_their_outcome(session: Session, context: Context) -> Iterator[Finding]:
    """The counts of a batch are those of its lines, a finished batch has them all, an imported line its request."""
    counts = {outcome: func.sum(case((ImportLine.outcome == outcome, 1), else_=0)) for outcome in LineOutcome}
    statement = (
        select(
            ImportBatch, func.count(ImportLine.id), *(func.coalesce(count, 0) for count in counts.values())
        )
        .outerjoin(ImportLine, ImportLine.batch_id == ImportBatch.id)
        .where(ImportBatch.state != BatchState.REFUSED)
        .group_by(ImportBatch.id)
    )
    for batch, lines, imported, duplicate, quarantined in session.execute(statement):
        stated = (batch.received, batch.imported, batch.duplicate, batch.quarantined)
        if stated != (lines, imported, duplicate, quarantined):
            yield Finding(
                "batch_counts",
                f"import_batch:{batch.id}",
                f"Le lot {batch.batch} annonce {batch.received} lignes et en contient {lines}, ou leurs issues diffèrent.",
            )
        if batch.state is BatchState.DONE and batch.received != batch.expected:
            yield Finding(
                "batch_incomplete",
                f"import_batch:{batch.id}",
                f"Le lot {batch.batch} est terminé avec {batch.received} lignes sur {batch.expected}.",
            )
    lost = select(ImportLine.id, ImportLine.number).where(
        ImportLine.outcome == LineOutcome.IMPORTED, ImportLine.request_id.is_(None)
    )
    for line_id, number in session.execute(lost):
        yield Finding(
            "line_without_request", f"import_line:{line_id}", f"La ligne {number} est importée sans demande."
        )


def states_that_contradict_items(session: Session, context: Context) -> Iterator[Finding]:
    """A decided request's state is the one that its items' decisions make."""
    statement = (
        select(Request.id, Request.state, RequestItem.decision)
        .join(RequestItem, RequestItem.request_id == Request.id)
        .where(Request.state.in_(_DECIDED))
        .distinct()
    )
    decisions: dict[tuple[int, rules.RequestState], set[rules.ItemDecision]] = {}
    for request_id, state, decision in session.execute(statement):
        read = rules.ItemDecision(decision) if decision else rules.ItemDecision.UNDECIDED
        decisions.setdefault((request_id, state), set()).add(read)
    for (request_id, state), mixture in decisions.items():
        if rules.state_of(mixture) is not state:
            yield Finding(
                "state_contradicts_items",
                f"request:{request_id}",
                f"L’état de la demande {request_id} n’est pas celui que font ses décisions.",
            )


def accepted_without_effect(session: Session, context: Context) -> Iterator[Finding]:
    """Every date accepted in a booking request made a booking."""
    statement = (
        select(RequestItem.id, RequestItem.request_id)
        .join(Request, Request.id == RequestItem.request_id)
        .where(
            Request.kind == RequestKind.BOOKINGS,
            RequestItem.item_kind == ItemKind.DATE,
            RequestItem.decision == ItemDecision.ACCEPTED,
            ~select(Booking.id).where(Booking.request_item_id == RequestItem.id).exists(),
        )
    )
    for item_id, request_id in session.execute(statement):
        yield Finding(
            "accepted_without_booking",
            f"request_item:{item_id}",
            f"Une date acceptée de la demande {request_id} n’a pas de réservation.",
        )


def decisions_without_answer(session: Session, context: Context) -> Iterator[Finding]:
    """Every request that left the queue has its journal entry and an answer queued or sent."""
    has_answer = (
        select(Outbox.id)
        .where(
            Outbox.subject_kind == "request",
            Outbox.subject_id == Request.id,
            Outbox.state != OutboxState.WITHDRAWN,
        )
        .exists()
    )
    has_entry = (
        select(Journal.id).where(Journal.subject_kind == "request", Journal.subject_id == Request.id).exists()
    )
    statement = select(Request.id, has_answer, has_entry).where(Request.state.in_(_ANSWERED))
    for request_id, answered, journalled in session.execute(statement):
        if not answered:
            yield Finding(
                "decision_without_answer",
                f"request:{request_id}",
                f"La demande {request_id} est décidée et aucune réponse n’attend ni n’est partie.",
            )
        if not journalled:
            yield Finding(
                "decision_without_journal",
                f"request:{request_id}",
                f"La décision sur la demande {request_id} n’est pas au journal.",
            )
