"""Commands about the portals the town listens to: naming one, keeping its token."""

from pathlib import Path
from typing import Annotated

import typer

from guichet import credentials
from guichet.cli.session import console_of
from guichet.models.requests import ConnectorKind
from guichet.rules.errors import UserError
from guichet.services import portals
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
