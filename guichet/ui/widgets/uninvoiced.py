"""What a family has consumed and no invoice carries yet, line by line, behind « Avec le non facturé »."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.text import format_date
from guichet.services import charge_lines
from guichet.services.charge_lines import ChargeQuery, ChargeRow
from guichet.ui.page import Tools
from guichet.ui.tables import Column
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP

COLUMNS = (
    Column[ChargeRow]("Date", lambda row: format_date(row.date), 11),
    Column[ChargeRow]("Enfant", lambda row: row.child, 14, bold=True),
    Column[ChargeRow]("Activité", lambda row: row.activity, None),
    Column[ChargeRow](
        "Prestation", lambda row: row.label, None, tip=lambda row: row.explanation or row.label
    ),
    Column[ChargeRow]("Qté", lambda row: str(row.quantity), 5, right=True),
    Column[ChargeRow]("Prix", lambda row: format_euros(row.unit_cents), 10, right=True, optional=1),
    Column[ChargeRow]("Montant", lambda row: format_euros(row.amount_cents), 11, right=True),
)


class UninvoicedDialog(Dialog):
    """The lines, why each costs what it costs, and their sum."""

    def __init__(
        self, tools: Tools, family_id: int, label: str, cents: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Non facturé · {label}")
        self.lines = SqlList[ChargeRow](
            tools,
            charge_lines.search,
            COLUMNS,
            lambda row: row.charge_id,
            name="Prestations non facturées",
            empty="Tout ce qui a été consommé est facturé.",
            noun="prestation",
            parent=self,
        )
        self.why = text_label("", "muted", self, wrap=True)
        self.total = text_label(f"Total{NBSP}: {format_euros(cents)}", "heading", self)
        close = button("Fermer", self)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(self.total)
        foot.addStretch(1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self.lines, 1)
        layout.addWidget(self.why)
        layout.addLayout(foot)
        metrics = self.fontMetrics()
        self.why.setMinimumHeight(metrics.height() * 2)
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.resize(metrics.averageCharWidth() * 110, metrics.height() * 26)
        self.lines.table.current_changed.connect(self._explain)
        self.lines.ask(ChargeQuery(family_id=family_id, uninvoiced=True), own_order=True)

    def _explain(self, row: ChargeRow | None) -> None:
        self.why.setText(row.explanation if row is not None else "")
