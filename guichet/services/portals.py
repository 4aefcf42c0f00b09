"""The portals a town listens to: where each is, how to reach it, and a night's whole exchange with one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.requests import ConnectorKind, ImportBatch, Portal
from guichet.portal.connectors import Connector
from guichet.portal.folder import FolderConnector
from guichet.portal.https import DEFAULT_PATIENCE, HttpsConnector, Patience
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import intake, journal, transaction
from guichet.services.intake_batch import BatchReport, Progress, no_progress
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class PortalInfo:
    """A portal as set up. `address` is a folder or an https:// address; `cursor` the last batch pulled."""

    code: str
    name: str
    connector: ConnectorKind
    address: str
    cursor: str | None = None


@needs(Permission.ADMINISTER)
def save_portal(session: Session, context: Context, portal: PortalInfo) -> None:
    """Add a portal, or change the one of this code; its cursor stays where it is."""
    row = session.scalars(select(Portal).where(Portal.code == portal.code)).one_or_none()
    if row is None:
        row = Portal(code=portal.code)
        session.add(row)
    row.name, row.connector, row.address = portal.name, portal.connector, portal.address
    journal.record(
        session,
        context,
        action="portal.save",
        subject=("portal", None),
        summary=f"Portail réglé : {portal.code}",
        detail={"connector": portal.connector.value, "address": portal.address},
    )


@needs(Permission.READ_REQUESTS)
def list_portals(session: Session, context: Context) -> list[PortalInfo]:
    """The portals set up, by code."""
    return [_info(row) for row in session.scalars(select(Portal).order_by(Portal.code))]


@needs(Permission.IMPORT_REQUESTS)
def find_portal(session: Session, context: Context, code: str) -> PortalInfo:
    """One portal. Raises UserError when none has this code."""
    row = session.scalars(select(Portal).where(Portal.code == code)).one_or_none()
    if row is None:
        raise UserError(f"Aucun portail ne porte le code « {code} » : vérifiez les réglages.", field="portal")
    return _info(row)


@needs(Permission.IMPORT_REQUESTS)
def portal_of_batch(session: Session, context: Context, batch_id: int) -> PortalInfo | None:
    """The portal that a batch came from, None where no portal is set up under its code."""
    row = session.scalars(
        select(Portal).join(ImportBatch, ImportBatch.portal == Portal.code).where(ImportBatch.id == batch_id)
    ).one_or_none()
    return None if row is None else _info(row)


def connect(
    portal: PortalInfo, *, token: Callable[[], str], spool: Path, patience: Patience = DEFAULT_PATIENCE
) -> Connector:
    """The connector of a portal. `token` is asked for when first needed; `spool` is a folder of this workstation.

    Raises UserError when an address is not HTTPS.
    """
    if portal.connector is ConnectorKind.FOLDER:
        return FolderConnector(Path(portal.address), portal=portal.code)
    return HttpsConnector(
        portal.address, portal=portal.code, token=token, spool=spool, cursor=portal.cursor, patience=patience
    )


def import_from_portal(
    database: Database,
    context: Context,
    portal: PortalInfo,
    connector: Connector,
    *,
    progress: Progress = no_progress,
) -> list[BatchReport]:
    """Import all that a portal holds for the town, and remember where its pull ended after each batch.

    Raises EnvironmentProblem when the portal is out of reach (what was in stays in), UserError when it refuses us.
    """
    transaction.require(context, Permission.IMPORT_REQUESTS)
    reports = []
    for delivery in connector.deliveries():
        reports.append(intake.take_in(database, context, delivery, progress))
        if connector.cursor is not None:
            transaction.run(database, context, _move_cursor, portal.code, connector.cursor)
    return reports


@needs(Permission.IMPORT_REQUESTS)
def _move_cursor(session: Session, context: Context, code: str, cursor: str) -> None:
    row = session.scalars(select(Portal).where(Portal.code == code).with_for_update()).one()
    row.cursor = cursor


def _info(row: Portal) -> PortalInfo:
    return PortalInfo(row.code, row.name, row.connector, row.address or "", row.cursor)
