"""Proposals for the fields of the family and child sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from guichet.models.requests import RequestKind
from guichet.rules import proposals as rules
from guichet.rules.proposals import FieldPolicy, Proposal, Reason, Verdict
from guichet.services import lookalikes, settings, sheet_fields, sheets
from guichet.services.facts import Asked
from guichet.services.request_items import ItemDraft
from guichet.services.transaction import Context


@dataclass(frozen=True)
class SheetFacts:
    """The present sheets of the families and children that some requests want to change."""

    families: Mapping[int, sheets.FamilyRows]
    children: Mapping[int, sheets.ChildRows]
    policies: Mapping[str, str]
    twins: Mapping[int, Sequence[str]]

    def current(self, asked: Asked, item: ItemDraft) -> Any:
        """The value before, for an item that is a field; None for any other."""
        if item.field is None:
            return None
        family, child = self.families.get(asked.family_id or 0), self.children.get(asked.child_id or 0)
        if asked.kind is RequestKind.FAMILY_SHEET and family is not None:
            return sheets.read_family(family, item.field)
        if asked.kind is RequestKind.CHILD_SHEET and child is not None:
            return sheets.read_child(child, item.field)
        return None

    def propose(self, asked: Asked, item: ItemDraft) -> Proposal:
        """The verdict on one field."""
        path = item.field or ""
        if path == "new_child":
            return self._new_child(asked)
        label = sheet_fields.label_of(path)
        if path.startswith("conjoint.") and not self._has_conjoint(asked):
            return rules.examine("no_conjoint", "La fiche n’a pas encore de conjoint : à créer par un agent.")
        current = self.current(asked, item)
        problem, value = None, item.value
        try:
            value = sheet_fields.checked(path, item.value)
        except ValueError as error:
            problem = str(error)
        return rules.propose_field(
            rules.FieldFacts(label, self._policy(asked, path), current, value, problem=problem)
        )

    def _policy(self, asked: Asked, path: str) -> FieldPolicy:
        rows = self.families.get(asked.family_id or 0)
        if path.endswith(".email") and rows is not None:
            adult = rows.adult(path.partition(".")[0])
            login = (rows.family.portal_login or "").casefold()
            if adult is not None and login and login == (adult[1].email or "").casefold():
                return FieldPolicy.COUNTER
        return FieldPolicy(self.policies.get(path, sheet_fields.FIELDS[path].policy))

    def _has_conjoint(self, asked: Asked) -> bool:
        rows = self.families.get(asked.family_id or 0)
        return rows is not None and rows.adult("conjoint") is not None

    def _new_child(self, asked: Asked) -> Proposal:
        twins = self.twins.get(asked.id, ())
        alike = [
            Reason(
                "lookalike",
                f"Ressemble à {who} : vérifiez qu’il ne s’agit pas du même enfant.",
                Verdict.EXAMINE,
            )
            for who in twins
        ]
        return rules.examine("new_child", "Nouvel enfant : à contrôler par un agent.", *alike)


def read(
    session: Session, context: Context, asked: Sequence[Asked], drafts: Mapping[int, Sequence[ItemDraft]]
) -> SheetFacts:
    """Read the sheets these requests want to change: nine queries at most, none where no sheet is asked for."""
    families = {one.family_id for one in asked if one.kind is RequestKind.FAMILY_SHEET and one.family_id}
    children = {one.child_id for one in asked if one.kind is RequestKind.CHILD_SHEET and one.child_id}
    newcomers = {
        one.id: [item.value]
        for one in asked
        if one.kind is RequestKind.CHILD_SHEET
        for item in drafts[one.id]
        if item.field == "new_child"
    }
    return SheetFacts(
        sheets.load_families(session, families),
        sheets.load_children(session, children),
        settings.get(session, "requests.field_policies") if families or children else {},
        lookalikes.find(session, newcomers),
    )
