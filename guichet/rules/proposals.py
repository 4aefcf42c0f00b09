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

from guichet.rules import grounds
from guichet.rules.ages import GroupChoice
from guichet.rules.capacity import PlacesLeft
from guichet.rules.deadlines import Limit, no_longer_cancellable
from guichet.rules.dossier import DossierState
from guichet.rules.grounds import AccountFacts as AccountFacts
from guichet.rules.grounds import DoubleFact as DoubleFact
from guichet.rules.grounds import Engagement as Engagement
from guichet.rules.grounds import Reason as Reason
from guichet.rules.grounds import Verdict as Verdict
from guichet.rules.requests import RefusalCode


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
        return Proposal(Verdict.EXAMINE, None, (grounds.engaged(engagement), *reasons), anomaly=True)
    if refusals:
        code = next(code for code in REFUSAL_ORDER if code in refusals)
        return Proposal(Verdict.REFUSE, code, reasons)
    for verdict in (Verdict.EXAMINE, Verdict.WAIT):
        if verdict in effects:
            return Proposal(verdict, None, reasons)
    return Proposal(Verdict.ACCEPT, None, reasons)


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What is known when a child asks to be enrolled."""

    submitted_at: datetime
    starts_on: date
    limit: Limit
    group: GroupChoice
    dossier: DossierState | None = None
    account: AccountFacts = grounds.NOTHING_OWED
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
            grounds.refusal(
                RefusalCode.DOUBLON,
                "already_enrolled",
                "L’enfant est déjà inscrit à cette activité sur ces dates par cette famille.",
            )
        )
    reasons += grounds.of_limit(facts.limit, facts.submitted_at, "L’inscription")
    reasons += grounds.of_group(facts.group)
    reasons += grounds.of_residence(facts.resident, facts.residents_only)
    reasons += grounds.of_dossier(facts.dossier)
    reasons += grounds.of_account(facts.account, facts.cost)
    reasons += grounds.of_payment(facts.payment_expected, facts.payment_reference)
    reasons += grounds.of_places(facts.places, facts.waiting_list)
    return conclude(reasons, facts.engagement)


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
    account: AccountFacts = grounds.NOTHING_OWED
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
    reasons += [grounds.of_double(double) for double in facts.doubles]
    if facts.closed is not None:
        reasons.append(grounds.refusal(RefusalCode.FERME, "closed", facts.closed))
    reasons += grounds.of_limit(facts.limit, facts.submitted_at, "La réservation")
    reasons += grounds.of_past(facts.day, facts.submitted_at, facts.limit)
    reasons += grounds.of_group(facts.group)
    reasons += grounds.of_residence(facts.resident, facts.residents_only)
    if not facts.enrolled:
        reasons.append(
            Reason(
                "not_enrolled",
                "L’enfant n’a pas d’inscription active à cette activité à cette date : inscrivez-le d’abord.",
                Verdict.EXAMINE,
            )
        )
    reasons += grounds.of_dossier(facts.dossier)
    reasons += grounds.of_account(facts.account, facts.cost)
    reasons += grounds.of_payment(facts.payment_expected, facts.payment_reference)
    reasons += grounds.of_places(facts.places, facts.waiting_list)
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
        reasons.append(grounds.refusal(RefusalCode.AUTRE, "no_booking", sentence))
        return conclude(reasons, facts.engagement)
    if not facts.waiting:
        reasons += grounds.of_limit(facts.limit, facts.submitted_at, "L’annulation")
        reasons += grounds.of_past(facts.day, facts.submitted_at, facts.limit)
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
        return conclude([*reasons, grounds.refusal(RefusalCode.AUTRE, "no_booking", sentence)])
    if facts.already_absent:
        reasons.append(
            grounds.refusal(RefusalCode.DOUBLON, "already_absent", "Cette absence est déjà enregistrée.")
        )
    reasons += grounds.of_limit(facts.limit, facts.submitted_at, "La déclaration d’absence")
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
        return conclude([grounds.refusal(RefusalCode.PIECE_INVALIDE, "invalid_value", facts.problem)])
    if facts.asked == facts.current:
        return conclude([Reason("unchanged", f"{facts.label} : déjà à jour.")])
    reasons = []
    if facts.policy is FieldPolicy.COUNTER:
        sentence = f"{facts.label} : modifiable au guichet seulement, sur place ou par téléphone."
        reasons.append(grounds.refusal(RefusalCode.AUTRE, "counter_only", sentence))
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
    return conclude([grounds.refusal(refusal, code, sentence), *more])


def summary(verdicts: Iterable[Verdict]) -> str:
    """One word for a whole request: its items' common verdict, else *examine* where one must be, else *mixed*."""
    found = set(verdicts)
    if len(found) == 1:
        return found.pop().value
    return Verdict.EXAMINE.value if Verdict.EXAMINE in found else "mixed"
