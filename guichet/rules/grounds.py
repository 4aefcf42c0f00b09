"""The grounds on which a proposal stands: each reason with its code, its French sentence and what it pulls towards."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from guichet.rules.ages import GroupChoice, GroupProblem
from guichet.rules.capacity import PlacesLeft
from guichet.rules.deadlines import Limit, describe_limit
from guichet.rules.dossier import DOSSIER_LABELS, DossierState
from guichet.rules.money import format_euros
from guichet.rules.requests import RefusalCode
from guichet.rules.text import format_date, format_instant, paris_day


class Verdict(StrEnum):
    """What is proposed for one item."""

    ACCEPT = "accept"
    WAIT = "wait"
    REFUSE = "refuse"
    EXAMINE = "examine"


class Engagement(StrEnum):
    """What the portal already did for the family: it confirmed, or took the money."""

    PAID = "paid"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Reason:
    """One French sentence and what it pulls towards; `effect` None is information only."""

    code: str
    sentence: str
    effect: Verdict | None = None
    refusal: RefusalCode | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the family owes, in cents. `overdue` counts invoices past their due date; a prepaid balance is None elsewhere."""

    overdue: int = 0
    overdue_blocks: bool = False
    prepaid_balance: int | None = None
    prepaid_floor: int = 0


NOTHING_OWED = AccountFacts()


@dataclass(frozen=True, slots=True)
class DoubleFact:
    """A live booking of the child that bars the one asked."""

    other_family: bool
    same_slot: bool
    slot_label: str
    waiting: bool = False


def refusal(coded: RefusalCode, code: str, sentence: str) -> Reason:
    """A sure ground of refusal."""
    return Reason(code, sentence, Verdict.REFUSE, coded)


def engaged(engagement: Engagement) -> Reason:
    """What makes an anomaly of whatever fails."""
    if engagement is Engagement.PAID:
        return Reason(
            "paid_anomaly", "Déjà payée sur le portail : à traiter par un agent, jamais refusée d’office."
        )
    return Reason(
        "confirmed_anomaly",
        "Déjà confirmée par le portail : à traiter par un agent, jamais refusée d’office.",
    )


def of_limit(limit: Limit, submitted_at: datetime, act: str) -> list[Reason]:
    """What a deadline says of an act named with its article, « La réservation » (feminine in French)."""
    if limit.never:
        return [refusal(RefusalCode.HORS_DELAI, "never", f"{act} n’est pas possible pour cette activité.")]
    if limit.undefined:
        return [
            Reason(
                "window_undefined",
                "Aucune fenêtre d’inscription n’est définie pour cette période.",
                Verdict.EXAMINE,
            )
        ]
    if limit.allows(submitted_at):
        return []
    sentence = (
        f"{act} est possible {describe_limit(limit)} ; demande déposée le {format_instant(submitted_at)}."
    )
    code = "early" if limit.is_early(submitted_at) else "late"
    return [refusal(RefusalCode.HORS_DELAI, code, sentence)]


def of_past(day: date, submitted_at: datetime, limit: Limit) -> list[Reason]:
    """Whatever the rule, a day that is over can no longer be booked nor cancelled."""
    if day >= paris_day(submitted_at) or not limit.allows(submitted_at):
        return []
    sentence = f"Le {format_date(day)} était déjà passé quand la demande a été déposée."
    return [refusal(RefusalCode.HORS_DELAI, "past", sentence)]


