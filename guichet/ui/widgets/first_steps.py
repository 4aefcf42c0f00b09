"""On a base just made: what to do first, in order, each step with its button."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from guichet.rules.permissions import Permission
from guichet.services.home import FirstSteps
from guichet.ui.page import Destination, Tools
from guichet.ui.widgets.facts import Card
from guichet.ui.widgets.fields import button, text_label
from guichet.ui.wording import NBSP


class FirstStepsCard(Card):
    """`go` (Destination) to « Paramètres », `import_wanted` to choose a file."""

    go = Signal(object)
    import_wanted = Signal()

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        super().__init__("Pour commencer", parent)
        self._administers = tools.may(Permission.ADMINISTER)
        self.text = text_label("", "", self, wrap=True)
        self.settings = button("Ouvrir les paramètres", self, role="primary")
        self.import_file = button("Importer un fichier du portail…", self)
        row = QHBoxLayout()
        row.addWidget(self.settings)
        row.addWidget(self.import_file)
        row.addStretch(1)
        self.body.addWidget(self.text)
        self.body.addLayout(row)
        self.settings.setVisible(self._administers)
        self.import_file.setVisible(tools.may(Permission.IMPORT_REQUESTS))
        self.settings.clicked.connect(lambda: self.go.emit(Destination("settings")))
        self.import_file.clicked.connect(self.import_wanted)
        self.hide()

    def show_steps(self, steps: FirstSteps | None) -> None:
        """Show what is left to do; nothing once families are in."""
        self.setVisible(steps is not None)
        if steps is None:
            return
        marks = {True: "✓", False: "○"}
        lines = [
            "Cette base ne contient encore aucune famille.",
            f"{marks[steps.town_named]}  1. Nommer la commune et son service (Paramètres).",
            f"{marks[steps.has_activities]}  2. Décrire l’offre{NBSP}: activités, calendrier, tarifs (Paramètres).",
            "○  3. Reprendre les familles (guichet import-noethys) ou importer un premier fichier du portail.",
        ]
        if not self._administers:
            lines.append("Demandez à l’administration de préparer la base.")
        self.text.setText("\n".join(lines))
