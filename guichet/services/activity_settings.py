"""What the town decides for each activity: who confirms, what is asked of families, what an excused absence costs."""

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.offer import Activity, Confirmation
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import journal
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class ActivityRules:
    """The decisions about one activity (domain.md §2, §4).

    `immediate`: a request that passes every rule is accepted by the program itself at import. `excused_absence_free`:
    an excused absence is not billed. `prepaid`: booking needs a sufficient account. `modifiable` false: the planning
    cannot be changed.
    """

    immediate: bool
    waiting_list: bool
    needs_dossier: bool
    residents_only: bool
    prepaid: bool
    modifiable: bool
    excused_absence_free: bool


@dataclass(frozen=True)
class ActivityRow:
    """An activity in use, as read."""

    activity_id: int
    version: int
    code: str
    name: str
    rules: ActivityRules


@dataclass(frozen=True)
class ChangeActivity:
    """Other decisions for the activity read at `version`."""

    activity_id: int
    version: int
    rules: ActivityRules
    command_id: str = ""


@needs(Permission.ADMINISTER)
def list_activities(session: Session, context: Context, query: None = None) -> tuple[ActivityRow, ...]:
    """Every activity that is not archived, by name."""
    rows = session.scalars(
        select(Activity).where(Activity.archived.is_(False)).order_by(Activity.name, Activity.id)
    )
    return tuple(ActivityRow(row.id, row.version, row.code, row.name, _rules(row)) for row in rows)


@needs(Permission.ADMINISTER)
def change_activity(session: Session, context: Context, command: ChangeActivity) -> None:
    """Write the decisions about an activity; they hold for what is decided and billed from now on.

    Raises UserError when the activity is gone, StaleVersion when another desk changed it meanwhile.
    """
    hold_settings(session)
    row = session.scalars(
        select(Activity).where(Activity.id == command.activity_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UserError("Cette activité n’existe plus : actualisez la liste.", code="activity_gone")
    subject = ("activity", row.id)
    refuse_stale(session, subject, "Cette activité", unchanged=row.version == command.version)
    before, after = asdict(_rules(row)), asdict(command.rules)
    changed = {name for name, value in after.items() if value != before[name]}
    if not changed:
        return
    row.confirmation = Confirmation.IMMEDIATE if command.rules.immediate else Confirmation.BY_AGENT
    for name in changed - {"immediate"}:
        setattr(row, name, after[name])
    session.flush()  # the version moves with what was written
    journal.record(
        session,
        context,
        action="activity.change",
        subject=subject,
        summary=f"Règles de {row.name} modifiées",
        detail={
            "before": {name: before[name] for name in sorted(changed)},
            "after": {name: after[name] for name in sorted(changed)},
        },
    )


def _rules(row: Activity) -> ActivityRules:
    return ActivityRules(
        immediate=row.confirmation is Confirmation.IMMEDIATE,
        waiting_list=row.waiting_list,
        needs_dossier=row.needs_dossier,
        residents_only=row.residents_only,
        prepaid=row.prepaid,
        modifiable=row.modifiable,
        excused_absence_free=row.excused_absence_free,
    )
