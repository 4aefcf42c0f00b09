"""A request's items as they are shown: before and after, verdict and reasons, what the reader may not see masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document
from guichet.models.offer import Activity, Slot
from guichet.models.requests import (
    ItemDecision,
    ItemKind,
    RequestItem,
)
from guichet.models.settings import UserAccount
from guichet.rules.permissions import Permission
from guichet.rules.proposals import Verdict
from guichet.rules.requests import REFUSAL_LABELS, RefusalCode
from guichet.rules.text import format_date, format_time
from guichet.services import sheet_fields
from guichet.services.confirmation import BY_RULES
from guichet.services.request_gates import Gates
from guichet.services.transaction import Context

MASKED = "•••"
DECIDERS = {BY_RULES: "les règles"}


@dataclass(frozen=True)
class ReasonView:
    """A reason of the proposal; `effect` is accept, wait, refuse or examine, empty for information."""

    code: str
    text: str
    effect: str


@dataclass(frozen=True)
class ItemView:
    """One line of a request. `before` and `after` are French text, for a field; masked without the right to read them."""

    item_id: int
    kind: ItemKind
    label: str
    day: date | None
    start: time | None
    field: str
    before: str
    after: str
    masked: bool
    document_id: int | None
    places_left: int | None
    verdict: Verdict | None
    verdict_code: str
    verdict_label: str
    reasons: tuple[ReasonView, ...]
    decision: ItemDecision | None
    decision_code: str
    decision_label: str
    decision_text: str
    decided_at: datetime | None
    decided_by: str


def item_rows(session: Session, request_id: int) -> Sequence[Any]:
    """The items of a request in their order: (item, slot, activity, piece, who decided), the last four by name or None."""
    return session.execute(
        select(RequestItem, Slot.name, Activity.name, Document.name, UserAccount.display_name)
        .outerjoin(Slot, Slot.id == RequestItem.slot_id)
        .outerjoin(Activity, Activity.id == Slot.activity_id)
        .outerjoin(Document, Document.id == RequestItem.document_id)
        .outerjoin(UserAccount, UserAccount.login == RequestItem.decided_by)
        .where(RequestItem.request_id == request_id)
        .order_by(RequestItem.position)
    ).all()


def item_view(context: Context, row: Any, gates: Gates, *, with_health: bool) -> ItemView:
    """One of `item_rows` as it is shown, health values only on demand."""
    item, slot, activity, document, decider = row
    masked = _is_masked(context, item, with_health=with_health)
    is_field = item.item_kind is ItemKind.FIELD
    code = item.decision_code or ""
    return ItemView(
        item_id=item.id,
        kind=item.item_kind,
        label=_label(item, slot, activity, document),
        day=item.date,
        start=item.starts_at,
        field=item.field or "",
        before=""
        if not is_field
        else MASKED
        if masked
        else sheet_fields.shown_as(item.field or "", item.old_value),
        after=""
        if not is_field
        else MASKED
        if masked
        else sheet_fields.shown_as(item.field or "", item.new_value),
        masked=masked,
        document_id=item.document_id,
        places_left=gates.places.get(item.id),
        verdict=item.verdict,
        verdict_code=item.verdict_code or "",
        verdict_label=REFUSAL_LABELS.get(RefusalCode(item.verdict_code), "") if item.verdict_code else "",
        reasons=tuple(ReasonView(one["code"], one["text"], one.get("effect", "")) for one in item.reasons),
        decision=item.decision,
        decision_code=code,
        decision_label=REFUSAL_LABELS[RefusalCode(code)] if code in REFUSAL_LABELS else code,
        decision_text=item.decision_text or "",
        decided_at=item.decided_at,
        decided_by=decider or DECIDERS.get(item.decided_by or "", item.decided_by or ""),
    )


def _label(item: RequestItem, slot: str | None, activity: str | None, document: str | None) -> str:
    if item.item_kind is ItemKind.DATE and item.date is not None:
        at = f" à {format_time(item.starts_at)}" if item.starts_at is not None else ""
        return f"{format_date(item.date)} – {activity}, {slot}{at}"
    if item.item_kind is ItemKind.FIELD:
        return sheet_fields.label_of(item.field or "")
    if item.item_kind is ItemKind.DOCUMENT:
        return document or "Pièce"
    return "Ensemble de la demande"


def _is_masked(context: Context, item: RequestItem, *, with_health: bool) -> bool:
    section = (item.field or "").partition(".")[0]
    if section in sheet_fields.HEALTH_SECTIONS:
        return not with_health
    return section in sheet_fields.INCOME_SECTIONS and not context.may(Permission.READ_INCOME)
