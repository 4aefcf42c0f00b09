"""The items of a request: one date × slot, one field, one document, or the whole; decisions are taken on these."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from guichet.models.requests import ItemKind, RequestKind
from guichet.services.catalogue import Catalogue, SlotInfo

_BY_DATE = frozenset({RequestKind.BOOKINGS, RequestKind.CANCELLATIONS, RequestKind.ABSENCE})
_FAMILY_SECTIONS = ("responsable", "conjoint", "fiscal", "caf", "bank")
_CHILD_SECTIONS = ("identity", "health", "photo_consent")


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as it was asked; `item_id` once it is written."""

    kind: ItemKind
    slot_id: int | None = None
    day: date | None = None
    start: time | None = None
    field: str | None = None
    value: Any = None
    document_id: int | None = None
    item_id: int | None = None


def draft(
    kind: RequestKind,
    line: Mapping[str, Any],
    slots: Mapping[tuple[str, str], SlotInfo],
    documents: Sequence[int],
) -> list[ItemDraft]:
    """Cut a request's line, as it was kept, into items. `slots` is by (activity code, slot code).

    Raises KeyError for a slot that the offer no longer knows: the import checks them first.
    """
    payload: Mapping[str, Any] = line.get("payload") or {}
    if kind in _BY_DATE:
        return [_date(item, slots[item["activity"], item["slot"]]) for item in payload["items"]]
    if kind is RequestKind.FAMILY_SHEET:
        return list(_fields(payload, _FAMILY_SECTIONS))
    if kind is RequestKind.CHILD_SHEET:
        return [*_fields(payload, _CHILD_SECTIONS), *_people(payload)]
    if kind is RequestKind.DOCUMENT and documents:
        return [ItemDraft(ItemKind.DOCUMENT, document_id=document_id) for document_id in documents]
    return [ItemDraft(ItemKind.WHOLE)]


def slots_by_code(catalogue: Catalogue) -> dict[tuple[str, str], SlotInfo]:
    """The slots by (activity code, slot code), as the exchange names them."""
    return {
        (catalogue.activities[slot.activity_id].code, slot.code): slot for slot in catalogue.slots.values()
    }


def _date(item: Mapping[str, Any], slot: SlotInfo) -> ItemDraft:
    """An hour counts only where the slot is taken by the hour: else it would part what is one and the same place."""
    start = item.get("start") if slot.by_the_hour else None
    return ItemDraft(
        ItemKind.DATE,
        slot_id=slot.id,
        day=date.fromisoformat(item["date"]),
        start=time.fromisoformat(start) if start else None,
    )


def _fields(payload: Mapping[str, Any], sections: Sequence[str]) -> Iterator[ItemDraft]:
    for section in sections:
        for name, value in (payload.get(section) or {}).items():
            yield ItemDraft(ItemKind.FIELD, field=f"{section}.{name}", value=value)


def _people(payload: Mapping[str, Any]) -> Iterator[ItemDraft]:
    people = payload.get("authorised_persons") or {}
    for change in ("add", "remove"):
        for person in people.get(change) or ():
            yield ItemDraft(ItemKind.FIELD, field=f"authorised_persons.{change}", value=person)
    if payload.get("new_child"):
        yield ItemDraft(ItemKind.FIELD, field="new_child", value=payload["new_child"])
