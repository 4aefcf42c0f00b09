"""The town's tariffs as an administrator keeps them: one that has priced something is never rewritten, only followed."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from guichet.models import money
from guichet.models.offer import Activity, AgeGroup, Slot
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.tariff_checks import check_alone, check_no_gap, check_tariff
from guichet.rules.tariffs import EligibleMode, TariffMethod
from guichet.rules.text import format_date
from guichet.services import journal
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.tariff_list import TariffValues, grids, values_of
from guichet.services.transaction import Context, needs

LONGEST_CODE, LONGEST_NAME, LONGEST_RATE = 60, 240, 30
_MOST_PERCENTAGE = 10_000


@dataclass(frozen=True)
class SaveTariff:
    """A new tariff (`tariff_id` None), or another content for one that has priced nothing yet, read at `version`."""

    values: TariffValues
    tariff_id: int | None = None
    version: int = 0
    command_id: str = ""


@dataclass(frozen=True)
class NewVersion:
    """What follows the tariff read at `version`, from `values.valid_from`: the former one stops the day before at last."""

    tariff_id: int
    version: int
    values: TariffValues
    command_id: str = ""


@needs(Permission.ADMINISTER)
def save_tariff(session: Session, context: Context, command: SaveTariff) -> int:
    """Add a tariff, or correct one that has priced nothing; return its id.

    Raises UserError beside the part that is wrong, for another tariff of the same services at the same time, for days
    left without a price, or when it has already priced something; StaleVersion when another desk changed it.
    """
    hold_settings(session)
    if command.tariff_id is None:
        values = _checked(session, command.values, tariff_id=0)
        tariff_id = _insert(session, values, _free_code(session, values))
        before = None
    else:
        row = _held(session, command.tariff_id, command.version)
        _refuse_used(session, row)
        former = values_of(row, grids(session)[row.id])
        values = _checked(session, command.values, tariff_id=row.id, former=former)
        before = _told(former)
        tariff_id = row.id
        _rewrite(session, row, values)
    _record(session, context, "tariff.save", tariff_id, f"Tarif « {values.name} » enregistré", before, values)
    return tariff_id


@needs(Permission.ADMINISTER)
def follow_tariff(session: Session, context: Context, command: NewVersion) -> int:
    """Give a tariff its next version: the former one stops the day before, unless it has ended. Return the new one's id.

    Raises UserError when something is already priced on or after that day, as for `save_tariff` otherwise.
    """
    hold_settings(session)
    row = _held(session, command.tariff_id, command.version)
    start = command.values.valid_from
    if start <= row.valid_from:
        raise UserError(
            f"La nouvelle version commence après l’ancienne, qui vaut depuis le {format_date(row.valid_from)}.",
            field="valid_from",
        )
    late = session.execute(
        select(func.max(money.Charge.date)).where(
            money.Charge.tariff_id == row.id, money.Charge.date >= start
        )
    ).scalar()
    if late is not None:
        raise UserError(
            f"Des prestations sont déjà tarifées jusqu’au {format_date(late)} : la nouvelle version commence après ce jour.",
            field="valid_from",
            code="tariff_used",
        )
    former = values_of(row, grids(session)[row.id])
    row.valid_until = min(row.valid_until, start - timedelta(days=1))
    session.flush()  # the new version is judged beside the shortened one
    values = _checked(session, command.values, tariff_id=0)
    tariff_id = _insert(session, values, _free_code(session, values))
    summary = f"Tarif « {values.name} » : nouvelle version au {format_date(start)}"
    _record(session, context, "tariff.follow", tariff_id, summary, _told(former), values)
    return tariff_id


def _checked(
    session: Session, values: TariffValues, *, tariff_id: int, former: TariffValues | None = None
) -> TariffValues:
    """The tariff without what its method does not use, found whole and alone. Raises UserError.

    Days without a price are refused where its dates are new: those that another program left are not this change's.
    """
    name = " ".join(values.name.split())
    if not name:
        raise UserError("Donnez un nom au tarif : la facture l’imprime.", field="name")
    if len(name) > LONGEST_NAME:
        raise UserError(f"Ce nom est trop long : {LONGEST_NAME} caractères au plus.", field="name")
    _check_conditions(session, values)
    _check_eligible(values)
    single, effort = values.method is TariffMethod.SINGLE, values.method is TariffMethod.EFFORT_RATE
    bracketed = values.method is TariffMethod.QF_BRACKETS
    clean = replace(
        values,
        name=name,
        category=(values.category or "").strip() or None,
        amount_cents=values.amount_cents if single else None,
        brackets=tuple(sorted(values.brackets, key=lambda bracket: bracket[0])) if bracketed else (),
        rate=values.rate if effort else None,
        minimum_cents=values.minimum_cents if effort else None,
        maximum_cents=values.maximum_cents if effort else None,
    )
    rule = clean.as_rule(tariff_id)
    check_tariff(rule)
    _check_amounts(clean)
    brackets = grids(session)
    others = [
        values_of(row, brackets[row.id]).as_rule(row.id)
        for row in session.scalars(select(money.Tariff).where(money.Tariff.activity_id == clean.activity_id))
    ]
    check_alone(rule, others)
    if former is None or (former.valid_from, former.valid_until) != (clean.valid_from, clean.valid_until):
        check_no_gap(rule, others)
    return clean


def _check_amounts(values: TariffValues) -> None:
    for cents, field in (
        (values.amount_cents, "amount"),
        (values.minimum_cents, "minimum"),
        *((bracket[2], "brackets") for bracket in values.brackets),
    ):
        if cents is not None and cents < 0:
            raise UserError("Un prix n’est pas négatif.", field=field)
    if values.rate is not None and len(str(values.rate)) > LONGEST_RATE:
        raise UserError("Ce taux a trop de décimales.", field="rate")


def _check_conditions(session: Session, values: TariffValues) -> None:
    if session.get(Activity, values.activity_id) is None:
        raise UserError("Choisissez l’activité que ce tarif concerne.", field="activity")
    slot = session.get(Slot, values.slot_id) if values.slot_id is not None else None
    if values.slot_id is not None and (slot is None or slot.activity_id != values.activity_id):
        raise UserError("Ce créneau n’est pas de cette activité.", field="slot")
    group = session.get(AgeGroup, values.group_id) if values.group_id is not None else None
    if values.group_id is not None and (group is None or group.activity_id != values.activity_id):
        raise UserError("Ce groupe n’est pas de cette activité.", field="group")


def _check_eligible(values: TariffValues) -> None:
    value = values.eligible_value
    if values.eligible_mode in (EligibleMode.AMOUNT, EligibleMode.PERCENTAGE):
        if value is None or value < 0:
            raise UserError("Dites la part qui compte pour l’attestation.", field="eligible_value")
        if values.eligible_mode is EligibleMode.PERCENTAGE and value > _MOST_PERCENTAGE:
            raise UserError("Un pourcentage va de 0 à 100.", field="eligible_value")


def _held(session: Session, tariff_id: int, version: int) -> money.Tariff:
    """The tariff, locked against any charge that would take it meanwhile."""
    row = session.scalars(
        select(money.Tariff).where(money.Tariff.id == tariff_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UserError("Ce tarif n’existe plus : actualisez la liste.", code="tariff_gone")
    refuse_stale(session, ("tariff", row.id), "Ce tarif", unchanged=row.version == version)
    return row


def _refuse_used(session: Session, row: money.Tariff) -> None:
    if session.scalar(select(exists().where(money.Charge.tariff_id == row.id))):
        raise UserError(
            f"Le tarif « {row.name} » a déjà servi à tarifer des prestations : il ne change plus. "
            "Donnez-lui une nouvelle version à partir d’une date.",
            code="tariff_used",
        )


def _free_code(session: Session, values: TariffValues) -> str:
    """« MERC-2026 », or « MERC-2026-2 » where that is taken."""
    activity = session.get_one(Activity, values.activity_id)
    stem = f"{activity.code[: LONGEST_CODE - 12]}-{values.valid_from.year}"
    taken = set(session.scalars(select(money.Tariff.code).where(money.Tariff.code.startswith(stem))))
    number = 1
    while (code := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return code


def _columns(values: TariffValues) -> dict[str, Any]:
    columns = {name: value for name, value in vars(values).items() if name not in ("brackets", "rate")}
    takes_value = values.eligible_mode in (EligibleMode.AMOUNT, EligibleMode.PERCENTAGE)
    return columns | {
        "rate": None if values.rate is None else str(values.rate),
        "eligible_value": values.eligible_value if takes_value else None,
    }


def _insert(session: Session, values: TariffValues, code: str) -> int:
    row = money.Tariff(code=code, **_columns(values))
    session.add(row)
    session.flush()  # brackets and the journal name the row
    _write_brackets(session, row.id, values)
    return row.id


def _rewrite(session: Session, row: money.Tariff, values: TariffValues) -> None:
    for name, value in _columns(values).items():
        setattr(row, name, value)
    flag_modified(row, "name")  # brackets are part of the tariff: the version moves with them
    session.flush()
    session.execute(delete(money.Bracket).where(money.Bracket.tariff_id == row.id))
    _write_brackets(session, row.id, values)


def _write_brackets(session: Session, tariff_id: int, values: TariffValues) -> None:
    if values.brackets:
        session.execute(
            insert(money.Bracket),
            [
                {"tariff_id": tariff_id, "qf_from": lower, "qf_below": below, "amount_cents": cents}
                for lower, below, cents in values.brackets
            ],
        )


def _told(values: TariffValues) -> dict[str, Any]:
    return asdict(values)


def _record(
    session: Session,
    context: Context,
    action: str,
    tariff_id: int,
    summary: str,
    before: dict[str, Any] | None,
    values: TariffValues,
) -> None:
    journal.record(
        session,
        context,
        action=action,
        subject=("tariff", tariff_id),
        summary=summary,
        detail={"before": before, "after": _told(values)},
    )
