"""Proposals: each item of a request gets a verdict with its reasons, from the facts as they stand (domain.md §2, §4)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document
from guichet.models.requests import ItemDecision, ItemKind, Request, RequestItem, RequestKind
from guichet.rules import proposals as rules
from guichet.rules.errors import UserError
from guichet.rules.proposals import Proposal
from guichet.services import catalogue as catalogues
from guichet.services import (
    facts_reading,
    proposals_dates,
    proposals_enrolment,
    proposals_sheet,
    proposals_whole,
    settings,
)
from guichet.services.bulk import insert_rows
from guichet.services.facts import Asked, Facts
from guichet.services.proposal_records import (
    DRAFT_COLUMNS,
    Proposed,
    ProposedItem,
    anomaly_of,
    draft_of,
    stored_reasons,
)
from guichet.services.request_items import ItemDraft, draft, slots_by_code
from guichet.services.transaction import Context

_ITEM: Table = RequestItem.__table__  # type: ignore[assignment]
_REQUEST: Table = Request.__table__  # type: ignore[assignment]


@dataclass
class Town:
    """What every request of one run shares: settings, facts, prices."""

    facts: Facts
    overdue_blocks: bool
    prepaid_floor: int
    sheets: proposals_sheet.SheetFacts
    whole: proposals_whole.WholeFacts


@dataclass(frozen=True)
class _Item:
    id: int | None
    draft: ItemDraft
    decided: bool


def propose(
    session: Session,
    context: Context,
    request_ids: Sequence[int],
    offer: catalogues.Catalogue | None = None,
) -> tuple[Proposed, ...]:
    """Propose for these requests, in a fixed number of queries: write their items if they have none, the verdicts and
    reasons of those not decided yet, and the summary on each request. Proposals do not take places: two requests may both
    be told that the last one is left. `offer` saves reading it again in a long run.
    """
    asked = _asked(session, request_ids)
    if not asked:
        return ()
    return _propose(session, context, asked, offer or catalogues.load(session))[0]


def propose_under_hold(
    session: Session, context: Context, request_id: int, offer: catalogues.Catalogue
) -> tuple[Proposed, Facts]:
    """The same for one request whose children and pools the caller holds; the facts then serve to carry it out."""
    proposed, facts = _propose(session, context, _asked(session, [request_id]), offer)
    return proposed[0], facts


def _propose(
    session: Session, context: Context, asked: Sequence[Asked], offer: catalogues.Catalogue
) -> tuple[tuple[Proposed, ...], Facts]:
    items = _items(session, asked, offer)
    town = _gather(session, context, offer, asked, items)
    proposed: list[tuple[Asked, list[tuple[_Item, Proposal]]]] = []
    for request in asked:
        found = items[request.id]
        undecided = [item for item in found if not item.decided]
        verdicts = _for_request(town, request, [item.draft for item in undecided])
        proposed.append((request, list(zip(undecided, verdicts, strict=True))))
    return _write(session, town, proposed), town.facts


def simulate(session: Session, context: Context, request_id: int) -> Proposed:
    """What would be proposed for a request now, without writing anything. Raises UserError when it does not exist."""
    found = foresee(session, context, [request_id])
    if not found:
        raise UserError("Cette demande n’existe pas.", field="request", code="request_gone")
    return found[0]


def foresee(session: Session, context: Context, request_ids: Sequence[int]) -> tuple[Proposed, ...]:
    """What would be proposed for these requests in this order, each on the places and dates that those before it take.

    Nothing is written; items not written yet have the id 0.
    """
    asked = _asked(session, request_ids)
    if not asked:
        return ()
    offer = catalogues.load(session)
    items = _items(session, asked, offer)
    town = _gather(session, context, offer, asked, items)
    found = []
    for request in asked:
        undecided = [item for item in items[request.id] if not item.decided]
        verdicts = _for_request(town, request, [item.draft for item in undecided])
        if request.kind is RequestKind.BOOKINGS:
            proposals_dates.take_places(town.facts, request, [item.draft for item in undecided], verdicts)
        found.append(
            Proposed(
                request.id,
                request.kind,
                rules.summary(one.verdict for one in verdicts) if verdicts else "",
                anomaly_of(verdicts),
                tuple(
                    ProposedItem(item.id or 0, item.draft, proposal)
                    for item, proposal in zip(undecided, verdicts, strict=True)
                ),
            )
        )
    return tuple(found)


def _asked(session: Session, request_ids: Sequence[int]) -> list[Asked]:
    rows = session.execute(
        select(
            Request.id,
            Request.portal,
            Request.kind,
            Request.payload,
            Request.family_id,
            Request.child_id,
            Request.activity_id,
            Request.refers_to_id,
            Request.submitted_at,
            Request.payment_reference,
        ).where(Request.id.in_(request_ids))
    )
    found = {row.id: Asked(*row) for row in rows}
    return [found[request_id] for request_id in request_ids if request_id in found]


def _items(session: Session, asked: Sequence[Asked], offer: catalogues.Catalogue) -> dict[int, list[_Item]]:
    """The items of each request, drafted from its line where none is written yet."""
    found: dict[int, list[_Item]] = defaultdict(list)
    for row in session.execute(
        select(*DRAFT_COLUMNS, RequestItem.decision)
        .where(RequestItem.request_id.in_([one.id for one in asked]))
        .order_by(RequestItem.request_id, RequestItem.position)
    ):
        settled = row.decision is not None and row.decision is not ItemDecision.WAITING
        found[row.request_id].append(_Item(row.id, draft_of(row), settled))
    documents = _documents(session, [one.id for one in asked if one.kind is RequestKind.DOCUMENT])
    codes = slots_by_code(offer)
    for one in asked:
        if one.id not in found:
            drafts = draft(one.kind, one.line, codes, documents.get(one.id, []))
            found[one.id] = [_Item(None, drafted, False) for drafted in drafts]
    return found


def _documents(session: Session, request_ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    if request_ids:
        for document_id, request_id in session.execute(
            select(Document.id, Document.request_id)
            .where(Document.request_id.in_(request_ids))
            .order_by(Document.id)
        ):
            if request_id is not None:
                found[request_id].append(document_id)
    return found


def _gather(
    session: Session,
    context: Context,
    offer: catalogues.Catalogue,
    asked: Sequence[Asked],
    items: Mapping[int, Sequence[_Item]],
) -> Town:
    moments = {
        (item.draft.slot_id, item.draft.day)
        for one in asked
        if one.kind is RequestKind.BOOKINGS
        for item in items[one.id]
        if item.draft.slot_id is not None and item.draft.day is not None
    }
    facts = facts_reading.gather(
        session,
        context,
        offer,
        child_ids={one.child_id for one in asked if one.child_id is not None},
        family_ids={one.family_id for one in asked if one.family_id is not None},
        moments=moments,
        child_days={
            (one.child_id, item.draft.day)
            for one in asked
            for item in items[one.id]
            if one.child_id is not None and item.draft.day is not None
        },
    )
    drafts = {one.id: [item.draft for item in items[one.id]] for one in asked}
    decided = settings.several(session, "requests.overdue_blocks", "requests.prepaid_floor_cents")
    return Town(
        facts,
        overdue_blocks=bool(decided["requests.overdue_blocks"]),
        prepaid_floor=int(decided["requests.prepaid_floor_cents"]),
        sheets=proposals_sheet.read(session, context, asked, drafts),
        whole=proposals_whole.read(session, context, asked, drafts),
    )


def _for_request(town: Town, asked: Asked, drafts: Sequence[ItemDraft]) -> list[Proposal]:
    if asked.kind is RequestKind.BOOKINGS:
        return list(
            proposals_dates.bookings(
                town.facts, asked, drafts, lambda activity: _account(town, asked, activity)
            )
        )
    if asked.kind is RequestKind.CANCELLATIONS:
        return list(proposals_dates.cancellations(town.facts, asked, drafts))
    if asked.kind is RequestKind.ABSENCE:
        return list(proposals_dates.absences(town.facts, asked, drafts))
    if asked.kind is RequestKind.ENROLMENT:
        account = _account(town, asked, asked.activity_id)
        return [proposals_enrolment.propose(town.facts, asked, account)]
    if asked.kind in (RequestKind.FAMILY_SHEET, RequestKind.CHILD_SHEET):
        return [town.sheets.propose(asked, one) for one in drafts]
    return [town.whole.propose(asked, one) for one in drafts]


def _account(town: Town, asked: Asked, activity_id: int | None) -> rules.AccountFacts:
    family_id = asked.family_id or 0
    activity = town.facts.catalogue.activities.get(activity_id or 0)
    prepaid = activity is not None and activity.prepaid
    return rules.AccountFacts(
        overdue=town.facts.overdue.get(family_id, 0),
        overdue_blocks=town.overdue_blocks,
        prepaid_balance=town.facts.in_hand.get(family_id, 0) if prepaid else None,
        prepaid_floor=town.prepaid_floor,
    )


def _write(
    session: Session, town: Town, proposed: Sequence[tuple[Asked, list[tuple[_Item, Proposal]]]]
) -> tuple[Proposed, ...]:
    new: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for request, pairs in proposed:
        for position, (item, proposal) in enumerate(pairs, start=1):
            verdict = {
                "verdict": proposal.verdict,
                "verdict_code": proposal.code.value if proposal.code else None,
                "reasons": stored_reasons(proposal.reasons),
            }
            if item.id is None:
                old_value = town.sheets.current(request, item.draft)
                new.append(_new_row(request.id, position, item.draft, old_value) | verdict)
            else:
                known.append({"row": item.id} | verdict)
    ids = iter(insert_rows(session, _ITEM, new))
    if known:
        session.connection().execute(
            update(_ITEM)
            .where(_ITEM.c.id == bindparam("row"))
            .values({name: bindparam(name) for name in ("verdict", "verdict_code", "reasons")}),
            known,
        )
    done = [
        Proposed(
            request.id,
            request.kind,
            rules.summary(proposal.verdict for _, proposal in pairs) if pairs else "",
            anomaly_of([proposal for _, proposal in pairs]),
            tuple(
                ProposedItem(item.id if item.id is not None else next(ids), item.draft, proposal)
                for item, proposal in pairs
            ),
        )
        for request, pairs in proposed
    ]
    session.connection().execute(
        update(_REQUEST)
        .where(_REQUEST.c.id == bindparam("row"))
        .values(proposal=bindparam("summary"), anomaly=bindparam("anomaly")),
        [{"row": one.request_id, "summary": one.summary or None, "anomaly": one.anomaly} for one in done],
    )
    return tuple(done)


def _new_row(request_id: int, position: int, one: ItemDraft, old_value: Any) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "position": position,
        "item_kind": ItemKind(one.kind),
        "slot_id": one.slot_id,
        "date": one.day,
        "starts_at": one.start,
        "field": one.field,
        "old_value": old_value,
        "new_value": one.value,
        "document_id": one.document_id,
    }
