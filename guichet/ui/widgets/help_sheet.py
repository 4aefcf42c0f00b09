"""The help sheet (F1): every key of the window and of the page, searched as one types, and the way to the manual."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from guichet.rules.text import fold
from guichet.ui.actions import Action, spoken_key, with_key
from guichet.ui.manual import ManualSection
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import announce, button, text_label
from guichet.ui.widgets.entry_list import Entry, EntryList, Section, spoken
from guichet.ui.widgets.manual_view import ManualText
from guichet.ui.widgets.overlay import Overlay
from guichet.ui.wording import NBSP, count

HELP_KEY, MANUAL_KEY = "F1", "Shift+F1"
NOTHING = f"Aucune touche ne correspond{NBSP}: essayez un autre mot, ou effacez pour tout revoir."
# What tables, forms and panels answer to by themselves, wherever they stand.
LISTS = (
    ("Ligne suivante ou précédente", "Down"),
    ("Première ou dernière ligne", "Ctrl+Home"),
    ("Étendre la sélection", "Shift+Down"),
    ("Tout sélectionner", "Ctrl+A"),
    ("Cocher ou décocher la ligne", "Space"),
    ("Ouvrir la ligne", "Enter"),
    ("Copier les lignes choisies", "Ctrl+C"),
    ("Menu de la ligne", "Shift+F10"),
    ("Filtrer la liste", "Ctrl+F"),
)
EVERYWHERE = (
    ("Revenir d’un pas, fermer ce qui est ouvert", "Esc"),
    ("Champ ou bouton suivant", "Tab"),
    ("Champ ou bouton précédent", "Shift+Tab"),
    ("Enregistrer le formulaire", "Ctrl+Enter"),
    ("Enregistrer le formulaire, comme ailleurs", "Ctrl+S"),
    ("Arrêter le travail en cours", "Ctrl+."),
)


class HelpSheet(Overlay):
    """What can be done with the keyboard beside what the manual says of the page. `manual` opens the whole of it."""

    def __init__(
        self,
        theme: Theme,
        window_actions: Callable[[], Sequence[Action]],
        page_actions: Callable[[], tuple[str, Sequence[Action]]],
        section: Callable[[], ManualSection],
        manual: Callable[[], None],
        window: QWidget,
    ) -> None:
        super().__init__(theme, "Aide et touches", window)
        self._window_actions = window_actions
        self._page_actions = page_actions
        self._section = section
        self._manual = manual
        self._sections: list[Section] = []
        self.field = QLineEdit(self.panel)
        self.field.setPlaceholderText("Chercher une action ou une touche…")
        self.field.setAccessibleName("Chercher une action ou une touche")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self.keys = EntryList(theme, "Touches", self.panel)
        self.nothing = text_label(NOTHING, "muted", self.panel, wrap=True)
        self.read = button(
            "Tout le manuel",
            self.panel,
            tip=with_key("Ouvrir le manuel à cette page, avec tous ses chapitres", MANUAL_KEY),
        )
        self.read.clicked.connect(self._read_manual)
        self.leave = button("Fermer", self.panel, tip=with_key("Fermer l’aide", "Esc"))
        self.leave.clicked.connect(self.close_over)
        head = QHBoxLayout()
        head.addWidget(text_label("Aide et touches", "heading", self.panel), 1)
        head.addWidget(self.read)
        head.addWidget(self.leave)
        self.manual_text = ManualText(theme, self.panel)
        keys = QVBoxLayout()
        for widget in (self.field, self.keys, self.nothing):
            keys.addWidget(widget)
        keys.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(Space.LARGE)
        columns.addLayout(keys, 1)
        columns.addWidget(self.manual_text, 1)
        self.inside.addLayout(head)
        self.inside.addLayout(columns)

    def open_over(self) -> None:
        """Show every key of the window and of the page shown; asked again while shown, read the manual."""
        if self.isVisible():
            self._read_manual()
            return
        title, page = self._page_actions()
        everywhere = [Entry(label, key=key) for label, key in EVERYWHERE]
        lists = [Entry(label, key=key) for label, key in LISTS]
        self._sections = [
            Section(f"Sur cette page{NBSP}: {title}", _with_keys(page)),
            Section("Partout", (*_with_keys(self._window_actions()), *everywhere)),
            Section("Dans les listes", tuple(lists)),
        ]
        self.manual_text.show_section(self._section())
        self.field.clear()
        self._narrow("")
        self.show_over(self.field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.field
            and event.type() is QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
        ):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            self.keys.step(steps[Qt.Key(event.key())])
            if (entry := self.keys.current) is not None:
                announce(self.field, spoken(entry))
            return True
        return super().eventFilter(watched, event)

    def _narrow(self, text: str) -> None:
        words = fold(text).split()
        sections = [
            Section(section.heading, tuple(entry for entry in section.entries if _answers(entry, words)))
            for section in self._sections
        ]
        self.keys.show_sections(sections)
        found = len(self.keys.entries.places)
        self.keys.setVisible(found > 0)
        self.nothing.setVisible(found == 0)
        if words:
            announce(self.field, count(found, "touche") if found else NOTHING)

    def _read_manual(self) -> None:
        self.close_over()
        self._manual()


def _with_keys(actions: Sequence[Action]) -> tuple[Entry, ...]:
    return tuple(Entry(each.label, icon=each.icon, key=each.shortcut) for each in actions if each.shortcut)


def _answers(entry: Entry, words: Sequence[str]) -> bool:
    own = fold(f"{entry.label} {entry.key} {spoken_key(entry.key)}").split()
    return all(any(each.startswith(word) for each in own) for word in words)
