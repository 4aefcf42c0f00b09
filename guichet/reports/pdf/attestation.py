"""How a fiscal attestation looks on paper."""

from collections.abc import Iterator

from guichet.reports.attestation import Attestation
from guichet.reports.pdf import fonts
from guichet.reports.pdf.head import draw_foot, draw_head, draw_running_head
from guichet.reports.pdf.layout import Block, Column, paragraph, print_pages, space, table_head, table_row
from guichet.reports.pdf.sheet import (
    ACCENT,
    BODY,
    BODY_STRONG,
    INK,
    LEFT,
    MUTED,
    RIGHT,
    SMALL,
    Sheet,
    Style,
    wrap,
)
from guichet.reports.words import euros_in_words
from guichet.rules.money import format_euros
from guichet.rules.text import format_date

_TEXT = Style(10.5, 15)
_AMOUNT = Style(20, 25, fonts.BOLD, ACCENT)
_IN_WORDS = Style(10, 13.5, fonts.ITALIC, MUTED)
_CHILD = Style(12, 16, fonts.SEMIBOLD, INK)
_DETAIL_COLUMNS = (Column("Activité", LEFT, 130), Column("Sommes versées, hors repas", 150, 40, "right"))

_BASIS = (
    "Ce montant est celui des sommes effectivement encaissées au cours de l’année civile {year}, quelle que soit "
    "la date de l’accueil. Les repas, pénalités et majorations n’y sont pas compris."
)
_LAW = (
    "Attestation délivrée pour servir et valoir ce que de droit, au titre de l’article 200\u00a0quater\u00a0B du "
    "code général des impôts (frais de garde des enfants de moins de six ans au 1er\u00a0janvier)."
)


def draw_attestation(sheet: Sheet, attestation: Attestation) -> int:
    """Draw one attestation on new pages and return their number."""
    reference = f"Attestation n°\u00a0{attestation.number}"
    body_top = draw_head(
        sheet,
        attestation.letterhead,
        title="Attestation fiscale",
        subtitle=f"Garde de jeune enfant – année {attestation.year}",
        facts=[
            ("Attestation", f"n°\u00a0{attestation.number}, version {attestation.version}"),
            ("Délivrée le", format_date(attestation.issued_on)),
            ("Dossier famille", attestation.family_number),
        ],
        address=attestation.payer,
    )
    sheet.bookmark(f"{reference} – {attestation.child_name}")

    def frame(page: int, pages: int) -> None:
        if page > 1:
            draw_running_head(sheet, f"{reference} – {attestation.payer.name}", f"Année {attestation.year}")
        draw_foot(sheet, attestation.letterhead, reference, page, pages)

    return print_pages(
        sheet, list(_blocks(attestation)), first_top=max(body_top, 92.0), next_top=24.0, frame=frame
    )


def _blocks(attestation: Attestation) -> Iterator[Block]:
    year = attestation.year
    if attestation.replaces:
        yield paragraph(_replacement(attestation), BODY_STRONG, below=5)
    yield paragraph(_declaration(attestation), _TEXT, below=4)
    yield paragraph(attestation.child_name, _CHILD)
    yield paragraph(f"né(e) le {format_date(attestation.child_birth_date)}", BODY, below=4)
    yield _amount_box(attestation.amount)
    yield space(5)
    yield paragraph(f"Nature de l’accueil\u00a0: {attestation.care}.", _TEXT, below=4)
    if attestation.details:
        head = table_head(_DETAIL_COLUMNS)
        yield head
        for line in attestation.details:
            yield table_row(
                _DETAIL_COLUMNS,
                [[(line.activity, BODY)], [(format_euros(line.amount), BODY)]],
                head=head,
                rule=True,
            )
        yield space(5)
    yield paragraph(_BASIS.format(year=year), SMALL, below=3)
    yield paragraph(_LAW, SMALL, below=8)
    yield _signature(attestation)


def _declaration(attestation: Attestation) -> str:
    year = attestation.year
    return (
        f"Je, {attestation.signatory_name}, {_within_sentence(attestation.signatory_title)}, atteste que "
        f"{attestation.payer.name} a versé à la collectivité désignée ci-dessus, "
        f"du\u00a01er\u00a0janvier au 31\u00a0décembre\u00a0{year}, pour l’accueil de"
    )


def _within_sentence(title: str) -> str:
    """« Le maire » becomes « le maire »; an abbreviation (« DGS ») keeps its capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def _replacement(attestation: Attestation) -> str:
    dated = f" du {format_date(attestation.replaced_on)}" if attestation.replaced_on else ""
    return f"Cette attestation annule et remplace l’attestation n°\u00a0{attestation.replaces}{dated}."


def _amount_box(amount: int) -> Block:
    words = f"({euros_in_words(amount)})" if amount >= 0 else ""
    lines = wrap(words, _IN_WORDS, RIGHT - LEFT - 12, 3)
    height = 6 + _AMOUNT.line + len(lines) * _IN_WORDS.line

    def draw(sheet: Sheet, y: float) -> None:
        sheet.box(LEFT, y, RIGHT - LEFT, height)
        sheet.text(LEFT + 6, y + 3, f"la somme de {format_euros(amount)}", _AMOUNT)
        sheet.paragraph(LEFT + 6, y + 3 + _AMOUNT.line, words, _IN_WORDS, RIGHT - LEFT - 12, max_lines=3)

    return Block(height, draw)


def _signature(attestation: Attestation) -> Block:
    place = f"Fait à {attestation.place}, le" if attestation.place else "Fait le"
    left = 110.0

    def draw(sheet: Sheet, y: float) -> None:
        y += sheet.paragraph(left, y, f"{place} {format_date(attestation.issued_on)}", BODY, RIGHT - left)
        y += 2 + sheet.paragraph(left, y + 2, attestation.signatory_title, BODY, RIGHT - left, max_lines=3)
        sheet.paragraph(left, y + 16, attestation.signatory_name, BODY_STRONG, RIGHT - left, max_lines=2)

    return Block(44, draw)
