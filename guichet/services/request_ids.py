"""Requests named by a person: the portal's own id, or `#n` for ours."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.requests import Request, RequestState
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.requests import OPEN_STATES
from guichet.services.transaction import Context, needs


@needs(Permission.READ_REQUESTS)
def ids_of(session: Session, context: Context, names: Sequence[str]) -> tuple[int, ...]:
    """Our ids of the requests named, in order; a portal's id means the revision that stands.

    Raises UserError for a name that no request has, or that two portals use.
    """
    return tuple(_id_of(session, name.strip()) for name in names)


def _id_of(session: Session, name: str) -> int:
    if name.startswith("#") and name[1:].isdigit():
        chosen = Request.id == int(name[1:])
    else:
        chosen = (Request.external_id == name) & (Request.state != RequestState.SUPERSEDED)
    found = session.execute(
        select(Request.id, Request.portal).where(chosen).order_by(Request.revision.desc())
    ).all()
    if not found:
        raise UserError(f"Il n’y a pas de demande « {name} » : voyez « guichet requests ».", field="id")
    if len({row.portal for row in found}) > 1:
        numbers = ", ".join(f"#{row.id}" for row in found)
        raise UserError(
            f"Plusieurs portails ont une demande « {name} » : nommez-la par {numbers}.", field="id"
        )
    first: int = found[0].id
    return first


@needs(Permission.READ_REQUESTS)
def open_ids(session: Session, context: Context) -> tuple[int, ...]:
    """Our ids of every request that still waits for a decision."""
    return tuple(
        session.scalars(select(Request.id).where(Request.state.in_(OPEN_STATES)).order_by(Request.id))
    )
