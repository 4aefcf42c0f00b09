"""The command palette (Ctrl+K): do something, go somewhere, find someone or a number, all by typing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import fold
from guichet.services import search
from guichet.services.search import Found, Group, SearchQuery
from guichet.services.search_hits import Hit, Kind
from guichet.ui.actions import Action, spoken_key, with_key
from guichet.ui.page import Destination, Tools
from guichet.ui.theme import Theme
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import announce, text_label
from guichet.ui.widgets.entry_list import Entry, EntryList, Section, spoken
from guichet.ui.widgets.overlay import Overlay
from guichet.ui.wording import NBSP, count

PALETTE_KEY = "Ctrl+K"
ACTIONS_SHOWN = 5
RECENT_SHOWN = 6
PAGE_STEP = 8
BUTTON_CHARACTERS = 60
# Another program came forward, or the field's own menu: the keyboard comes back by itself.
PASSING = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
NOTHING = (
    f"Rien ne correspond{NBSP}: essayez un nom, un prénom, un téléphone, un numéro de famille, de facture ou de "
    "demande, ou le nom d’une page."
)
HEADINGS = {
    Kind.FAMILY: ("Familles", "account-group-outline"),
    Kind.CHILD: ("Enfants", "human-child"),
    Kind.REQUEST: ("Demandes", "inbox-outline"),
    Kind.INVOICE: ("Factures et avoirs", "file-document-outline"),
    Kind.PAYMENT: ("Règlements", "cash-check"),
    Kind.ATTESTATION: ("Attestations", "certificate-outline"),
}


@dataclass(frozen=True)
class Offers:
    """What can be done from where one is: the places seen, the acts of the page, the pages, those of the window."""

    recent: Sequence[Action]
    page_title: str
    page: Sequence[Action]
    pages: Sequence[Action]
    window: Sequence[Action]


class Palette(Overlay):
    """`go` (Destination) when something found is chosen. `offers` is asked each time the palette opens."""

    go = Signal(object)

    def __init__(self, tools: Tools, offers: Callable[[], Offers], window: QWidget) -> None:
        super().__init__(tools.theme, "Palette de commandes", window)
        self._tools = tools
        self._ask_offers = offers
        self._offers = Offers((), "", (), (), ())
        self._acts: list[Section] = []
        self._groups: tuple[Group, ...] = ()
        self._answered = ""
        self._enter_waits = False
        self._warm = False
        self.field = QLineEdit(self.panel)
        self.field.setPlaceholderText(
            "Une famille, un enfant, un téléphone, un numéro, une page, une action…"
        )
        self.field.setAccessibleName("Rechercher ou agir")
        self.field.setAccessibleDescription("Flèches pour choisir, Entrée pour ouvrir, Échap pour fermer")
        self.results = EntryList(tools.theme, "Ce qui correspond", self.panel)
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.status = text_label("", "muted", self.panel, wrap=True)
        for widget in (self.field, self.results, self.status):
            self.inside.addWidget(widget)
        self.field.textEdited.connect(self._typed)
        self.field.installEventFilter(self)
        self.results.clicked.connect(self._clicked)

    def open_over(self) -> None:
        """Show the palette, empty, over the window."""
        if self.isVisible():
            self.field.selectAll()
            self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        self._offers = self._ask_offers()
        self.field.clear()
        self._typed("")
        self.show_over(self.field)
        if not self._warm:
            # The first search of a session also prepares its queries: done before the first key needs them.
            self._warm = True
            self._fetch(" ")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field:
            if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._key(event)
            if isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in PASSING:
                # Something else was opened, by a shortcut for instance: it keeps the keyboard.
                self.close_over(give_back=False)
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, forwards: bool) -> bool:
        self.results.step(1 if forwards else -1)
        return True

    def _key(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Down:
                self.results.step(1)
            case Qt.Key.Key_Up:
                self.results.step(-1)
            case Qt.Key.Key_PageDown:
                self.results.step(PAGE_STEP)
            case Qt.Key.Key_PageUp:
                self.results.step(-PAGE_STEP)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._enter()
            case _:
                return False
        if (entry := self.results.current) is not None and self.isVisible():
            announce(self.field, spoken(entry))
        return True

    # Finding

    def _typed(self, text: str) -> None:
        self._enter_waits = False
        if text.strip():
            self._fetch(text)
        else:
            self._groups, self._answered = (), ""
        acts = self._acts_of(text)
        # What was found for the last text stays until the next answer: painting twice a key would delay it.
        if _labels(acts) != _labels(self._acts) or not text.strip():
            self._acts = acts
            self._show()

    def _fetch(self, text: str) -> None:
        self._tools.desk.fetch(
            search.everything, SearchQuery(text), then=self._take, failed=self._take_refusal, key=self
        )

    def _take(self, found: Found) -> None:
        if not self.isVisible() or found.text != self.field.text():
            return
        self._groups, self._answered = found.groups, found.text.strip()
        self._show()
        shown = len(self.results.entries.places)
        announce(self.field, count(shown, "réponse") if shown else NOTHING)
        if self._enter_waits:
            self._enter()

    def _take_refusal(self, error: UserError) -> None:
        self._answered = self.field.text().strip()
        self._show()
        self._tools.messages.refuse(error)

    @property
    def waiting(self) -> bool:
        """Whether the answer to what is typed has not come yet."""
        return self.field.text().strip() != self._answered

    def _show(self) -> None:
        found = [self._found_section(group) for group in self._groups]
        self.results.show_sections([*self._acts, *found])
        empty = not self.results.entries.places
        self.results.setVisible(not empty)
        self.status.setVisible(empty and not self.waiting)
        self.status.setText(NOTHING)

    def _acts_of(self, text: str) -> list[Section]:
        """The acts under their headings; once one types, those whose name begins so come before."""
        offers, words = self._offers, fold(text).split()
        headed = (
            (f"Sur cette page{NBSP}: {offers.page_title}", offers.page),
            ("Aller à", offers.pages),
            ("Guichet", offers.window),
        )
        if not text.strip():
            recent = ("Vus récemment", offers.recent[:RECENT_SHOWN])
            return [self._acts_section(heading, acts) for heading, acts in (recent, *headed)]
        sections = []
        for heading, acts in headed:
            ranked = [(rank, act) for act in acts if words and (rank := answers(act, words)) is not None]
            ranked.sort(key=lambda each: each[0])
            if ranked:
                best = [act for _, act in ranked[:ACTIONS_SHOWN]]
                sections.append((ranked[0][0], self._acts_section(heading, best)))
        sections.sort(key=lambda each: each[0])
        return [section for _, section in sections]

    def _acts_section(self, heading: str, acts: Sequence[Action]) -> Section:
        return Section(heading, tuple(self._act_entry(act) for act in acts))

    def _act_entry(self, act: Action) -> Entry:
        return Entry(act.label, "", act.icon, act.shortcut, partial(self._run, act))

    def _found_section(self, group: Group) -> Section:
        heading, icon = HEADINGS[group.kind]
        entries = tuple(
            Entry(hit.title, hit.detail, icon, run=partial(self._open, hit)) for hit in group.hits
        )
        return Section(f"{heading} · {len(entries)} premières réponses" if group.more else heading, entries)

    # Choosing

    def _enter(self) -> None:
        current = self.results.current
        stale = self.waiting and (current is None or self._is_found(current))
        if stale:
            self._enter_waits = True
        elif current is not None and current.run is not None:
            current.run()

    def _is_found(self, entry: Entry) -> bool:
        return isinstance(entry.run, partial) and entry.run.func == self._open

    def _clicked(self, index: QModelIndex) -> None:
        entry = self.results.entries.entry(index.row())
        if entry is not None and entry.run is not None:
            entry.run()

    def _run(self, act: Action) -> None:
        self.close_over()
        act.run()

    def _open(self, hit: Hit) -> None:
        self.close_over(give_back=False)
        self.go.emit(destination(hit, attestations=self._tools.may(Permission.ISSUE_ATTESTATIONS)))


def _labels(sections: Sequence[Section]) -> list[tuple[str, ...]]:
    return [tuple(entry.label for entry in section.entries) for section in sections]


def answers(act: Action, words: Sequence[str]) -> int | None:
    """How well an action answers the folded words, 0 best; None when one of them begins none of its own."""
    label = fold(act.label)
    own = [*label.split(), *fold(act.words).split()]
    if not all(any(each.startswith(word) for each in own) for word in words):
        return None
    if label.startswith(" ".join(words)):
        return 0
    return 1 if all(any(each.startswith(word) for each in label.split()) for word in words) else 2


def destination(hit: Hit, *, attestations: bool) -> Destination:
    """The page that shows what was found; an attestation opens its family for whom may not see the register."""
    match hit.kind:
        case Kind.REQUEST:
            return Destination("requests", {"request": hit.subject_id})
        case Kind.INVOICE:
            return Destination("billing", {"invoice": hit.subject_id})
        case Kind.PAYMENT:
            return Destination("billing", {"payment": hit.subject_id})
        case Kind.ATTESTATION if attestations:
            return Destination("attestations", {"attestation": hit.subject_id})
        case _:
            return Destination("families", hit.family_id)


class PaletteButton(QPushButton):
    """What the header shows of the palette: it looks like a field, and opens the palette when pressed."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("Rechercher ou agir…", parent)
        self._theme = theme
        self.setProperty("role", "palette")
        self.setAccessibleName("Rechercher ou agir")
        self.setToolTip(with_key("Trouver une famille, un numéro, une page, une action", PALETTE_KEY))
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(self.fontMetrics().averageCharWidth() * BUTTON_CHARACTERS)
        theme.changed.connect(self._dress)
        self._dress()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        key = spoken_key(PALETTE_KEY)
        metrics = self.fontMetrics()
        if self.width() < self.sizeHint().width() + metrics.horizontalAdvance(key):
            return
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.colours.muted))
        area = self.rect().adjusted(0, 0, -Space.SMALL, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, key)

    def _dress(self) -> None:
        side = self.fontMetrics().height()
        self.setIcon(self._theme.icon("magnify", self._theme.colours.muted))
        self.setIconSize(QSize(side, side))
        self.setMaximumWidth(self.fontMetrics().averageCharWidth() * BUTTON_CHARACTERS)
