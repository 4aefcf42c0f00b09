"""The deadlines of each activity as an administrator sets them, with what they come to on a date (domain.md §4)."""

from dataclasses import asdict, dataclass, replace
from datetime import date, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from guichet.models.offer import Activity, DeadlineAction, DeadlineKind
from guichet.models.offer import DeadlineRule as StoredRule
from guichet.rules.deadline_words import describe_rule, example
from guichet.rules.deadlines import ALWAYS, LONGEST_NOTICE_DAYS, DeadlineRule, DeadlineRules, RuleKind
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.services import catalogue as catalogues
from guichet.services import journal
from guichet.services.catalogue import Catalogue
from guichet.services.settings_guard import hold_settings, refuse_stale
from guichet.services.transaction import Context, needs

LONGEST_NOTICE_HOURS = LONGEST_NOTICE_DAYS * 24
ACTIONS: dict[str, str] = {
    DeadlineAction.BOOK.value: "Réserver",
    DeadlineAction.CANCEL.value: "Annuler",
    DeadlineAction.ABSENCE.value: "Déclarer une absence",
}


@dataclass(frozen=True)
class ActivityDeadlines:
    """The three limits of one activity. `holiday_activity` is the one it follows inside school holidays, or empty."""

    activity_id: int
    version: int
    code: str
    name: str
    modifiable: bool
    holiday_activity: str
    rules: DeadlineRules

    def rule(self, action: str) -> DeadlineRule:
        """The rule of an action (`book`, `cancel`, `absence`)."""
        found: DeadlineRule = getattr(self.rules, action)
        return found


@dataclass(frozen=True)
class DeadlinesView:
    """Every activity in use, by name, and the catalogue that examples are worked out with."""

    activities: tuple[ActivityDeadlines, ...]
    catalogue: Catalogue

    def example(self, activity_id: int, action: str, rule: DeadlineRule, day: date) -> str:
        """What `rule` would come to for a service on `day`; inside school holidays, the holiday activity's rule."""
        activity = self.catalogue.activities[activity_id]
        if not activity.modifiable and action != DeadlineAction.ABSENCE.value:
            return "jamais : le planning de cette activité ne se modifie pas"
        trial = replace(activity, rules=_with(activity.rules, action, rule))
        rules, source = self.catalogue.rules_for(trial, day)
        period = source.period_on(day) or trial.period_on(day)
        starts = [slot.starts_at for slot in self.catalogue.slots.values() if slot.activity_id == activity_id]
        text = example(
            getattr(rules, action),
            day,
            self.catalogue.calendar,
            slot_start=min((start for start in starts if start is not None), default=None),
            window=period.window if period is not None else None,
        )
        return text if source is trial else f"{text} (vacances scolaires : règle de l’activité {source.name})"


@dataclass(frozen=True)
class SaveDeadline:
    """The rule of one action on the activity read at `version`; `always` takes the limit away."""

    activity_id: int
    version: int
    action: str
    rule: DeadlineRule
    command_id: str = ""


@needs(Permission.ADMINISTER)
def read_deadlines(session: Session, context: Context, query: None = None) -> DeadlinesView:
    """The deadlines of every activity that is not archived."""
    catalogue = catalogues.load(session)
    rows = session.execute(
        select(Activity.id, Activity.version).where(Activity.archived.is_(False)).order_by(Activity.name)
    )
    found = []
    for row in rows:
        info = catalogue.activities[row.id]
        other = catalogue.activities.get(info.holiday_activity_id or 0)
        found.append(
            ActivityDeadlines(
                activity_id=row.id,
                version=row.version,
                code=info.code,
                name=info.name,
                modifiable=info.modifiable,
                holiday_activity=other.name if other is not None else "",
                rules=info.rules,
            )
        )
    return DeadlinesView(tuple(found), catalogue)


