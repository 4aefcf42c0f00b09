"""Writing a decision: check it, carry it out, journal it, queue its answer. The one place where a decision is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guichet.models.requests import ItemDecision, ItemKind, Request, RequestItem, RequestKind, RequestState
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import REFUSAL_LABELS, Act, RefusalCode, next_state, refusal_code
from guichet.services import proposals, settings, transitions
from guichet.services.catalogue import Catalogue
from guichet.services.effects import EFFECTS, Decided, Done, Work
from guichet.services.facts import Facts
from guichet.services.transaction import Context, require

_WAITABLE = frozenset({RequestKind.BOOKINGS, RequestKind.ENROLMENT})
_OVERRIDDEN = frozenset({RefusalCode.HORS_DELAI.value, RefusalCode.FERME.value})
_DECIDED_LABELS = {
    ItemDecision.ACCEPTED: "acceptée",
    ItemDecision.REFUSED: "refusée",
    ItemDecision.WAITING: "en liste d’attente",
}


@dataclass(frozen=True)
class Choice:
    """What is decided of one item. A refusal needs its code, and its text where the code is *autre*."""

    item_id: int
    decision: ItemDecision
    code: str = ""
    text: str = ""
    group_id: int | None = None


@dataclass(frozen=True)
class ItemOutcome:
    """What an item became; `sentence` says why when it could not be done as proposed."""

    item_id: int
    decision: ItemDecision | None
    sentence: str = ""


@dataclass(frozen=True)
class DecisionResult:
    """A request after an act. `undo_until` (aware) is when its answer may leave; until then the act can be undone."""

    request_id: int
    state: RequestState
    version: int
    items: tuple[ItemOutcome, ...] = ()
    undo_until: datetime | None = None

    @property
    def accepted(self) -> int:
        """How many items were accepted."""
        return sum(one.decision is ItemDecision.ACCEPTED for one in self.items)


@dataclass(frozen=True)
class How:
    """How a decision is taken: by whom, and what to do with an item that cannot be carried out.

    `strict`: the first failure stops everything with a UserError. Else a full date waits where the proposal allows it
    (`wait_when_full`), and what still fails is left undecided. `moves` gathers what many decisions write together.
    """

    by: str
    action: str = "request.decide"
    automatic: bool = False
    strict: bool = True
    wait_when_full: bool = False
    text: str = ""
    override_reason: str = ""
    offer: Catalogue | None = None
    facts: Facts | None = None
    moves: transitions.Moves | None = None


def carry_out(
    session: Session,
    context: Context,
    request: Request,
    items: Sequence[RequestItem],
    choices: Sequence[Choice],
    how: How,
) -> DecisionResult:
    """Carry out decisions on a request that is held; the one place where a decision is written."""
    by_id = {item.id: item for item in items}
    _check(session, context, request, by_id, choices, how)
    decided = [
        Decided(
            by_id[choice.item_id],
            choice.decision,
            choice.text,
            choice.group_id,
            past_turn=bool(how.override_reason),
        )
        for choice in choices
    ]
    results = _apply(session, context, request, decided, how)
    codes = {choice.item_id: choice for choice in choices}
    written = [(one, result) for one, result in results if result.failure is None]
    before = {one.item.id: one.item.decision for one, _ in written}
    for one, _ in written:
        choice = codes[one.item.id]
        one.item.decision = one.decision
        refused = one.decision is ItemDecision.REFUSED
        one.item.decision_code = choice.code if refused else None
        one.item.decision_text = choice.text.strip() or None
        one.item.decided_at = context.now
        one.item.decided_by = how.by
    failed = {one.item.id: result.failure[1] for one, result in results if result.failure is not None}
    if not written:
        return result_of(session, request, items, failed)
    return _conclude(session, context, request, items, written, before, failed, how)


def _check(
    session: Session,
    context: Context,
    request: Request,
    by_id: dict[int, RequestItem],
    choices: Sequence[Choice],
    how: How,
) -> None:
    next_state(request.state, Act.DECIDE, toward=RequestState.ACCEPTED)
    if not choices:
        raise UserError("Il n’y a plus rien à décider dans cette demande.", code="nothing_to_decide")
    for choice in choices:
        item = by_id.get(choice.item_id)
        if item is None:
            raise UserError("Cette ligne n’appartient pas à la demande.", field="item", code="item_gone")
        if item.decision not in (None, ItemDecision.WAITING):
            raise UserError(
                f"Cette ligne est déjà {_DECIDED_LABELS.get(item.decision, 'annulée')}.", code="item_decided"
            )
        if choice.decision is ItemDecision.REFUSED:
            refusal_code(choice.code, choice.text)
        if choice.decision is ItemDecision.WAITING and request.kind not in _WAITABLE:
            raise UserError(
                "La liste d’attente ne concerne que les réservations et les inscriptions.",
                code="not_waitable",
            )
    if not how.automatic and how.strict:
        _check_deadlines(session, context, request, choices, how)


def _check_deadlines(
    session: Session, context: Context, request: Request, choices: Sequence[Choice], how: How
) -> None:
    wanted = {choice.item_id for choice in choices if choice.decision is not ItemDecision.REFUSED}
    if not wanted:
        return
    if how.override_reason:
        require(context, Permission.OVERRIDE_DEADLINE)
        return
    for one in proposals.simulate(session, context, request.id).items:
        if one.item_id not in wanted:
            continue
        for reason in one.proposal.reasons:
            if reason.refusal is not None and reason.refusal.value in _OVERRIDDEN:
                raise UserError(
                    f"{reason.sentence} Pour accepter quand même, écrivez la raison de la dérogation.",
                    field="override_reason",
                    code=reason.refusal.value,
                )


def _apply(
    session: Session, context: Context, request: Request, decided: Sequence[Decided], how: How
) -> list[tuple[Decided, Done]]:
    effect = EFFECTS[request.kind]
    done = effect.apply(session, context, Work(request, tuple(decided), how.offer, how.facts))
    results = list(zip(decided, done, strict=True))
    if how.wait_when_full:
        full = [
            index
            for index, (one, result) in enumerate(results)
            if one.accepted and result.failure is not None and result.failure[0] is RefusalCode.COMPLET
        ]
        if full and request.kind is RequestKind.BOOKINGS:
            waiting = [Decided(results[index][0].item, ItemDecision.WAITING) for index in full]
            again = effect.apply(session, context, Work(request, tuple(waiting), how.offer, how.facts))
            for index, one, result in zip(full, waiting, again, strict=True):
                results[index] = (one, result)
    failure = next((result.failure for _, result in results if result.failure is not None), None)
    if how.strict and failure is not None:
        raise UserError(failure[1], code=failure[0].value)
    return results


def _conclude(
    session: Session,
    context: Context,
    request: Request,
    items: Sequence[RequestItem],
    written: Sequence[tuple[Decided, Done]],
    before: dict[int, ItemDecision | None],
    failed: dict[int, str],
    how: How,
) -> DecisionResult:
    if not how.automatic:
        assign(context, request)
    request.decided_at = context.now
    request.decided_by = how.by
    notes = {one.item.id: result.note for one, result in written if result.note}
    said = said_of_all(items, list(notes.values()), how.text)
    state = said.state
    hold_back = 0 if how.automatic else int(settings.get(session, "requests.undo_seconds"))
    until = transitions.undo_until(context, hold_back)
    step = transitions.Step(
        Act.DECIDE,
        how.action,
        _summary(request, state, written, how),
        toward=state,
        detail={
            "items": [
                {
                    "item": one.item.id,
                    "before": before[one.item.id].value if before[one.item.id] else None,  # type: ignore[union-attr]
                    "after": one.decision.value,
                    "code": one.item.decision_code,
                    "text": one.item.decision_text,
                    "effect": result.trace,
                }
                for one, result in written
            ],
            "override_reason": how.override_reason,
            "text": how.text,
        },
        code=said.code,
        text=said.text,
        notes=notes,
        undo_until=until,
    )
    if how.moves is not None:
        how.moves.add(request, step, items)
    else:
        transitions.move(session, context, request, step, items)
    return result_of(session, request, items, failed, until, later=how.moves is not None)


@dataclass(frozen=True)
class Said:
    """What an answer says of the request as a whole: the state, the one reason of a refusal, the words."""

    state: RequestState
    code: str | None
    text: str | None


def said_of_all(items: Sequence[RequestItem], notes: Sequence[str], text: str) -> Said:
    """What the decisions on these items make of the whole; `text` is the agent's word about it.

    A request without parts has its reason and notes in the answer itself.
    """
    state = transitions.state_made_by(items)
    refusals = {item.decision_code for item in items if item.decision is ItemDecision.REFUSED}
    one_reason = len(refusals) == 1 and state is RequestState.REFUSED
    is_whole = len(items) == 1 and items[0].item_kind is ItemKind.WHOLE
    parts = [items[0].decision_text, *notes] if is_whole else []
    words = text.strip() or " ".join(part for part in parts if part)
    return Said(state, refusals.pop() if one_reason else None, words or None)


def _summary(request: Request, state: RequestState, written: Sequence[tuple[Decided, Done]], how: How) -> str:
    """A journal line without personal data: what was decided, for which reason, with which derogation."""
    if state is RequestState.IN_PROGRESS:
        said = "Demande décidée en partie"
    else:
        said = {
            RequestState.ACCEPTED: "Demande acceptée",
            RequestState.PARTLY_ACCEPTED: "Demande acceptée en partie",
            RequestState.REFUSED: "Demande refusée",
            RequestState.WAITING_LIST: "Demande en liste d’attente",
        }[state]
    codes = sorted({one.item.decision_code for one, _ in written if one.item.decision_code})
    if codes:
        said += f" ({', '.join(REFUSAL_LABELS[RefusalCode(code)] for code in codes)})"
    if how.automatic:
        said += " par les règles"
    return f"{said}, par dérogation" if how.override_reason else said


def assign(context: Context, request: Request) -> None:
    """Give the request to the one who acts."""
    request.agent_id = context.actor.user_id
    request.taken_at = request.taken_at or context.now


def result_of(
    session: Session,
    request: Request,
    items: Sequence[RequestItem] | None = None,
    failed: dict[int, str] | None = None,
    until: datetime | None = None,
    *,
    later: bool = False,
) -> DecisionResult:
    """The request as it now stands; `later` where what was decided is written with other decisions."""
    if not later:
        session.flush()  # the version given back is the one just written
    if items is None:
        items = transitions.items_of(session, request.id)
    return DecisionResult(
        request.id,
        request.state,
        request.version,
        tuple(ItemOutcome(item.id, item.decision, (failed or {}).get(item.id, "")) for item in items),
        until,
    )
