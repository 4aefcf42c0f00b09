"""The strip above a family's tabs: what waits, each with an icon and words, opening the tab where it is dealt with."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from guichet.rules.money import format_euros
from guichet.services.family_alerts import Alert, AlertKind
from guichet.ui.theme import Theme
from guichet.ui.tokens import Tone
from guichet.ui.widgets.fields import button
from guichet.ui.widgets.flow import FlowLayout
from guichet.ui.widgets.state_label import toned
from guichet.ui.wording import NBSP, count

TABS = {
    AlertKind.DOSSIER: "children",
    AlertKind.OVERDUE: "invoices",
    AlertKind.EXPIRED: "pieces",
    AlertKind.TO_CHECK: "pieces",
    AlertKind.REQUEST: "requests",
    AlertKind.COMPLEMENT: "requests",
}
ICONS = {
    AlertKind.DOSSIER: "folder-alert-outline",
    AlertKind.OVERDUE: "cash-clock",
    AlertKind.EXPIRED: "calendar-alert",
    AlertKind.TO_CHECK: "file-search-outline",
    AlertKind.REQUEST: "inbox-outline",
    AlertKind.COMPLEMENT: "email-alert-outline",
}
MOST_NAMES = 2


class AlertStrip(QWidget):
    """`wanted` (tab key) when an alert is pressed."""

    wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[Alert, ...] = ()
        self.buttons: list[QPushButton] = []
        self._flow = FlowLayout(self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()
        theme.changed.connect(self._paint_tones)

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Replace what is shown; the strip takes no room when nothing waits."""
        if tuple(alerts) == self._shown:
            return
        self._shown = tuple(alerts)
        self._flow.clear()
        self.buttons = [self._button(alert) for alert in alerts]
        for made in self.buttons:
            self._flow.addWidget(made)
        self._paint_tones()
        self.setVisible(bool(alerts))
        self.updateGeometry()

    def _button(self, alert: Alert) -> QPushButton:
        made = button(sentence(alert).replace("&", "&&"), self, tip="\n".join(alert.names) or sentence(alert))
        made.setAccessibleName(sentence(alert))
        made.clicked.connect(lambda: self.wanted.emit(TABS[alert.kind]))
        return made

    def _paint_tones(self) -> None:
        for alert, made in zip(self._shown, self.buttons, strict=True):
            tone = Tone.RED if alert.urgent else Tone.BLUE if alert.kind is AlertKind.REQUEST else Tone.YELLOW
            pill = self._theme.pill(tone)
            focus = (
                f"QPushButton:focus {{ border: 2px solid {self._theme.colours.accent}; padding: 2px 9px; }}"
            )
            made.setStyleSheet(toned(self._theme, "QPushButton", tone, padding="3px 10px") + focus)
            made.setIcon(self._theme.icon(ICONS[alert.kind], pill.text))


def sentence(alert: Alert) -> str:
    """What waits, in a few words: « Dossier incomplet : Élie », « Impayé : 120,60 € »."""
    names = _names(alert)
    match alert.kind:
        case AlertKind.DOSSIER:
            plural = "s" if alert.count > 1 else ""
            return f"Dossier{plural} à compléter{NBSP}: {names}"
        case AlertKind.OVERDUE:
            return f"Impayé échu{NBSP}: {format_euros(alert.cents)}"
        case AlertKind.EXPIRED:
            return f"{count(alert.count, 'pièce périmée', 'pièces périmées')}{NBSP}: {names}"
        case AlertKind.TO_CHECK:
            return f"{count(alert.count, 'pièce', 'pièces')} à contrôler{NBSP}: {names}"
        case AlertKind.REQUEST:
            return f"{count(alert.count, 'demande')} à traiter"
        case AlertKind.COMPLEMENT:
            return f"{count(alert.count, 'complément attendu', 'compléments attendus')} de la famille"


def _names(alert: Alert) -> str:
    shown = ", ".join(alert.names[:MOST_NAMES])
    return shown if len(alert.names) <= MOST_NAMES else f"{shown}…"
