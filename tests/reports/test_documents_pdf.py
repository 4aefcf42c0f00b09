"""The attestation, the statement and the import report on paper."""

from dataclasses import replace

import pytest

from guichet.reports import printing
from guichet.reports.import_report import QuarantinedLine
from guichet.reports.letterhead import PostalAddress
from guichet.reports.statement import StatementLine
from tests.reports.reading import page_texts, whole_text
from tests.reports.samples import HOSTILE, attestation, import_report, statement


def test_an_attestation_says_all_that_the_tax_office_asks() -> None:
    text = whole_text(printing.attestation_pdf(attestation()))
    for expected in (
        "Attestation fiscale",
        "année 2025",
        "n° 2025-12, version 2",
        "annule et remplace l’attestation n° 2025-7 du 03/02/2026",
        "SIRET 213 109 999 00017",
        "Monsieur Jean DUPONT",
        "Léa DUPONT",
        "12/05/2020",
        "483,50 €",
        "quatre-cent-quatre-vingt-trois euros et cinquante centimes",
        "accueil de loisirs sans hébergement",
        "Garderie 83,50 €",
        "article 200 quater B",
        "Fait à Valbrise, le 18/03/2026",
        "Claire MARTEL",
        "régisseuse de recettes",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("title", "sentence"),
    [("Le maire", "Je, Claire MARTEL, le maire, atteste"), ("DGS", "Je, Claire MARTEL, DGS, atteste")],
)
def test_a_title_is_written_as_a_sentence_wants_it(title: str, sentence: str) -> None:
    assert sentence in whole_text(printing.attestation_pdf(attestation(signatory_title=title)))


def test_a_first_attestation_replaces_nothing() -> None:
    text = whole_text(printing.attestation_pdf(attestation(version=1, replaces="", replaced_on=None)))
    assert "remplace" not in text


def test_attestations_of_a_year_are_printed_together_one_a_page() -> None:
    other = attestation(number="2025-13", child_name="Tom DUPONT")
    pages = page_texts(printing.attestations_pdf([attestation(), other]))
    assert len(pages) == 2
    assert "Tom DUPONT" in pages[1]
    assert "Léa DUPONT" not in pages[1]


def test_an_attestation_whose_details_do_not_add_up_cannot_be_printed() -> None:
    with pytest.raises(ValueError, match="add up"):
        attestation(amount=48351)


def test_the_statement_is_the_one_families_know() -> None:
    text = whole_text(printing.statement_pdf(statement()))
    assert "N° opération Date Description Régie Débit Crédit" in text
    assert "AL-12 08/04/2015 Facture : 01/02/2015 - 31/03/2015 Régie garderie ALSH 243,20 €" in text
    assert "AL-228 08/04/2015 Règlement : Chèque Régie garderie ALSH 243,20 €" in text
    assert "AL-36 08/04/2015 Facture : 01/04/2015 - 30/04/2015 Régie garderie ALSH 120,60 €" in text
    assert "Totaux de la période 363,80 € 243,20 €" in text
    assert "Ancien solde 0,00 €" in text
    assert "Solde restant à payer 120,60 €" in text
    assert text.index("AL-12") < text.index("AL-228") < text.index("AL-36")


def test_what_is_not_invoiced_is_told_apart_from_the_balance() -> None:
    text = whole_text(printing.statement_pdf(statement(uninvoiced=4500)))
    assert "pas encore facturé à ce jour : 45,00 €" in text
    assert "Solde restant à payer 120,60 €" in text


def test_a_balance_in_the_family_s_favour_is_said_so_without_a_sign() -> None:
    in_credit = statement(previous_balance=-20000, balance=-20000 + 36380 - 24320)
    assert "Solde en votre faveur 79,40 €" in whole_text(printing.statement_pdf(in_credit))


def test_a_long_statement_repeats_its_columns_and_loses_no_line() -> None:
    lines = tuple(replace(statement().lines[0], number=f"AL-{index:03d}", debit=100) for index in range(150))
    printed = statement(lines=lines, total_debit=15000, total_credit=0, balance=15000)
    pages = page_texts(printing.statement_pdf(printed))
    assert len(pages) > 2
    assert all("N° opération Date Description" in page for page in pages)
    text = " ".join(pages)
    assert all(text.count(f"AL-{index:03d} ") == 1 for index in range(150))


def test_an_empty_statement_says_so() -> None:
    empty = statement(lines=(), total_debit=0, total_credit=0, balance=0)
    text = whole_text(printing.statement_pdf(empty))
    assert "Aucune opération sur la période." in text
    assert "Solde du compte 0,00 €" in text


def test_a_statement_whose_balance_does_not_follow_cannot_be_printed() -> None:
    with pytest.raises(ValueError, match="totals"):
        statement(total_debit=1)
    with pytest.raises(ValueError, match="balance"):
        statement(balance=1)


def test_the_import_report_accounts_for_every_line() -> None:
    text = whole_text(printing.import_report_pdf(import_report()))
    assert "2 012 = 1 987 + 13 + 12" in _figures_in_order(text)
    assert "18/03/2026 à 06:30" in text  # Paris time, not UTC
    assert "Réservations 1 500 2 800 40 120 10" in text
    assert "Hors délai 90" in text
    assert "P-77 1001 Léa DUPONT Payée au portail, groupe complet" in text
    for number in range(100, 112):
        assert f"{number} P-{number} JSON illisible" in text


def _figures_in_order(text: str) -> str:
    """The equation at the head of the report, its captions left out."""
    for caption in ("reçues ", "importées ", "déjà connues ", "mises de côté "):
        text = text.replace(caption, "")
    return text


def test_a_file_refused_whole_is_reported_with_its_reason() -> None:
    refused = import_report(
        received=0,
        imported=0,
        duplicate=0,
        quarantined=0,
        refusal="Fichier incomplet : la ligne de fin manque.",
    )
    text = whole_text(printing.import_report_pdf(refused))
    assert "Fichier refusé en entier" in text
    assert "la ligne de fin manque" in text


def test_counts_that_lose_a_line_cannot_be_printed() -> None:
    with pytest.raises(ValueError, match="received"):
        import_report(received=2013)


def test_hostile_text_breaks_no_document() -> None:
    address = PostalAddress(HOSTILE, (HOSTILE,))
    hostile_line = StatementLine(HOSTILE, statement().lines[0].on, HOSTILE, HOSTILE, debit=1)
    documents = (
        printing.attestation_pdf(attestation(payer=address, child_name=HOSTILE, care=HOSTILE)),
        printing.statement_pdf(
            statement(holder=address, lines=(hostile_line,), total_debit=1, total_credit=0, balance=1)
        ),
        printing.import_report_pdf(
            import_report(
                file_name=HOSTILE, quarantined_lines=(QuarantinedLine(1, HOSTILE, HOSTILE * 50, HOSTILE),)
            )
        ),
    )
    for pdf in documents:
        text = whole_text(pdf)
        assert "<b>Ni’ma</b> & Cie" in text
        assert "Page 1/" in text


@pytest.mark.parametrize(
    "once_and_again",
    [
        lambda: printing.attestation_pdf(attestation()),
        lambda: printing.statement_pdf(statement()),
        lambda: printing.import_report_pdf(import_report()),
    ],
    ids=["attestation", "statement", "import report"],
)
def test_the_same_document_gives_the_same_bytes(once_and_again) -> None:  # type: ignore[no-untyped-def]
    assert once_and_again() == once_and_again()
