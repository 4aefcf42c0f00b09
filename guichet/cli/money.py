"""Commands of the finance clerk: a month's invoices, fiscal attestations, statements of account."""

import calendar
import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from guichet.cli.session import Console, console_of
from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.text import format_date
from guichet.rules.typography import count
from guichet.services import (
    attestation_register,
    attestations,
    families,
    invoice_documents,
    invoice_drafts,
    invoices,
    statements,
)
from guichet.services.attestation_register import ExportAttestations
from guichet.services.attestations import IssueAttestations
from guichet.services.invoice_documents import ExportInvoices
from guichet.services.invoice_drafts import DraftInvoices
from guichet.services.invoices import IssueInvoices
from guichet.services.pricing import Anomaly
from guichet.services.statements import StatementQuery, StatementView

_PdfFolder = Annotated[Path | None, typer.Option("--pdf", help="Dossier où écrire les PDF.")]


def add_commands(app: typer.Typer) -> None:
    """Hang these commands on the root."""
    app.command("invoice")(invoice)
    app.command("attest")(attest)
    app.command("statement")(statement)


def invoice(
    context: typer.Context,
    month: Annotated[str | None, typer.Argument(help="Mois à facturer, AAAA-MM.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Premier jour, AAAA-MM-JJ.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Dernier jour, AAAA-MM-JJ.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Calculer et montrer, sans rien émettre.")
    ] = False,
    despite_anomalies: Annotated[
        bool,
        typer.Option("--despite-anomalies", help="Émettre ce qui peut l’être, laisser le reste à facturer."),
    ] = False,
    pdf: _PdfFolder = None,
) -> None:
    """Facturer une période : calculer les prestations, numéroter et figer les factures, écrire les PDF."""
    console = console_of(context)
    first, last = _period(month, start, end)
    if dry_run:
        draft = console.run(invoice_drafts.draft, DraftInvoices(first, last))
        found = f"{count(draft.invoices, 'facture')} à émettre, {count(draft.lines, 'ligne')}"
        summary = f"{found}, {format_euros(draft.total_cents)}."
        console.answer({"dry_run": True, **vars(draft)}, summary + _anomalies(draft.anomalies))
        return
    result = console.run(invoices.issue, IssueInvoices(first, last, despite_anomalies=despite_anomalies))
    files = _export(console, tuple(one.invoice_id for one in result.invoices), pdf)
    lines = [
        f"{one.number}  famille {one.family_number}  {format_euros(one.total_cents)}"
        for one in result.invoices
    ]
    lines.append(
        result.message
        or f"{count(len(result.invoices), 'facture émise', 'factures émises')}, {format_euros(result.total_cents)}."
    )
    console.answer(
        {"dry_run": False, **vars(result), "files": files}, "\n".join(lines) + _anomalies(result.anomalies)
    )


def _period(month: str | None, start: str | None, end: str | None) -> tuple[date, date]:
    if month is not None and start is None and end is None:
        found = re.fullmatch(r"(\d{4})-(\d{2})", month)
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
            raise UserError("Le mois s’écrit AAAA-MM, par exemple 2026-03.", field="month")
        year, number = int(found[1]), int(found[2])
        return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
    if month is None and start is not None and end is not None:
        first, last = read_day(start, "from"), read_day(end, "to")
        if last < first:
            raise UserError("La période finit avant de commencer : vérifiez --from et --to.", field="to")
        return first, last
    raise UserError("Donnez un mois (AAAA-MM) ou les deux jours --from et --to.", field="month")


