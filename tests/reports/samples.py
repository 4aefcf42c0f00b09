"""The printed documents that the tests of reports/ look at: one invented town, one family of seed 002."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from guichet.reports.attestation import Attestation, AttestationLine
from guichet.reports.import_report import Anomaly, ImportReport, ProposalCount, QuarantinedLine, ReasonCount
from guichet.reports.invoice import Invoice, InvoiceLine
from guichet.reports.letterhead import Letterhead, PostalAddress
from guichet.reports.statement import Statement, StatementLine

LETTERHEAD = Letterhead(
    town="Commune de Valbrise",
    service="Guichet unique enfance-jeunesse",
    address=("1 place de la République", "31990 VALBRISE"),
    phone="05 61 00 00 00",
    siret="21310999900017",
    regie="Régie garderie ALSH",
)
DUPONT = PostalAddress("Monsieur Jean DUPONT", ("12 rue des Bonbons", "31400 SAINT-JEAN"))
HOSTILE = "<b>Ni’ma</b> & Cie <font color='red'> 😀 \u202eגנב\u202c \x00\ud800 " + "A" * 200


def line(child: str, activity: str, label: str, quantity: str, unit_price: int, **rest: Any) -> InvoiceLine:
    """A line whose amount is quantity × unit price."""
    count = Decimal(quantity)
    return InvoiceLine(
        child=child,
        activity=activity,
        label=label,
        quantity=count,
        unit_price=unit_price,
        amount=int(count * unit_price),
        **rest,
    )


LINES = (
    line(
        "Léa DUPONT",
        "Accueil de loisirs du mercredi",
        "Journée avec repas",
        "4",
        1250,
        dates="4, 11, 18 et 25 mars",
        quotient=542,
        quotient_since=date(2026, 1, 1),
    ),
    line("Léa DUPONT", "Restauration scolaire", "Repas enfant", "17", 415),
    line(
        "Tom DUPONT", "Garderie", "Garderie du soir", "3", 153, note="Sans quotient familial : tarif maximum."
    ),
)


def invoice(lines: tuple[InvoiceLine, ...] = LINES, **changes: Any) -> Invoice:
    """An invoice of these lines, all of it still to be paid unless said otherwise."""
    total = sum(each.amount for each in lines)
    base = Invoice(
        letterhead=LETTERHEAD,
        number="AL-36",
        issued_on=date(2026, 4, 8),
        period_start=date(2026, 3, 1),
        period_end=date(2026, 3, 31),
        family_number="1001001818331",
        debtor=DUPONT,
        lines=lines,
        total=total,
        balance_due=total,
        due_on=date(2026, 4, 30),
        payment_means=("par chèque à l’ordre de la régie",),
    )
    return replace(base, **changes)


def attestation(**changes: Any) -> Attestation:
    """The second version of an attestation of 2025."""
    base = Attestation(
        letterhead=LETTERHEAD,
        number="2025-12",
        version=2,
        year=2025,
        issued_on=date(2026, 3, 18),
        family_number="1001001818331",
        payer=DUPONT,
        child_name="Léa DUPONT",
        child_birth_date=date(2020, 5, 12),
        care="accueil de loisirs sans hébergement",
        amount=48350,
        signatory_name="Claire MARTEL",
        signatory_title="régisseuse de recettes",
        place="Valbrise",
        details=(AttestationLine("Accueil de loisirs", 40000), AttestationLine("Garderie", 8350)),
        replaces="2025-7",
        replaced_on=date(2026, 2, 3),
    )
    return replace(base, **changes)


def statement(**changes: Any) -> Statement:
    """The statement that seed 002 prints."""
    day = date(2015, 4, 8)
    regie = "Régie garderie ALSH"
    base = Statement(
        letterhead=LETTERHEAD,
        title="Année scolaire 2014-2015",
        period_start=date(2014, 7, 5),
        period_end=date(2015, 7, 3),
        issued_on=day,
        family_number="1001001818331",
        holder=DUPONT,
        previous_balance=0,
        lines=(
            StatementLine("AL-12", day, "Facture : 01/02/2015 - 31/03/2015", regie, debit=24320),
            StatementLine("AL-228", day, "Règlement : Chèque", regie, credit=24320),
            StatementLine("AL-36", day, "Facture : 01/04/2015 - 30/04/2015", regie, debit=12060),
        ),
        total_debit=36380,
        total_credit=24320,
        balance=12060,
    )
    return replace(base, **changes)


def import_report(**changes: Any) -> ImportReport:
    """The report of a night of 2 012 lines."""
    base = ImportReport(
        letterhead=LETTERHEAD,
        portal="Portail familles",
        batch="2026-03-17",
        file_name="demandes.jsonl",
        sha256="ab12" * 16,
        exported_at=datetime(2026, 3, 17, 23, 0, tzinfo=UTC),
        imported_at=datetime(2026, 3, 18, 5, 30, tzinfo=UTC),
        received=2012,
        imported=1987,
        duplicate=13,
        quarantined=12,
        proposals=(ProposalCount("Réservations", 1500, 2800, 40, 120, 10),),
        reasons=(ReasonCount("Hors délai", 90),),
        anomalies=(Anomaly("P-77", "1001", "Léa DUPONT", "Payée au portail, groupe complet"),),
        quarantined_lines=tuple(
            QuarantinedLine(number, "JSON illisible", f'{{"id": "P-{number}"', f"P-{number}")
            for number in range(100, 112)
        ),
    )
    return replace(base, **changes)
