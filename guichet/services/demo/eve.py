"""The working day before the demonstration's: its requests, some decided and answered, some left for today."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.requests import ImportLine, Request, RequestKind, RequestState
from guichet.portal.folder import FolderConnector
from guichet.services import accounts, bulk_decisions, decisions, intake, outbox_delivery, transaction
from guichet.services.decisions import AskComplement, Handle
from guichet.services.demo.night import PORTAL, write_eve_file
from guichet.services.transaction import Context

_REQUESTS = 40
_ILLEGIBLE = "Le document joint est illisible : merci de nous l’envoyer de nouveau."


def play_eve(database: Database, context: Context, seed: int) -> None:
    """Import yesterday's requests and do half the work: accepted, complement asked, taken up, or still to take."""
    morning = replace(context, now=context.now - timedelta(days=1))
    with tempfile.TemporaryDirectory(prefix="guichet-") as folder:
        path = write_eve_file(database, morning, Path(folder), requests=_REQUESTS, seed=seed)
        batch = intake.import_path(database, morning, path)
        ids = transaction.read(database, morning, requests_of, batch.batch_id)
        agent = replace(morning, actor=transaction.read(database, morning, accounts.acting_as, "agent"))
        bulk_decisions.accept_all_that_fits(database, agent, ids[: _REQUESTS // 2])
        pieces = transaction.read(
            database, agent, _pending, ids, (RequestKind.DOCUMENT, RequestKind.CHILD_SHEET)
        )
        for request_id in pieces[:2]:
            transaction.run(database, agent, decisions.ask_complement, AskComplement(request_id, _ILLEGIBLE))
        for request_id in transaction.read(database, agent, _pending, ids, tuple(RequestKind))[:3]:
            transaction.run(database, agent, decisions.take_up, Handle(request_id))
        evening = replace(morning, now=morning.now + timedelta(hours=9))
        outbox_delivery.deliver(database, evening, PORTAL, FolderConnector(Path(folder), portal=PORTAL))


def requests_of(session: Session, _context: Context, batch_id: int) -> list[int]:
    """The requests that a batch brought, oldest first."""
    return list(
        session.scalars(
            select(ImportLine.request_id)
            .where(ImportLine.batch_id == batch_id, ImportLine.request_id.is_not(None))
            .distinct()
            .order_by(ImportLine.request_id)
        )
    )


def _pending(
    session: Session, _context: Context, ids: list[int], kinds: tuple[RequestKind, ...]
) -> list[int]:
    return list(
        session.scalars(
            select(Request.id)
            .where(Request.id.in_(ids), Request.state == RequestState.PENDING, Request.kind.in_(kinds))
            .order_by(Request.id)
        )
    )