def read_day(text: str, field: str) -> date:
    """A civil day typed as AAAA-MM-JJ. Raises UserError when it is not one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"--{field} attend un jour comme 2026-03-01.", field=field) from None


def _export(console: Console, invoice_ids: tuple[int, ...], folder: Path | None) -> tuple[Path, ...]:
    if folder is None or not invoice_ids:
        return ()
    return console.read(invoice_documents.export, ExportInvoices(invoice_ids, folder))


def _anomalies(anomalies: tuple[Anomaly, ...]) -> str:
    return "".join(f"\n! {anomaly.message}" for anomaly in anomalies)


def attest(
    context: typer.Context,
    year: Annotated[int, typer.Argument(help="Année des paiements.")],
    family: Annotated[str | None, typer.Option(help="Numéro de la famille.")] = None,
    child: Annotated[
        str | None, typer.Option(help="Numéro de l’enfant (#n pour l’identifiant interne).")
    ] = None,
    pdf: _PdfFolder = None,
) -> None:
    """Établir les attestations fiscales d’une année ; redemandées, elles ressortent identiques."""
    console = console_of(context)
    family_id = console.read(families.id_of_number, family) if family is not None else None
    child_id = console.read(families.id_of_child, child) if child is not None else None
    result = console.run(attestations.issue, IssueAttestations(year, family_id, child_id))
    issued = tuple(row.attestation_id for row in result.attestations)
    files: tuple[Path, ...] = ()
    if pdf is not None and issued:
        files = console.read(attestation_register.export, ExportAttestations(issued, pdf))
    total = sum(row.amount_cents for row in result.attestations)
    lines = [
        f"N° {row.number}  {row.child}  {row.payer}  {format_euros(row.amount_cents)}"
        for row in result.attestations
    ]
    lines.append(f"{count(len(issued), 'attestation')}, {format_euros(total)}.")
    lines += [f"! {problem}" for problem in result.problems]
    console.answer({**vars(result), "total_cents": total, "files": files}, "\n".join(lines))


def statement(
    context: typer.Context,
    family: Annotated[str, typer.Argument(help="Numéro de la famille.")],
    school_year: Annotated[str, typer.Option("--school-year", help="Année scolaire, 2025-2026.")] = "",
    year: Annotated[int | None, typer.Option("--year", help="Année civile.")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Fichier PDF à écrire.")] = None,
) -> None:
    """Montrer le relevé de compte d’une famille, sur une année scolaire ou civile."""
    console = console_of(context)
    if bool(school_year) == (year is not None):
        raise UserError("Donnez --school-year ou --year, l’un des deux.", field="school_year")
    query = StatementQuery(console.read(families.id_of_number, family), school_year, year)
    view = console.read(statements.statement, query)
    if pdf is not None:
        invoice_documents.write_files(pdf.parent, [(pdf.name, console.read(statements.pdf, query))])
    console.answer(_statement_value(view, pdf), _statement_text(view))


def _statement_value(view: StatementView, pdf: Path | None) -> dict[str, object]:
    account = view.account
    return {
        "family": view.family_number,
        "title": view.title,
        "period_start": account.period_start,
        "period_end": account.period_end,
        "previous_balance_cents": account.previous_balance,
        "operations": [
            {
                "number": operation.number,
                "date": operation.dated,
                "description": operation.description,
                "regie": operation.regie,
                "debit_cents": operation.debit,
                "credit_cents": operation.credit,
            }
            for operation in account.operations
        ],
        "total_debit_cents": account.total_debit,
        "total_credit_cents": account.total_credit,
        "balance_cents": account.balance,
        "balances": view.balances,
        "file": pdf,
    }


def _statement_text(view: StatementView) -> str:
    account = view.account
    lines = [
        f"Famille {view.family_number}, {view.title}",
        f"Ancien solde : {format_euros(account.previous_balance)}",
    ]
    lines += [
        f"{operation.number:<10} {format_date(operation.dated)}  {operation.description:<42}"
        f" {_amount(operation.debit):>14} {_amount(operation.credit):>14}"
        for operation in account.operations
    ]
    lines.append(
        f"Débit {format_euros(account.total_debit)}, crédit {format_euros(account.total_credit)}."
        f" Solde : {format_euros(account.balance)}."
    )
    return "\n".join(lines)


def _amount(cents: int) -> str:
    return format_euros(cents) if cents else ""
