"""Commands about the portals the town listens to: naming one, keeping its token."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from guichet import credentials
from guichet.cli.session import Console, console_of
from guichet.models.requests import ConnectorKind
from guichet.portal.connectors import Connector, Report
from guichet.portal.exchange_file import no_download
from guichet.portal.https import HttpsConnector
from guichet.portal.report_text import report_text, report_values
from guichet.rules.errors import UserError
from guichet.rules.typography import count
from guichet.services import intake_retry, outbox_delivery, portals
from guichet.services.portals import PortalInfo

portal = typer.Typer(help="Les portails : les régler, garder leur jeton d’accès.")


def token_of(info: PortalInfo) -> str:
    """The portal's token, from the keyring or else typed now. Raises UserError when nothing is typed."""
    return credentials.obtain(credentials.portal_token(info.address), _ask_token)


def _ask_token() -> str:
    answer: str = typer.prompt("Jeton du portail", hide_input=True, default="", show_default=False)
    return answer.strip()


@portal.command("set")
def set_portal(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="Code du portail, tel que ses fichiers le donnent.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Dossier où il dépose ses fichiers.")
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="Adresse https:// à interroger.")] = None,
    name: Annotated[str, typer.Option("--name", help="Nom affiché.")] = "",
) -> None:
    """Régler un portail : le dossier où il dépose ses fichiers, ou son adresse."""
    console = console_of(context)
    if (folder is None) == (url is None):
        raise UserError("Donnez --folder ou --url, l’un des deux.", field="url")
    kind = ConnectorKind.FOLDER if folder is not None else ConnectorKind.HTTPS
    address = str(folder.resolve()) if folder is not None else str(url)
    info = PortalInfo(code, name or code, kind, address)
    console.run(portals.save_portal, info)
    console.answer(info, f"Portail {code} réglé : {address}")


@portal.command("list")
def list_portals(context: typer.Context) -> None:
    """Nommer les portails réglés."""
    console = console_of(context)
    known = console.read(portals.list_portals)
    text = "\n".join(f"{info.code}  {info.connector.value}  {info.address}" for info in known)
    console.answer(known, text or "Aucun portail n’est réglé.")


@portal.command("token")
def keep_token(context: typer.Context, code: Annotated[str, typer.Argument(help="Code du portail.")]) -> None:
    """Demander le jeton d’un portail et le confier au trousseau de ce poste."""
    console = console_of(context)
    info = console.read(portals.find_portal, code)
    kept = credentials.keep(credentials.portal_token(info.address), _ask_token())
    text = (
        "Jeton gardé par le trousseau de ce poste."
        if kept
        else "Ce poste n’a pas de trousseau : le jeton sera demandé."
    )
    console.answer({"kept": kept}, text)


@portal.command("send")
def send(
    context: typer.Context,
    code: Annotated[str | None, typer.Argument(help="Code du portail ; tous sans lui.")] = None,
) -> None:
    """Envoyer les réponses qui attendent."""
    console = console_of(context)
    known = [console.read(portals.find_portal, code)] if code else console.read(portals.list_portals)
    done = {}
    for info in known:
        with connected(info) as connector:
            done[info.code] = outbox_delivery.deliver(console.database, console.context, info.code, connector)
    text = "\n".join(
        f"{name} : {count(one.sent, 'réponse envoyée', 'réponses envoyées')}, "
        f"{count(one.failed, 'refusée par le portail et gardée', 'refusées par le portail et gardées')}."
        for name, one in done.items()
    )
    console.answer(done, text or "Aucun portail n’est réglé.")


@portal.command("quarantine")
def quarantine(
    context: typer.Context,
    batch: Annotated[int | None, typer.Option("--batch", help="Numéro du lot.")] = None,
) -> None:
    """Lister les lignes mises de côté, avec leur motif."""
    console = console_of(context)
    lines, total = console.read(intake_retry.list_quarantine, batch_id=batch)
    text = "\n".join(
        f"lot {line.batch_id} ({line.portal} · {line.batch}), ligne {line.number} : {line.reason}"
        for line in lines
    )
    value = {"total": total, "lines": lines}
    console.answer(
        value, f"{text}\n{count(total, 'ligne')} en quarantaine." if lines else "Rien en quarantaine."
    )


@portal.command("retry")
def retry(
    context: typer.Context,
    batch: Annotated[int, typer.Argument(help="Numéro du lot.")],
    line: Annotated[
        list[int] | None, typer.Option("--line", help="Ligne à essayer ; toutes sans elle.")
    ] = None,
) -> None:
    """Essayer de nouveau les lignes d’un lot mises de côté, après correction."""
    console = console_of(context)
    report = _retry(console, batch, line)
    console.answer(report_values(report), report_text(report))


def _retry(console: Console, batch: int, lines: list[int] | None) -> Report:
    info = console.read(portals.portal_of_batch, batch)
    if info is None:
        return intake_retry.retry_quarantined(console.database, console.context, batch, numbers=lines)
    with connected(info) as connector:
        fetch = connector.attachment if isinstance(connector, HttpsConnector) else no_download
        return intake_retry.retry_quarantined(
            console.database, console.context, batch, numbers=lines, fetch=fetch
        )


@contextmanager
def connected(info: PortalInfo) -> Iterator[Connector]:
    """The portal's connector, with a spool folder of its own for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="guichet-") as spool:
        yield portals.connect(info, token=lambda: token_of(info), spool=Path(spool))
