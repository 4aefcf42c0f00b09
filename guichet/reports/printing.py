"""The one door to paper: a frozen value in, the bytes of a PDF out.

The drawing modules are imported at the first document, so that a program that prints nothing starts without
reportlab. The same value gives the same bytes, whenever and wherever it is printed.
"""

from collections.abc import Sequence

from guichet.reports.attestation import Attestation
from guichet.reports.import_report import ImportReport
from guichet.reports.invoice import Invoice
from guichet.reports.statement import Statement
from guichet.rules.text import format_date


def invoice_pdf(invoice: Invoice) -> bytes:
    """One invoice or credit note."""
    return invoices_pdf([invoice])


def invoices_pdf(invoices: Sequence[Invoice]) -> bytes:
    """Several invoices in one file, in order, each beginning on its own page with its own « Page 1/n ».

    Raises ValueError when there is none: an empty file would print as a blank sheet.
    """
    from guichet.reports.pdf.invoice import draw_invoice
    from guichet.reports.pdf.sheet import Sheet

    if not invoices:
        raise ValueError("there is no invoice to print")
    first = invoices[0]
    kind = "Avoir" if first.kind == "credit_note" else "Facture"
    title = f"{kind} {first.number}" if len(invoices) == 1 else f"{len(invoices)} factures"
    subject = f"Période du {format_date(first.period_start)} au {format_date(first.period_end)}"
    sheet = Sheet(title=title, author=first.letterhead.town, subject=subject)
    for invoice in invoices:
        draw_invoice(sheet, invoice)
    return sheet.to_bytes()


def attestation_pdf(attestation: Attestation) -> bytes:
    """One fiscal attestation."""
    return attestations_pdf([attestation])


def attestations_pdf(attestations: Sequence[Attestation]) -> bytes:
    """Several attestations in one file, each on its own page. Raises ValueError when there is none."""
    from guichet.reports.pdf.attestation import draw_attestation
    from guichet.reports.pdf.sheet import Sheet

    if not attestations:
        raise ValueError("there is no attestation to print")
    first = attestations[0]
    single = len(attestations) == 1
    title = f"Attestation fiscale {first.number}" if single else f"{len(attestations)} attestations fiscales"
    sheet = Sheet(title=title, author=first.letterhead.town, subject=f"Garde de jeune enfant, {first.year}")
    for attestation in attestations:
        draw_attestation(sheet, attestation)
    return sheet.to_bytes()


def statement_pdf(statement: Statement) -> bytes:
    """One statement of account."""
    from guichet.reports.pdf.sheet import Sheet
    from guichet.reports.pdf.statement import draw_statement

    sheet = Sheet(
        title=f"Relevé de compte {statement.title}",
        author=statement.letterhead.town,
        subject=f"Dossier famille {statement.family_number}",
    )
    draw_statement(sheet, statement)
    return sheet.to_bytes()


def import_report_pdf(report: ImportReport) -> bytes:
    """The report of one batch."""
    from guichet.reports.pdf.import_report import draw_import_report
    from guichet.reports.pdf.sheet import Sheet

    sheet = Sheet(
        title=f"Import des demandes, lot {report.batch}",
        author=report.letterhead.town,
        subject=f"Portail {report.portal}",
    )
    draw_import_report(sheet, report)
    return sheet.to_bytes()
