"""The command that reads the journal: who did what, when and from where; an entry with its before and after."""

from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from guichet.cli.session import Console, console_of
from guichet.rules.errors import UserError
from guichet.rules.text import format_instant
from guichet.rules.typography import count
from guichet.services import families, journal_views, journal_words
from guichet.services.journal_views import EntryRow, EntryView, JournalQuery

_PAGE = 500


def add_commands(app: typer.Typer) -> None:
    """Hang this command on the root."""
    app.command("journal")(show_journal)


def show_journal(
    context: typer.Context,
    entries: Annotated[list[int] | None, typer.Argument(help="Ouvrir ces lignes, par leur numéro.")] = None,
    since: Annotated[str | None, typer.Option(help="Depuis ce jour (AAAA-MM-JJ).")] = None,
    until: Annotated[str | None, typer.Option(help="Jusqu’à ce jour compris (AAAA-MM-JJ).")] = None,
    by: Annotated[str, typer.Option("--by", help="Ne montrer que les actes de ce compte.")] = "",
    act: Annotated[
        str, typer.Option("--act", help="Ne montrer qu’une sorte d’actes : request, import…")
    ] = "",
    family: Annotated[str | None, typer.Option(help="Ne montrer que ce qui concerne cette famille.")] = None,
    text: Annotated[str, typer.Option(help="Mots du résumé, de l’acte, de la personne, de la famille.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Au plus tant de lignes, les dernières.")] = 50,
) -> None:
    """Lire le journal, ou en ouvrir quelques lignes avec l’avant et l’après."""
    console = console_of(context)
    if entries:
        views = [console.read(journal_views.entry, entry_id) for entry_id in entries]
        console.answer({"entries": views}, "\n\n".join(_view_text(view) for view in views))
        return
    if act and act not in journal_words.GROUPS:
        raise UserError(
            f"« {act} » n’est pas une sorte d’actes. Sortes : {', '.join(journal_words.GROUPS)}.", field="act"
        )
    query = JournalQuery(
        since=_day(since, "since"),
        until=_day(until, "until"),
        login=by,
        group=act,
        family_id=None if family is None else console.read(families.id_of_number, family),
        text=text,
    )
    rows, total = _rows(console, query, limit)
    value = {"total": total, "entries": rows}
    console.answer(value, "\n".join([*map(_row_text, rows), f"{count(len(rows), 'ligne')} sur {total}."]))


def _day(text: str | None, field: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"« {text} » n’est pas une date : écrivez 2026-03-18.", field=field) from None


def _rows(console: Console, query: JournalQuery, limit: int) -> tuple[list[EntryRow], int]:
    rows: list[EntryRow] = []
    while True:
        size = min(_PAGE, limit - len(rows))
        page = console.read(journal_views.list_entries, replace(query, offset=len(rows), size=size))
        rows += page.rows
        if not page.rows or len(rows) >= min(limit, page.total):
            return rows, page.total


def _row_text(row: EntryRow) -> str:
    return (
        f"{row.entry_id:>8}  {format_instant(row.happened_at)}  {row.person:<22} {row.workstation:<14}"
        f" {row.act:<24} {row.subject} : {row.summary}"
    )


def _view_text(view: EntryView) -> str:
    lines = [_row_text(view.row)]
    if view.erased:
        lines.append("          détail effacé")
    for change in view.changes:
        before = f"{change.before} → " if change.before else ""
        sign = "≠" if change.changed else "=" if change.before else "+"
        lines.append(f"        {sign} {change.label} : {before}{change.after}")
    return "\n".join(lines)
