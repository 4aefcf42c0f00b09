"""Carrying out what is one thing: documents, messages, consents, attestations, withdrawals, complements."""

from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document, DocumentState, DocumentType
from guichet.models.people import ConsentKind, Family, SendingMode
from guichet.models.requests import ItemDecision, Message, Request, RequestItem
from guichet.rules.errors import UserError
from guichet.rules.requests import Act, RefusalCode, RequestState
from guichet.rules.text import paris_day
from guichet.services import catalogue, documents, sheet_fields, transitions
from guichet.services.effects.base import NOTHING, Decided, Done, Work
from guichet.services.effects.family_sheet import give_consent
from guichet.services.transaction import Context


def file_documents(session: Session, context: Context, work: Work) -> list[Done]:
    """File the accepted pieces as valid, for as long as their type says; refused ones are invalid, with the reason."""
    return [_file(session, context, work, one) for one in work.decided]


def undo_document(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Put a piece back among those to look at."""
    if "document" in trace:
        session.execute(
            update(Document)
            .where(Document.id == trace["document"])
            .values(
                state=DocumentState(trace["was"]),
                reason=None,
                valid_until=date.fromisoformat(trace["until"]) if trace["until"] else None,
                version=Document.version + 1,
            )
        )


def file_message(session: Session, context: Context, work: Work) -> list[Done]:
    """Put the message in the family's box, read by the agent who accepts it."""
    (one,) = work.decided
    if not one.accepted or work.request.family_id is None:
        return [NOTHING]
    message = Message(
        family_id=work.request.family_id,
        request_id=work.request.id,
        from_family=True,
        subject=work.payload["subject"][:240],
        body=work.payload["body"],
        sent_at=work.request.submitted_at,
        read_at=context.now,
    )
    session.add(message)
    session.flush()  # its id goes into the trace
    return [Done({"message": message.id})]


def undo_message(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Take the message out of the box."""
    if "message" in trace:
        session.execute(delete(Message).where(Message.id == trace["message"]))


def consent_to_einvoices(session: Session, context: Context, work: Work) -> list[Done]:
    """Send this family's invoices by e-mail, or by post again; the consent keeps its history (seed 000)."""
    (one,) = work.decided
    if not one.accepted:
        return [NOTHING]
    family = _family(session, work.request)
    given, email = bool(work.payload["given"]), work.payload.get("email")
    trace = {"was": family.sending_mode.value, "email": family.invoice_email}
    if given and email:
        try:
            family.invoice_email = sheet_fields.check_email(email)
        except ValueError as problem:
            return [Done(failure=(RefusalCode.PIECE_INVALIDE, str(problem)))]
    family.sending_mode = SendingMode.EMAIL if given else SendingMode.PAPER
    give_consent(
        session, context, ConsentKind.EINVOICE, given, family_id=family.id, request_id=work.request.id
    )
    return [Done(trace)]


def undo_einvoices(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """Send invoices as before."""
    if "was" in trace:
        family = _family(session, session.get_one(Request, item.request_id))
        family.sending_mode = SendingMode(trace["was"])
        family.invoice_email = trace["email"]
        by_email = family.sending_mode is SendingMode.EMAIL
        give_consent(session, context, ConsentKind.EINVOICE, by_email, family_id=family.id)


def nothing(session: Session, context: Context, work: Work) -> list[Done]:
    """A decision that only answers: an attestation is then issued from the Attestations page."""
    return [NOTHING for _ in work.decided]


def undo_nothing(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """There is nothing to put back."""


def withdraw(session: Session, context: Context, work: Work) -> list[Done]:
    """Cancel the request that the family takes back, while it is pending."""
    (one,) = work.decided
    if not one.accepted or work.request.refers_to_id is None:
        return [NOTHING]
    target = transitions.hold(session, work.request.refers_to_id, None)
    if target.state is not RequestState.PENDING:
        sentence = "La demande est déjà prise en charge : elle ne peut plus être retirée."
        return [Done(failure=(RefusalCode.AUTRE, sentence))]
    target.decided_at = context.now
    step = transitions.Step(Act.WITHDRAW, "request.withdraw", "Demande retirée par la famille")
    transitions.move(session, context, target, step)
    return [Done({"target": target.id})]


def complete(session: Session, context: Context, work: Work) -> list[Done]:
    """Bring the complement to the request that waits for it; its pieces join that request's."""
    (one,) = work.decided
    if not one.accepted or work.request.refers_to_id is None:
        return [NOTHING]
    target = transitions.hold(session, work.request.refers_to_id, None)
    if target.state is RequestState.NEEDS_INFO:
        step = transitions.Step(
            Act.RECEIVE_COMPLEMENT, "request.complement_received", "Complément reçu de la famille"
        )
        transitions.move(session, context, target, step)
    return [Done({"target": target.id})]


def undo_final(session: Session, context: Context, item: RequestItem, trace: dict[str, Any]) -> None:
    """What moved another request on is not taken back."""
    raise UserError("Une demande retirée ou complétée par la famille ne revient pas en arrière.")


def _file(session: Session, context: Context, work: Work, one: Decided) -> Done:
    if one.item.document_id is None:
        return NOTHING
    document = session.scalars(
        select(Document).where(Document.id == one.item.document_id).with_for_update()
    ).one()
    trace = {
        "document": document.id,
        "was": document.state.value,
        "until": document.valid_until.isoformat() if document.valid_until else None,
    }
    if one.decision is ItemDecision.REFUSED:
        document.state, document.reason = DocumentState.INVALID, one.text or None
        return Done(trace)
    if one.accepted:
        document.state, document.reason = DocumentState.VALID, None
        if document.valid_until is None and document.type_id is not None:
            document.valid_until = _valid_until(session, work, document)
        return Done(trace)
    return NOTHING


def _valid_until(session: Session, work: Work, document: Document) -> date | None:
    kind = session.get_one(DocumentType, document.type_id)
    issued = document.valid_from or paris_day(work.request.submitted_at)
    calendar = work.offer.calendar if work.offer is not None else catalogue.load_calendar(session)
    return documents.valid_until(kind, issued, calendar)


def _family(session: Session, request: Request) -> Family:
    return session.scalars(select(Family).where(Family.id == request.family_id).with_for_update()).one()
