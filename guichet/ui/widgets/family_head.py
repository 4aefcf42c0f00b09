"""What stands above a family's tabs: its name and number, and its two balances, always in sight."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.services.balances import Balances
from guichet.services.family_sheet import FamilySheet
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import button, restyle, text_label
from guichet.ui.wording import NBSP

INVOICED = "Solde facturé"
WITH_UNINVOICED = "Avec le non facturé"

Figure = tuple[QLabel | QPushButton, QLabel]


class FamilyHead(QWidget):
    """Two figures, never confused: what was invoiced, and that with what was consumed since.

    `uninvoiced_wanted` when the second one is pressed: it opens what makes the difference.
    """

    uninvoiced_wanted = Signal()

    def __init__(self, parent: QWidget | None = None, *, with_balances: bool) -> None:
        super().__init__(parent)
        self.balances = Balances(0, 0)
        self.label = text_label("", "title", self, wrap=True)
        self.number = text_label("", "muted", self)
        self.uninvoiced = button("", self, role="link")
        self.uninvoiced.clicked.connect(self.uninvoiced_wanted)
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.LARGE)
        grid.setVerticalSpacing(0)
        names: tuple[tuple[QLabel | QPushButton, str], ...] = (
            (text_label("", "muted", self), "Factures − avoirs − règlements"),
            (self.uninvoiced, "Voir ce qui est consommé et pas encore facturé"),
        )
        figures: list[Figure] = []
        for place, (name, tip) in enumerate(names):
            figure = text_label("", "amount", self)
            for row, each in enumerate((name, figure)):
                each.setToolTip(tip)
                each.setVisible(with_balances)
                grid.addWidget(each, row, place, Qt.AlignmentFlag.AlignRight)
            figures.append((name, figure))
        grid.setRowStretch(2, 1)
        self.balance, self.whole_balance = figures
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(self.label)
        titles.addWidget(self.number)
        titles.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(titles, 1)
        layout.addLayout(grid)

    def clear(self, label: str = "") -> None:
        """Show no figure while another family is read: none may stand under a name that is not its own."""
        # A no-break space keeps the height, so that nothing jumps from one family to the next.
        self.label.setText(label or NBSP)
        self.number.setText(NBSP)
        for name, figure in (self.balance, self.whole_balance):
            name.setText(NBSP)
            figure.setText(NBSP)
            figure.setAccessibleName("")

    def show_sheet(self, sheet: FamilySheet) -> None:
        """Show the family's name and number."""
        self.label.setText(sheet.label)
        archived = " · archivée" if sheet.archived else ""
        self.number.setText(f"Famille n°{NBSP}{sheet.number}{archived}")

    def show_balances(self, balances: Balances) -> None:
        """Show both figures, with their side in words."""
        self.balances = balances
        for (name, figure), cents, title in (
            (self.balance, balances.account, INVOICED),
            (self.whole_balance, balances.with_uninvoiced, WITH_UNINVOICED),
        ):
            side = "à payer" if cents > 0 else "en crédit" if cents < 0 else "à jour"
            name.setText(f"{title} · {side}")
            figure.setText(format_euros(abs(cents)))
            figure.setAccessibleName(f"{title}, {side}{NBSP}: {format_euros(abs(cents))}")
            figure.setProperty("owed", cents > 0)
            restyle(figure)
