"""What a clerk looks at before billing a period: each check is one question to SQL, with its rows and its count.

They read what the last pricing left in the base, so that a clerk who comes back finds them as they were.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    CompoundSelect,
    Select,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from guichet.models.people import Family, Person
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services.billing_check_rows import ROWS, Asked, Check
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class ChecksQuery:
    """A period, both days included, for some régies (none named: all)."""

    start: date
    end: date
    regie_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class CheckCount:
    """How many rows a check found, and in how many families."""

    check: Check
    rows: int
    families: int


@dataclass(frozen=True)
class CheckQuery(PageQuery):
    """The rows of one check, by family then day."""

    check: Check = Check.NO_TARIFF
    start: date = date.min
    end: date = date.max
    regie_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class CheckRow:
    """One row to look at: `day` None concerns the whole period; cents of the charge or invoice, those of the month before.

    `key` tells rows apart within their check.
    """

    key: int
    family_id: int
    family_number: str
    family_label: str
    child: str
    day: date | None
    what: str
    cents: int | None
    before_cents: int | None


@needs(Permission.READ_BILLING)
def counts(session: Session, context: Context, query: ChecksQuery) -> tuple[CheckCount, ...]:
    """Every check with what it found, in their order: one statement."""
    today = paris_day(context.now)
    asked = Asked(query.start, query.end, query.regie_ids, today)
    parts = []
    for check in Check:
        rows = ROWS[check](asked).subquery()
        parts.append(
            select(literal(check.value).label("check"), func.count(), func.count(rows.c.family_id.distinct()))
            .select_from(rows)
        )  # fmt: skip
    found = {code: (rows, families) for code, rows, families in session.execute(union_all(*parts))}
    return tuple(CheckCount(check, *found[check.value]) for check in Check)


@needs(Permission.READ_BILLING)
def search(session: Session, context: Context, query: CheckQuery) -> Page[CheckRow]:
    """The rows of one check, paged in SQL: two queries."""
    asked = Asked(query.start, query.end, query.regie_ids, paris_day(context.now))
    rows = ROWS[query.check](asked).subquery()
    total = session.execute(select(func.count()).select_from(rows)).scalar_one()
    statement = (
        select(rows, Family.number, Family.label.label("family"), Person.first_name, Person.last_name)
        .join(Family, Family.id == rows.c.family_id)
        .outerjoin(Person, Person.id == rows.c.child_id)
    )
    sorts = {"family": Family.sort_key, "day": rows.c.day, "cents": rows.c.cents, "child": Person.sort_key}
    key = sorts.get(query.sort, Family.sort_key)
    ordered = statement.order_by(
        key.desc() if query.descending else key, Family.sort_key, rows.c.day, rows.c.key
    )
    return Page(
        tuple(
            CheckRow(
                key=row.key,
                family_id=row.family_id,
                family_number=row.number,
                family_label=row.family,
                child=f"{row.first_name} {row.last_name}" if row.first_name else "",
                day=row.day,
                what=row.what,
                cents=row.cents,
                before_cents=row.before_cents,
            )
            for row in session.execute(ordered.limit(query.size).offset(query.offset))
        ),
        total,
        query.offset,
    )


def families_with(asked: Asked, check: Check | None = None) -> CompoundSelect[int] | Select[int]:
    """The families that a check concerns; no check named, those that any concerns."""
    wanted = [check] if check else list(Check)
    parts = [select(ROWS[one](asked).subquery().c.family_id) for one in wanted]
    return union_all(*parts) if len(parts) > 1 else parts[0]


def of_families(session: Session, asked: Asked, family_ids: Collection[int]) -> dict[int, tuple[Check, ...]]:
    """What concerns each of these families, in one query."""
    narrowed = Asked(asked.start, asked.end, asked.regie_ids, asked.today, tuple(family_ids))
    parts = []
    for check in Check:
        rows = ROWS[check](narrowed).subquery()
        parts.append(select(rows.c.family_id, literal(check.value).label("check")).distinct())
    found: dict[int, list[Check]] = defaultdict(list)
    for family_id, code in session.execute(union_all(*parts)):
        found[family_id].append(Check(code))
    order = list(Check)
    return {family_id: tuple(sorted(codes, key=order.index)) for family_id, codes in found.items()}
