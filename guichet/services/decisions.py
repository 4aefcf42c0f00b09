"""What an agent does with a request: take it up, ask, accept, refuse, put on the waiting list, undo (domain.md §2).

Every act is one transaction: hold the request, check its version and the table of transitions, do what the decision
means, journal it, queue the answer. Deciding a pending request takes it up by itself.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.requests import (
    ItemDecision,
    OutboxState,
    Request,
    RequestItem,
    RequestKind,
    RequestState,
)
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.proposals import Verdict
from guichet.rules.requests import Act, next_state, refusal_code
from guichet.services import bookings, outbox, proposals, transitions
from guichet.services import catalogue as catalogues
from guichet.services.catalogue import Catalogue
from guichet.services.deciding import Choice, DecisionResult, How, assign, carry_out, result_of
from guichet.services.effects import EFFECTS
from guichet.services.transaction import Context, needs, require


@dataclass(frozen=True)
class Handle:
    """Take a request up, or hand it back to the queue. `version` is the one on screen (None: whatever it is)."""

    request_id: int
    version: int | None = None
    command_id: str | None = None


@dataclass(frozen=True)
class AskComplement:
    """Ask the family for what is missing; `text` is what it will read."""

    request_id: int
    text: str
    version: int | None = None
    command_id: str | None = None


@dataclass(frozen=True)
class Decide:
    """Decide items one by one (date by date, field by field).

    `override_reason` lets what is out of time, closed, or before those who wait, pass: it is journalled.
    `text` is a word to the family about the whole.
    """

    request_id: int
    choices: tuple[Choice, ...]
    version: int | None = None
    text: str = ""
    override_reason: str = ""
    command_id: str | None = None


@dataclass(frozen=True)
class Accept:
    """Accept the whole of what is not decided yet, or the items named."""

    request_id: int
    version: int | None = None
    item_ids: tuple[int, ...] = ()
    text: str = ""
    override_reason: str = ""
    group_id: int | None = None
    command_id: str | None = None


@dataclass(frozen=True)
class Refuse:
    """Refuse the whole of what is not decided yet, or the items named, for one coded reason."""

    request_id: int
    code: str
    text: str = ""
    version: int | None = None
    item_ids: tuple[int, ...] = ()
    command_id: str | None = None


@dataclass(frozen=True)
class Wait:
    """Put what is not decided yet, or the items named, on the waiting list."""

    request_id: int
    version: int | None = None
    item_ids: tuple[int, ...] = ()
    text: str = ""
    override_reason: str = ""
    command_id: str | None = None


@dataclass(frozen=True)
class ApplyProposals:
    """Follow the proposals of a request: *accept* and *wait* only, as they are now; the rest is left to the agent."""

    request_id: int
    version: int | None = None
    command_id: str | None = None


@needs(Permission.DECIDE_REQUESTS)
def take_up(session: Session, context: Context, command: Handle) -> DecisionResult:
    """Take a request up: the family can no longer change it, the others see who has it."""
    request = transitions.hold(session, command.request_id, command.version)
    first_time = request.state is RequestState.PENDING
    assign(context, request)
    step = transitions.Step(Act.TAKE_UP, "request.take_up", "Demande prise en charge", answered=first_time)
    transitions.move(session, context, request, step)
    return result_of(session, request)


@needs(Permission.DECIDE_REQUESTS)
def hand_back(session: Session, context: Context, command: Handle) -> DecisionResult:
    """Give a request back to the queue. Raises UserError once some of its items are decided."""
    request = transitions.hold(session, command.request_id, command.version)
    if any(item.decision is not None for item in transitions.items_of(session, request.id)):
        raise UserError(
            "Une partie de cette demande est déjà décidée : terminez-la, ou revenez d’abord sur la décision.",
            code="partly_decided",
        )
    request.agent_id = None
    request.taken_at = None
    step = transitions.Step(Act.HAND_BACK, "request.hand_back", "Demande rendue à la file")
    transitions.move(session, context, request, step)
    return result_of(session, request)


@needs(Permission.DECIDE_REQUESTS)
def ask_complement(session: Session, context: Context, command: AskComplement) -> DecisionResult:
    """Ask the family for a complement. Raises UserError when nothing is asked."""
    text = command.text.strip()
    if not text:
        raise UserError("Écrivez ce que la famille doit fournir.", field="text", code="text_required")
    request = transitions.hold(session, command.request_id, command.version)
    assign(context, request)
    step = transitions.Step(
        Act.ASK_COMPLEMENT,
        "request.ask_complement",
        "Complément demandé à la famille",
        detail={"text": text},
        text=text,
    )
    transitions.move(session, context, request, step)
    return result_of(session, request)


@needs(Permission.DECIDE_REQUESTS)
def decide(session: Session, context: Context, command: Decide) -> DecisionResult:
    """Decide items one by one. Raises UserError when one of them cannot be carried out: nothing is then decided."""
    request, items = _opened(session, context, command.request_id, command.version)
    how = How(context.actor.login, text=command.text, override_reason=command.override_reason.strip())
    return carry_out(session, context, request, items, command.choices, how)


@needs(Permission.DECIDE_REQUESTS)
def accept(session: Session, context: Context, command: Accept) -> DecisionResult:
    """Accept: bookings are written, the sheet changed, the document filed."""
    request, items = _opened(session, context, command.request_id, command.version)
    choices = [
        Choice(item.id, ItemDecision.ACCEPTED, group_id=command.group_id)
        for item in _open_items(request, items, command.item_ids)
    ]
    how = How(context.actor.login, text=command.text, override_reason=command.override_reason.strip())
    return carry_out(session, context, request, items, choices, how)


@needs(Permission.DECIDE_REQUESTS)
def refuse(session: Session, context: Context, command: Refuse) -> DecisionResult:
    """Refuse with a coded reason; *autre* needs its text."""
    refusal_code(command.code, command.text)
    request, items = _opened(session, context, command.request_id, command.version)
    choices = [
        Choice(item.id, ItemDecision.REFUSED, command.code, command.text)
        for item in _open_items(request, items, command.item_ids)
    ]
    return carry_out(session, context, request, items, choices, How(context.actor.login))


@needs(Permission.DECIDE_REQUESTS)
def wait(session: Session, context: Context, command: Wait) -> DecisionResult:
    """Put on the waiting list, each date with its rank."""
    request, items = _opened(session, context, command.request_id, command.version)
    choices = [
        Choice(item.id, ItemDecision.WAITING)
        for item in _open_items(request, items, command.item_ids)
        if item.decision is not ItemDecision.WAITING
    ]
    how = How(context.actor.login, text=command.text, override_reason=command.override_reason.strip())
    return carry_out(session, context, request, items, choices, how)


@needs(Permission.DECIDE_REQUESTS)
def apply_proposals(session: Session, context: Context, command: ApplyProposals) -> DecisionResult:
    """Follow the proposals, reckoned anew: *accept* and *wait* only. What is proposed otherwise stays as it is."""
    return follow_proposals(session, context, command, None)


def follow_proposals(
    session: Session, context: Context, command: ApplyProposals, offer: Catalogue | None
) -> DecisionResult:
    """`apply_proposals`, with an offer that a long run has read already."""
    require(context, Permission.DECIDE_REQUESTS)
    request, items = _opened(session, context, command.request_id, command.version)
    offer = offer or catalogues.load(session)
    if request.kind is RequestKind.BOOKINGS and request.child_id is not None:
        moments = [(item.slot_id, item.date) for item in items if item.slot_id and item.date]
        bookings.hold(session, offer, [request.child_id], moments)
    proposed, facts = proposals.propose_under_hold(session, context, request.id, offer)
    items = transitions.items_of(session, request.id)  # with the proposals just written
    already = {item.id for item in items if item.decision is ItemDecision.WAITING}
    choices = [
        Choice(one.item_id, _FOLLOWED[one.proposal.verdict])
        for one in proposed.items
        if one.proposal.verdict in _FOLLOWED
        and not (one.proposal.verdict is Verdict.WAIT and one.item_id in already)
    ]
    if not choices:
        return result_of(session, request, items)
    held = facts if request.kind is RequestKind.BOOKINGS else None
    how = How(context.actor.login, strict=False, wait_when_full=True, offer=offer, facts=held)
    return carry_out(session, context, request, items, choices, how)


_FOLLOWED = {Verdict.ACCEPT: ItemDecision.ACCEPTED, Verdict.WAIT: ItemDecision.WAITING}


@needs(Permission.DECIDE_REQUESTS)
def undo(session: Session, context: Context, command: Handle) -> DecisionResult:
    """Take the last decision back while its answer has not left: its effects are compensated, the request is in progress.

    Raises UserError once the answer may have left, or when something done since stands on the decision.
    """
    request = transitions.hold(session, command.request_id, command.version)
    next_state(request.state, Act.UNDO, toward=RequestState.IN_PROGRESS)
    detail = _last_decision(session, request)
    _call_answer_back(session, request)
    items = {item.id: item for item in transitions.items_of(session, request.id)}
    effect = EFFECTS[request.kind]
    for written in reversed(detail["items"]):
        item = items[written["item"]]
        effect.undo(session, context, item, written["effect"])
        item.decision = ItemDecision(written["before"]) if written["before"] else None
        item.decision_code = None
        item.decision_text = None
        item.decided_at = None
        item.decided_by = None
    assign(context, request)
    request.decided_at = None
    request.decided_by = None
    step = transitions.Step(
        Act.UNDO,
        "request.undo",
        "Décision annulée avant l’envoi de la réponse",
        toward=transitions.state_made_by(items.values()),
        detail={"undone": detail},
    )
    transitions.move(session, context, request, step, list(items.values()))
    return result_of(session, request, list(items.values()))


def _last_decision(session: Session, request: Request) -> dict[str, Any]:
    last = session.execute(
        select(Journal.action, JournalDetail.detail)
        .outerjoin(JournalDetail, JournalDetail.journal_id == Journal.id)
        .where(
            Journal.subject_kind == "request",
            Journal.subject_id == request.id,
            Journal.action.startswith("request."),  # a reading kept at the journal undoes nothing
        )
        .order_by(Journal.id.desc())
        .limit(1)
    ).first()
    if last is None or last.action != "request.decide" or last.detail is None:
        raise UserError(
            "La dernière action sur cette demande n’est pas une décision.", code="nothing_to_undo"
        )
    found: dict[str, Any] = json.loads(last.detail)
    return found


def _call_answer_back(session: Session, request: Request) -> None:
    """Withdraw the decision's answer: one that a sender claimed (its attempts say so) may have left already."""
    entries = outbox.entries_of(session, ("request", request.id))
    last = entries[-1] if entries else None
    if last is None or last.state is not OutboxState.QUEUED or last.attempts > 0:
        raise UserError(
            "La réponse est déjà partie vers la famille : on ne peut plus revenir sur cette décision.",
            code="answer_left",
        )
    outbox.call_back(session, [last])


def _opened(
    session: Session, context: Context, request_id: int, version: int | None
) -> tuple[Request, list[RequestItem]]:
    request = transitions.hold(session, request_id, version)
    items = transitions.items_of(session, request.id)
    if not items:
        proposals.propose(session, context, [request.id])
        items = transitions.items_of(session, request.id)
    return request, items


def _open_items(request: Request, items: Sequence[RequestItem], wanted: tuple[int, ...]) -> list[RequestItem]:
    """The items named; else those not decided yet; else those that wait."""
    next_state(request.state, Act.DECIDE, toward=RequestState.ACCEPTED)
    if wanted:
        known = {item.id: item for item in items}
        if not set(wanted) <= set(known):
            raise UserError("Cette ligne n’appartient pas à la demande.", field="item", code="item_gone")
        return [known[item_id] for item_id in wanted]
    undecided = [item for item in items if item.decision is None]
    return undecided or [item for item in items if item.decision is ItemDecision.WAITING]
