"""The columns of fiscal attestations: those of a year, and the register of what was issued."""

from guichet.rules.money import format_euros
from guichet.rules.text import format_date
from guichet.services.attestation_register import AttestationRow
from guichet.services.attestation_views import Standing, YearRow
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.wording import day_or_dash, euros_or_blank

STANDINGS = {
    Standing.TO_ISSUE: State("D", "À délivrer", Tone.BLUE),
    Standing.ISSUED: State("✓", "Délivrée", Tone.GREEN),
    Standing.CHANGED: State("M", "À rectifier", Tone.YELLOW),
    Standing.NO_PAYER: State("!", "Sans payeur", Tone.RED),
}

YEAR_COLUMNS = (
    Column[YearRow]("Famille", lambda row: row.family_label, None, bold=True),
    Column[YearRow]("Enfant", lambda row: row.child, None),
    Column[YearRow]("Né(e) le", lambda row: day_or_dash(row.birth_date), 10, optional=2),
    Column[YearRow]("Payeur", lambda row: row.payer, None, optional=1),
    Column[YearRow](
        "À attester", lambda row: format_euros(row.eligible_cents), 11, right=True,
        hint="Sommes payées dans l’année, repas et pénalités exclus",
    ),
    Column[YearRow](
        "Exclu", lambda row: euros_or_blank(row.excluded_cents), 10, right=True, optional=3,
        hint="Payé dans l’année et n’ouvrant pas droit\u00a0: repas, pénalités",
    ),
    Column[YearRow]("Attestation", lambda row: row.number, 10),
    Column[YearRow](
        "État", lambda row: STANDINGS[row.standing].label, 13, state=lambda row: STANDINGS[row.standing]
    ),
)  # fmt: skip

REGISTER_COLUMNS = (
    Column[AttestationRow]("Numéro", lambda row: row.number, 10, sort="number", bold=True),
    Column[AttestationRow]("Année", lambda row: str(row.year), 6, sort="year"),
    Column[AttestationRow]("Délivrée le", lambda row: format_date(row.issued_on), 10),
    Column[AttestationRow]("Payeur", lambda row: row.payer, None, sort="payer"),
    Column[AttestationRow]("Enfant", lambda row: row.child, None),
    Column[AttestationRow](
        "Montant", lambda row: format_euros(row.amount_cents), 11, right=True, sort="amount_cents"
    ),
    Column[AttestationRow]("Version", lambda row: str(row.version), 7, right=True, optional=1),
    Column[AttestationRow]("Remplace", lambda row: row.replaces, 10, optional=2),
)
