"""Writing drafts into the base: references resolved, each row once, whatever the number of transfers."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, cast

from sqlalchemy import Enum, String, Table, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from guichet.models.base import Base
from guichet.models.settings import ExternalRef
from guichet.services import bulk
from guichet.services.noethys.drafts import Draft, Merged, Ref
from guichet.services.noethys.report import KIND_LABELS, Tally

CHUNK = 2000

Progress = Callable[[str, int, int], None]
"""Called with the step's name, what is done and what there is to do."""


class Loader:
    """The rows that a town's Noethys file became here, known by `external_ref`, and the way to add others."""

    def __init__(self, session: Session, source: str, tally: Tally, progress: Progress) -> None:
        self.session = session
        self.source = source
        self.tally = tally
        self.progress = progress
        known = session.execute(
            select(ExternalRef.kind, ExternalRef.source_key, ExternalRef.row_id, ExternalRef.digest).where(
                ExternalRef.source == source
            )
        )
        self._ids: dict[Ref, int] = {}
        self._digests: dict[Ref, str | None] = {}
        for kind, key, row_id, digest in known:
            self._ids[kind, key] = row_id
            self._digests[kind, key] = digest
        self._earlier = frozenset(self._ids)
        self._met: set[Ref] = set()
        self._adopted: list[Draft] = []

    def known(self, kind: str, key: str) -> bool:
        """Whether the row came by an earlier transfer."""
        return (kind, key) in self._earlier

    def row_id(self, kind: str, key: str) -> int:
        """Our id of a source row. Raises KeyError when it did not come."""
        return self._ids[kind, key]

    def find(self, kind: str, key: str | None) -> int | None:
        """Our id of a source row, None when it did not come."""
        return None if key is None else self._ids.get((kind, key))

    def add(self, model: type[Base], drafts: Iterable[Draft]) -> list[Draft]:
        """Insert the drafts that are not here yet, count them all, and return those inserted."""
        inserted: list[Draft] = []
        remaining = iter(drafts)
        while chunk := list(islice(remaining, CHUNK)):
            fresh = [draft for draft in chunk if not self._met_before(draft)]
            values = [self._values(model, draft) for draft in fresh]
            for draft, row_id in zip(fresh, insert_rows(self.session, model, values), strict=True):
                self._ids[draft.kind, draft.key] = row_id
            self._remember(fresh)
            self.tally.imported.update(draft.kind for draft in fresh)
            inserted += fresh
        return inserted

    def merge(self, rows: Iterable[Merged]) -> None:
        """Count the source rows that live on in others, each once."""
        for row in rows:
            self.adopt(row.kind, row.key, self._ids[row.into], row.digest)

    def adopt(self, kind: str, key: str, row_id: int, digest: str | None = None) -> None:
        """Record that a source row is one of ours that already stood here, or lives on in it."""
        draft = Draft(kind, key, {}, digest=digest)
        if not self._met_before(draft):
            self._ids[kind, key] = row_id
            self._adopted.append(draft)
            self.tally.imported[kind] += 1

    def finish(self) -> None:
        """Write what is still to be remembered, and list what came earlier and the file no longer holds."""
        self._remember(self._adopted)
        self._adopted = []
        self.tally.gone += sorted(ref for ref in self._earlier - self._met if ref[0] in KIND_LABELS)

    def _met_before(self, draft: Draft) -> bool:
        ref = (draft.kind, draft.key)
        self._met.add(ref)
        if ref not in self._earlier:
            return False
        self.tally.already[draft.kind] += 1
        if draft.digest is not None and self._digests[ref] != draft.digest:
            self.tally.changed.append(ref)
        return True

    def _values(self, model: type[Base], draft: Draft) -> dict[str, Any]:
        values = {column: self._clipped(model, draft, column) for column in draft.columns}
        for column, ref in draft.refs.items():
            values[column] = None if ref is None else self._ids[ref]
        return values

    def _clipped(self, model: type[Base], draft: Draft, column: str) -> Any:
        value = draft.columns[column]
        kind = model.__table__.c[column].type
        if isinstance(kind, Enum) or not isinstance(kind, String) or not isinstance(value, str):
            return value
        if kind.length is None or len(value) <= kind.length:
            return value
        self.tally.note(draft.kind, draft.key, f"texte trop long, coupé à {kind.length} caractères")
        return value[: kind.length]

    def _remember(self, drafts: Sequence[Draft]) -> None:
        refs = [
            {
                "source": self.source,
                "kind": draft.kind,
                "source_key": draft.key,
                "row_id": self._ids[draft.kind, draft.key],
                "digest": draft.digest,
            }
            for draft in drafts
        ]
        insert_rows(self.session, ExternalRef, refs)


def insert_rows(session: Session, model: type[Base], values: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows in bulk and return their ids in the same order."""
    return bulk.insert_rows(session, cast("Table", model.__table__), values)


def free_code(taken: set[str], wanted: str) -> str:
    """`wanted`, or the same with a number behind where it is taken; what is returned is taken from then on."""
    code, number = wanted, 2
    while code in taken:
        code, number = f"{wanted}-{number}", number + 1
    taken.add(code)
    return code


def taken_codes(session: Session, column: InstrumentedAttribute[Any]) -> set[str]:
    """The values a unique column already holds."""
    return set(session.scalars(select(column)))
