"""The proposal for an enrolment."""

from datetime import date

from guichet.rules import proposals as rules
from guichet.rules.deadlines import NO_LIMIT, Limit, RuleKind
from guichet.rules.proposals import AccountFacts, Proposal, Reason, Verdict
from guichet.rules.requests import RefusalCode
from guichet.rules.text import paris_day
from guichet.services.catalogue import ActivityInfo, PeriodInfo
from guichet.services.facts import Asked, Facts
from guichet.services.proposals_dates import engagement


def propose(facts: Facts, asked: Asked, account: AccountFacts) -> Proposal:
    """An enrolment: the age and dossier are those of its first day, or of the day it was asked if that is later."""
    payload = asked.payload
    activity = facts.catalogue.activities[asked.activity_id or 0]
    starts, ends = date.fromisoformat(payload["start"]), date.fromisoformat(payload["end"])
    child_id, family_id = asked.child_id or 0, asked.family_id or 0
    counts_on = min(max(starts, paris_day(asked.submitted_at)), ends)
    wanted = activity.group_codes.get(payload.get("group") or "")
    known = facts.enrolments.get((child_id, family_id, activity.id), ())
    period = period_asked(activity, payload.get("period"), starts)
    return rules.propose_enrolment(
        rules.EnrolmentFacts(
            submitted_at=asked.submitted_at,
            starts_on=starts,
            limit=_registration(period),
            group=facts.group(child_id, activity, counts_on, wanted),
            dossier=facts.dossier(child_id, family_id, counts_on) if activity.needs_dossier else None,
            account=account,
            already_enrolled=any(one.starts_on <= ends and starts <= one.ends_on for one in known),
            resident=facts.residents.get(family_id),
            residents_only=activity.residents_only,
            payment_expected=activity.paid_at_once and is_enrolment_only(activity),
            payment_reference=asked.payment_reference,
            engagement=engagement(asked),
            remarks=_over(activity, starts),
        )
    )


def _over(activity: ActivityInfo, starts: date) -> tuple[Reason, ...]:
    """Why an activity takes nobody any more."""
    if not activity.archived and (activity.ends_on is None or starts <= activity.ends_on):
        return ()
    sentence = f"« {activity.name} » ne reçoit plus d’inscriptions à ces dates."
    return (Reason("over", sentence, Verdict.REFUSE, RefusalCode.FERME),)


def is_enrolment_only(activity: ActivityInfo) -> bool:
    """Whether families only enrol, and never book dates (EMS): it is then the enrolment that is paid at once."""
    return not activity.modifiable or activity.rules.book.kind is RuleKind.NEVER


def period_asked(activity: ActivityInfo, code: str | None, starts: date) -> PeriodInfo | None:
    """The period the family named, else the one that holds the first day."""
    named = next((period for period in activity.periods if period.code == code), None)
    return named or activity.period_on(starts)


def _registration(period: PeriodInfo | None) -> Limit:
    if period is None or period.window is None:
        return NO_LIMIT
    return Limit(opens_at=period.window.opens_at, closes_at=period.window.closes_at)