def of_group(choice: GroupChoice) -> list[Reason]:
    """What the choice of a group says: the age or class does not fit, or is not known."""
    match choice.problem:
        case None:
            return []
        case GroupProblem.BIRTH_DATE_UNKNOWN:
            sentence = "La date de naissance n’est pas connue ou suit la date demandée."
            return [Reason("birth_date_unknown", sentence, Verdict.EXAMINE)]
        case GroupProblem.CLASS_UNKNOWN:
            return [Reason("class_unknown", "La classe de l’enfant n’est pas connue.", Verdict.EXAMINE)]
        case GroupProblem.CLASS_NOT_TAKEN:
            return [
                refusal(
                    RefusalCode.AGE, "class", "Aucun groupe de l’activité ne prend la classe de l’enfant."
                )
            ]
        case _:
            age = (
                "" if choice.age is None else f" ({choice.age} an{'s' if choice.age > 1 else ''} ce jour-là)"
            )
            return [
                refusal(
                    RefusalCode.AGE, "age", f"Aucun groupe de l’activité ne prend l’âge de l’enfant{age}."
                )
            ]


def of_residence(resident: bool | None, residents_only: bool) -> list[Reason]:
    """Whether an activity of the town's own families takes this one."""
    if not residents_only or resident:
        return []
    if resident is None:
        return [Reason("residence_unknown", "La commune de la famille n’est pas connue.", Verdict.EXAMINE)]
    sentence = "L’activité est réservée aux familles de la commune."
    return [refusal(RefusalCode.HORS_COMMUNE, "not_resident", sentence)]


def of_dossier(state: DossierState | None) -> list[Reason]:
    """What the yearly dossier says: valid, to decide first, or lacking."""
    if state is None or state is DossierState.VALID:
        return []
    sentence = f"Dossier de l’année : {DOSSIER_LABELS[state]}."
    if state in (DossierState.FILED, DossierState.UNDER_REVIEW):
        return [Reason("dossier_to_decide", f"{sentence} À décider d’abord.", Verdict.EXAMINE)]
    return [refusal(RefusalCode.DOSSIER_INCOMPLET, "dossier", sentence)]


def of_account(account: AccountFacts, cost: int) -> list[Reason]:
    """What the family owes, and what a prepaid account allows."""
    reasons = []
    if account.overdue > 0:
        sentence = f"Factures échues impayées : {format_euros(account.overdue)}."
        if account.overdue_blocks:
            reasons.append(refusal(RefusalCode.IMPAYE, "overdue", sentence))
        else:
            reasons.append(Reason("overdue", sentence))
    balance = account.prepaid_balance
    if balance is not None and balance - cost < account.prepaid_floor:
        sentence = f"Compte d’avance : {format_euros(balance)}, pour {format_euros(cost)} demandés."
        reasons.append(refusal(RefusalCode.SOLDE_INSUFFISANT, "prepaid", sentence))
    return reasons


def of_payment(expected: bool, reference: str | None) -> list[Reason]:
    """Whether what is paid at once comes with its ticket."""
    if not expected or reference:
        return []
    sentence = "Activité payée immédiatement, et aucune référence de paiement n’accompagne la demande."
    return [Reason("payment_missing", sentence, Verdict.EXAMINE)]


def of_places(places: PlacesLeft | None, waiting_list: bool) -> list[Reason]:
    """Places left, a turn on the waiting list, or neither."""
    if places is None:
        return []
    if places.left is None:
        return [Reason("places", "Places non limitées.")]
    if places.left > 0:
        plural = "s" if places.left > 1 else ""
        return [Reason("places", f"{places.left} place{plural} restante{plural} ({places.why}).")]
    sentence = f"Plus de place ({places.why})."
    if waiting_list:
        return [Reason("full", sentence, Verdict.WAIT)]
    return [refusal(RefusalCode.COMPLET, "full", sentence)]


def of_double(double: DoubleFact) -> Reason:
    """What the child already has at that moment."""
    who = "par l’autre famille de l’enfant" if double.other_family else "par cette famille"
    what = "ce créneau" if double.same_slot else f"un créneau incompatible ({double.slot_label})"
    state = "est déjà en liste d’attente" if double.waiting else "est déjà réservé"
    return refusal(RefusalCode.DOUBLON, "double", f"Pour l’enfant, {what} {state} {who}.")
