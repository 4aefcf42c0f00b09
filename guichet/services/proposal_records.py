"""Proposals as they are kept on the items of a request, and read again from there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.requests import Request, RequestItem, RequestKind
from guichet.rules import proposals as rules
from guichet.rules.proposals import Proposal, Reason, Verdict
from guichet.rules.requests import RefusalCode
from guichet.services.request_items import ItemDraft
from guichet.services.transaction import Context

DRAFT_COLUMNS = (
    RequestItem.id,
    RequestItem.request_id,
    RequestItem.item_kind,
    RequestItem.slot_id,
    RequestItem.date,
    RequestItem.starts_at,
    RequestItem.field,
    RequestItem.new_value,
    RequestItem.document_id,
)
"""What `draft_of` reads of an item."""

_ENGAGED = frozenset({"paid_anomaly", "confirmed_anomaly"})


@dataclass(frozen=True)
class ProposedItem:
    """An item and what is proposed for it."""

    item_id: int
    draft: ItemDraft
    proposal: Proposal


@dataclass(frozen=True)
class Proposed:
    """A request and what is proposed for it; `summary` is accept, wait, refuse, examine or mixed."""

    request_id: int
    kind: RequestKind
    summary: str
    anomaly: str | None
    items: tuple[ProposedItem, ...]

    @property
    def fits(self) -> bool:
        """Whether every item may be accepted as it stands."""
        return self.summary == Verdict.ACCEPT.value


def recall(session: Session, context: Context, request_ids: Sequence[int]) -> tuple[Proposed, ...]:
    """The proposals as they were written, in two queries: for what is about to be checked again under its own hold."""
    kinds = dict(session.execute(select(Request.id, Request.kind).where(Request.id.in_(request_ids))).all())
    found: dict[int, list[ProposedItem]] = defaultdict(list)
    for row in session.execute(
        select(*DRAFT_COLUMNS, RequestItem.verdict, RequestItem.verdict_code, RequestItem.reasons)
        .where(RequestItem.request_id.in_(request_ids), RequestItem.decision.is_(None))
        .order_by(RequestItem.request_id, RequestItem.position)
    ):
        if row.verdict is not None:
            found[row.request_id].append(ProposedItem(row.id, draft_of(row), _proposal_of(row)))
    return tuple(
        Proposed(
            request_id,
            kinds[request_id],
            rules.summary(item.proposal.verdict for item in found[request_id]),
            anomaly_of([item.proposal for item in found[request_id]]),
            tuple(found[request_id]),
        )
        for request_id in request_ids
        if found.get(request_id)
    )


def _proposal_of(row: Any) -> Proposal:
    code = RefusalCode(row.verdict_code) if row.verdict_code else None
    reasons = tuple(
        Reason(
            one["code"],
            one["text"],
            Verdict(one["effect"]) if one.get("effect") else None,
            code if one.get("effect") == Verdict.REFUSE.value else None,
        )
        for one in row.reasons
    )
    anomaly = any(one.code in _ENGAGED for one in reasons)
    return Proposal(row.verdict, code, reasons, anomaly)


def stored_reasons(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    """Reasons as an item keeps them: code, French text, and what each pulls towards (empty: information)."""
    return [
        {"code": one.code, "text": one.sentence, "effect": one.effect.value if one.effect else ""}
        for one in reasons
    ]


def draft_of(row: Any) -> ItemDraft:
    """An item's row as what it asks for."""
    return ItemDraft(
        row.item_kind,
        row.slot_id,
        row.date,
        row.starts_at,
        row.field,
        row.new_value,
        row.document_id,
        row.id,
    )


def anomaly_of(verdicts: Sequence[Proposal]) -> str | None:
    """Why a date already paid or confirmed by the portal does not fit, the first found; None where all is well."""
    failing = [one for one in verdicts if one.anomaly]
    return failing[0].sentence if failing else None
