"""Several families open at once: a tab each, and one seen in passing that the next one replaces."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from guichet.ui.actions import with_key
from guichet.ui.page import Tools
from guichet.ui.tokens import Space
from guichet.ui.widgets.basics import plain_tip
from guichet.ui.widgets.family_view import FamilyView

MOST_OPEN = 8
CLOSE_KEY = "Ctrl+W"
IN_PASSING = "Vue en passant\u00a0: Ctrl+D ou un double clic la garde ouverte"
LONGEST_TITLE = 26


class FamilyTabs(QWidget):
    """Tabs above, the sheet of the one chosen below. `go` and `moved` as on a page."""

    go = Signal(object)
    moved = Signal()

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._views: list[FamilyView] = []
        self._touched: list[FamilyView] = []
        self._preview: FamilyView | None = None
        self.bar = QTabBar(self)
        self.bar.setAccessibleName("Familles ouvertes")
        self.bar.setDocumentMode(True)
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideRight)
        self.bar.hide()
        self._stack = QStackedWidget(self)
        self._nobody = self._new_view()
        self._stack.addWidget(self._nobody)
        self._above = QHBoxLayout()
        self._above.setContentsMargins(Space.SMALL, Space.SMALL, Space.LARGE, 0)
        self._above.addWidget(self.bar, 1)
        self._above.addStretch(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._above)
        layout.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._chosen)
        self.bar.tabBarDoubleClicked.connect(self._keep)
        tools.theme.changed.connect(self._show_titles)

    def add_before(self, widget: QWidget) -> None:
        """Put a control before the tabs."""
        self._above.insertWidget(0, widget)
        self.setTabOrder(widget, self.bar)

    @property
    def view(self) -> FamilyView:
        """The sheet shown; one that waits for a family when none is open."""
        view = self._stack.currentWidget()
        assert isinstance(view, FamilyView)  # noqa: S101 - nothing else is ever added
        return view

    @property
    def families(self) -> tuple[int, ...]:
        """The families open, from left to right."""
        return tuple(view.family_id for view in self._views if view.family_id is not None)

    @property
    def kept(self) -> list[int]:
        """The families kept open, the one seen in passing left out."""
        kept = [view for view in self._views if view is not self._preview]
        return [view.family_id for view in kept if view.family_id is not None]

    def is_preview(self, view: FamilyView) -> bool:
        """Whether this sheet is the one seen in passing."""
        return view is self._preview

    def show_family(self, family_id: int, tab: str = "", *, keep: bool) -> None:
        """Show a family: in its tab where it is open, else in a new one kept open, or in the one seen in passing."""
        found = next((view for view in self._views if view.family_id == family_id), None)
        if found is not None:
            if keep and found is self._preview:
                self._preview = None
            self._show_titles()
            self.bar.setCurrentIndex(self._views.index(found))
            if tab:
                found.show_tab(tab)
            found.refresh_if_stale()
            return
        if keep or self._preview is None:
            view = self._add_view()
            if not keep:
                self._preview = view
        else:
            view = self._preview
        view.show_family(family_id, tab)
        self._show_titles()
        self.bar.setCurrentIndex(self._views.index(view))
        self._note(view)
        self._leave_oldest()
        self.moved.emit()

    def await_families(self, labels: dict[int, str]) -> None:
        """Open the tabs of families seen last time, each read when it is looked at."""
        shown = self.view if self.families else None
        for family_id, label in labels.items():
            if family_id not in self.families and len(self._views) < MOST_OPEN:
                view = self._add_view(at=0)
                view.await_family(family_id, label)
                self._touched.insert(0, view)
        if shown is not None:
            self.bar.setCurrentIndex(self._views.index(shown))
        self._show_titles()

    def reload(self) -> None:
        """Read the sheet shown again; the others when they are looked at."""
        for view in self._views:
            if view is not self.view:
                view.mark_stale()
        self.view.reload()

    def keep_current(self) -> None:
        """Keep open the family seen in passing."""
        self._keep(self.bar.currentIndex())

    def close_current(self) -> None:
        """Close the tab shown."""
        self._close(self.bar.currentIndex())

    def next(self) -> None:
        """Show the next tab, the first after the last."""
        self._step(1)

    def previous(self) -> None:
        """Show the tab before, the last before the first."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self._views:
            self.bar.setCurrentIndex((self.bar.currentIndex() + by) % len(self._views))

    def _new_view(self) -> FamilyView:
        view = FamilyView(self._tools, self)
        view.go.connect(self.go)
        view.moved.connect(self._tab_moved)
        view.named.connect(self._named)
        return view

    def _add_view(self, at: int | None = None) -> FamilyView:
        view = self._new_view()
        place = len(self._views) if at is None else at
        self._views.insert(place, view)
        self._stack.addWidget(view)
        self.bar.blockSignals(True)
        self.bar.insertTab(place, "")
        self.bar.setTabButton(place, QTabBar.ButtonPosition.RightSide, self._close_button(view))
        self.bar.blockSignals(False)
        self.bar.show()
        return view

    def _close_button(self, view: FamilyView) -> QToolButton:
        """A cross for the mouse; the keyboard closes the tab shown with Ctrl+W."""
        close = QToolButton(self.bar)
        close.setAutoRaise(True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setToolTip(with_key("Fermer l’onglet", CLOSE_KEY))
        close.clicked.connect(lambda: self._close(self._views.index(view)))
        return close

    def _chosen(self, place: int) -> None:
        if not 0 <= place < len(self._views):
            return
        view = self._views[place]
        self._stack.setCurrentWidget(view)
        self._note(view)
        view.refresh_if_stale()
        self.moved.emit()

    def _note(self, view: FamilyView) -> None:
        """The latest looked at stands last."""
        self._stack.setCurrentWidget(view)
        self._touched = [one for one in self._touched if one is not view] + [view]

    def _leave_oldest(self) -> None:
        while len(self._views) > MOST_OPEN:
            oldest = next(view for view in self._touched if view is not self._preview)
            self._close(self._views.index(oldest))

    def _keep(self, place: int) -> None:
        if 0 <= place < len(self._views) and self._views[place] is self._preview:
            self._preview = None
            self._show_titles()
            self.moved.emit()

    def _close(self, place: int) -> None:
        if not 0 <= place < len(self._views):
            return
        view = self._views.pop(place)
        focused = QApplication.focusWidget()
        had_focus = focused is not None and (view.isAncestorOf(focused) or focused is self.bar)
        self._touched.remove(view)
        if view is self._preview:
            self._preview = None
        self.bar.blockSignals(True)
        self.bar.removeTab(place)
        if self._touched:
            self.bar.setCurrentIndex(self._views.index(self._touched[-1]))
        self.bar.blockSignals(False)
        self.bar.setVisible(bool(self._views))
        shown = self._touched[-1] if self._touched else self._nobody
        self._stack.setCurrentWidget(shown)
        shown.refresh_if_stale()
        if had_focus:
            shown.tabs.tabBar().setFocus(Qt.FocusReason.OtherFocusReason)
        self._stack.removeWidget(view)
        view.deleteLater()
        self.moved.emit()

    def _tab_moved(self) -> None:
        if self.sender() is self.view:
            self.moved.emit()

    def _named(self, _family_id: int, _label: str) -> None:
        self._show_titles()
        self.moved.emit()

    def _show_titles(self) -> None:
        theme = self._tools.theme
        muted = theme.colours.muted
        for place, view in enumerate(self._views):
            passing = view is self._preview
            label = view.family_label or "…"
            short = label if len(label) <= LONGEST_TITLE else f"{label[: LONGEST_TITLE - 1]}…"
            self.bar.setTabText(place, short.replace("&", "&&"))
            self.bar.setTabToolTip(place, plain_tip(f"{label}\n{IN_PASSING}" if passing else label))
            self.bar.setAccessibleTabName(place, f"{label} (en passant)" if passing else label)
            close = self.bar.tabButton(place, QTabBar.ButtonPosition.RightSide)
            if isinstance(close, QToolButton):
                close.setIcon(theme.icon("close", muted))
                close.setAccessibleName(f"Fermer {label}")
            self.bar.setTabIcon(
                place, theme.icon("eye-outline" if passing else "account-group-outline", muted)
            )
