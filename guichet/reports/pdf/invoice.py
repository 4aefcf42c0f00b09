"""How an invoice or a credit note looks on paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from guichet.reports.invoice import Invoice, InvoiceLine
from guichet.reports.pdf import fonts
from guichet.reports.pdf.head import draw_foot, draw_head, draw_running_head
from guichet.reports.pdf.layout import Block, Column, print_pages, space, table_head, table_row
from guichet.reports.pdf.sheet import (
    ACCENT,
    BODY,
    BODY_STRONG,
    HEADING,
    LABEL,
    LEFT,
    MUTED,
    RIGHT,
    SMALL,
    SMALL_ITALIC,
    Sheet,
    Style,
    wrap,
)
from guichet.rules.money import format_euros
from guichet.rules.text import format_date

_COLUMNS = (
    Column("Désignation", LEFT, 52),
    Column("Dates", 74, 48),
    Column("Quantité", 122, 18, "right"),
    Column("Prix unitaire", 142, 22, "right"),
    Column("Montant", 166, 24, "right"),
)
_CHILD_COLUMNS = (Column("", LEFT, RIGHT - LEFT),)
_ACTIVITY_COLUMNS = (Column("", LEFT, 108), Column("", 130, 60, "right"))
_SUBTOTAL_COLUMNS = (Column("", LEFT, 144, "right"), _COLUMNS[4])
_TOTAL = Style(12.5, 17, fonts.BOLD, ACCENT)
_COUPON_TITLE = Style(8, 10, fonts.ITALIC, MUTED)
_COUPON_AMOUNT = Style(15, 19, fonts.BOLD, ACCENT)
_COUPON_HEIGHT = 52.0
_NEXT_TOP = 24.0
_TOTALS_LEFT = 118.0


@dataclass(frozen=True)
class _Wording:
    title: str
    running: str
    total: str


_WORDING = {
    "invoice": _Wording("Facture", "Facture", "Total de la facture"),
    "credit_note": _Wording("Avoir", "Avoir", "Total de l’avoir"),
}


def draw_invoice(sheet: Sheet, invoice: Invoice) -> int:
    """Draw one invoice on new pages and return their number."""
    words = _WORDING[invoice.kind]
    reference = f"{words.running} n°\u00a0{invoice.number}"
    body_top = draw_head(
        sheet,
        invoice.letterhead,
        title=words.title,
        subtitle=f"n°\u00a0{invoice.number}",
        facts=_facts(invoice),
        address=invoice.debtor,
    )
    sheet.bookmark(f"{words.title} {invoice.number} – {invoice.debtor.name}")

    def frame(page: int, pages: int) -> None:
        if page > 1:
            draw_running_head(
                sheet, f"{reference} – {invoice.debtor.name}", f"Dossier famille {invoice.family_number}"
            )
        draw_foot(sheet, invoice.letterhead, reference, page, pages)

    return print_pages(
        sheet, list(_blocks(invoice)), first_top=max(body_top, 84.0), next_top=_NEXT_TOP, frame=frame
    )


def coupon_reference(invoice: Invoice) -> str:
    """What the coupon's QR code says when the town gave no payload: number, family and cents, one per line."""
    return f"GUICHET\n{invoice.number}\n{invoice.family_number}\n{invoice.balance_due}"


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    facts = [
        ("Date d’émission", format_date(invoice.issued_on)),
        ("Période", _period(invoice)),
    ]
    if invoice.due_on is not None:
        facts.append(("Date d’échéance", format_date(invoice.due_on)))
    if invoice.refers_to:
        facts.append(("Facture d’origine", invoice.refers_to))
    facts.append(("Dossier famille", invoice.family_number))
    return facts


def _period(invoice: Invoice) -> str:
    return f"du\u00a0{format_date(invoice.period_start)} au\u00a0{format_date(invoice.period_end)}"


def _blocks(invoice: Invoice) -> Iterator[Block]:
    head = table_head(_COLUMNS)
    yield head
    decimals = max((_decimals(line.quantity) for line in invoice.lines), default=0)
    for child, lines in groupby(invoice.lines, key=lambda line: line.child):
        yield from _child_blocks(child, list(lines), head, decimals)
    has_coupon = invoice.kind == "invoice" and invoice.balance_due > 0
    yield space(5)
    yield _totals(invoice, keep_with_next=has_coupon)
    if has_coupon:
        yield _coupon(invoice)


def _child_blocks(child: str, lines: Sequence[InvoiceLine], head: Block, decimals: int) -> Iterator[Block]:
    name = child or "Famille"
    yield space(1.6)
    yield table_row(_CHILD_COLUMNS, [[(name, HEADING)]], head=head, padding=0.2, keep_with_next=True)
    remaining = len(lines)
    for activity, group in groupby(lines, key=lambda line: line.activity):
        activity_lines = list(group)
        shared = _shared_quotient(activity_lines)
        yield table_row(
            _ACTIVITY_COLUMNS,
            [[(activity, BODY_STRONG)], [(shared or "", LABEL)]],
            head=head,
            padding=0.5,
            keep_with_next=True,
        )
        for line in activity_lines:
            remaining -= 1
            yield table_row(
                _COLUMNS,
                _line_cells(line, decimals, with_quotient=shared is None),
                head=head,
                padding=0.2,
                keep_with_next=remaining == 0,
            )
    subtotal = sum(line.amount for line in lines)
    yield table_row(
        _SUBTOTAL_COLUMNS,
        [[(f"Sous-total {name}", LABEL)], [(format_euros(subtotal), BODY_STRONG)]],
        head=head,
        padding=1.0,
        rule=True,
    )


