"""Commands about the base as a whole: the demonstration, verify, import-noethys, db."""

from pathlib import Path
from typing import Annotated

import typer

from guichet import credentials
from guichet.cli.demo import demo
from guichet.cli.portal import portal
from guichet.cli.selftest import selftest
from guichet.cli.session import EXIT_USER, Console, console_of
from guichet.cli.users import user
from guichet.rules.errors import UserError
from guichet.rules.typography import count
from guichet.services import accounts, maintenance, verify
from guichet.services.findings import Finding
from guichet.services.maintenance import SchemaState, Status
from guichet.services.noethys import import_noethys, written
from guichet.services.transaction import Context

_STATES = {
    SchemaState.EMPTY: "vide",
    SchemaState.FOREIGN: "base d’un autre programme",
    SchemaState.OLDER: "à mettre à jour (guichet db upgrade)",
    SchemaState.CURRENT: "à jour",
    SchemaState.NEWER: "plus récente que ce programme",
}

db = typer.Typer(help="La base : la créer, la mettre à jour, la sauvegarder, la restaurer.")


def add_commands(app: typer.Typer) -> None:
    """Hang these commands on the root."""
    app.command("demo")(demo)
    app.command("selftest")(selftest)
    app.command("verify")(verify_base)
    app.command("import-noethys")(import_from_noethys)
    app.add_typer(db, name="db")
    app.add_typer(portal, name="portal")
    app.add_typer(user, name="user")


def verify_base(context: typer.Context) -> None:
    """Recalculer chaque invariant de la base et nommer ce qui n’est pas tenu (code 1 s’il y en a)."""
    console = console_of(context)
    report = console.read(verify.verify)
    lines = [f"✗ {finding.sentence} ({finding.subject})" for finding in report.findings]
    closing = (
        f"{len(report.checks)} contrôles, rien à signaler."
        if report.clean
        else f"{len(report.checks)} contrôles, {count(len(report.findings), 'anomalie')}."
    )
    console.answer({"clean": report.clean, **vars(report)}, "\n".join([*lines, closing]))
    if not report.clean:
        raise SystemExit(EXIT_USER)


def import_from_noethys(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="Fichier _DATA.dat de Noethys.")]
) -> None:
    """Reprendre une ville depuis son fichier Noethys ; une base vide est créée au passage."""
    console = console_of(context)
    _initialise_if_empty(console)
    report = import_noethys(console.database, console.context, file)
    console.answer(report.as_json(), written(report))


def _initialise_if_empty(console: Console) -> None:
    database = console.any_database()
    if maintenance.status(database).state is SchemaState.EMPTY:
        maintenance.initialise(database, _caretaker(console))


def _caretaker(console: Console) -> Context:
    return Context(accounts.system_actor("console"), console.instant_or_clock())


@db.command("init")
def db_init(context: typer.Context) -> None:
    """Créer le schéma dans une base vide."""
    console = console_of(context)
    _answer_status(console, maintenance.initialise(console.any_database(), _caretaker(console)))


@db.command("status")
def db_status(context: typer.Context) -> None:
    """Dire où est la base et où en est son schéma."""
    console = console_of(context)
    _answer_status(console, maintenance.status(console.any_database()))


def _answer_status(console: Console, status: Status) -> None:
    text = f"{status.engine}, {status.location}\nSchéma {status.revision or '-'} : {_STATES[status.state]}."
    console.answer(status, text)


@db.command("upgrade")
def db_upgrade(context: typer.Context) -> None:
    """Porter la base au schéma du programme, après une sauvegarde."""
    console = console_of(context)
    report = maintenance.upgrade(console.any_database(), _caretaker(console))
    saved = f" Copie d’avant : {report.backup}." if report.backup else ""
    console.answer(report, f"Schéma {report.after}.{saved}")


@db.command("backup")
def db_backup(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="Fichier à écrire.")]
) -> None:
    """Sauvegarder la base, et prouver la sauvegarde en la restaurant à part."""
    console = console_of(context)
    report = maintenance.backup(console.any_database(), _caretaker(console), file)
    console.answer(
        report,
        f"Sauvegarde {report.file} : {report.rows} lignes, relue et comparée.{_findings(report.findings)}",
    )


@db.command("restore")
def db_restore(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="Sauvegarde à remettre.")]
) -> None:
    """Remettre une sauvegarde à la place de la base, une fois éprouvée ; la base remplacée est gardée."""
    console = console_of(context)
    report = maintenance.restore(console.any_database(), _caretaker(console), file)
    kept = f" La base remplacée est gardée : {report.kept}." if report.kept else ""
    console.answer(report, f"Base restaurée, {report.rows} lignes.{kept}{_findings(report.findings)}")


@db.command("password")
def db_password(context: typer.Context) -> None:
    """Demander le mot de passe du compte PostgreSQL et le confier au trousseau de ce poste."""
    console = console_of(context)
    secret = credentials.database_password(console.named_url)
    if secret is None:
        raise UserError(
            "L’adresse de la base ne nomme pas de compte, ou dit déjà son mot de passe : écrivez "
            "postgresql://compte@serveur/base.",
            field="database",
        )
    kept = credentials.keep(secret, typer.prompt("Mot de passe de la base", hide_input=True))
    text = (
        "Mot de passe gardé par le trousseau de ce poste."
        if kept
        else "Ce poste n’a pas de trousseau qui protège : passez le mot de passe par la variable PGPASSWORD."
    )
    console.answer({"kept": kept}, text)


def _findings(findings: tuple[Finding, ...]) -> str:
    return f" {count(len(findings), 'anomalie')} : voyez « guichet verify »." if findings else ""
