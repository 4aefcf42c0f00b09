"""Billing, third step: every invoice to be beside the month before, sorted and filtered in SQL, each explained line by line."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.text import format_date
from guichet.services import billing_views, charge_lines
from guichet.services.billing_check_rows import Check
from guichet.services.billing_views import ANY, PreviewQuery, PreviewRow, PreviewTotals
from guichet.services.charge_lines import ChargeQuery, ChargeRow
from guichet.ui.page import Destination, Tools
from guichet.ui.tables import Column, State
from guichet.ui.theme import Tone
from guichet.ui.tokens import Space
from guichet.ui.widgets.billing_checks import WORDS, amount_or_dash, said
from guichet.ui.widgets.billing_run import BillingRun
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.sql_list import SqlList, Sums
from guichet.ui.widgets.why_panel import Story
from guichet.ui.wording import NBSP, count, grouped

SENDING_WORDS = {"email": "Courriel", "paper": "Papier"}
HELD = State("×", "Mise de côté", Tone.GREY)


def quotients(row: PreviewRow) -> str:
    """« 542 (01/01/2026) », the last one where several price the lines."""
    if not row.quotients:
        return ""
    value, since = row.quotients[-1]
    several = "…, " if len(row.quotients) > 1 else ""
    return f"{several}{value} ({format_date(since)})"


def every_quotient(row: PreviewRow) -> str:
    """Each quotient on a line of the tooltip."""
    return "\n".join(f"QF {value}, depuis le {format_date(since)}" for value, since in row.quotients)


def difference(row: PreviewRow) -> str:
    """What the invoice adds to the month before, with its sign."""
    change = row.change_cents
    if row.before_cents is None or not change:
        return ""
    return f"{'+' if change > 0 else ''}{format_euros(change)}"


def _anomalies(row: PreviewRow) -> str:
    return HELD.label if row.held else said(row.anomalies)


COLUMNS = (
    Column[PreviewRow]("Famille", lambda row: row.family_label, None, sort="family", bold=True),
    Column[PreviewRow]("Numéro", lambda row: row.family_number, 11, extra=True),
    Column[PreviewRow]("Payeur", lambda row: row.payer or "aucun", 18, optional=5),
    Column[PreviewRow]("Régie", lambda row: row.regie, 16, sort="regie", optional=7),
    Column[PreviewRow]("Lignes", lambda row: grouped(row.lines), 6, right=True, sort="lines", optional=4),
    Column[PreviewRow](
        "QF (date)", quotients, 15, optional=1, tip=every_quotient,
        hint="Quotient familial qui fixe les prix, et le jour où il a pris effet",
    ),
    Column[PreviewRow](
        "Montant", lambda row: format_euros(row.total_cents), 9, right=True, sort="total", bold=True,
        value=lambda row: row.total_cents / 100,
    ),
    Column[PreviewRow](
        "M-1", lambda row: amount_or_dash(row.before_cents), 9, right=True, sort="before", hint="Mois précédent",
        optional=2, value=lambda row: None if row.before_cents is None else row.before_cents / 100,
    ),
    Column[PreviewRow](
        "Écart", difference, 9, right=True, sort="change", hint="Montant − mois précédent",
        value=lambda row: row.change_cents / 100,
    ),
    Column[PreviewRow](
        "Envoi", lambda row: SENDING_WORDS[row.sending.value], 8, sort="sending", optional=6,
        hint="Mode d’envoi choisi par la famille",
    ),
    Column[PreviewRow](
        "Anomalies", _anomalies, 10, state=lambda row: HELD if row.held else None,
        tip=lambda row: "\n".join(WORDS[check].title for check in row.anomalies),
    ),
)  # fmt: skip

LINE_COLUMNS = (
    Column[ChargeRow]("Jour", lambda row: format_date(row.date), 10),
    Column[ChargeRow]("Enfant", lambda row: row.child, 9, optional=2),
    Column[ChargeRow]("Prestation", lambda row: f"{row.activity}, {row.label}".strip(", "), None, bold=True),
    Column[ChargeRow]("Qté", lambda row: str(row.quantity), 4, right=True, optional=1),
    Column[ChargeRow]("Montant", lambda row: format_euros(row.amount_cents), 9, right=True),
)


class PreviewStep(QWidget):
    """`go` (Destination) opens a family, `onward` goes on to the issue."""

    go = Signal(object)
    onward = Signal()

    def __init__(self, tools: Tools, run: BillingRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._run = run
        self._stale = True
        self.list = SqlList[PreviewRow](
            tools,
            billing_views.preview,
            COLUMNS,
            lambda row: (row.family_id, row.regie_id),
            name="Factures à émettre",
            empty="Rien à facturer sur cette période.",
            noun="facture à émettre",
            nouns="factures à émettre",
            key="billing.preview",
            filter_hint="Famille ou numéro",
            sums=Sums(billing_views.preview_totals, say_totals),
            parent=self,
        )
        self.anomaly = QComboBox(self)
        self.anomaly.setAccessibleName("Anomalies")
        self.anomaly.addItem("Toutes les factures", "")
        self.anomaly.addItem("Avec une anomalie", ANY)
        for check in Check:
            self.anomaly.addItem(WORDS[check].title, check.value)
        self.anomaly.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.anomaly.setMinimumContentsLength(14)
        self.changed = QCheckBox("Ce qui &change", self)
        self.changed.setToolTip("Les factures dont le montant n’est pas celui du mois précédent")
        self.next = button("Vers l’émission", self)
        self.list.head.addWidget(self.anomaly)
        self.list.head.addWidget(self.changed)
        self.list.add_views(self._chosen, self._choose)
        self.list.foot.addWidget(self.next)
        self._build_side(tools)
        split = halves(Qt.Orientation.Horizontal, self.list, self.side, (3, 2), self)
        split.setSizes([580, 420])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)
        self._connect()

    def _build_side(self, tools: Tools) -> None:
        self.side = QWidget(self)
        self.family = text_label("", "heading", self.side, wrap=True)
        self.lines = SqlList[ChargeRow](
            tools,
            charge_lines.search,
            LINE_COLUMNS,
            lambda row: row.charge_id,
            name="Lignes de la facture",
            empty="Choisissez une facture pour lire ses lignes.",
            noun="ligne",
            exportable=False,
            parent=self.side,
        )
        self.story = Story(self.side)
        self.reason = QLineEdit(self.side)
        self.reason.setAccessibleName("Motif de la mise de côté")
        self.reason.setPlaceholderText("Motif")
        self.hold = button("Mettre de côté", self.side)
        self.hold.setToolTip(
            "Ne pas facturer cette famille cette fois-ci\u202f; ses lignes attendent la prochaine"
        )
        self.open_family = button("Ouvrir la famille", self.side, role="link")
        self.error = text_label("", "error", self.side, wrap=True)
        self.error.hide()
        head = QHBoxLayout()
        head.addWidget(self.family, 1)
        head.addWidget(self.open_family)
        row = QHBoxLayout()
        row.addWidget(self.reason, 1)
        row.addWidget(self.hold)
        column = QVBoxLayout(self.side)
        column.setContentsMargins(Space.SMALL, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addLayout(head)
        column.addWidget(self.lines, 1)
        column.addWidget(self.story)
        column.addLayout(row)
        column.addWidget(self.error)

    def _connect(self) -> None:
        self.anomaly.currentIndexChanged.connect(self._ask)
        self.changed.toggled.connect(self._ask)
        self.list.table.current_changed.connect(self._show_lines)
        self.list.table.opened.connect(self._enter_lines)
        self.lines.table.current_changed.connect(self._tell)
        self.lines.loaded.connect(lambda page: self.lines.table.select(0) if page.rows else None)
        self.hold.clicked.connect(self._hold_or_release)
        self.reason.returnPressed.connect(self._hold_or_release)
        self.reason.textEdited.connect(self.error.hide)
        self.open_family.clicked.connect(self._open_family)
        self.next.clicked.connect(self.onward)
        self._run.period_changed.connect(self._forget)
        self._run.state_read.connect(self._read_if_shown)

    def enter(self) -> None:
        """The step is shown: read its rows if they are not those of the period."""
        if self._stale:
            self._ask()

    def first_focus(self) -> QWidget:
        """Where the cursor goes when the step is shown."""
        return self.list.table

    def show_anomaly(self, anomaly: str) -> None:
        """Keep the invoices that a check concerns (`ANY`: at least one; empty: all)."""
        choose(self.anomaly, anomaly)

    def _chosen(self) -> dict[str, Any]:
        return {"anomaly": self.anomaly.currentData(), "changed": self.changed.isChecked()}

    def _choose(self, chosen: dict[str, Any]) -> None:
        choose(self.anomaly, chosen.get("anomaly", ""))
        self.changed.setChecked(bool(chosen.get("changed")))

    def _forget(self) -> None:
        self._stale = True
        if self.isVisible():
            self._ask()

    def _read_if_shown(self) -> None:
        self._stale = True
        if self.isVisible():
            self._ask(keep_place=True)

    def _ask(self, *_: object, keep_place: bool = False) -> None:
        self._stale = False
        query = PreviewQuery(
            start=self._run.start,
            end=self._run.end,
            regie_ids=self._run.regie_ids,
            held_ids=tuple(one.family_id for one in self._run.held),
            anomaly=self.anomaly.currentData(),
            changed=self.changed.isChecked(),
        )
        before = self.list.query
        same = isinstance(before, PreviewQuery) and query == replace(
            before, text="", sort=query.sort, descending=query.descending
        )
        if keep_place and same:
            self.list.reload()
        else:
            self.list.ask(query)

    def _show_lines(self, row: PreviewRow | None) -> None:
        self.open_family.setEnabled(row is not None)
        self.hold.setEnabled(row is not None)
        self.error.hide()
        if row is None:
            self.family.setText("")
            self.story.tell("", ())
            self.lines.ask(ChargeQuery(family_id=0))
            return
        self.family.setText(f"{row.family_label}, {format_euros(row.total_cents)}")
        self.hold.setText("Facturer quand même" if row.held else "Mettre de côté")
        self.reason.setVisible(not row.held)
        self.lines.ask(
            ChargeQuery(
                family_id=row.family_id,
                start=self._run.start,
                end=self._run.end,
                regie_id=row.regie_id,
                uninvoiced=True,
            )
        )

    def _enter_lines(self) -> None:
        self.lines.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell(self, row: ChargeRow | None) -> None:
        if row is None:
            self.story.tell("", ())
        else:
            about = f"{row.label}, {format_date(row.date)}{NBSP}: {format_euros(row.amount_cents)}"
            self.story.tell(about, row.story)

    def _hold_or_release(self) -> None:
        row: PreviewRow | None = self.list.table.current_row()
        if row is None:
            return
        if row.held:
            self._run.release(row.family_id)
            return
        reason = self.reason.text().strip()
        if not reason:
            self.error.setText("Indiquez pourquoi cette famille n’est pas facturée cette fois-ci.")
            self.error.show()
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.reason.clear()
        self._run.hold(row.family_id, row.family_label, reason)

    def _open_family(self) -> None:
        row: PreviewRow | None = self.list.table.current_row()
        if row is not None:
            self.go.emit(Destination("families", row.family_id))


def say_totals(totals: PreviewTotals) -> str:
    """« 2 850 lignes · 12 345,60 € · mois précédent 11 900,00 € »."""
    parts = [count(totals.lines, "ligne"), format_euros(totals.total_cents)]
    if totals.before_cents:
        parts.append(f"mois précédent {format_euros(totals.before_cents)}")
    if totals.held:
        parts.append(count(totals.held, "mise de côté", "mises de côté"))
    return " · ".join(parts)
