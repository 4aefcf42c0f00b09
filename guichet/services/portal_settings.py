"""The portals as an administrator sets them: where each is, whether it answers, the token that this machine keeps."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet import credentials
from guichet.models.requests import ConnectorKind, Portal
from guichet.portal.folder import FolderConnector
from guichet.portal.https import HttpsConnector, Patience
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.rules.permissions import Permission
from guichet.services import journal, portals, transaction
from guichet.services.portals import PortalInfo
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.transaction import Context, OpenedDatabase, needs

LONGEST_CODE, LONGEST_NAME = 60, 240
NO_PATIENCE = Patience(retries=0)
_NO_TOKEN = (
    "Ce poste ne garde pas encore le jeton de ce portail : saisissez-le, puis confiez-le au trousseau."  # noqa: S105
)


@dataclass(frozen=True)
class PortalRow:
    """A portal as set up. `folder`: it drops files in a folder, else it is asked at an https:// address."""

    code: str
    name: str
    folder: bool
    address: str


@dataclass(frozen=True)
class SavePortal:
    """A portal as it should be, and as it was read (None: it is new; its code then no longer changes)."""

    portal: PortalRow
    seen: PortalRow | None = None
    command_id: str = ""


@dataclass(frozen=True)
class KeepToken:
    """The token of a portal, to be handed to this machine's keyring."""

    code: str
    address: str
    token: str


@dataclass(frozen=True)
class PortalCheck:
    """Whether the portal answers from this machine, in a sentence."""

    answers: bool
    sentence: str


@needs(Permission.ADMINISTER)
def list_portals(session: Session, context: Context, query: None = None) -> tuple[PortalRow, ...]:
    """The portals set up, by code."""
    return tuple(_row(row) for row in session.scalars(select(Portal).order_by(Portal.code)))


@needs(Permission.ADMINISTER)
def save_portal(session: Session, context: Context, command: SavePortal) -> PortalRow:
    """Add or change a portal; what was already taken in stays, and the next pull goes on from there.

    Raises UserError beside the field that is wrong, StaleVersion when another desk changed it meanwhile.
    """
    portal = _checked(command.portal)
    hold_settings(session)
    stored = session.scalars(select(Portal).where(Portal.code == portal.code)).one_or_none()
    current = None if stored is None else _row(stored)
    if command.seen is None and current is not None:
        raise UserError(
            f"Le portail « {portal.code} » existe déjà : choisissez-le dans la liste.", field="code"
        )
    if command.seen is not None:
        refuse_stale(session, ("portal", None), "Ce portail", unchanged=current == command.seen)
    kind = ConnectorKind.FOLDER if portal.folder else ConnectorKind.HTTPS
    portals.save_portal(session, context, PortalInfo(portal.code, portal.name, kind, portal.address))
    return portal


def check_portal(database: OpenedDatabase, context: Context, portal: PortalRow) -> PortalCheck:
    """Try the portal from this machine, as typed, without taking anything in. Raises PermissionDenied."""
    transaction.require(context, Permission.ADMINISTER)
    try:
        wanted = _checked(portal)
        if wanted.folder:
            FolderConnector(Path(wanted.address), portal=wanted.code).check()
            return PortalCheck(answers=True, sentence="Le dossier se lit et s’écrit depuis ce poste.")
        with tempfile.TemporaryDirectory(prefix="guichet-") as spool:
            HttpsConnector(
                wanted.address,
                portal=wanted.code,
                token=_kept_token(wanted.address),
                spool=Path(spool),
                patience=NO_PATIENCE,
            ).check()
        return PortalCheck(answers=True, sentence="Le portail répond et reconnaît le jeton de ce poste.")
    except (UserError, EnvironmentProblem) as problem:
        return PortalCheck(answers=False, sentence=problem.message)


def keep_token(database: OpenedDatabase, context: Context, asked: KeepToken) -> bool:
    """Hand the token to this machine's keyring; False where there is none that protects it. The act is journalled.

    Raises UserError for an empty token, PermissionDenied.
    """
    transaction.require(context, Permission.ADMINISTER)
    if not asked.token.strip():
        raise UserError("Saisissez le jeton que l’exploitant du portail vous a remis.", field="token")
    kept = credentials.keep(credentials.portal_token(asked.address), asked.token.strip())
    if kept:
        transaction.run(database, context, _record_token, asked.code)
    return kept


@needs(Permission.ADMINISTER)
def _record_token(session: Session, context: Context, code: str) -> None:
    journal.record(
        session,
        context,
        action="portal.token",
        subject=("portal", None),
        summary=f"Jeton du portail {code} confié au trousseau d’un poste",
    )


def _checked(portal: PortalRow) -> PortalRow:
    clean = PortalRow(portal.code.strip(), portal.name.strip(), portal.folder, portal.address.strip())
    if not clean.code or any(char.isspace() for char in clean.code) or len(clean.code) > LONGEST_CODE:
        raise UserError(
            f"Le code s’écrit sans espace, en {LONGEST_CODE} caractères au plus, comme dans les fichiers du portail.",
            field="code",
        )
    if len(clean.name) > LONGEST_NAME:
        raise UserError(f"Ce nom est trop long : {LONGEST_NAME} caractères au plus.", field="name")
    if not clean.address:
        raise UserError("Dites où est le portail : un dossier, ou une adresse https://.", field="address")
    if clean.folder:
        if not Path(clean.address).is_absolute():
            raise UserError("Donnez le chemin complet du dossier.", field="address")
    else:
        with tempfile.TemporaryDirectory(prefix="guichet-") as spool:
            HttpsConnector(clean.address, portal=clean.code, token=str, spool=Path(spool))
    return replace(clean, name=clean.name or clean.code)


def _kept_token(address: str) -> Callable[[], str]:
    def token() -> str:
        kept = credentials.recall(credentials.portal_token(address))
        if kept is None:
            raise UserError(_NO_TOKEN, field="token")
        return kept

    return token


def _row(row: Portal) -> PortalRow:
    return PortalRow(row.code, row.name, row.connector is ConnectorKind.FOLDER, row.address or "")
