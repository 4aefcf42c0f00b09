"""What the billing screens read: the régies, and a draft family by family beside the month before."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from guichet.models.money import Charge, PaymentMode, Regie
from guichet.models.people import Family, SendingMode
from guichet.rules.permissions import Permission
from guichet.rules.text import fold, paris_day
from guichet.services import billing_checks
from guichet.services.billable import amounts_to_bill, charges_to_bill
from guichet.services.billing_check_rows import Asked, Check, invoiced_before
from guichet.services.identities import holders
from guichet.services.paging import Page, PageQuery
from guichet.services.payment_modes import MODE_LABELS
from guichet.services.transaction import Context, needs

ANY = "any"


@dataclass(frozen=True)
class RegieView:
    """A régie and the means of payment of its founding act, each with its French name."""

    regie_id: int
    name: str
    series: str
    collects: bool
    modes: tuple[tuple[PaymentMode, str], ...]


@dataclass(frozen=True)
class PreviewQuery(PageQuery):
    """The invoices that issuing these days would make, by family name; both days included.

    `anomaly` keeps those that a check concerns (`ANY`: at least one), `changed` those that differ from the month
    before, `sending` those that leave one way; `held_ids` are shown and not counted.
    """

    start: date = date.min
    end: date = date.max
    regie_ids: tuple[int, ...] = ()
    held_ids: tuple[int, ...] = ()
    text: str = ""
    anomaly: str = ""
    changed: bool = False
    sending: SendingMode | None = None


@dataclass(frozen=True)
class PreviewRow:
    """An invoice to be: cents, and what the same family and régie were invoiced for the month before (None: nothing).

    `quotients` are those that price its lines with the day each took effect, in that order; empty when none does.
    """

    family_id: int
    family_number: str
    family_label: str
    regie_id: int
    regie: str
    payer: str
    lines: int
    total_cents: int
    before_cents: int | None
    quotients: tuple[tuple[int, date], ...]
    sending: SendingMode
    anomalies: tuple[Check, ...]
    held: bool

    @property
    def change_cents(self) -> int:
        """What it adds to the month before, nothing counting as zero."""
        return self.total_cents - (self.before_cents or 0)


@dataclass(frozen=True)
class PreviewTotals:
    """Sums over every invoice of a preview, the families held out left aside; `held` counts those."""

    invoices: int
    lines: int
    total_cents: int
    before_cents: int
    held: int


@needs(Permission.READ_BILLING)
def regies(session: Session, context: Context, query: None = None) -> tuple[RegieView, ...]:
    """Every régie, by name."""
    rows = session.execute(select(Regie).order_by(Regie.name, Regie.id)).scalars()
    return tuple(
        RegieView(
            row.id,
            row.name,
            row.series,
            row.collects,
            tuple((PaymentMode(mode), MODE_LABELS[PaymentMode(mode)]) for mode in row.modes),
        )
        for row in rows
    )


@needs(Permission.READ_BILLING)
def preview(session: Session, context: Context, query: PreviewQuery) -> Page[PreviewRow]:
    """The invoices to be, as the last pricing left the charges, filtered, sorted and paged in SQL."""
    today = paris_day(context.now)
    drafted, before, statement = _drafted(query, today)
    change = drafted.c.total_cents - func.coalesce(before.c.total, 0)
    order = {
        "total": drafted.c.total_cents,
        "lines": drafted.c.lines,
        "regie": Regie.name,
        "before": func.coalesce(before.c.total, 0),
        "change": change,
        "size_of_change": func.abs(change),
        "sending": Family.sending_mode,
    }.get(query.sort, Family.sort_key)
    # Counted on the way: reckoning the drafts twice would double the wait for the page.
    rows = session.execute(
        statement.add_columns(func.count().over().label("total"))
        .order_by(order.desc() if query.descending else order, Family.sort_key, drafted.c.regie_id)
        .limit(query.size)
        .offset(query.offset)
    ).all()
    if not rows and query.offset:
        return Page((), preview(session, context, replace(query, offset=0, size=1)).total, query.offset)
    family_ids = {row.family_id for row in rows}
    people = holders(session, family_ids)
    asked = Asked(query.start, query.end, query.regie_ids, today)
    found = billing_checks.of_families(session, asked, family_ids)
    quotients = _quotients(session, query, family_ids)
    return Page(
        tuple(
            PreviewRow(
                family_id=row.family_id,
                family_number=row.number,
                family_label=row.family,
                regie_id=row.regie_id,
                regie=row.regie,
                payer=people[row.family_id].address.name if people[row.family_id].payer_id else "",
                lines=row.lines,
                total_cents=row.total_cents,
                before_cents=None if row.before is None else int(row.before),
                quotients=quotients.get((row.family_id, row.regie_id), ()),
                sending=row.sending_mode,
                anomalies=found.get(row.family_id, ()),
                held=row.family_id in query.held_ids,
            )
            for row in rows
        ),
        rows[0].total if rows else 0,
        query.offset,
    )


@needs(Permission.READ_BILLING)
def preview_totals(session: Session, context: Context, query: PreviewQuery) -> PreviewTotals:
    """The sums of a preview whatever the page, in one query."""
    _, _, statement = _drafted(query, paris_day(context.now))
    rows = statement.subquery()
    kept = rows.c.family_id.not_in(query.held_ids)
    row = session.execute(
        select(
            func.count().filter(kept),
            func.coalesce(func.sum(rows.c.lines).filter(kept), 0),
            func.coalesce(func.sum(rows.c.total_cents).filter(kept), 0),
            func.coalesce(func.sum(rows.c.before).filter(kept), 0),
            func.count().filter(~kept),
        ).select_from(rows)
    ).one()
    return PreviewTotals(*(int(value) for value in row))


def _drafted(query: PreviewQuery, today: date) -> tuple[Any, Any, Select[*tuple[Any, ...]]]:
    """The invoices to be beside those of the month before, filtered: (drafts, month before, statement)."""
    drafted = amounts_to_bill(query.start, query.end, query.regie_ids).subquery()
    before = invoiced_before(query.start).subquery()
    statement = (
        select(
            drafted,
            Family.number.label("number"),
            Family.label.label("family"),
            Family.sending_mode.label("sending_mode"),
            Regie.name.label("regie"),
            before.c.total.label("before"),
        )
        .join(Family, Family.id == drafted.c.family_id)
        .join(Regie, Regie.id == drafted.c.regie_id)
        .outerjoin(
            before, (before.c.family_id == drafted.c.family_id) & (before.c.regie_id == drafted.c.regie_id)
        )
    )
    for word in fold(query.text).split():
        statement = statement.where(Family.search_key.contains(word, autoescape=True))
    if query.anomaly:
        asked = Asked(query.start, query.end, query.regie_ids, today)
        check = None if query.anomaly == ANY else Check(query.anomaly)
        statement = statement.where(drafted.c.family_id.in_(billing_checks.families_with(asked, check)))
    if query.changed:
        statement = statement.where(drafted.c.total_cents != func.coalesce(before.c.total, 0))
    if query.sending is not None:
        statement = statement.where(Family.sending_mode == query.sending)
    return drafted, before, statement


def _quotients(
    session: Session, query: PreviewQuery, family_ids: Collection[int]
) -> dict[tuple[int, int], tuple[tuple[int, date], ...]]:
    used = Charge.trace["quotient"]
    rows = session.execute(
        select(Charge.family_id, Charge.regie_id, used["value"].as_integer(), used["since"].as_string())
        .where(
            *charges_to_bill(query.start, query.end, query.regie_ids),
            Charge.family_id.in_(family_ids),
            used["since"].as_string().is_not(None),
        )
        .distinct()
    )
    found: dict[tuple[int, int], list[tuple[int, date]]] = defaultdict(list)
    for family_id, regie_id, value, since in rows:
        if value is not None:
            found[family_id, regie_id].append((value, date.fromisoformat(since)))
    return {key: tuple(sorted(values, key=lambda one: one[1])) for key, values in found.items()}
