"""What the town decides, with the value the program starts from. Each key is edited in the program, never a constant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.settings import Setting
from guichet.rules.permissions import Permission
from guichet.services import journal
from guichet.services.transaction import Context, needs

DEFAULTS: dict[str, Any] = {
    "town.name": "Commune à nommer",
    "town.service": "Guichet unique enfance-jeunesse",
    "town.address": "",
    "town.postcode": "",
    "town.town": "",
    "town.phone": "",
    "town.email": "",
    "town.siret": "",
    "town.signatory": "",
    "town.signatory_title": "Le maire",
    "calendar.zone": "A",
    "calendar.public_zone": "Métropole",
    "requests.answer_days": 2,
    "requests.undo_seconds": 30,
    "requests.overdue_blocks": True,
    "requests.prepaid_floor_cents": 0,
    "requests.field_policies": {},
    "attestation.sixth_birthday_included": True,
    "attestation.care_label": "Garde d’enfant hors du domicile (accueil de loisirs et accueil périscolaire)",
    "billing.payfip_page": "https://www.payfip.gouv.fr/tpa/paiement.web",
    "billing.payfip_numcli": {},
    "demo.now": None,
}


@dataclass(frozen=True)
class Town:
    """The town as letters and screens name it."""

    name: str
    service: str
    address: str
    postcode: str
    town: str
    phone: str
    email: str
    siret: str
    signatory: str
    signatory_title: str


def get(session: Session, key: str) -> Any:
    """The value of a setting, or its default. Raises KeyError for a key the program does not know."""
    default = DEFAULTS[key]
    row = session.execute(select(Setting.value).where(Setting.key == key)).first()
    return default if row is None else row.value


def several(session: Session, *keys: str) -> dict[str, Any]:
    """The values of some settings, or their defaults, in one query. Raises KeyError for a key the program does not know."""
    defaults = {key: DEFAULTS[key] for key in keys}
    rows = session.execute(select(Setting.key, Setting.value).where(Setting.key.in_(keys)))
    return defaults | {row.key: row.value for row in rows}


def town(session: Session) -> Town:
    """The town's identity, in one query."""
    values = several(session, *(f"town.{name}" for name in Town.__dataclass_fields__))
    return Town(**{key.removeprefix("town."): value for key, value in values.items()})


def town_for_display(session: Session, context: Context) -> Town:
    """The town's identity, for any account."""
    return town(session)


@needs(Permission.ADMINISTER)
def change(session: Session, context: Context, values: dict[str, Any]) -> None:
    """Set several settings at once, journalled with their former values. Raises KeyError for an unknown key."""
    before = {key: get(session, key) for key in values}
    for key, value in values.items():
        row = session.execute(select(Setting).where(Setting.key == key)).scalar_one_or_none()
        if row is None:
            session.add(Setting(key=key, value=value))
        else:
            row.value = value
    session.flush()  # a second change of the same key in this transaction must find the row
    journal.record(
        session,
        context,
        action="setting.change",
        subject=("setting", None),
        summary="Réglages modifiés : " + ", ".join(sorted(values)),
        detail={"before": before, "after": values},
    )


def demo_now(session: Session) -> datetime | None:
    """The fixed « today » of a demonstration base, None on a real one."""
    value = get(session, "demo.now")
    return datetime.fromisoformat(value) if value else None
