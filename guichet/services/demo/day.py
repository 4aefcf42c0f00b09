"""The demonstration's day without a window: the night's file in, the decisions, February's invoices, the attestations.

Everything goes through the services that the desktop uses, under the demonstration's own accounts.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.people import Family
from guichet.portal.connectors import Report
from guichet.portal.folder import FolderConnector
from guichet.rules.errors import EnvironmentProblem
from guichet.services import (
    accounts,
    attestation_register,
    attestations,
    batch_documents,
    bulk_decisions,
    intake,
    invoice_documents,
    invoice_drafts,
    invoices,
    outbox_delivery,
    settings,
    statements,
    transaction,
    verify,
)
from guichet.services.accounts import system_actor
from guichet.services.attestation_register import ExportAttestations
from guichet.services.attestations import IssueAttestations
from guichet.services.bulk_decisions import BulkOutcome
from guichet.services.demo.build import DEMO_NOW
from guichet.services.demo.eve import requests_of
from guichet.services.demo.night import PORTAL, write_night_file
from guichet.services.demo.sources import DUPONT
from guichet.services.intake_batch import no_progress
from guichet.services.invoice_documents import ExportInvoices
from guichet.services.invoice_drafts import DraftInvoices
from guichet.services.invoices import IssueInvoices
from guichet.services.statements import StatementQuery
from guichet.services.transaction import Context

MONTH = (date(2026, 2, 1), date(2026, 2, 28))
ATTESTED_YEAR = 2025
STATEMENT_YEAR = "2014-2015"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class DayReport:
    """What the day did, amounts in cents; `files` are the papers it left, `findings` what verify found wrong."""

    received: int
    imported: int
    duplicate: int
    quarantined: int
    accepted: int
    partly_accepted: int
    waiting: int
    left_to_agents: int
    answers_sent: int
    invoices: int
    invoiced_cents: int
    attestations: int
    files: tuple[Path, ...]
    findings: tuple[str, ...]


def run_day(
    database: Database,
    directory: Path,
    *,
    requests: int | None = None,
    seed: int = 1,
    progress: Progress = lambda _sentence: None,
) -> DayReport:
    """Do the day's work on a freshly built demonstration base and leave its papers in `directory`.

    `requests` None: as many as `usual_requests` says.
    Raises EnvironmentProblem when the directory cannot be written.
    """
    return _Day(database, directory, progress).run(requests, seed)


def import_night(
    database: Database, folder: Path, *, requests: int | None = None, seed: int = 1
) -> list[Report]:
    """Let the portal drop the night's file into `folder` and import it, as the agents find it in the morning."""
    program = Context(system_actor(), _today(database))
    count = transaction.read(database, program, usual_requests) if requests is None else requests
    write_night_file(database, program, folder, requests=count, seed=seed)
    connector = FolderConnector(folder, portal=PORTAL)
    return [intake.take_in(database, program, delivery, no_progress) for delivery in connector.deliveries()]


class _Day:
    def __init__(self, database: Database, directory: Path, progress: Progress) -> None:
        self._database = database
        self._directory = directory
        self._progress = progress
        self._program = Context(system_actor(), _today(database))
        self._agent = self._acting_as("agent")
        self._clerk = self._acting_as("regie")
        self._files: list[Path] = []

    def run(self, requests: int | None, seed: int) -> DayReport:
        self._progress("Import de la nuit…")
        folder = self._directory / "echanges"
        batch = import_night(self._database, folder, requests=requests, seed=seed)[0]
        self._paper(
            "import.pdf", transaction.read(self._database, self._agent, batch_documents.pdf, batch.batch_id)
        )
        self._progress("Décisions : tout ce qui rentre est accepté…")
        ids = transaction.read(self._database, self._agent, requests_of, batch.batch_id)
        decided = bulk_decisions.accept_all_that_fits(self._database, self._agent, ids)
        self._progress("Réponses aux familles…")
        later = replace(self._program, now=self._program.now + timedelta(hours=1))
        sent = outbox_delivery.deliver(self._database, later, PORTAL, FolderConnector(folder, portal=PORTAL))
        self._progress("Factures de février…")
        issued = self._invoice_month()
        self._progress("Attestations fiscales…")
        attested = self._attest()
        self._print_statement()
        self._progress("Vérification de la base…")
        checked = transaction.read(self._database, self._clerk, verify.verify)
        report = DayReport(
            received=batch.received,
            imported=batch.imported,
            duplicate=batch.duplicate,
            quarantined=batch.quarantined,
            accepted=decided.count(BulkOutcome.ACCEPTED),
            partly_accepted=decided.count(BulkOutcome.PARTLY),
            waiting=decided.count(BulkOutcome.WAITING),
            left_to_agents=decided.count(BulkOutcome.LEFT) + decided.count(BulkOutcome.FAILED),
            answers_sent=sent.sent,
            invoices=len(issued.invoices),
            invoiced_cents=issued.total_cents,
            attestations=attested,
            files=tuple(self._files),
            findings=tuple(finding.sentence for finding in checked.findings),
        )
        self._write_summary(report)
        return report

    def _invoice_month(self) -> invoices.IssueResult:
        start, end = MONTH
        draft = transaction.run(self._database, self._clerk, invoice_drafts.draft, DraftInvoices(start, end))
        command = IssueInvoices(start, end, expected=draft.fingerprint)
        issued = transaction.run(self._database, self._clerk, invoices.issue, command)
        export = ExportInvoices(
            tuple(one.invoice_id for one in issued.invoices), self._directory / "factures"
        )
        self._files += transaction.read(self._database, self._clerk, invoice_documents.export, export)
        return issued

    def _attest(self) -> int:
        command = IssueAttestations(ATTESTED_YEAR)
        issued = transaction.run(self._database, self._clerk, attestations.issue, command)
        export = ExportAttestations(
            tuple(one.attestation_id for one in issued.attestations), self._directory / "attestations"
        )
        self._files += transaction.read(self._database, self._clerk, attestation_register.export, export)
        return len(issued.attestations)

    def _print_statement(self) -> None:
        family_id = transaction.read(self._database, self._clerk, _family_id, DUPONT)
        query = StatementQuery(family_id, school_year=STATEMENT_YEAR)
        content = transaction.read(self._database, self._clerk, statements.pdf, query)
        self._paper(f"releve-{DUPONT}-{STATEMENT_YEAR}.pdf", content)

    def _paper(self, name: str, content: bytes) -> None:
        self._files += invoice_documents.write_files(self._directory, [(name, content)])

    def _write_summary(self, report: DayReport) -> None:
        values = asdict(report) | {
            "files": [path.relative_to(self._directory).as_posix() for path in report.files]
        }
        path = self._directory / "journee.json"
        try:
            path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as failure:
            raise EnvironmentProblem(
                f"Impossible d’écrire « {path} » : vérifiez la place et les droits.", code="disk"
            ) from failure

    def _acting_as(self, login: str) -> Context:
        actor = transaction.read(self._database, self._program, accounts.acting_as, login)
        return replace(self._program, actor=actor)


def usual_requests(session: Session, _context: Context) -> int:
    """How many requests a night brings: seven for each family, 2,000 at most."""
    families = session.execute(
        select(func.count()).select_from(Family).where(Family.archived.is_(False))
    ).scalar_one()
    return min(2000, 7 * families)


def _today(database: Database) -> datetime:
    with database.reading() as session:
        return settings.demo_now(session) or DEMO_NOW


def _family_id(session: Session, _context: Context, number: str) -> int:
    return session.execute(select(Family.id).where(Family.number == number)).scalar_one()
