"""How a statement of account looks on paper (the columns of seed 002)."""

from collections.abc import Iterator

from guichet.reports.pdf import fonts
from guichet.reports.pdf.head import draw_foot, draw_head, draw_running_head
from guichet.reports.pdf.layout import Block, Column, paragraph, print_pages, space, table_head, table_row
from guichet.reports.pdf.sheet import (
    ACCENT,
    BODY,
    BODY_STRONG,
    LEFT,
    RIGHT,
    SMALL_ITALIC,
    Sheet,
    Style,
)
from guichet.reports.statement import Statement, StatementLine
from guichet.rules.money import format_euros
from guichet.rules.text import format_date

_COLUMNS = (
    Column("N° opération", LEFT, 22),
    Column("Date", 43, 19),
    Column("Description", 63, 50),
    Column("Régie", 114, 34),
    Column("Débit", 148, 20, "right"),
    Column("Crédit", 168, 22, "right"),
)
_SUM_COLUMNS = (Column("", LEFT, 126), *_COLUMNS[4:])
_BALANCE = Style(12.5, 17, fonts.BOLD, ACCENT)
_TOTALS_LEFT = 105.0


def draw_statement(sheet: Sheet, statement: Statement) -> int:
    """Draw one statement on new pages and return their number."""
    reference = f"Relevé de compte – {statement.title}"
    body_top = draw_head(
        sheet,
        statement.letterhead,
        title="Relevé de compte",
        subtitle=statement.title,
        facts=[
            (
                "Période",
                f"du\u00a0{format_date(statement.period_start)} au\u00a0{format_date(statement.period_end)}",
            ),
            ("Édité le", format_date(statement.issued_on)),
            ("Dossier famille", statement.family_number),
        ],
        address=statement.holder,
    )
    sheet.bookmark(f"{reference} – {statement.holder.name}")

    def frame(page: int, pages: int) -> None:
        if page > 1:
            draw_running_head(
                sheet, f"{reference} – {statement.holder.name}", f"Dossier famille {statement.family_number}"
            )
        draw_foot(sheet, statement.letterhead, f"Dossier famille {statement.family_number}", page, pages)

    return print_pages(
        sheet, list(_blocks(statement)), first_top=max(body_top, 84.0), next_top=24.0, frame=frame
    )


def _blocks(statement: Statement) -> Iterator[Block]:
    head = table_head(_COLUMNS)
    yield head
    for index, line in enumerate(statement.lines, start=1):
        yield table_row(
            _COLUMNS,
            _cells(line),
            head=head,
            rule=True,
            keep_with_next=index == len(statement.lines),
        )
    if not statement.lines:
        yield paragraph("Aucune opération sur la période.", SMALL_ITALIC, below=2, keep_with_next=True)
    yield table_row(
        _SUM_COLUMNS,
        [
            [("Totaux de la période", BODY_STRONG)],
            [(format_euros(statement.total_debit), BODY_STRONG)],
            [(format_euros(statement.total_credit), BODY_STRONG)],
        ],
        head=head,
        padding=1.4,
        keep_with_next=True,
    )
    yield space(3)
    yield _balance(statement)
    if statement.uninvoiced is not None:
        yield paragraph(
            f"Consommé et pas encore facturé à ce jour\u00a0: {format_euros(statement.uninvoiced)} "
            "(non compris dans le solde ci-dessus).",
            SMALL_ITALIC,
        )


def _cells(line: StatementLine) -> list[list[tuple[str, Style]]]:
    return [
        [(line.number, BODY)],
        [(format_date(line.on), BODY)],
        [(line.description, BODY)],
        [(line.regie, BODY)],
        [("" if line.debit is None else format_euros(line.debit), BODY)],
        [("" if line.credit is None else format_euros(line.credit), BODY)],
    ]


def _balance(statement: Statement) -> Block:
    if statement.balance > 0:
        label = "Solde restant à payer"
    elif statement.balance < 0:
        label = "Solde en votre faveur"
    else:
        label = "Solde du compte"

    def draw(sheet: Sheet, y: float) -> None:
        sheet.text(_TOTALS_LEFT, y, "Ancien solde", BODY)
        sheet.text(RIGHT, y, format_euros(statement.previous_balance), BODY, "right")
        top = y + BODY.line + 0.8
        sheet.rule(_TOTALS_LEFT, top, RIGHT, colour=ACCENT, weight=1.2)
        sheet.text(_TOTALS_LEFT, top + 1.2, label, _BALANCE)
        sheet.text(RIGHT, top + 1.2, format_euros(abs(statement.balance)), _BALANCE, "right")

    return Block(BODY.line + 2 + _BALANCE.line + 6, draw, keep_with_next=statement.uninvoiced is not None)
