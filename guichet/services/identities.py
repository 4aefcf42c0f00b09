"""Who writes and to whom, as documents print them: the town's letterhead, a family's payer and address."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.reports.letterhead import Letterhead, PostalAddress
from guichet.services import settings


@dataclass(frozen=True)
class Holder:
    """A family's payer: the member it names, else its first holder, else its first adult (None without any)."""

    family_id: int
    family_number: str
    payer_id: int | None
    address: PostalAddress

    @property
    def debtor(self) -> str:
        """Name and address, a line each."""
        return "\n".join((self.address.name, *self.address.lines))


def letterhead(session: Session, regie: str = "") -> Letterhead:
    """The town's letterhead, with the collecting régie's name."""
    town = settings.town(session)
    place = " ".join(part for part in (town.postcode, town.town) if part)
    lines = (*town.address.splitlines(), place)
    return Letterhead(
        town=town.name,
        service=town.service,
        address=tuple(line for line in lines if line),
        phone=town.phone,
        email=town.email,
        siret=town.siret,
        regie=regie,
    )


def holders(session: Session, family_ids: Collection[int] | None = None) -> dict[int, Holder]:
    """Payer and address of each family, in one query. `family_ids` None: every family.

    Where the family has no address of its own, the payer's is used.
    """
    if family_ids is None:
        rows = session.execute(_every_holder())
    else:
        rows = session.execute(_holders_of(), {"family_ids": list(family_ids)})
    found = {}
    for row in rows:
        lines = address_lines(row.address, row.postcode, row.town) or address_lines(
            row.own_address, row.own_postcode, row.own_town
        )
        name = person_name(row.civility, row.first_name, row.last_name) if row.payer_id else row.label
        found[row.id] = Holder(row.id, row.number, row.payer_id, PostalAddress(name, lines))
    return found


@cache
def _every_holder() -> Select[*tuple[Any, ...]]:
    ranked = (
        select(
            Membership.family_id,
            Membership.person_id,
            func.row_number()
            .over(
                partition_by=Membership.family_id,
                order_by=(Membership.holder.desc(), Membership.position, Membership.id),
            )
            .label("rank"),
        )
        .where(Membership.role == MemberRole.ADULT)
        .subquery()
    )
    payer = aliased(Person)
    return (
        select(
            Family.id,
            Family.number,
            Family.label,
            Family.address,
            Family.postcode,
            Family.town,
            payer.id.label("payer_id"),
            payer.civility,
            payer.first_name,
            payer.last_name,
            payer.address.label("own_address"),
            payer.postcode.label("own_postcode"),
            payer.town.label("own_town"),
        )
        .outerjoin(ranked, (ranked.c.family_id == Family.id) & (ranked.c.rank == 1))
        .outerjoin(payer, payer.id == func.coalesce(Family.payer_id, ranked.c.person_id))
    )


@cache
def _holders_of() -> Select[*tuple[Any, ...]]:
    return _every_holder().where(Family.id.in_(bindparam("family_ids", expanding=True)))


def person_name(civility: str | None, first_name: str, last_name: str) -> str:
    """« Madame Jeanne DUPONT »."""
    return " ".join(part for part in (civility, first_name, last_name.upper()) if part)


def address_lines(street: str | None, postcode: str | None, town: str | None) -> tuple[str, ...]:
    """The lines of an address under a name; empty when nothing is known."""
    place = " ".join(part for part in (postcode, town) if part)
    return tuple(line for line in (*(street or "").splitlines(), place) if line)
