"""How the report of a night's batch looks on paper."""

from collections.abc import Iterator

from guichet.reports.import_report import ImportReport
from guichet.reports.pdf import fonts
from guichet.reports.pdf.head import draw_foot, draw_head, draw_running_head
from guichet.reports.pdf.layout import Block, Column, paragraph, print_pages, space, table_head, table_row
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
    WARNING,
    Sheet,
    Style,
)
from guichet.rules.money import NARROW_SPACE
from guichet.rules.text import format_instant

_COUNT = Style(22, 27, fonts.BOLD, ACCENT)
_ALERT_COUNT = Style(22, 27, fonts.BOLD, WARNING)
_SIGN = Style(18, 27, colour=MUTED)
_REFUSAL = Style(11, 15, fonts.SEMIBOLD, WARNING)

_PROPOSAL_COLUMNS = (
    Column("Nature", LEFT, 62),
    Column("Demandes", 84, 20, "right"),
    Column("Accepter", 106, 19, "right"),
    Column("Liste d’attente", 127, 22, "right"),
    Column("Refuser", 151, 17, "right"),
    Column("Examiner", 170, 20, "right"),
)
_REASON_COLUMNS = (Column("Motif", LEFT, 140), Column("Nombre", 165, 25, "right"))
_ANOMALY_COLUMNS = (
    Column("Demande", LEFT, 30),
    Column("Famille", 52, 32),
    Column("Enfant", 86, 32),
    Column("Motif", 120, 70),
)
_QUARANTINE_COLUMNS = (
    Column("Ligne", LEFT, 14),
    Column("Demande", 36, 26),
    Column("Motif", 64, 56),
    Column("Début de la ligne", 122, 68),
)


def draw_import_report(sheet: Sheet, report: ImportReport) -> int:
    """Draw the report of one batch on new pages and return their number."""
    reference = f"Import {report.portal} – lot {report.batch}"
    exported = format_instant(report.exported_at) if report.exported_at else "non indiqué"
    body_top = draw_head(
        sheet,
        report.letterhead,
        title="Import des demandes",
        subtitle=f"Lot {report.batch}",
        facts=[
            ("Portail", report.portal),
            ("Fichier", report.file_name),
            ("Exporté le", exported),
            ("Importé le", format_instant(report.imported_at)),
            ("Empreinte SHA-256", report.sha256),
        ],
        address=None,
    )

    def frame(page: int, pages: int) -> None:
        if page > 1:
            draw_running_head(sheet, reference, format_instant(report.imported_at))
        draw_foot(sheet, report.letterhead, reference, page, pages)

    return print_pages(sheet, list(_blocks(report)), first_top=body_top, next_top=24.0, frame=frame)


def _blocks(report: ImportReport) -> Iterator[Block]:
    if report.refusal:
        yield paragraph("Fichier refusé en entier", HEADING, below=1, keep_with_next=True)
        yield paragraph(report.refusal, _REFUSAL, below=4)
        return
    yield _equation(report)
    yield space(6)
    yield from _proposals(report)
    yield from _reasons(report)
    yield from _anomalies(report)
    yield from _quarantine(report)


def _equation(report: ImportReport) -> Block:
    """Received = imported + duplicate + quarantined, to be checked at a glance."""
    figures = (
        (report.received, "reçues", _COUNT, "="),
        (report.imported, "importées", _COUNT, "+"),
        (report.duplicate, "déjà connues", _COUNT, "+"),
        (report.quarantined, "mises de côté", _ALERT_COUNT if report.quarantined else _COUNT, ""),
    )
    pitch = (RIGHT - LEFT) / len(figures)

    def draw(sheet: Sheet, y: float) -> None:
        sheet.box(LEFT, y, RIGHT - LEFT, 22)
        for index, (count, label, style, sign) in enumerate(figures):
            centre = LEFT + (index + 0.5) * pitch
            sheet.text(centre, y + 3, _count(count), style, "center")
            sheet.text(centre, y + 13.5, label, LABEL, "center")
            sheet.text(centre + pitch / 2, y + 3, sign, _SIGN, "center")

    return Block(22, draw)


def _proposals(report: ImportReport) -> Iterator[Block]:
    if not report.proposals:
        return
    yield paragraph("Ce que le programme propose", HEADING, below=1, keep_with_next=True)
    head = table_head(_PROPOSAL_COLUMNS)
    yield head
    for row in report.proposals:
        counts = (row.requests, row.accept, row.wait, row.refuse, row.examine)
        yield table_row(
            _PROPOSAL_COLUMNS,
            [[(row.kind, BODY)], *([(_count(count) if count else "–", BODY)] for count in counts)],
            head=head,
            rule=True,
        )
    totals = (
        sum(row.requests for row in report.proposals),
        sum(row.accept for row in report.proposals),
        sum(row.wait for row in report.proposals),
        sum(row.refuse for row in report.proposals),
        sum(row.examine for row in report.proposals),
    )
    yield table_row(
        _PROPOSAL_COLUMNS,
        [[("Total", BODY_STRONG)], *([(_count(count), BODY_STRONG)] for count in totals)],
        head=head,
        padding=1.1,
    )
    yield space(6)


def _reasons(report: ImportReport) -> Iterator[Block]:
    if not report.reasons:
        return
    yield paragraph("Motifs relevés", HEADING, below=1, keep_with_next=True)
    head = table_head(_REASON_COLUMNS)
    yield head
    for reason in report.reasons:
        yield table_row(
            _REASON_COLUMNS, [[(reason.reason, BODY)], [(_count(reason.count), BODY)]], head=head, rule=True
        )
    yield space(6)


def _anomalies(report: ImportReport) -> Iterator[Block]:
    if not report.anomalies:
        return
    yield paragraph("À examiner : payées ou confirmées au portail", HEADING, below=1, keep_with_next=True)
    head = table_head(_ANOMALY_COLUMNS)
    yield head
    for anomaly in report.anomalies:
        yield table_row(
            _ANOMALY_COLUMNS,
            [
                [(anomaly.request_id, BODY)],
                [(anomaly.family, BODY)],
                [(anomaly.child, BODY)],
                [(anomaly.reason, BODY)],
            ],
            head=head,
            rule=True,
        )
    yield space(6)


def _quarantine(report: ImportReport) -> Iterator[Block]:
    yield paragraph("Lignes mises de côté", HEADING, below=1, keep_with_next=True)
    if not report.quarantined_lines:
        yield paragraph("Aucune : toutes les lignes ont été comprises.", SMALL_ITALIC)
        return
    head = table_head(_QUARANTINE_COLUMNS)
    yield head
    for line in report.quarantined_lines:
        yield table_row(
            _QUARANTINE_COLUMNS,
            [
                [(str(line.number), BODY)],
                [(line.request_id or "–", BODY)],
                [(line.reason, BODY)],
                [(line.excerpt, SMALL)],
            ],
            head=head,
            rule=True,
        )


def _count(count: int) -> str:
    return f"{count:,}".replace(",", NARROW_SPACE)
