"""What each payer paid in a year for each young child, recomputed from the payments (domain.md §8)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from guichet.models.money import Allocation, Charge, Payment
from guichet.models.offer import Activity
from guichet.models.people import Person
from guichet.rules.certificates import AGE_LIMIT, Counted, Paid, count_eligible, is_eligible
from guichet.services import settings
from guichet.services.identities import holders


@dataclass(frozen=True)
class Subject:
    """Whom an attestation concerns: a family's payer (None when the family has no adult) and a child."""

    family_id: int
    payer_id: int | None
    child_id: int


@dataclass(frozen=True)
class ActivityPart:
    """Cents paid in the year for one activity: those that count, and those left out (meals, penalties)."""

    activity_id: int | None
    activity: str
    eligible: int
    excluded: int


@dataclass(frozen=True)
class YearSum:
    """All that a payer paid for a child in a year; `payments` says what each payment counts for (id, cents)."""

    subject: Subject
    parts: tuple[ActivityPart, ...]
    payments: tuple[tuple[int, int], ...] = ()

    @property
    def eligible(self) -> int:
        """Cents that the attestation states."""
        return sum(part.eligible for part in self.parts)

    @property
    def excluded(self) -> int:
        """Cents paid that it leaves out."""
        return sum(part.excluded for part in self.parts)


def year_sums(
    session: Session,
    year: int,
    *,
    family_ids: Collection[int] | None = None,
    child_id: int | None = None,
    through: int | None = None,
) -> dict[Subject, YearSum]:
    """Sums by family, payer and child, for the children young enough; a fixed number of queries.

    `through`: only the allocations up to that id, as an attestation issued then saw them, whatever the ages now.
    """
    rows = session.execute(_paid(year, family_ids, child_id, through)).all()
    if through is None:
        included = settings.get(session, "attestation.sixth_birthday_included")
        rows = [
            row
            for row in rows
            if row.birth_date and is_eligible(row.birth_date, year, include_first_january=included)
        ]
    counted = count_eligible(
        Paid(
            charge_id=row.charge_id,
            received_on=row.received_on,
            order=row.payment_id,
            amount=int(row.amount),
            charge_amount=row.amount_cents,
            eligible_amount=row.eligible_cents,
        )
        for row in rows
    )
    facts = {(row.charge_id, row.payment_id): row for row in rows}
    payers = _payers(session, {row.family_id for row in rows})
    of_the_year = [
        (facts[one.paid.charge_id, one.paid.order], one)
        for one in counted
        if one.paid.received_on.year == year
    ]
    return _gathered(of_the_year, payers)


def _paid(
    year: int, family_ids: Collection[int] | None, child_id: int | None, through: int | None
) -> Select[*tuple[Any, ...]]:
    """What each payment gave, in any year, to each charge that a payment of the year concerns."""
    paid_in_year = (
        select(Allocation.charge_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Payment.received_on.between(date(year, 1, 1), date(year, 12, 31)))
    )
    statement = (
        select(
            Allocation.charge_id,
            Allocation.payment_id,
            func.sum(Allocation.amount_cents).label("amount"),
            Payment.received_on,
            Payment.payer_id,
            Charge.family_id,
            Charge.child_id,
            Charge.amount_cents,
            Charge.eligible_cents,
            Charge.activity_id,
            func.coalesce(Activity.name, Charge.label).label("activity"),
            Person.birth_date,
        )
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Charge, Charge.id == Allocation.charge_id)
        .join(Person, Person.id == Charge.child_id)
        .outerjoin(Activity, Activity.id == Charge.activity_id)
        .where(
            Charge.id.in_(paid_in_year),
        )
        .group_by(
            Allocation.charge_id,
            Allocation.payment_id,
            Payment.received_on,
            Payment.payer_id,
            Charge.family_id,
            Charge.child_id,
            Charge.amount_cents,
            Charge.eligible_cents,
            Charge.activity_id,
            Activity.name,
            Charge.label,
            Person.birth_date,
        )
    )
    if family_ids is not None:
        statement = statement.where(Charge.family_id.in_(family_ids))
    if child_id is not None:
        statement = statement.where(Charge.child_id == child_id)
    if through is None:
        return statement.where(Person.birth_date >= date(year - AGE_LIMIT, 1, 1))
    return statement.where(Allocation.id <= through)


def _payers(session: Session, family_ids: set[int]) -> dict[int, int | None]:
    return {family_id: holder.payer_id for family_id, holder in holders(session, family_ids).items()}


def _gathered(
    counted: Iterable[tuple[Row[Any], Counted]], payers: dict[int, int | None]
) -> dict[Subject, YearSum]:
    found: dict[Subject, dict[tuple[int | None, str], list[Counted]]] = defaultdict(lambda: defaultdict(list))
    for row, one in counted:
        subject = Subject(row.family_id, row.payer_id or payers[row.family_id], row.child_id)
        found[subject][row.activity_id, row.activity].append(one)
    return {
        subject: YearSum(
            subject,
            tuple(
                _part(key, some)
                for key, some in sorted(activities.items(), key=lambda item: (item[0][1], item[0][0] or 0))
            ),
            _by_payment(one for some in activities.values() for one in some),
        )
        for subject, activities in found.items()
    }


def _by_payment(counted: Iterable[Counted]) -> tuple[tuple[int, int], ...]:
    sums: dict[int, int] = defaultdict(int)
    for one in counted:
        sums[one.paid.order] += one.eligible
    return tuple(sorted(sums.items()))


def _part(key: tuple[int | None, str], counted: Sequence[Counted]) -> ActivityPart:
    return ActivityPart(
        activity_id=key[0],
        activity=key[1],
        eligible=sum(one.eligible for one in counted),
        excluded=sum(one.excluded for one in counted),
    )
