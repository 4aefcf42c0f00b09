"""The town as its documents name it, and what it decides for its desk. Read whole, changed whole, journalled."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from stdnum.exceptions import ValidationError
from stdnum.fr import siret as siret_number

from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.proposals import FieldPolicy
from guichet.services import settings
from guichet.services.settings import Town
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.sheet_fields import FIELDS, SheetField, check_email, check_phone
from guichet.services.transaction import Context, needs

LONGEST_LINE = 240
LONGEST_HOLD_SECONDS = 3600
LONGEST_ANSWER_DAYS = 60
_NBSP = "\u00a0"


@dataclass(frozen=True)
class ChangeTown:
    """The town as it should be, and as it was read."""

    town: Town
    seen: Town
    command_id: str = ""


@dataclass(frozen=True)
class DeskRules:
    """What the town decides for its desk (domain.md §2, §7, §8).

    `undo_seconds`: how long an answer waits before it leaves. `prepaid_floor_cents`: how low a prepaid account may go
    (cents, negative allows a debt). `field_policies`: field of a sheet → who decides, where the town differs from
    the program's start.
    """

    answer_days: int
    undo_seconds: int
    overdue_blocks: bool
    prepaid_floor_cents: int
    field_policies: dict[str, str]
    sixth_birthday_included: bool
    care_label: str


@dataclass(frozen=True)
class ChangeDeskRules:
    """The desk's rules as they should be, and as they were read."""

    rules: DeskRules
    seen: DeskRules
    command_id: str = ""


_DESK_KEYS = {
    "answer_days": "requests.answer_days",
    "undo_seconds": "requests.undo_seconds",
    "overdue_blocks": "requests.overdue_blocks",
    "prepaid_floor_cents": "requests.prepaid_floor_cents",
    "field_policies": "requests.field_policies",
    "sixth_birthday_included": "attestation.sixth_birthday_included",
    "care_label": "attestation.care_label",
}


@needs(Permission.ADMINISTER)
def read_town(session: Session, context: Context, query: None = None) -> Town:
    """The town's identity, to be changed."""
    return settings.town(session)


@needs(Permission.ADMINISTER)
def change_town(session: Session, context: Context, command: ChangeTown) -> Town:
    """Write the town's identity; documents already issued keep the former one.

    Raises UserError beside the field that is wrong, StaleVersion when another desk changed it meanwhile.
    """
    town = checked_town(command.town)
    hold_settings(session)
    current = settings.town(session)
    refuse_stale(session, ("setting", None), "La commune", unchanged=current == command.seen)
    _change(session, context, "town.{}".format, dataclasses.asdict(current), dataclasses.asdict(town))
    return town


def checked_town(town: Town) -> Town:
    """The town as it is kept: phone in its national form, SIRET without spaces. Raises UserError beside a field."""
    values = {
        name: "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
        for name, text in dataclasses.asdict(town).items()
    }
    if not values["name"]:
        raise UserError("Donnez le nom de la commune : tous les documents le portent.", field="name")
    for name, text in values.items():
        if len(text) > LONGEST_LINE:
            raise UserError(f"Ce texte est trop long : {LONGEST_LINE} caractères au plus.", field=name)
    if values["postcode"] and not (len(values["postcode"]) == 5 and values["postcode"].isdecimal()):
        raise UserError("Un code postal a cinq chiffres, par exemple 73200.", field="postcode")
    for name, check in (("phone", check_phone), ("email", check_email)):
        if values[name]:
            try:
                values[name] = check(values[name])
            except ValueError as problem:
                raise UserError(str(problem), field=name) from None
    if values["siret"]:
        try:
            values["siret"] = siret_number.validate(values["siret"])
        except ValidationError:
            raise UserError(
                "Ce SIRET n’est pas valable : quatorze chiffres, clé comprise. Recopiez-le de l’avis de situation SIRENE.",
                field="siret",
            ) from None
    return Town(**values)


def letterhead_lines(town: Town) -> tuple[str, ...]:
    """The block printed at the head of every document, line by line, blank lines left out."""
    place = " ".join(part for part in (town.postcode.strip(), town.town.strip()) if part)
    contact = " · ".join(part for part in (town.phone.strip(), town.email.strip()) if part)
    number = siret_number.compact(town.siret)
    written = siret_number.format(number, separator=_NBSP) if len(number) == 14 else number
    lines = (
        town.name,
        town.service,
        *town.address.splitlines(),
        place,
        contact,
        f"SIRET {written}" if number else "",
    )
    return tuple(line.strip() for line in lines if line.strip())


@needs(Permission.ADMINISTER)
def read_desk_rules(session: Session, context: Context, query: None = None) -> DeskRules:
    """What the town decided for its desk, or what the program starts from."""
    return _desk_rules(session)


@needs(Permission.ADMINISTER)
def change_desk_rules(session: Session, context: Context, command: ChangeDeskRules) -> DeskRules:
    """Write the desk's rules. They hold for what comes next: dates of answer already promised stay.

    Raises UserError beside the field that is wrong, StaleVersion when another desk changed them meanwhile.
    """
    rules = _checked_rules(command.rules)
    hold_settings(session)
    current = _desk_rules(session)
    refuse_stale(session, ("setting", None), "Ce réglage", unchanged=current == command.seen)
    _change(session, context, _DESK_KEYS.__getitem__, dataclasses.asdict(current), dataclasses.asdict(rules))
    return rules


def field_choices() -> tuple[SheetField, ...]:
    """Every field of the sheets that a request may change, with who decides unless the town says otherwise."""
    return tuple(FIELDS.values())


def _desk_rules(session: Session) -> DeskRules:
    values = settings.several(session, *_DESK_KEYS.values())
    return DeskRules(**{name: values[key] for name, key in _DESK_KEYS.items()})


def _checked_rules(rules: DeskRules) -> DeskRules:
    if not 0 <= rules.answer_days <= LONGEST_ANSWER_DAYS:
        raise UserError(
            f"La réponse est due entre 0 et {LONGEST_ANSWER_DAYS} jours après la demande.",
            field="answer_days",
        )
    if not 0 <= rules.undo_seconds <= LONGEST_HOLD_SECONDS:
        raise UserError(
            f"Une réponse attend entre 0 et {LONGEST_HOLD_SECONDS} secondes avant de partir.",
            field="undo_seconds",
        )
    label = " ".join(rules.care_label.split())
    if not label:
        raise UserError("Dites la nature de la garde : l’attestation l’imprime.", field="care_label")
    if len(label) > LONGEST_LINE:
        raise UserError(f"Ce texte est trop long : {LONGEST_LINE} caractères au plus.", field="care_label")
    return dataclasses.replace(
        rules, care_label=label, field_policies=_checked_policies(rules.field_policies)
    )


def _checked_policies(policies: dict[str, str]) -> dict[str, str]:
    """Only what differs from the program's start. Raises UserError for an unknown field or decision."""
    start = {path: field.policy.value for path, field in FIELDS.items()}
    unknown = set(policies) - set(start)
    if unknown or not set(policies.values()) <= {policy.value for policy in FieldPolicy}:
        raise UserError(
            "Ce champ ou cette manière de décider n’existe pas : actualisez la page.", field="field_policies"
        )
    return {path: policy for path, policy in sorted(policies.items()) if start[path] != policy}


def _change(
    session: Session,
    context: Context,
    key_of: Callable[[str], str],
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    changed = {key_of(name): value for name, value in after.items() if value != before[name]}
    if changed:
        settings.change(session, context, changed)
