"""Commands of the counter agent's day: the night's import, the requests, the decisions."""

from pathlib import Path
from typing import Annotated

import typer

from guichet import config
from guichet.cli.decide import decide
from guichet.cli.portal import connected
from guichet.cli.requests import list_requests
from guichet.cli.session import EXIT_USER, Console, console_of
from guichet.portal.connectors import Report
from guichet.portal.folder import FolderConnector
from guichet.portal.report_text import report_text, report_values
from guichet.rules.errors import UserError
from guichet.services import intake, outbox_delivery, portals
from guichet.services.intake_batch import no_progress
from guichet.services.portals import PortalInfo


def add_commands(app: typer.Typer) -> None:
    """Hang these commands on the root."""
    app.command("import")(import_requests)
    app.command("requests")(list_requests)
    app.command("decide")(decide)


def import_requests(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="Fichier d’échange, ou dossier où le portail le dépose.")
    ] = None,
    portal: Annotated[
        bool, typer.Option("--portal", help="Échanger avec les portails réglés : demandes et réponses.")
    ] = False,
) -> None:
    """Importer les demandes du portail : un fichier, un dossier, ou le portail lui-même."""
    console = console_of(context)
    reports = _pull(console) if portal else _drop(console, path or config.load().incoming_folder)
    totals = {name: sum(report.counts[name] for report in reports) for name in _COUNTS}
    refused = [report for report in reports if report.refusal is not None]
    value = {**totals, "batches": [report_values(report) for report in reports]}
    text = "\n".join(report_text(report) for report in reports) or "Aucun fichier à importer."
    console.answer(value, text)
    if refused:
        raise SystemExit(EXIT_USER)


_COUNTS = ("received", "imported", "duplicate", "quarantined")


def _drop(console: Console, path: Path) -> list[Report]:
    if not path.is_dir():
        return [intake.import_path(console.database, console.context, path)]
    connector = FolderConnector(path)
    return [
        intake.take_in(console.database, console.context, delivery, no_progress)
        for delivery in connector.deliveries()
    ]


def _pull(console: Console) -> list[Report]:
    known = console.read(portals.list_portals)
    if not known:
        raise UserError(
            "Aucun portail n’est réglé : « guichet portal set CODE --url https://… ».", field="portal"
        )
    return [report for portal in known for report in _pull_one(console, portal)]


def _pull_one(console: Console, portal: PortalInfo) -> list[Report]:
    """A whole exchange: what the portal holds comes in, the answers that wait leave."""
    with connected(portal) as connector:
        reports = portals.import_from_portal(console.database, console.context, portal, connector)
        outbox_delivery.deliver(console.database, console.context, portal.code, connector)
    return reports
