"""What accepting a request does, by kind; and how a decision whose answer has not left is undone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from guichet.models.requests import RequestItem, RequestKind
from guichet.services.effects import child_sheet, dates, enrolments, family_sheet, newcomers, simple
from guichet.services.effects.base import Decided, Done, Work
from guichet.services.transaction import Context

__all__ = ["EFFECTS", "Decided", "Done", "Effect", "Work"]


@dataclass(frozen=True)
class Effect:
    """`apply` carries out the decisions of one act, one result for each; `undo` takes one item's back from its trace."""

    apply: Callable[[Session, Context, Work], list[Done]]
    undo: Callable[[Session, Context, RequestItem, dict[str, Any]], None]


EFFECTS: dict[RequestKind, Effect] = {
    RequestKind.BOOKINGS: Effect(dates.book, dates.undo_book),
    RequestKind.CANCELLATIONS: Effect(dates.cancel, dates.undo_cancel),
    RequestKind.ABSENCE: Effect(dates.declare_absent, dates.undo_absent),
    RequestKind.ENROLMENT: Effect(enrolments.enrol, enrolments.undo),
    RequestKind.WITHDRAWAL: Effect(simple.withdraw, simple.undo_final),
    RequestKind.COMPLEMENT: Effect(simple.complete, simple.undo_final),
    RequestKind.NEW_FAMILY: Effect(newcomers.create_family, newcomers.undo_family),
    RequestKind.FAMILY_SHEET: Effect(family_sheet.change, family_sheet.undo),
    RequestKind.CHILD_SHEET: Effect(child_sheet.change, child_sheet.undo),
    RequestKind.DOCUMENT: Effect(simple.file_documents, simple.undo_document),
    RequestKind.ATTESTATION: Effect(simple.nothing, simple.undo_nothing),
    RequestKind.MESSAGE: Effect(simple.file_message, simple.undo_message),
    RequestKind.EINVOICE_CONSENT: Effect(simple.consent_to_einvoices, simple.undo_einvoices),
}
