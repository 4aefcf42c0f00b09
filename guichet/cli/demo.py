"""The command of the demonstration: an invented town and its night's requests, then the desktop, or the day without a window."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_data_path
from sqlalchemy import URL

from guichet.cli.desktop import open_desktop
from guichet.cli.session import EXIT_USER, Console, console_of
from guichet.config import APPLICATION
from guichet.models.database import open_database
from guichet.rules.money import format_euros
from guichet.services import accounts, settings, transaction
from guichet.services.demo import build, day, reset
from guichet.services.demo.day import DayReport

OUTPUT = Path("demo-output")
_OWN_FILE = "guichet-demo.db"


def demo(
    context: typer.Context,
    families: Annotated[int, typer.Option(help="Nombre de familles.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Graine : la même donne la même ville.")] = 1,
    start_over: Annotated[
        bool, typer.Option("--reset", help="Refaire la base de démonstration à neuf.")
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help=f"Dérouler la journée sans fenêtre, dans {OUTPUT}/.")
    ] = False,
) -> None:
    """Construire la ville de démonstration et ouvrir le bureau, ou dérouler sa journée sans fenêtre."""
    console = console_of(context)
    if headless and OUTPUT.exists():
        shutil.rmtree(OUTPUT)
    if console.database_url is None:
        console.database_url = _own_base(headless)
    database = console.any_database()
    fresh = reset.prepare(database, start_over=start_over or headless)
    if fresh:
        build.build(database, families=families, seed=seed, progress=lambda sentence: _say(console, sentence))
    if headless:
        _run_day(console, families, seed)
        return
    if fresh:
        _say(console, "Demandes de la nuit…")
        day.import_night(database, _exchange_folder(), requests=_requests(families), seed=seed)
    console.close()
    open_desktop(console)


def _own_base(headless: bool) -> str:
    file = OUTPUT / _OWN_FILE if headless else _data_folder() / _OWN_FILE
    return URL.create("sqlite", database=str(file.resolve())).render_as_string()


def _data_folder() -> Path:
    return user_data_path(APPLICATION, False)


def _exchange_folder() -> Path:
    return _data_folder() / "demo-portail"


def _say(console: Console, sentence: str) -> None:
    if not console.as_json:
        typer.echo(sentence)


def _requests(families: int) -> int:
    """How many requests such a town gets in a night of registrations."""
    return families * 2


def _run_day(console: Console, families: int, seed: int) -> None:
    report = day.run_day(
        console.database,
        OUTPUT,
        requests=_requests(families),
        seed=seed,
        progress=lambda sentence: _say(console, sentence),
    )
    pictures = _take_pictures(console)
    console.answer({**vars(report), "pictures": pictures}, _day_text(report, pictures))
    if report.findings:
        raise SystemExit(EXIT_USER)


def _take_pictures(console: Console) -> list[Path]:
    """A picture of every page, without a display; none, said aloud, where Qt is not installed."""
    if importlib.util.find_spec("PySide6") is None:
        _say(console, "Qt n’est pas installé : pas d’images des pages.")
        return []
    _say(console, "Images des pages…")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from guichet.ui.screenshots import take_screenshots
    from guichet.ui.window import Place

    with console.database.reading() as session:
        town = settings.town(session).name
    actor = transaction.read(console.database, console.context, accounts.acting_as, "admin")
    url = console.database.engine.url
    return take_screenshots(
        lambda: open_database(url),
        actor,
        lambda: console.context.now,
        Place(town, "démonstration", fixed_day=True),
        OUTPUT / "ecrans",
    )


def _day_text(report: DayReport, pictures: list[Path]) -> str:
    received = (
        f"Import de la nuit : {report.received} reçues = {report.imported} importées + {report.duplicate} en double"
        f" + {report.quarantined} en quarantaine."
    )
    decided = (
        f"Décisions : {report.accepted} acceptées, {report.partly_accepted} en partie, {report.waiting} en liste"
        f" d’attente, {report.left_to_agents} laissées aux agents ; {report.answers_sent} réponses envoyées."
    )
    money = f"Factures : {report.invoices}, {format_euros(report.invoiced_cents)}. Attestations : {report.attestations}."
    findings = [f"✗ {finding}" for finding in report.findings]
    left = f"{len(report.files)} fichiers et {len(pictures)} images dans {OUTPUT}/."
    return "\n".join([received, decided, money, *findings, left])
