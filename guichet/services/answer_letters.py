"""The answers to families in words: those that left, those that will, and the one that a decision not taken yet would make.

A preview goes through the functions that make the real answer (`deciding.said_of_all`, `transitions.answer_items`,
`transitions.publication`), on decisions that are never written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import DocumentType
from guichet.models.offer import Activity, Slot
from guichet.models.people import Person
from guichet.models.requests import ItemDecision, Request, RequestKind
from guichet.portal.wire import Answer, AnswerItem
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import REFUSAL_LABELS, RequestState
from guichet.rules.text import format_date, format_time, paris_day
from guichet.rules.typography import NBSP, french
from guichet.services import settings, sheet_fields, transitions
from guichet.services.deciding import said_of_all
from guichet.services.effects import Decided
from guichet.services.effects.dates import note_of
from guichet.services.request_labels import KIND_LABELS
from guichet.services.transaction import Context, needs


class Wording(StrEnum):
    """The decision whose answer is to be read beforehand."""

    ACCEPT = "accept"
    WAIT = "wait"
    REFUSE = "refuse"
    COMPLEMENT = "complement"


@dataclass(frozen=True)
class PreviewQuery:
    """The decision that would be taken on these items. `text` is the refusal's or the complement's."""

    request_id: int
    wording: Wording
    item_ids: tuple[int, ...] = ()
    code: str = ""
    text: str = ""


@dataclass(frozen=True)
class Letter:
    """An answer as the family reads it; `status` is the state it announces. Plain French text, lines parted by \\n."""

    status: str
    subject: str
    body: str


@dataclass(frozen=True)
class Names:
    """What the codes of an answer are called in this town."""

    slots: Mapping[tuple[str, str], str]
    documents: Mapping[str, str]
    service: str
    town: str


_DECISIONS = {
    Wording.ACCEPT: ItemDecision.ACCEPTED,
    Wording.WAIT: ItemDecision.WAITING,
    Wording.REFUSE: ItemDecision.REFUSED,
}
_STATUS = {
    "pending": "est remise dans la file de nos services",
    "in_progress": "est en cours de traitement",
    "needs_info": "demande un complément de votre part",
    "waiting_list": "est sur liste d’attente",
    "accepted": "est acceptée",
    "partly_accepted": "est acceptée en partie",
    "refused": "n’a pas pu être acceptée",
    "cancelled": "est annulée",
    "already_in_progress": "était déjà prise en charge : la modification reçue n’a pas pu être prise en compte",
}
_SUBJECTS = {
    "pending": "en attente",
    "in_progress": "en cours de traitement",
    "needs_info": "complément demandé",
    "waiting_list": "liste d’attente",
    "accepted": "acceptée",
    "partly_accepted": "acceptée en partie",
    "refused": "refusée",
    "cancelled": "annulée",
    "already_in_progress": "déjà prise en charge",
}
_OUTCOMES = {
    "accepted": "✓ accepté",
    "refused": "✗ refusé",
    "waiting": "… sur liste d’attente",
    "pending": "• reste à l’étude",
}


@needs(Permission.READ_REQUESTS)
def preview(session: Session, context: Context, query: PreviewQuery) -> Letter:
    """The answer that this decision would send. Nothing is written, and nothing is checked: deciding does that.

    The rank on a waiting list is known once the date waits: a preview does not say it. Raises UserError when the request
    is not there any more.
    """
    request = session.get(Request, query.request_id)
    if request is None:
        raise UserError("Cette demande n’existe plus : relancez la recherche.", code="request_gone")
    with session.no_autoflush:
        if query.wording is Wording.COMPLEMENT:
            answer = _answer(context, request, RequestState.NEEDS_INFO, [], None, query.text.strip() or None)
        else:
            answer = _decided(session, context, request, query)
        return letter_of(request, answer, names(session, [answer]), child_name(session, request))


def _decided(session: Session, context: Context, request: Request, query: PreviewQuery) -> Answer:
    items = transitions.items_of(session, request.id)
    decision = _DECISIONS[query.wording]
    notes: dict[int, str] = {}
    for item in items:
        if item.id not in query.item_ids or item.decision not in (None, ItemDecision.WAITING):
            continue
        item.decision = decision
        item.decision_code = query.code or None
        item.decision_text = query.text.strip() or None
        note = note_of(request, Decided(item, decision, query.text))
        if note:
            notes[item.id] = note
    said = said_of_all(items, list(notes.values()), "")
    told = transitions.answer_items(session, items, notes)
    return _answer(context, request, said.state, list(told.values()), said.code, said.text)


def _answer(
    context: Context,
    request: Request,
    state: RequestState,
    items: list[AnswerItem],
    code: str | None,
    text: str | None,
) -> Answer:
    made = transitions.publication(
        context, transitions.answered(request), state.value, items, code=code, text=text
    )
    return Answer.model_validate(made.payload)


def names(session: Session, answers: Sequence[Answer]) -> Names:
    """What the codes of these answers are called: three queries at most."""
    items = [item for answer in answers for item in answer.items]
    activities = {item.activity for item in items if item.activity}
    types = {item.document_type for item in items if item.document_type}
    slots: dict[tuple[str, str], str] = {}
    if activities:
        for activity, slot, activity_name, slot_name in session.execute(
            select(Activity.code, Slot.code, Activity.name, Slot.name)
            .join(Slot, Slot.activity_id == Activity.id)
            .where(Activity.code.in_(activities))
        ):
            slots[activity, slot] = f"{activity_name}, {slot_name}"
    documents: dict[str, str] = {}
    if types:
        rows = session.execute(
            select(DocumentType.code, DocumentType.label).where(DocumentType.code.in_(types))
        )
        documents = dict(rows.all())
    town = settings.town(session)
    return Names(slots, documents, town.service, town.name)


def child_name(session: Session, request: Request) -> str:
    """The first and last name of the child concerned, empty when there is none."""
    child = session.get(Person, request.child_id) if request.child_id is not None else None
    return f"{child.first_name} {child.last_name}" if child is not None else ""


def letter_of(request: Request, answer: Answer, called: Names, child: str) -> Letter:
    """An answer in the words that the family reads."""
    kind = KIND_LABELS[RequestKind(request.kind)].lower()
    number = f"n°{NBSP}{request.external_id}"
    whose = f" pour {child}" if child else ""
    opening = (
        f"Votre demande « {kind} » du {format_date(paris_day(request.submitted_at))} ({number}){whose} "
        f"{_STATUS[answer.status]}."
    )
    lines = ["Bonjour,", "", opening]
    if answer.reason_code:
        lines.append(f"Motif : {_reason(answer.reason_code)}.")
    if answer.text:
        lines += ["", answer.text]
    if answer.items:
        lines += ["", *(_line(item, called, alone=answer.reason_code) for item in answer.items)]
    lines += ["", called.service, called.town]
    return Letter(
        answer.status, french(f"Demande {number} : {_SUBJECTS[answer.status]}"), french("\n".join(lines))
    )


def _line(item: AnswerItem, called: Names, alone: str | None) -> str:
    words = f"{_what(item, called)} : {_OUTCOMES[item.outcome]}"
    if item.rank is not None:
        words += f", rang {item.rank}"
    if item.reason_code and item.reason_code != alone:
        words += f" ({_reason(item.reason_code)})"
    return f"{words}. {item.text}" if item.text else words


def _what(item: AnswerItem, called: Names) -> str:
    if item.date is not None:
        slot = called.slots.get((item.activity or "", item.slot or ""), item.slot or "")
        at = f" à {format_time(item.start)}" if item.start is not None else ""
        return f"{format_date(item.date)}{at} – {slot}"
    if item.field:
        return sheet_fields.label_of(item.field)
    if item.document_type:
        return called.documents.get(item.document_type, "Pièce")
    return "Pièce"


def _reason(code: str) -> str:
    known: dict[Any, str] = {each.value: label for each, label in REFUSAL_LABELS.items()}
    return known.get(code, code)
