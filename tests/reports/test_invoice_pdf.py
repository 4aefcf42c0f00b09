"""An invoice on paper: what a family reads, what a clerk scans, what an auditor compares."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from guichet.reports import printing
from guichet.reports.letterhead import PostalAddress
from tests.reports.reading import embedded_fonts, page_texts, qr_codes, whole_text
from tests.reports.samples import HOSTILE, LINES, invoice, line


def test_everything_owed_is_explained() -> None:
    text = whole_text(printing.invoice_pdf(invoice()))
    for expected in (
        "Facture",
        "n° AL-36",
        "08/04/2026",
        "du 01/03/2026 au 31/03/2026",
        "30/04/2026",
        "1001001818331",
        "Monsieur Jean DUPONT",
        "12 rue des Bonbons",
        "31400 SAINT-JEAN",
        "SIRET 213 109 999 00017",
        "Régie garderie ALSH",
        "Journée avec repas",
        "4, 11, 18 et 25 mars",
        "Quotient familial 542 depuis le 01/01/2026",
        "12,50 €",
        "50,00 €",
        "4,15 €",
        "70,55 €",
        "Sous-total Léa DUPONT 120,55 €",
        "Sous-total Tom DUPONT 4,59 €",
        "Sans quotient familial : tarif maximum.",
        "Reste à payer 125,14 €",
        "par chèque à l’ordre de la régie",
        "Page 1/1",
    ):
        assert expected in text


def test_previous_balance_and_payments_lead_to_what_is_asked() -> None:
    printed = invoice(previous_balance=2400, payments=1000, balance_due=125_14 + 24_00 - 10_00)
    text = whole_text(printing.invoice_pdf(printed))
    assert "Solde précédent 24,00 €" in text
    assert "Règlements déjà reçus -10,00 €" in text
    assert "Reste à payer 139,14 €" in text


def test_the_coupon_is_read_back_by_a_scanner() -> None:
    assert qr_codes(printing.invoice_pdf(invoice()), 0) == ["GUICHET\nAL-36\n1001001818331\n12514"]
    payload = "https://www.example.org/payer?refdet=AL000036&montant=12514"
    assert qr_codes(printing.invoice_pdf(invoice(qr_payload=payload)), 0) == [payload]


@pytest.mark.parametrize(("balance_due", "expected"), [(0, "Rien à payer"), (-500, "En votre faveur 5,00 €")])
def test_no_coupon_when_nothing_is_owed(balance_due: int, expected: str) -> None:
    pdf = printing.invoice_pdf(invoice(payments=125_14 - balance_due, balance_due=balance_due))
    assert expected in whole_text(pdf)
    assert "Talon" not in whole_text(pdf)
    assert qr_codes(pdf, 0) == []


def test_a_credit_note_names_the_invoice_it_corrects_and_asks_for_nothing() -> None:
    pdf = printing.invoice_pdf(
        invoice(LINES[:1], kind="credit_note", number="AV-3", refers_to="AL-36", due_on=None)
    )
    text = whole_text(pdf)
    assert "Avoir" in text
    assert "n° AV-3" in text
    assert "Facture d’origine AL-36" in text
    assert "Montant de l’avoir 50,00 €" in text
    assert "Talon" not in text


def test_sixty_lines_repeat_their_titles_and_number_their_pages() -> None:
    lines = tuple(
        line(
            f"Enfant {index // 10}",
            f"Activité {index // 5}",
            f"Prestation n° {index:02d}",
            "2.5",
            200 + index * 2,
        )
        for index in range(60)
    )
    pdf = printing.invoice_pdf(invoice(lines))
    pages = page_texts(pdf)
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"Page {number}/{len(pages)}" in page
    for page in pages[1:-1]:
        assert "Désignation Dates Quantité Prix unitaire Montant" in page
        assert "Facture n° AL-36 – Monsieur Jean DUPONT" in page
    text = " ".join(pages)
    for index in range(60):
        assert text.count(f"Prestation n° {index:02d}") == 1
    assert "2,5" in text
    assert ["Talon" in page for page in pages] == [False] * (len(pages) - 1) + [True]
    assert qr_codes(pdf, len(pages) - 1) == [
        f"GUICHET\nAL-36\n1001001818331\n{sum(each.amount for each in lines)}"
    ]


def test_quotients_that_change_within_a_month_are_shown_line_by_line() -> None:
    lines = (
        line("Léa", "Mercredi", "Journée", "1", 1000, quotient=542),
        line("Léa", "Mercredi", "Journée", "1", 1100, quotient=700),
    )
    text = whole_text(printing.invoice_pdf(invoice(lines)))
    assert "Quotient familial 542" in text
    assert "Quotient familial 700" in text


def test_hostile_text_is_printed_as_it_is_and_interpreted_never() -> None:
    lines = (line(HOSTILE, HOSTILE, HOSTILE, "1", 100, dates=HOSTILE, note=HOSTILE),)
    printed = invoice(
        lines, number="AL-<i>9</i>", debtor=PostalAddress(HOSTILE, (HOSTILE, HOSTILE)), notes=(HOSTILE,)
    )
    pages = page_texts(printing.invoice_pdf(printed))
    text = " ".join(pages)
    assert "<b>Ni’ma</b> & Cie <font color='red'>" in text
    assert "AL-<i>9</i>" in text
    assert "\u202e" not in text
    assert "A" * 200 in text.replace(" ", "")
    assert "Reste à payer 1,00 €" in text


def test_nothing_is_drawn_outside_the_paper_margins() -> None:
    lines = (line(HOSTILE, "W" * 300, "Ü" * 500, "12345.75", 9_999_999_99, dates="31, " * 200),)
    pdf = printing.invoice_pdf(invoice(lines, debtor=PostalAddress("M" * 400, ("W" * 400,))))
    for page in PdfReader(BytesIO(pdf)).pages:
        right_edges: list[float] = []

        def visit(
            text: str, _cm: object, tm: list[float], *_rest: object, seen: list[float] = right_edges
        ) -> None:
            if text.strip():
                seen.append(tm[4])

        page.extract_text(visitor_text=visit)
        assert right_edges
        assert max(right_edges) < 190 / 25.4 * 72
        assert min(right_edges) > 20 / 25.4 * 72 - 1


def test_printing_all_keeps_each_family_its_own_numbered_pages() -> None:
    first = invoice()
    second = invoice(
        number="AL-37", family_number="2002", debtor=PostalAddress("Madame Anne MOREAU", ("3 quai Sud",))
    )
    pdf = printing.invoices_pdf([first, second])
    pages = page_texts(pdf)
    assert ["AL-36" in pages[0], "AL-37" in pages[1]] == [True, True]
    assert "MOREAU" not in pages[0]
    assert all("Page 1/1" in page for page in pages)
    assert [entry.title for entry in PdfReader(BytesIO(pdf)).outline] == [
        "Facture AL-36 – Monsieur Jean DUPONT",
        "Facture AL-37 – Madame Anne MOREAU",
    ]
    with pytest.raises(ValueError, match="no invoice"):
        printing.invoices_pdf([])


def test_the_same_invoice_gives_the_same_bytes() -> None:
    once = printing.invoice_pdf(invoice())
    printing.invoice_pdf(invoice(number="AL-99"))
    assert printing.invoice_pdf(invoice()) == once


def test_the_file_says_what_it_is_and_carries_its_letters() -> None:
    pdf = printing.invoice_pdf(invoice())
    reader = PdfReader(BytesIO(pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == "Facture AL-36"
    assert reader.metadata.author == "Commune de Valbrise"
    assert reader.root_object["/Lang"] == "fr-FR"
    width, height = reader.pages[0].mediabox.width, reader.pages[0].mediabox.height
    assert (round(float(width)), round(float(height))) == (595, 842)
    fonts = {name: embedded for name, embedded in embedded_fonts(pdf).items() if "Source" in name}
    assert fonts
    assert all(fonts.values())


def test_a_total_that_is_not_the_sum_of_its_lines_cannot_be_printed() -> None:
    with pytest.raises(ValueError, match="sum of its lines"):
        invoice(total=1)
