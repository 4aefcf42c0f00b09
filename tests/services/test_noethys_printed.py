"""From a town that came from Noethys, the papers a counter hands out; and the meal left out of the attestation."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.money import Charge, Invoice
from guichet.models.people import Family
from guichet.services import (
    attestation_register,
    attestations,
    invoice_documents,
    statements,
    transaction,
    verify,
)
from guichet.services.attestations import IssueAttestations
from guichet.services.noethys import import_noethys
from guichet.services.statements import StatementQuery
from guichet.services.transaction import Context
from tests.services.noethys_files import NoethysDraft
from tests.services.noethys_help import rows


def printed(content: bytes) -> str:
    """The words of a PDF, typographic spaces made plain."""
    pages = (page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return " ".join(" ".join(pages).replace("\u00a0", " ").replace("\u202f", " ").split())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A family with a young child: a day with its meal, reduced, billed and paid; the tariffs that tell the meal."""
    path = tmp_path / "Ville_DATA.dat"
    with NoethysDraft(path) as draft:
        draft.add("organisateur", nom="Ville d'Essai", rue="1 place du Marché", cp="73200", ville="ESSAI")
        (child,) = draft.family(1, "Lise")
        activity, group, (day, meal) = draft.activity("Centre de loisirs", "Journée", "Repas")
        category = draft.add("categories_tarifs", IDactivite=activity, nom="Commune")
        tariff(draft, activity, "Journée sans repas", [day], {(0, 399): 8.0, (400, 9999): 10.0})
        both = tariff(draft, activity, "Journée avec repas", [day, meal], {(0, 399): 11.0, (400, 9999): 14.0})
        enrolment = draft.enrol(child, 1, activity, group, IDcategorie_tarif=category)
        charges = []
        for when, initial, amount in (
            ("2015-01-07", 14.0, 14.0),
            ("2015-01-14", 14.0, 7.0),
            ("2015-01-21", 99.0, 99.0),
        ):
            key = draft.add(
                "prestations", IDcompte_payeur=1, IDfamille=1, IDindividu=child, IDactivite=activity, IDtarif=both,
                IDcategorie_tarif=category, date=when, categorie="consommation", label="Journée avec repas",
                montant_initial=initial, montant=amount,
            )  # fmt: skip
            for slot in (day, meal):
                draft.add(
                    "consommations", IDindividu=child, IDinscription=enrolment, IDactivite=activity, IDunite=slot,
                    IDgroupe=group, date=when, etat="present", IDprestation=key,
                )  # fmt: skip
            charges.append(key)
        draft.invoice(1, 36, 21.0, *charges[:2])
        mode = draft.add("modes_reglements", label="Chèque")
        payment = draft.payment(1, 21.0, IDmode=mode)
        draft.pay(payment, charges[0], 14.0)
        draft.pay(payment, charges[1], 7.0)
    return path


def tariff(
    draft: NoethysDraft, activity: int, name: str, slots: list[int], grid: dict[tuple[int, int], float]
) -> int:
    label = draft.add("noms_tarifs", IDactivite=activity, nom=name)
    key = draft.add(
        "tarifs",
        IDactivite=activity,
        IDnom_tarif=label,
        type="JOURN",
        methode="qf",
        categories_tarifs="1",
        date_debut="2014-01-01",
    )
    combination = draft.add("combi_tarifs", IDtarif=key, type="JOURN")
    for slot in slots:
        draft.add("combi_tarifs_unites", IDcombi_tarif=combination, IDtarif=key, IDunite=slot)
    for (low, high), price in grid.items():
        draft.add("tarifs_lignes", IDtarif=key, qf_min=low, qf_max=high, montant_unique=price)
    return key


def test_the_meal_is_what_the_tariff_without_it_leaves(
    database: Database, context: Context, path: Path
) -> None:
    """14 € with the meal, 10 € without: 10 € count; of 7 € left by a reduction, 5 €; of 99 € nobody can tell."""
    report = import_noethys(database, context, path)
    found = [(row.amount_cents, row.eligible_cents) for row in rows(database, Charge)]
    assert found == [(1400, 1000), (700, 500), (9900, 9900)]
    said = [note.text for note in report.notes if note.kind == "prestations"]
    assert [text.split(" ")[0] for text in said] == ["2", "1"]


def test_an_invoice_a_statement_and_an_attestation_are_printed(
    database: Database, context: Context, path: Path
) -> None:
    import_noethys(database, context, path)
    with database.reading() as session:
        invoice = session.scalars(select(Invoice.id)).one()
        family = session.scalars(select(Family.id)).one()
    paper = printed(transaction.read(database, context, invoice_documents.pdf, [invoice]))
    for words in (
        "000036",
        "01/02/2015",
        "28/02/2015",
        "Paul MARTIN",
        "Journée avec repas",
        "21,00 €",
        "Ville d'Essai",
    ):
        assert words in paper, words
    account = printed(transaction.read(database, context, statements.pdf, StatementQuery(family, year=2015)))
    for words in ("000036", "R1", "Chèque", "21,00 €"):
        assert words in account, words
    result = transaction.run(database, context, attestations.issue, IssueAttestations(2015))
    (issued,) = result.attestations
    assert issued.amount_cents == 1500
    paper = printed(transaction.read(database, context, attestation_register.pdf, [issued.attestation_id]))
    assert "15,00 €" in paper
    assert "Lise MARTIN" in paper
    assert transaction.read(database, context, verify.verify).findings == ()
