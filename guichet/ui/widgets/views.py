"""Views of a list that a person named: what it was narrowed to, its order, its columns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guichet.rules.errors import UserError
from guichet.ui.messages import Messages
from guichet.ui.preferences import Preferences
from guichet.ui.widgets.fields import Form, button
from guichet.ui.widgets.tab_order import Dialog
from guichet.ui.wording import NBSP

LONGEST_NAME = 60


@dataclass(frozen=True)
class SavedView:
    """A view under its name; `shown` is what the list's own `capture` gave, in plain JSON values."""

    name: str
    shown: dict[str, Any]


class ViewsButton(QPushButton):
    """« Vues »: a menu to apply, save, rename and delete the views of one list. They are kept in the account.

    `capture` says what is shown now, `restore` shows it again.
    """

    def __init__(
        self,
        preferences: Preferences,
        messages: Messages,
        key: str,
        capture: Callable[[], dict[str, Any]],
        restore: Callable[[dict[str, Any]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("&Vues", parent)
        self._preferences = preferences
        self._messages = messages
        self._key = f"views.{key}"
        self._capture = capture
        self._restore = restore
        self.setAutoDefault(False)
        self.setToolTip("Vues enregistrées de cette liste")
        self.setAccessibleName("Vues enregistrées")
        self.list = QMenu(self)
        self.list.aboutToShow.connect(self._fill)
        self.setMenu(self.list)

    @property
    def views(self) -> tuple[SavedView, ...]:
        """The views saved, in the order of their names."""
        kept = self._preferences.get(self._key, {})
        views = kept.items() if isinstance(kept, dict) else ()
        return tuple(
            SavedView(name, shown)
            for name, shown in sorted(views, key=lambda view: str(view[0]).casefold())
            if isinstance(shown, dict)
        )

    def save(self, name: str) -> None:
        """Keep what is shown now under this name. Raises UserError when another view bears it or it is empty."""
        self._keep({**self._by_name(), self._checked(name): self._capture()})

    def update_view(self, name: str) -> None:
        """Have the view of this name be what is shown now."""
        before = self._by_name()
        self._keep({**before, name: self._capture()})
        self._messages.inform(f"Vue «{NBSP}{name}{NBSP}» mise à jour", partial(self._keep, before))

    def apply_view(self, view: SavedView) -> None:
        """Show what the view shows."""
        self._restore(view.shown)

    def rename(self, view: SavedView, name: str) -> None:
        """Give the view another name. Raises UserError when another view bears it or it is empty."""
        views = self._by_name()
        if name.strip() != view.name:
            checked = self._checked(name)
            del views[view.name]
            self._keep({**views, checked: view.shown})

    def delete(self, view: SavedView) -> None:
        """Forget a view; « Annuler » brings it back."""
        views = self._by_name()
        before = dict(views)
        del views[view.name]
        self._keep(views)
        self._messages.inform(f"Vue «{NBSP}{view.name}{NBSP}» supprimée", partial(self._keep, before))

    def ask_name(self, view: SavedView | None = None) -> None:
        """Ask under which name to save what is shown, or how to rename a view."""
        dialog = NameDialog(view.name if view else "", self)
        dialog.named.connect(partial(self._take_name, dialog, view))
        dialog.open()

    def _take_name(self, dialog: "NameDialog", view: SavedView | None, name: str) -> None:
        try:
            if view is None:
                self.save(name)
            else:
                self.rename(view, name)
        except UserError as error:
            dialog.form.show_error(error)
        else:
            dialog.accept()

    def _by_name(self) -> dict[str, Any]:
        return {view.name: view.shown for view in self.views}

    def _checked(self, name: str) -> str:
        cleaned = " ".join(name.split())
        if not cleaned:
            raise UserError("Donnez un nom à cette vue.", field="name")
        if cleaned.casefold() in {view.name.casefold() for view in self.views}:
            raise UserError(
                f"Une vue s’appelle déjà «{NBSP}{cleaned}{NBSP}»{NBSP}: choisissez un autre nom.",
                field="name",
            )
        return cleaned

    def _keep(self, views: dict[str, Any]) -> None:
        self._preferences.set(self._key, views)

    def _fill(self) -> None:
        self.list.clear()
        views = self.views
        for view in views:
            self.list.addAction(_plain(view.name), partial(self.apply_view, view))
        if views:
            self.list.addSeparator()
        self.list.addAction("&Enregistrer cette vue…", self.ask_name)
        for title, act in (
            ("&Mettre à jour", lambda view: self.update_view(view.name)),
            ("&Renommer", self.ask_name),
            ("&Supprimer", self.delete),
        ):
            if views:
                under = self.list.addMenu(title)
                for view in views:
                    under.addAction(_plain(view.name), partial(act, view))


def _plain(name: str) -> str:
    """A menu takes `&` for the mark of a key."""
    return name.replace("&", "&&")


class NameDialog(Dialog):
    """Asks for a name; `named` (text) when it is given. It stays open until `accept`."""

    named = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Renommer la vue" if name else "Enregistrer la vue")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.name = QLineEdit(name, self)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.selectAll()
        self.form = Form(self)
        self.form.add("name", "&Nom de la vue", self.name)
        self.form.finish()
        buttons = QDialogButtonBox(self)
        self.accept_button = button("Enregistrer", self, role="primary")
        self.accept_button.setDefault(True)
        buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(button("Annuler", self), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(lambda: self.named.emit(self.name.text()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.form)
        layout.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 50)
