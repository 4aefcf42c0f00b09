"""What the program proposes for each item of a request, with every reason (domain.md §1, §2, §4, §9).

Order of precedence, the same for every kind of item:

1. a sure ground of refusal, the first of `REFUSAL_ORDER`: what nobody can change first (a double, a closed day, the deadline,
   the age), then what the family can put right (residence, dossier, piece, unpaid, balance), the lack of places last;
2. something an agent must look at: *examine*;
3. no place, and the activity keeps a waiting list: *wait*;
4. else *accept*.

What a portal already confirmed or took money for is never refused nor made to wait: whatever stands in its way makes it an
anomaly for an agent (*examine*, `anomaly`). Every reason found is kept, whichever decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from guichet.rules.ages import GroupChoice, GroupProblem
from guichet.rules.capacity import PlacesLeft
from guichet.rules.deadlines import Limit, describe_limit, no_longer_cancellable
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


class FieldPolicy(StrEnum):
    """Who may change a field of a sheet at the family's request (domain.md §2)."""

    AUTOMATIC = "automatic"
    AGENT = "agent"
    COUNTER = "counter"


REFUSAL_ORDER = (
    RefusalCode.PROBLEME_TECHNIQUE,
    RefusalCode.DOUBLON,
    RefusalCode.FERME,
    RefusalCode.HORS_DELAI,
    RefusalCode.AGE,
    RefusalCode.HORS_COMMUNE,
    RefusalCode.DOSSIER_INCOMPLET,
    RefusalCode.PIECE_INVALIDE,
    RefusalCode.IMPAYE,
    RefusalCode.SOLDE_INSUFFISANT,
    RefusalCode.AUTRE,
    RefusalCode.COMPLET,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One French sentence and what it pulls towards; `effect` None is information only."""

    code: str
    sentence: str
    effect: Verdict | None = None
    refusal: RefusalCode | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The verdict on one item; `code` goes with a refusal; `anomaly` marks what was paid or confirmed and fails."""

    verdict: Verdict
    code: RefusalCode | None
    reasons: tuple[Reason, ...]
    anomaly: bool = False

    @property
    def sentence(self) -> str:
        """All the reasons, as prose."""
        return " ".join(reason.sentence for reason in self.reasons)


def conclude(reasons: Iterable[Reason], engagement: Engagement | None = None) -> Proposal:
    """Weigh the reasons by the module's order of precedence."""
    reasons = tuple(reasons)
    refusals = {reason.refusal for reason in reasons if reason.effect is Verdict.REFUSE}
    effects = {reason.effect for reason in reasons}
    if engagement is not None and effects & {Verdict.REFUSE, Verdict.WAIT, Verdict.EXAMINE}:
        return Proposal(Verdict.EXAMINE, None, (_engaged(engagement), *reasons), anomaly=True)
    if refusals:
        code = next(code for code in REFUSAL_ORDER if code in refusals)
        return Proposal(Verdict.REFUSE, code, reasons)
    for verdict in (Verdict.EXAMINE, Verdict.WAIT):
        if verdict in effects:
            return Proposal(verdict, None, reasons)
    return Proposal(Verdict.ACCEPT, None, reasons)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the family owes, in cents. `overdue` counts invoices past their due date; a prepaid balance is None elsewhere."""

    overdue: int = 0
    overdue_blocks: bool = False
    prepaid_balance: int | None = None
    prepaid_floor: int = 0


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What is known when a child asks to be enrolled."""

    submitted_at: datetime
    starts_on: date
    limit: Limit
    group: GroupChoice
    dossier: DossierState | None = None
    account: AccountFacts = AccountFacts()
    cost: int = 0
    places: PlacesLeft | None = None
    waiting_list: bool = True
    already_enrolled: bool = False
    resident: bool | None = True
    residents_only: bool = False
    payment_expected: bool = False
    payment_reference: str | None = None
    engagement: Engagement | None = None
    remarks: tuple[Reason, ...] = ()


def propose_enrolment(facts: EnrolmentFacts) -> Proposal:
    """An enrolment: window, age and group, dossier of the school year, doubles, residence, money, places."""
    reasons = list(facts.remarks)
    if facts.already_enrolled:
        reasons.append(
            _refuse(
                RefusalCode.DOUBLON,
                "already_enrolled",
                "L’enfant est déjà inscrit à cette activité sur ces dates par cette famille.",
            )
        )
    reasons += _limit_reasons(facts.limit, facts.submitted_at, "L’inscription")
    reasons += _group_reasons(facts.group)
    reasons += _residence_reasons(facts.resident, facts.residents_only)
    reasons += _dossier_reasons(facts.dossier)
    reasons += _account_reasons(facts.account, facts.cost)
    reasons += _payment_reasons(facts.payment_expected, facts.payment_reference)
    reasons += _place_reasons(facts.places, facts.waiting_list)
    return conclude(reasons, facts.engagement)


@dataclass(frozen=True, slots=True)
class DoubleFact:
    """A live booking of the child that bars the one asked."""

    other_family: bool
    same_slot: bool
    slot_label: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """What is known when a date and slot are asked for. `closed` is the sentence that says why the day is not open."""

    submitted_at: datetime
    day: date
    limit: Limit
    cancel_limit: Limit
    group: GroupChoice
    places: PlacesLeft
    closed: str | None = None
    enrolled: bool = True
    doubles: Sequence[DoubleFact] = ()
    dossier: DossierState | None = None
    account: AccountFacts = AccountFacts()
    cost: int = 0
    waiting_list: bool = True
    resident: bool | None = True
    residents_only: bool = False
    payment_expected: bool = False
    payment_reference: str | None = None
    engagement: Engagement | None = None
    remarks: tuple[Reason, ...] = ()


def propose_booking(facts: BookingFacts) -> Proposal:
    """One date and slot: doubles, opening, deadline, age, residence, dossier, money, places."""
    reasons = list(facts.remarks)
    reasons += [_double_reason(double) for double in facts.doubles]
    if facts.closed is not None:
        reasons.append(_refuse(RefusalCode.FERME, "closed", facts.closed))
    reasons += _limit_reasons(facts.limit, facts.submitted_at, "La réservation")
    reasons += _past_reasons(facts.day, facts.submitted_at, facts.limit)
    reasons += _group_reasons(facts.group)
    reasons += _residence_reasons(facts.resident, facts.residents_only)
    if not facts.enrolled:
        reasons.append(
            Reason(
                "not_enrolled",
                "L’enfant n’a pas d’inscription active à cette activité à cette date : inscrivez-le d’abord.",
                Verdict.EXAMINE,
            )
        )
    reasons += _dossier_reasons(facts.dossier)
    reasons += _account_reasons(facts.account, facts.cost)
    reasons += _payment_reasons(facts.payment_expected, facts.payment_reference)
    reasons += _place_reasons(facts.places, facts.waiting_list)
    if no_longer_cancellable(facts.limit, facts.cancel_limit, facts.submitted_at):
        reasons.append(Reason("not_cancellable", "Cette réservation ne pourra plus être annulée."))
    return conclude(reasons, facts.engagement)


@dataclass(frozen=True, slots=True)
class CancellationFacts:
    """What is known when a booking is to be cancelled; `found` says that a live booking of this family stands there."""

    submitted_at: datetime
    day: date
    limit: Limit
    found: bool
    waiting: bool = False
    attended: bool = False
    invoiced: bool = False
    paid: bool = False
    engagement: Engagement | None = None
    remarks: tuple[Reason, ...] = ()


def propose_cancellation(facts: CancellationFacts) -> Proposal:
    """A cancellation: the booking must be there, not attended, in time; one that only waits may always be given up."""
    reasons = list(facts.remarks)
    if not facts.found:
        sentence = "Aucune réservation de cette famille n’est à annuler pour ce créneau et cette date."
        reasons.append(_refuse(RefusalCode.AUTRE, "no_booking", sentence))
        return conclude(reasons, facts.engagement)
    if not facts.waiting:
        reasons += _limit_reasons(facts.limit, facts.submitted_at, "L’annulation")
        reasons += _past_reasons(facts.day, facts.submitted_at, facts.limit)
    if facts.attended:
        reasons.append(Reason("attended", "La présence est déjà pointée.", Verdict.EXAMINE))
    if facts.invoiced:
        sentence = "La date est déjà facturée : l’annuler demande un avoir."
        reasons.append(Reason("invoiced", sentence, Verdict.EXAMINE))
    elif facts.paid:
        sentence = "La date est déjà payée : crédit ou remboursement selon le réglage de l’activité."
        reasons.append(Reason("paid", sentence, Verdict.EXAMINE))
    return conclude(reasons, facts.engagement)


@dataclass(frozen=True, slots=True)
class AbsenceFacts:
    """What is known when an absence is declared."""

    submitted_at: datetime
    day: date
    limit: Limit
    found: bool
    medical: bool
    certificate: bool
    already_absent: bool = False
    present: bool = False
    invoiced: bool = False
    remarks: tuple[Reason, ...] = ()


def propose_absence(facts: AbsenceFacts) -> Proposal:
    """An absence: excused with a medical certificate, else billed as normal (seeds 000, 002)."""
    reasons = list(facts.remarks)
    if not facts.found:
        sentence = "Aucune réservation de cette famille ne correspond à cette absence."
        return conclude([*reasons, _refuse(RefusalCode.AUTRE, "no_booking", sentence)])
    if facts.already_absent:
        reasons.append(_refuse(RefusalCode.DOUBLON, "already_absent", "Cette absence est déjà enregistrée."))
    reasons += _limit_reasons(facts.limit, facts.submitted_at, "La déclaration d’absence")
    if facts.present:
        reasons.append(Reason("present", "L’enfant est pointé présent ce jour-là.", Verdict.EXAMINE))
    if facts.invoiced:
        sentence = "La date est déjà facturée : l’excuser demande un avoir."
        reasons.append(Reason("invoiced", sentence, Verdict.EXAMINE))
    if facts.medical and not facts.certificate:
        sentence = "Raison médicale sans certificat : demandez-le, ou acceptez une absence facturée."
        reasons.append(Reason("certificate_missing", sentence, Verdict.EXAMINE))
    elif facts.medical:
        reasons.append(Reason("excused", "Certificat médical joint : l’absence sera excusée."))
    else:
        reasons.append(Reason("billed", "Sans raison médicale, l’absence sera facturée normalement."))
    return conclude(reasons)


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field of a sheet: who may change it, its value now, the value the family saw and the value it asks for."""

    label: str
    policy: FieldPolicy
    current: object
    asked: object
    seen: object = None
    problem: str | None = None


def propose_field(facts: FieldFacts) -> Proposal:
    """A field: automatic, by an agent, or at the counter only; `problem` is why the asked value cannot be right."""
    if facts.problem is not None:
        return conclude([_refuse(RefusalCode.PIECE_INVALIDE, "invalid_value", facts.problem)])
    if facts.asked == facts.current:
        return conclude([Reason("unchanged", f"{facts.label} : déjà à jour.")])
    reasons = []
    if facts.policy is FieldPolicy.COUNTER:
        sentence = f"{facts.label} : modifiable au guichet seulement, sur place ou par téléphone."
        reasons.append(_refuse(RefusalCode.AUTRE, "counter_only", sentence))
    elif facts.policy is FieldPolicy.AGENT:
        reasons.append(Reason("by_agent", f"{facts.label} : à contrôler par un agent.", Verdict.EXAMINE))
    else:
        reasons.append(Reason("automatic", f"{facts.label} : modifiable directement par la famille."))
    if facts.seen is not None and facts.seen != facts.current:
        sentence = f"{facts.label} : la fiche a changé depuis que la famille l’a vue."
        reasons.append(Reason("changed_meanwhile", sentence, Verdict.EXAMINE))
    return conclude(reasons)


def examine(code: str, sentence: str, *more: Reason) -> Proposal:
    """A proposal for what only a person can judge."""
    return conclude([Reason(code, sentence, Verdict.EXAMINE), *more])


def accept(code: str, sentence: str, *more: Reason) -> Proposal:
    """A proposal for what the rules let through, with why."""
    return conclude([Reason(code, sentence), *more])


def refuse(refusal: RefusalCode, code: str, sentence: str, *more: Reason) -> Proposal:
    """A negative proposal."""
    return conclude([_refuse(refusal, code, sentence), *more])


def _refuse(refusal: RefusalCode, code: str, sentence: str) -> Reason:
    return Reason(code, sentence, Verdict.REFUSE, refusal)


def _engaged(engagement: Engagement) -> Reason:
    if engagement is Engagement.PAID:
        return Reason(
            "paid_anomaly", "Déjà payée sur le portail : à traiter par un agent, jamais refusée d’office."
        )
    return Reason(
        "confirmed_anomaly",
        "Déjà confirmée par le portail : à traiter par un agent, jamais refusée d’office.",
    )


def _limit_reasons(limit: Limit, submitted_at: datetime, act: str) -> list[Reason]:
    """What a deadline says of an act named with its article, « La réservation » (feminine in French)."""
    if limit.never:
        return [_refuse(RefusalCode.HORS_DELAI, "never", f"{act} n’est pas possible pour cette activité.")]
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
    return [_refuse(RefusalCode.HORS_DELAI, code, sentence)]


def _past_reasons(day: date, submitted_at: datetime, limit: Limit) -> list[Reason]:
    """Whatever the rule, a day that is over can no longer be booked nor cancelled."""
    if day >= paris_day(submitted_at) or not limit.allows(submitted_at):
        return []
    sentence = f"Le {format_date(day)} était déjà passé quand la demande a été déposée."
    return [_refuse(RefusalCode.HORS_DELAI, "past", sentence)]


def _group_reasons(choice: GroupChoice) -> list[Reason]:
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
                _refuse(
                    RefusalCode.AGE, "class", "Aucun groupe de l’activité ne prend la classe de l’enfant."
                )
            ]
        case _:
            age = (
                "" if choice.age is None else f" ({choice.age} an{'s' if choice.age > 1 else ''} ce jour-là)"
            )
            return [
                _refuse(
                    RefusalCode.AGE, "age", f"Aucun groupe de l’activité ne prend l’âge de l’enfant{age}."
                )
            ]


def _residence_reasons(resident: bool | None, residents_only: bool) -> list[Reason]:
    if not residents_only or resident:
        return []
    if resident is None:
        return [Reason("residence_unknown", "La commune de la famille n’est pas connue.", Verdict.EXAMINE)]
    sentence = "L’activité est réservée aux familles de la commune."
    return [_refuse(RefusalCode.HORS_COMMUNE, "not_resident", sentence)]


def _dossier_reasons(state: DossierState | None) -> list[Reason]:
    if state is None or state is DossierState.VALID:
        return []
    sentence = f"Dossier de l’année : {DOSSIER_LABELS[state]}."
    if state in (DossierState.FILED, DossierState.UNDER_REVIEW):
        return [Reason("dossier_to_decide", f"{sentence} À décider d’abord.", Verdict.EXAMINE)]
    return [_refuse(RefusalCode.DOSSIER_INCOMPLET, "dossier", sentence)]


def _account_reasons(account: AccountFacts, cost: int) -> list[Reason]:
    reasons = []
    if account.overdue > 0:
        sentence = f"Factures échues impayées : {format_euros(account.overdue)}."
        if account.overdue_blocks:
            reasons.append(_refuse(RefusalCode.IMPAYE, "overdue", sentence))
        else:
            reasons.append(Reason("overdue", sentence))
    balance = account.prepaid_balance
    if balance is not None and balance - cost < account.prepaid_floor:
        sentence = f"Compte d’avance : {format_euros(balance)}, pour {format_euros(cost)} demandés."
        reasons.append(_refuse(RefusalCode.SOLDE_INSUFFISANT, "prepaid", sentence))
    return reasons


def _payment_reasons(expected: bool, reference: str | None) -> list[Reason]:
    if not expected or reference:
        return []
    sentence = "Activité payée immédiatement, et aucune référence de paiement n’accompagne la demande."
    return [Reason("payment_missing", sentence, Verdict.EXAMINE)]


def _place_reasons(places: PlacesLeft | None, waiting_list: bool) -> list[Reason]:
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
    return [_refuse(RefusalCode.COMPLET, "full", sentence)]


def _double_reason(double: DoubleFact) -> Reason:
    who = "par l’autre famille de l’enfant" if double.other_family else "par cette famille"
    what = "ce créneau" if double.same_slot else f"un créneau incompatible ({double.slot_label})"
    state = "est déjà en liste d’attente" if double.waiting else "est déjà réservé"
    return _refuse(RefusalCode.DOUBLON, "double", f"Pour l’enfant, {what} {state} {who}.")


def summary(verdicts: Iterable[Verdict]) -> str:
    """One word for a whole request: its items' common verdict, else *examine* where one must be, else *mixed*."""
    found = set(verdicts)
    if len(found) == 1:
        return found.pop().value
    return Verdict.EXAMINE.value if Verdict.EXAMINE in found else "mixed"