def _line_cells(line: InvoiceLine, decimals: int, *, with_quotient: bool) -> list[list[tuple[str, Style]]]:
    description = [(line.label, BODY)]
    if with_quotient and line.quotient is not None:
        description.append((_quotient_text(line), SMALL))
    if line.note:
        description.append((line.note, SMALL_ITALIC))
    quantity = f"{line.quantity:.{decimals}f}".replace(".", ",")
    return [
        description,
        [(line.dates, LABEL)],
        [(f"{quantity}\u00a0{line.unit}".rstrip("\u00a0"), BODY)],
        [(format_euros(line.unit_price), BODY)],
        [(format_euros(line.amount), BODY)],
    ]


def _shared_quotient(lines: Sequence[InvoiceLine]) -> str | None:
    """The quotient to print once beside the activity, "" when none is concerned, None when they differ."""
    texts = {_quotient_text(line) for line in lines}
    return texts.pop() if len(texts) == 1 else None


def _quotient_text(line: InvoiceLine) -> str:
    if line.quotient is None:
        return ""
    since = f" depuis le {format_date(line.quotient_since)}" if line.quotient_since else ""
    return f"Quotient familial {line.quotient}{since}"


def _totals(invoice: Invoice, *, keep_with_next: bool) -> Block:
    rows = [(_WORDING[invoice.kind].total, invoice.total)]
    if invoice.previous_balance:
        rows.append(("Solde précédent", invoice.previous_balance))
    if invoice.payments:
        rows.append(("Règlements déjà reçus", -invoice.payments))
    asked, amount = _asked(invoice)
    figures = len(rows) * (BODY.line + 0.6)
    aside = _aside(invoice)
    aside_height = sum(len(wrap(text, style, 82)) * style.line for text, style in aside)

    def draw(sheet: Sheet, y: float) -> None:
        aside_top = y
        for text, style in aside:
            aside_top += sheet.paragraph(LEFT, aside_top, text, style, 82)
        top = y
        for label, cents in rows:
            sheet.text(_TOTALS_LEFT, top, label, BODY)
            sheet.text(RIGHT, top, format_euros(cents), BODY, "right")
            top += BODY.line + 0.6
        sheet.rule(_TOTALS_LEFT, top + 0.8, RIGHT, colour=ACCENT, weight=1.2)
        sheet.text(_TOTALS_LEFT, top + 2, asked, _TOTAL)
        sheet.text(RIGHT, top + 2, format_euros(amount), _TOTAL, "right")

    return Block(max(aside_height, figures + 2 + _TOTAL.line) + 4, draw, keep_with_next)


def _asked(invoice: Invoice) -> tuple[str, int]:
    if invoice.kind == "credit_note":
        return "Montant de l’avoir", invoice.total
    if invoice.balance_due > 0:
        return "Reste à payer", invoice.balance_due
    if invoice.balance_due < 0:
        return "En votre faveur", -invoice.balance_due
    return "Rien à payer", 0


def _aside(invoice: Invoice) -> list[tuple[str, Style]]:
    """What stands left of the totals: how to pay, then the notes."""
    aside: list[tuple[str, Style]] = []
    if invoice.payment_means and invoice.balance_due > 0 and invoice.kind == "invoice":
        due = f" avant le {format_date(invoice.due_on)}" if invoice.due_on else ""
        aside.append((f"Pour payer{due}", BODY_STRONG))
        aside.append((" · ".join(means.replace(" ", "\u00a0") for means in invoice.payment_means), SMALL))
    aside.extend((note, SMALL_ITALIC) for note in invoice.notes)
    return aside


def _coupon(invoice: Invoice) -> Block:
    letterhead = invoice.letterhead

    def draw(sheet: Sheet, y: float) -> None:
        sheet.cut_line(y)
        sheet.text(LEFT, y + 2, "Talon à joindre à votre règlement", _COUPON_TITLE)
        top = y + 9
        sheet.text(LEFT, top, "À l’ordre de", LABEL)
        top += LABEL.line
        payee = invoice.payee or letterhead.regie or letterhead.town
        top += sheet.paragraph(LEFT, top, payee, BODY_STRONG, 66, max_lines=3)
        for line in (letterhead.town, letterhead.service, *letterhead.address):
            if line != payee:
                top += sheet.paragraph(LEFT, top, line, BODY, 66, max_lines=2)
        _draw_coupon_facts(sheet, invoice, y + 9)
        sheet.qr_code(invoice.qr_payload or coupon_reference(invoice), 156, y + 5, 36)
        online = invoice.qr_payload.startswith("https://")
        caption = "À scanner pour payer en ligne" if online else "À scanner au guichet"
        sheet.text(174, y + 41, caption, _COUPON_TITLE, "center")

    return Block(_COUPON_HEIGHT, draw, at_bottom=True)


def _draw_coupon_facts(sheet: Sheet, invoice: Invoice, y: float) -> None:
    facts = [
        ("Facture", invoice.number),
        ("Dossier famille", invoice.family_number),
        ("Redevable", invoice.debtor.name),
    ]
    if invoice.due_on is not None:
        facts.append(("Échéance", format_date(invoice.due_on)))
    for label, value in facts:
        sheet.text(90, y, label, LABEL)
        y += sheet.paragraph(114, y, value, BODY, 42, max_lines=2)
    sheet.text(90, y + 2, "Montant", LABEL)
    sheet.text(114, y + 1, format_euros(invoice.balance_due), _COUPON_AMOUNT)


def _decimals(quantity: Decimal) -> int:
    exponent = quantity.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
