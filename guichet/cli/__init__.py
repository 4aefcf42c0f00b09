"""The `guichet` command: thin, each command calls one service; with no argument it opens the desktop."""

import sys
from typing import Annotated, Any

import typer
from typer.main import get_command

from guichet.cli.desktop import START_UP, open_desktop
from guichet.cli.session import EXIT_USER, Console, failures, keep_log, print_error, report_bug
from guichet.rules.typography import french

_VALUED_OPTIONS = ("--database", "--as", "--now")


def _root(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Option(help="Adresse de la base : sqlite:///fichier.db ou postgresql://serveur/base."),
    ] = None,
    login: Annotated[str | None, typer.Option("--as", help="Compte au nom duquel agir.")] = None,
    now: Annotated[str | None, typer.Option(help="Instant à prendre pour « maintenant » (ISO 8601).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Répondre en JSON, montants en centimes.")] = False,
    start_up: Annotated[
        bool, typer.Option(START_UP, hidden=True, help="Ouvrir le bureau, dire qu’il est prêt, le fermer.")
    ] = False,
) -> None:
    console: Console = context.obj
    console.database_url = database
    console.login = login
    console.instant = now
    console.as_json = as_json
    if context.invoked_subcommand is None:
        open_desktop(console, leave_when_usable=start_up)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 user error, 2 environment, 3 a bug (its reference is printed)."""
    keep_log()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    console = Console()
    options, words = _global_options_apart(arguments)
    console.as_json = "--json" in options
    try:
        with failures(console):
            outcome: Any = command(desktop_only=not words)(
                args=options + words, prog_name="guichet", standalone_mode=False, obj=console
            )
            return outcome if isinstance(outcome, int) else 0
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_USER
    except typer.TyperException as misuse:
        return _misuse(console, misuse)
    except typer.Abort:
        return EXIT_USER
    except Exception as bug:  # noqa: BLE001 (the last door: whatever escaped is logged with a reference)
        return report_bug(console, bug)
    finally:
        console.close()


def command(*, desktop_only: bool = False) -> Any:
    """The whole command line, or only what opens the desktop; its helps are printed with French typographic spaces."""
    app = typer.Typer(
        name="guichet",
        help="Le guichet unique enfance-jeunesse : demandes, réservations, factures, attestations.",
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback(invoke_without_command=True)(_root)
    if not desktop_only:
        # Imported here: the commands bring every service, a third of a second that the window does not wait for.
        from guichet.cli import day, house, journal, money

        for module in (day, money, house, journal):
            module.add_commands(app)
    whole = get_command(app)
    _print_well(whole)
    return whole


def _print_well(one: Any) -> None:
    for part in (one, *one.params):
        for name in ("help", "short_help"):
            if getattr(part, name, None):
                setattr(part, name, french(getattr(part, name)))
    for inside in getattr(one, "commands", {}).values():
        _print_well(inside)


def _misuse(console: Console, misuse: typer.TyperException) -> int:
    """What Typer refuses by itself (an unknown option, a missing argument) is the person's to put right."""
    format_message = getattr(misuse, "format_message", None)
    detail = format_message() if callable(format_message) else str(misuse)
    print_error(
        console, {"code": "usage", "message": f"Commande mal écrite : {detail} Voyez « guichet --help »."}
    )
    return EXIT_USER


def _global_options_apart(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The global options, which may stand anywhere as people type them (`guichet verify --json`), and the other words."""
    first, rest = [], []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _VALUED_OPTIONS:
            first += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word in {"--json", START_UP} or word.startswith(
            tuple(f"{option}=" for option in _VALUED_OPTIONS)
        ):
            first.append(word)
        else:
            rest.append(word)
    return first, rest
