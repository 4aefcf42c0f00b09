"""Reading the journal: who did what, when and from where, filtered and paged in SQL; one entry with its before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from guichet.models.offer import Activity, Slot
from guichet.models.requests import RequestItem
from guichet.models.settings import Journal, JournalDetail, JournalSeal, UserAccount
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import PARIS, fold, format_date
from guichet.services import journal, journal_subjects, journal_words, sheet_fields
from guichet.services.journal_words import Change, Hidden, ItemName
from guichet.services.paging import Page, PageQuery
from guichet.services.text_search import holds
from guichet.services.transaction import Context, needs, require


@dataclass(frozen=True)
class JournalQuery(PageQuery):
    """A view of the journal, the latest first.

    `since` and `until` are days in Paris, both included; `group` is one of `journal_words.GROUPS`; `family_id` keeps what
    concerns a family (its people, requests and documents too); `subject` one thing, by kind and id. `text` is words in
    any order, without accents: of the summary, the act, the person, the request's number or the family.
    """

    since: date | None = None
    until: date | None = None
    login: str = ""
    group: str = ""
    subject: tuple[str, int] | None = None
    family_id: int | None = None
    text: str = ""
    sort: str = "happened_at"
    descending: bool = True


@dataclass(frozen=True)
class EntryRow:
    """One entry. `subject_id` with `subject_kind` says what to open, `family_id` whose it is (None: no one's alone)."""

    entry_id: int
    happened_at: datetime
    login: str
    person: str
    workstation: str
    action: str
    act: str
    subject_kind: str
    subject_id: int | None
    subject: str
    family_id: int | None
    summary: str


@dataclass(frozen=True)
class EntryView:
    """An entry whole: what changed, field by field, and whether the chain already covers it."""

    row: EntryRow
    changes: tuple[Change, ...]
    erased: bool
    sealed: bool


@dataclass(frozen=True)
class PersonChoice:
    """Someone who may have acted."""

    login: str
    name: str


_SORTS: dict[str, Any] = {
    "happened_at": Journal.happened_at,
    "login": Journal.login,
    "action": Journal.action,
    "workstation": Journal.workstation,
}


def list_entries(session: Session, context: Context, query: JournalQuery) -> Page[EntryRow]:
    """One page of the journal in a fixed number of queries, whatever its length.

    What concerns a family is read with its sheet; the whole journal needs the permission to verify. Without the right to
    read billing, entries on money are left out. Raises PermissionDenied.
    """
    require(context, Permission.VERIFY if query.family_id is None else Permission.READ_FAMILIES)
    wanted = _conditions(session, context, query)
    total = session.execute(select(func.count(Journal.id)).where(*wanted)).scalar_one()
    order = _SORTS.get(query.sort, Journal.happened_at)
    ordered = (order.desc(), Journal.id.desc()) if query.descending else (order, Journal.id)
    rows = session.execute(
        _entries().where(*wanted).order_by(*ordered).limit(query.size).offset(query.offset)
    ).all()
    return Page(_rows(session, rows), total, query.offset)


def entry(session: Session, context: Context, entry_id: int) -> EntryView:
    """An entry with its detail. Raises UserError when there is none, PermissionDenied as `list_entries`.

    Health values are never shown here (their reading leaves a trace elsewhere), income and bank ones with the permission.
    """
    found = session.execute(
        _entries()
        .add_columns(JournalDetail.detail, JournalSeal.id.label("seal"), Journal.digest)
        .outerjoin(JournalDetail, JournalDetail.journal_id == Journal.id)
        .outerjoin(JournalSeal, JournalSeal.journal_id == Journal.id)
        .where(Journal.id == entry_id)
    ).first()
    if found is None:
        raise UserError("Cette ligne du journal n’existe pas.", field="entry")
    row = _rows(session, [found])[0]
    require(context, Permission.VERIFY if row.family_id is None else Permission.READ_FAMILIES)
    if row.action.partition(".")[0] in journal_words.MONEY_GROUPS:
        require(context, Permission.READ_BILLING)
    hidden = Hidden(income=not context.may(Permission.READ_INCOME))
    shown: tuple[Change, ...] = ()
    if found.detail is not None:
        names = _items(session, journal_words.items_named(found.detail))
        shown = journal_words.changes(found.detail, names, hidden)
    erased = found.detail is None and found.digest != journal.detail_digest("{}")
    return EntryView(row, shown, erased, found.seal is not None)


@needs(Permission.VERIFY)
def people(session: Session, context: Context, query: None = None) -> tuple[PersonChoice, ...]:
    """Every account by name, closed ones included: those who may stand in the journal."""
    rows = session.execute(
        select(UserAccount.login, UserAccount.display_name).order_by(
            UserAccount.display_name, UserAccount.login
        )
    )
    return tuple(PersonChoice(row.login, row.display_name) for row in rows)


def _entries() -> Any:
    return select(
        Journal.id,
        Journal.happened_at,
        Journal.login,
        func.coalesce(UserAccount.display_name, Journal.login).label("person"),
        Journal.workstation,
        Journal.action,
        Journal.subject_kind,
        Journal.subject_id,
        Journal.summary,
    ).outerjoin(UserAccount, UserAccount.login == Journal.login)


def _rows(session: Session, found: Sequence[Any]) -> tuple[EntryRow, ...]:
    subjects = journal_subjects.named(session, ((row.subject_kind, row.subject_id) for row in found))
    return tuple(
        EntryRow(
            entry_id=row.id,
            happened_at=row.happened_at,
            login=row.login,
            person=row.person,
            workstation=row.workstation,
            action=row.action,
            act=journal_words.act_label(row.action),
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            subject=subjects[row.subject_kind, row.subject_id].name,
            family_id=subjects[row.subject_kind, row.subject_id].family_id,
            summary=row.summary,
        )
        for row in found
    )


def _conditions(session: Session, context: Context, query: JournalQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.since is not None:
        found.append(Journal.happened_at >= _midnight(query.since))
    if query.until is not None:
        found.append(Journal.happened_at < _midnight(query.until + timedelta(days=1)))
    if query.login:
        found.append(Journal.login == query.login)
    if query.group:
        found.append(_in_group(query.group))
    if query.subject is not None:
        kind, subject_id = query.subject
        found.append(and_(Journal.subject_kind == kind, Journal.subject_id == subject_id))
    if query.family_id is not None:
        found.append(journal_subjects.about_family(query.family_id))
    if not context.may(Permission.READ_BILLING):
        found.append(~or_(*(_in_group(group) for group in journal_words.MONEY_GROUPS)))
    words = fold(query.text).split()
    accounts = session.execute(select(UserAccount.login, UserAccount.display_name)).all() if words else []
    found += [_said(session, word, accounts) for word in words]
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _in_group(group: str) -> ColumnElement[bool]:
    return Journal.action.startswith(f"{group}.", autoescape=True)


def _said(session: Session, word: str, accounts: Sequence[Any]) -> ColumnElement[bool]:
    acts = [action for action, label in journal_words.ACTS.items() if word in fold(label)]
    logins = [row.login for row in accounts if word in fold(f"{row.display_name} {row.login}")]
    return or_(
        holds(session, Journal.summary, word),
        Journal.action.in_(acts),
        Journal.login.in_(logins),
        func.lower(Journal.workstation).contains(word, autoescape=True),
        journal_subjects.about_words(word),
    )


def _items(session: Session, ids: Sequence[int]) -> dict[int, ItemName]:
    if not ids:
        return {}
    rows = session.execute(
        select(
            RequestItem.id,
            RequestItem.date,
            RequestItem.field,
            RequestItem.position,
            Slot.name,
            Activity.name,
        )
        .outerjoin(Slot, Slot.id == RequestItem.slot_id)
        .outerjoin(Activity, Activity.id == Slot.activity_id)
        .where(RequestItem.id.in_(ids))
    )
    return {
        item_id: _item_name(day, field, position, slot, activity)
        for item_id, day, field, position, slot, activity in rows
    }


def _item_name(
    day: date | None, field: str | None, position: int, slot: str | None, activity: str | None
) -> ItemName:
    if day is not None:
        return ItemName(f"{format_date(day)} – {activity}, {slot}")
    if field:
        return ItemName(sheet_fields.label_of(field), field)
    return ItemName("Ensemble de la demande" if position <= 1 else f"Élément {position}")
