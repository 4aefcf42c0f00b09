"""Choosing a family, or someone of a family, without a mouse: type, ↓, Enter."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QWidget

from guichet.rules.errors import UserError
from guichet.services import families, family_sheet
from guichet.services.families import FamilyQuery, FamilyRow
from guichet.services.family_sheet import FamilySheet, MemberView
from guichet.services.paging import Page
from guichet.ui.page import Tools
from guichet.ui.widgets.basics import announce
from guichet.ui.widgets.typed_field import TypedField
from guichet.ui.wording import NBSP, age, count

TYPING_MILLISECONDS = 120
SHOWN = 8
LINE_CHARACTERS = 90
NOTHING_FOUND = "Aucune famille ne correspond\u00a0: essayez un nom, un prénom, un numéro ou un téléphone."
NOT_CHOSEN = "Choisissez la famille dans la liste\u00a0: flèche bas, puis Entrée."


@dataclass(frozen=True)
class ChosenFamily:
    """A family as a form carries it."""

    family_id: int
    number: str
    label: str


class FamilyPicker(TypedField):
    """A family found as one types; `value` is a ChosenFamily.

    ↑ ↓ go through what was found, Enter chooses, Escape closes the list. Leaving the field chooses nothing that was not
    pointed at: two families may share a name.
    """

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        self._chosen: ChosenFamily | None = None
        super().__init__(parent)
        self._tools = tools
        self.setPlaceholderText("Nom, prénom, numéro, téléphone…")
        self.list = QListWidget(self)
        self.list.setWindowFlags(Qt.WindowType.ToolTip)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Familles trouvées")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose_item)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self.search)
        self.textEdited.connect(self._on_edited)

    def read(self, text: str) -> ChosenFamily:
        if self._chosen is None or text != self._chosen.label:
            raise UserError(NOT_CHOSEN, code="family_not_chosen")
        return self._chosen

    def write(self, value: ChosenFamily) -> str:
        return value.label

    def hint(self, value: ChosenFamily) -> str:
        return f"n°{NBSP}{value.number}"

    def spoken(self, value: ChosenFamily) -> str:
        return f"famille numéro {value.number}"

    def set_value(self, value: ChosenFamily | None) -> None:
        self._stop()
        self._chosen = value
        super().set_value(value)

    def typed(self) -> Any:
        return {"text": self.text(), "chosen": None if self._chosen is None else asdict(self._chosen)}

    def put_typed(self, typed: Any) -> None:
        kept = typed if isinstance(typed, dict) else {}
        self._stop()
        self._chosen = ChosenFamily(**kept["chosen"]) if kept.get("chosen") else None
        self.setText(kept.get("text", ""))

    def search(self) -> None:
        """Look for what is typed now."""
        text = self.text().strip()
        if text:
            query = FamilyQuery(text=text, size=SHOWN)
            self._tools.desk.fetch(families.search, query, then=self._show, key=self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self.list.isVisible():
            if key is Qt.Key.Key_Down and self._chosen is None:
                self.search()
            else:
                super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._point(1 if key is Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.currentItem() is not None:
            self._choose_item(self.list.currentItem())
        elif key is Qt.Key.Key_Escape:
            self._stop()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._stop()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._stop()
        super().hideEvent(event)

    def _on_edited(self, text: str) -> None:
        self._chosen = None
        self._refresh_hint()
        self.list.hide()
        if text.strip():
            self._pause.start()
        else:
            self._pause.stop()

    def _stop(self) -> None:
        self._pause.stop()
        self.list.hide()

    def _show(self, page: Page[FamilyRow]) -> None:
        if not self.hasFocus() or self._chosen is not None:
            return
        self.list.clear()
        for row in page.rows:
            item = QListWidgetItem(_line(row), self.list)
            item.setData(Qt.ItemDataRole.UserRole, ChosenFamily(row.family_id, row.number, row.label))
        hidden = page.total - len(page.rows)
        if not page.rows:
            self._say(NOTHING_FOUND)
        elif hidden > 0:
            self._say(f"et {count(hidden, 'autre')}{NBSP}: précisez.")
        self._place_list()
        found = count(page.total, "famille trouvée", "familles trouvées")
        announce(self, f"{found}." if page.rows else NOTHING_FOUND)

    def _say(self, sentence: str) -> None:
        item = QListWidgetItem(sentence, self.list)
        item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _place_list(self) -> None:
        rows = range(self.list.count())
        height = sum(self.list.sizeHintForRow(row) for row in rows) + 2 * self.list.frameWidth() + 4
        widest = self.fontMetrics().averageCharWidth() * LINE_CHARACTERS
        width = max(self.width(), min(self.list.sizeHintForColumn(0) + 24, widest))
        corner = self.mapToGlobal(QPoint(0, self.height() + 2))
        area = self.screen().availableGeometry()
        if corner.y() + height > area.bottom():
            corner = self.mapToGlobal(QPoint(0, -height - 2))
        left = max(area.left(), min(corner.x(), area.right() - width))
        self.list.setGeometry(left, corner.y(), width, height)
        self.list.show()

    def _point(self, by: int) -> None:
        choices = [
            row for row in range(self.list.count()) if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled
        ]
        if choices:
            row = max(choices[0], min(choices[-1], self.list.currentRow() + by))
            self.list.setCurrentRow(row)
            announce(self, self.list.item(row).text())

    def _choose_item(self, item: QListWidgetItem) -> None:
        chosen = item.data(Qt.ItemDataRole.UserRole)
        if chosen is not None:
            self.set_value(chosen)
            announce(self, f"{chosen.label}, {self.spoken(chosen)}")


class PersonField(QComboBox):
    """Someone of one family; `currentData()` is the person's id. Letters go to the first name that begins so."""

    def __init__(self, tools: Tools, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._role = role
        self._family_id: int | None = None
        self._wanted: int | None = None
        self.activated.connect(self._on_activated)

    def show_family(self, family_id: int | None, person_id: int | None = None) -> None:
        """Offer the members of this family (only those of the role, `child` or `adult`), `person_id` chosen."""
        if person_id is not None or family_id != self._family_id:
            self._wanted = person_id
        self._family_id = family_id
        self.clear()
        if family_id is not None:
            self._tools.desk.fetch(family_sheet.sheet, family_id, then=self._show, key=self)

    def typed(self) -> int | None:
        """Who is chosen, or will be once the family is read."""
        chosen: int | None = self.currentData()
        return self._wanted if chosen is None else chosen

    def put_typed(self, typed: int | None) -> None:
        """Put back what `typed` gave, now or once the family is read."""
        self._wanted = typed
        self.setCurrentIndex(self.findData(typed))

    def _on_activated(self) -> None:
        self._wanted = self.currentData()

    def _show(self, sheet: FamilySheet) -> None:
        if sheet.family_id != self._family_id:
            return  # another family was chosen meanwhile
        self._offer([member for member in sheet.members if self._role in ("", member.role)])

    def _offer(self, members: Sequence[MemberView]) -> None:
        self.clear()
        for member in members:
            known_age = f", {age(member.age)}" if member.age is not None and member.role == "child" else ""
            self.addItem(f"{member.first_name} {member.last_name}{known_age}", member.person_id)
        place = self.findData(self._wanted)
        self.setCurrentIndex(place if place >= 0 else (0 if self.count() == 1 else -1))


def _line(row: FamilyRow) -> str:
    parts = (row.label, f"n°{NBSP}{row.number}", row.children, row.phone, row.town)
    return "  ·  ".join(part for part in parts if part)
