"""The report of a batch on paper: what came in, what is proposed, what was set aside."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.people import Family, Person
from guichet.models.requests import ImportBatch, ImportLine, Request, RequestItem, RequestKind, Verdict
from guichet.reports import import_report as printed
from guichet.reports import printing
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import REFUSAL_LABELS, RefusalCode
from guichet.services.identities import letterhead
from guichet.services.intake_retry import list_quarantine
from guichet.services.transaction import Context, needs

_LISTED = 500
"""Quarantined lines and anomalies printed: beyond, the paper would serve nobody."""

_EXCERPT = 160

KIND_LABELS = {
    RequestKind.BOOKINGS: "Réservations",
    RequestKind.CANCELLATIONS: "Annulations",
    RequestKind.ABSENCE: "Absences",
    RequestKind.ENROLMENT: "Inscriptions",
    RequestKind.WITHDRAWAL: "Retraits de demande",
    RequestKind.COMPLEMENT: "Compléments",
    RequestKind.NEW_FAMILY: "Nouvelles familles",
    RequestKind.FAMILY_SHEET: "Fiches famille",
    RequestKind.CHILD_SHEET: "Fiches enfant",
    RequestKind.DOCUMENT: "Pièces",
    RequestKind.ATTESTATION: "Attestations fiscales",
    RequestKind.MESSAGE: "Messages",
    RequestKind.EINVOICE_CONSENT: "Factures électroniques",
}


@needs(Permission.READ_REQUESTS)
def document(session: Session, context: Context, batch_id: int) -> printed.ImportReport:
    """All that the report of a batch prints. Raises UserError for an unknown batch."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise UserError("Ce lot n’existe pas : relancez la liste des imports.", code="batch_unknown")
    lines, _total = list_quarantine(session, context, batch_id=batch_id, limit=_LISTED)
    return printed.ImportReport(
        letterhead=letterhead(session),
        portal=batch.portal,
        batch=batch.batch,
        file_name=batch.source,
        sha256=batch.sha256,
        exported_at=batch.exported_at,
        imported_at=batch.finished_at or batch.started_at,
        received=batch.received,
        imported=batch.imported,
        duplicate=batch.duplicate,
        quarantined=batch.quarantined,
        proposals=_proposals(session, batch_id),
        reasons=_reasons(session, batch_id),
        anomalies=_anomalies(session, batch_id),
        quarantined_lines=tuple(
            printed.QuarantinedLine(line.number, line.reason, line.excerpt[:_EXCERPT]) for line in lines
        ),
        refusal=batch.refusal or "",
    )


@needs(Permission.READ_REQUESTS)
def pdf(session: Session, context: Context, batch_id: int) -> bytes:
    """The report of a batch as a PDF. Raises UserError for an unknown batch."""
    return printing.import_report_pdf(document(session, context, batch_id))


def _proposals(session: Session, batch_id: int) -> tuple[printed.ProposalCount, ...]:
    """Requests of each kind, and how their items were proposed; a repeat of a request counts once."""
    came = (
        select(ImportLine.request_id)
        .where(ImportLine.batch_id == batch_id, ImportLine.request_id.is_not(None))
        .distinct()
    )
    requests = {
        row.kind: row.total
        for row in session.execute(
            select(Request.kind, func.count().label("total"))
            .where(Request.id.in_(came))
            .group_by(Request.kind)
        )
    }
    items = {
        (row.kind, row.verdict): row.total
        for row in session.execute(
            select(Request.kind, RequestItem.verdict, func.count().label("total"))
            .join(Request, Request.id == RequestItem.request_id)
            .where(Request.id.in_(came), RequestItem.verdict.is_not(None))
            .group_by(Request.kind, RequestItem.verdict)
        )
    }
    return tuple(
        printed.ProposalCount(
            kind=label,
            requests=requests[kind],
            accept=items.get((kind, Verdict.ACCEPT), 0),
            wait=items.get((kind, Verdict.WAIT), 0),
            refuse=items.get((kind, Verdict.REFUSE), 0),
            examine=items.get((kind, Verdict.EXAMINE), 0),
        )
        for kind, label in KIND_LABELS.items()
        if kind in requests
    )


def _reasons(session: Session, batch_id: int) -> tuple[printed.ReasonCount, ...]:
    """Why items are proposed for refusal, the most frequent first."""
    count = func.count(RequestItem.id.distinct())
    statement = (
        select(RequestItem.verdict_code, count)
        .join(ImportLine, ImportLine.request_id == RequestItem.request_id)
        .where(
            ImportLine.batch_id == batch_id,
            RequestItem.verdict == Verdict.REFUSE,
            RequestItem.verdict_code.is_not(None),
        )
        .group_by(RequestItem.verdict_code)
        .order_by(count.desc(), RequestItem.verdict_code)
    )
    return tuple(
        printed.ReasonCount(REFUSAL_LABELS[RefusalCode(code)].capitalize(), number)
        for code, number in session.execute(statement)
        if code is not None
    )


def _anomalies(session: Session, batch_id: int) -> tuple[printed.Anomaly, ...]:
    statement = (
        select(
            Request.external_id,
            Request.anomaly,
            Family.number,
            Family.label,
            Person.first_name,
            Person.last_name,
        )
        .join(ImportLine, ImportLine.request_id == Request.id)
        .outerjoin(Family, Family.id == Request.family_id)
        .outerjoin(Person, Person.id == Request.child_id)
        .where(ImportLine.batch_id == batch_id, Request.anomaly.is_not(None))
        .order_by(ImportLine.number)
        .limit(_LISTED)
    )
    return tuple(
        printed.Anomaly(
            request_id=row.external_id,
            family=f"{row.number or ''} {row.label or ''}".strip(),
            child=f"{row.first_name or ''} {row.last_name or ''}".strip(),
            reason=row.anomaly,
        )
        for row in session.execute(statement)
    )
