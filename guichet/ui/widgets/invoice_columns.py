"""The columns of issued invoices and credit notes, and of the lines of one."""

from datetime import date

from guichet.rules.money import format_euros
from guichet.rules.text import format_date
from guichet.services.invoice_documents import InvoiceRow, Standing
from guichet.services.invoice_lines import InvoiceLineRow
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.wording import NBSP, period

STANDINGS = {
    Standing.PAID: State("✓", "Réglée", Tone.GREEN),
    Standing.PARTLY_PAID: State("½", "En partie", Tone.YELLOW),
    Standing.DUE: State("D", "Due", Tone.BLUE),
    Standing.OVERDUE: State("!", "En retard", Tone.RED),
    Standing.TREASURY: State("T", "Au Trésor", Tone.GREY),
    Standing.CREDIT_NOTE: State("A", "Avoir", Tone.GREY),
}


def _quotient(row: InvoiceLineRow) -> str:
    if row.quotient is None:
        return ""
    since = f" ({format_date(row.quotient_since)})" if row.quotient_since else ""
    return f"{row.quotient}{since}"


LINE_COLUMNS = (
    Column[InvoiceLineRow]("Jour", lambda row: format_date(row.day), 10),
    Column[InvoiceLineRow]("Enfant", lambda row: row.child, None, optional=2),
    Column[InvoiceLineRow](
        "Prestation", lambda row: f"{row.activity}, {row.label}".strip(", "), None, bold=True
    ),
    Column[InvoiceLineRow]("QF (date)", _quotient, 16, optional=3),
    Column[InvoiceLineRow]("Qté", lambda row: str(row.quantity), 4, right=True, optional=1),
    Column[InvoiceLineRow]("Montant", lambda row: format_euros(row.amount_cents), 10, right=True),
)


def signed_cents(row: InvoiceRow) -> int:
    """Cents of a document: those of a credit note are taken off."""
    return row.total_cents if row.kind == "invoice" else -row.total_cents


def invoice_columns(today: date, *, of_family: bool) -> tuple[Column[InvoiceRow], ...]:
    """The columns of invoices as they stand on `today`; one family's do not name it."""

    def state(row: InvoiceRow) -> State:
        return STANDINGS[row.standing(today)]

    def late(row: InvoiceRow) -> str:
        days = row.late_days(today)
        return f"{days}{NBSP}j" if days else ""

    family = (
        () if of_family
        else (Column[InvoiceRow]("Famille", lambda row: row.family_label, None, sort="family"),)
    )  # fmt: skip
    return (
        Column[InvoiceRow]("Numéro", lambda row: row.number, 9, sort="number", bold=True),
        Column[InvoiceRow](
            "Émise le", lambda row: format_date(row.issued_on), 10, sort="issued_on", optional=3,
            value=lambda row: row.issued_on,
        ),
        *family,
        Column[InvoiceRow](
            "Période", lambda row: period(row.period_start, row.period_end), None if of_family else 13,
            optional=5, sort="period",
        ),
        Column[InvoiceRow](
            "Montant", lambda row: format_euros(signed_cents(row)), 10, right=True, sort="total",
            value=lambda row: signed_cents(row) / 100,
        ),
        Column[InvoiceRow](
            "Reste dû", lambda row: format_euros(row.left_cents) if row.left_cents else "", 10, right=True,
            sort="left", value=lambda row: row.left_cents / 100,
        ),
        Column[InvoiceRow](
            "Échéance", lambda row: format_date(row.due_on), 10, sort="due_on", optional=1,
            value=lambda row: row.due_on,
        ),
        Column[InvoiceRow](
            "Retard", late, 6, right=True, optional=2, hint="Jours écoulés depuis l’échéance",
            value=lambda row: row.late_days(today) or None,
        ),
        Column[InvoiceRow]("État", lambda row: state(row).label, 14, state=state),
    )  # fmt: skip