@needs(Permission.ADMINISTER)
def save_deadline(session: Session, context: Context, command: SaveDeadline) -> None:
    """Write the rule of one action. It holds for what families submit from now on: what was decided stays.

    Raises UserError beside the part of the rule that is wrong, StaleVersion when the activity changed meanwhile.
    """
    rule = _checked(command.action, command.rule)
    hold_settings(session)
    activity = session.scalars(
        select(Activity).where(Activity.id == command.activity_id).with_for_update()
    ).one_or_none()
    if activity is None:
        raise UserError("Cette activité n’existe plus : actualisez la liste.", code="activity_gone")
    subject = ("activity", activity.id)
    refuse_stale(session, subject, "Cette activité", unchanged=activity.version == command.version)
    action = DeadlineAction(command.action)
    stored = session.scalars(
        select(StoredRule).where(StoredRule.activity_id == activity.id, StoredRule.action == action)
    ).one_or_none()
    before = ALWAYS if stored is None else catalogues.deadline_rule(stored)
    session.execute(
        delete(StoredRule).where(StoredRule.activity_id == activity.id, StoredRule.action == action)
    )
    if rule.kind is not RuleKind.ALWAYS:
        session.add(_stored(activity.id, action, rule))
    flag_modified(activity, "name")  # its rules are part of the activity: whoever read it before is told
    session.flush()  # the version moves with the rule
    journal.record(
        session,
        context,
        action="deadline.change",
        subject=subject,
        summary=f"Délai de {activity.name} ({ACTIONS[action.value].lower()}) : {describe_rule(rule)}",
        detail={"before": _told(before), "after": _told(rule)},
    )


def _with(rules: DeadlineRules, action: str, rule: DeadlineRule) -> DeadlineRules:
    return DeadlineRules(**{name: getattr(rules, name) for name in ACTIONS} | {action: rule})


def _checked(action: str, rule: DeadlineRule) -> DeadlineRule:
    """The rule without what its kind does not use. Raises UserError when something it needs is missing."""
    if action not in ACTIONS:
        raise UserError("Cette action n’existe pas : actualisez la page.", field="action")
    match rule.kind:
        case RuleKind.WEEK_BEFORE:
            if rule.at is None:
                raise UserError("Dites l’heure limite, par exemple 13:00.", field="at")
            return DeadlineRule(RuleKind.WEEK_BEFORE, weekday=rule.weekday, at=_minutes(rule.at))
        case RuleKind.WORKING_DAYS:
            if rule.days < 1:
                raise UserError("Dites combien de jours ouvrés avant : un au moins.", field="days")
            return DeadlineRule(
                RuleKind.WORKING_DAYS,
                days=rule.days,
                at=_minutes(rule.at) if rule.at is not None else None,
                count_request_day=rule.count_request_day,
                count_service_day=rule.count_service_day,
            )
        case RuleKind.HOURS_BEFORE:
            if rule.hours > LONGEST_NOTICE_HOURS:
                raise UserError(
                    f"Un délai tient en {LONGEST_NOTICE_HOURS} heures : un an au plus.", field="hours"
                )
            return DeadlineRule(RuleKind.HOURS_BEFORE, hours=rule.hours)
        case _:
            return DeadlineRule(rule.kind)


def _minutes(moment: time) -> time:
    return moment.replace(second=0, microsecond=0)


def _stored(activity_id: int, action: DeadlineAction, rule: DeadlineRule) -> StoredRule:
    week, working = rule.kind is RuleKind.WEEK_BEFORE, rule.kind is RuleKind.WORKING_DAYS
    return StoredRule(
        activity_id=activity_id,
        action=action,
        kind=DeadlineKind(rule.kind.value),
        weekday=rule.weekday if week else None,
        at_time=rule.at,
        days=rule.days if working else None,
        hours=rule.hours if rule.kind is RuleKind.HOURS_BEFORE else None,
        counts_request_day=rule.count_request_day,
        counts_service_day=rule.count_service_day,
    )


def _told(rule: DeadlineRule) -> dict[str, object]:
    return {"rule": describe_rule(rule), **asdict(rule)}
