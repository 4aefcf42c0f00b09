"""The one state machine of every kind of request, and what decisions on items make of it (domain.md §2)."""

from collections.abc import Iterable
from enum import StrEnum

from guichet.rules.errors import UserError


class RequestState(StrEnum):
    """Where a request stands; `draft` lives on the portal only and is never imported.

    `superseded` is the end of a revision that a later one replaced: the later one carries on.
    """

    DRAFT = "draft"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    NEEDS_INFO = "needs_info"
    WAITING_LIST = "waiting_list"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


STATE_LABELS = {
    RequestState.DRAFT: "brouillon",
    RequestState.PENDING: "en attente",
    RequestState.IN_PROGRESS: "en traitement",
    RequestState.NEEDS_INFO: "complément demandé",
    RequestState.WAITING_LIST: "liste d’attente",
    RequestState.ACCEPTED: "acceptée",
    RequestState.PARTLY_ACCEPTED: "acceptée en partie",
    RequestState.REFUSED: "refusée",
    RequestState.CANCELLED: "annulée",
    RequestState.SUPERSEDED: "remplacée",
}

OPEN_STATES = frozenset(
    {RequestState.PENDING, RequestState.IN_PROGRESS, RequestState.NEEDS_INFO, RequestState.WAITING_LIST}
)
END_STATES = frozenset(
    {
        RequestState.ACCEPTED,
        RequestState.PARTLY_ACCEPTED,
        RequestState.REFUSED,
        RequestState.CANCELLED,
        RequestState.SUPERSEDED,
    }
)


class Act(StrEnum):
    """What happens to a request."""

    SUBMIT = "submit"
    REVISE = "revise"
    WITHDRAW = "withdraw"
    TAKE_UP = "take_up"
    HAND_BACK = "hand_back"
    ASK_COMPLEMENT = "ask_complement"
    RECEIVE_COMPLEMENT = "receive_complement"
    DECIDE = "decide"
    UNDO = "undo"
    GIVE_UP = "give_up"


ACT_LABELS = {
    Act.SUBMIT: "déposer",
    Act.REVISE: "modifier",
    Act.WITHDRAW: "retirer",
    Act.TAKE_UP: "prendre en charge",
    Act.HAND_BACK: "rendre à la file",
    Act.ASK_COMPLEMENT: "demander un complément pour",
    Act.RECEIVE_COMPLEMENT: "joindre un complément à",
    Act.DECIDE: "décider",
    Act.UNDO: "revenir sur la décision de",
    Act.GIVE_UP: "renoncer à des dates de",
}

_S = RequestState
_DECIDED = frozenset({_S.ACCEPTED, _S.PARTLY_ACCEPTED, _S.REFUSED, _S.WAITING_LIST})
_UNDONE = frozenset({_S.IN_PROGRESS, _S.WAITING_LIST})

# The only table of transitions: what is not written here is not possible. DECIDE may also leave a request in progress,
# when some of its items are decided and others not; deciding a pending request takes it up by itself. GIVE_UP is the family
# cancelling dates that wait.
TRANSITIONS: dict[tuple[RequestState, Act], frozenset[RequestState]] = {
    (_S.DRAFT, Act.SUBMIT): frozenset({_S.PENDING}),
    (_S.PENDING, Act.REVISE): frozenset({_S.SUPERSEDED}),
    (_S.PENDING, Act.WITHDRAW): frozenset({_S.CANCELLED}),
    (_S.PENDING, Act.TAKE_UP): frozenset({_S.IN_PROGRESS}),
    (_S.PENDING, Act.ASK_COMPLEMENT): frozenset({_S.NEEDS_INFO}),
    (_S.PENDING, Act.DECIDE): _DECIDED | {_S.IN_PROGRESS},
    (_S.IN_PROGRESS, Act.TAKE_UP): frozenset({_S.IN_PROGRESS}),
    (_S.IN_PROGRESS, Act.HAND_BACK): frozenset({_S.PENDING}),
    (_S.IN_PROGRESS, Act.ASK_COMPLEMENT): frozenset({_S.NEEDS_INFO}),
    (_S.IN_PROGRESS, Act.DECIDE): _DECIDED | {_S.IN_PROGRESS},
    (_S.IN_PROGRESS, Act.UNDO): _UNDONE,
    (_S.NEEDS_INFO, Act.RECEIVE_COMPLEMENT): frozenset({_S.IN_PROGRESS}),
    (_S.NEEDS_INFO, Act.DECIDE): _DECIDED | {_S.IN_PROGRESS},
    (_S.WAITING_LIST, Act.ASK_COMPLEMENT): frozenset({_S.NEEDS_INFO}),
    (_S.WAITING_LIST, Act.DECIDE): _DECIDED,
    (_S.WAITING_LIST, Act.UNDO): _UNDONE,
    (_S.WAITING_LIST, Act.GIVE_UP): _DECIDED | {_S.CANCELLED},
    (_S.IN_PROGRESS, Act.GIVE_UP): frozenset({_S.IN_PROGRESS}),
    (_S.NEEDS_INFO, Act.GIVE_UP): frozenset({_S.NEEDS_INFO}),
    (_S.ACCEPTED, Act.UNDO): _UNDONE,
    (_S.PARTLY_ACCEPTED, Act.UNDO): _UNDONE,
    (_S.REFUSED, Act.UNDO): _UNDONE,
}


class ItemDecision(StrEnum):
    """What was decided of one item."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    WAITING = "waiting"
    REFUSED = "refused"
    CANCELLED = "cancelled"


_U, _A, _W, _R = ItemDecision.UNDECIDED, ItemDecision.ACCEPTED, ItemDecision.WAITING, ItemDecision.REFUSED

# Every mixture of decisions that the items of one request can show, and the state it makes. What the family gave up counts
# no more: the rest makes the state, and nothing left makes it cancelled.
MIXTURES: dict[frozenset[ItemDecision], RequestState] = {
    frozenset({_U}): _S.IN_PROGRESS,
    frozenset({_U, _A}): _S.IN_PROGRESS,
    frozenset({_U, _W}): _S.IN_PROGRESS,
    frozenset({_U, _R}): _S.IN_PROGRESS,
    frozenset({_U, _A, _W}): _S.IN_PROGRESS,
    frozenset({_U, _A, _R}): _S.IN_PROGRESS,
    frozenset({_U, _W, _R}): _S.IN_PROGRESS,
    frozenset({_U, _A, _W, _R}): _S.IN_PROGRESS,
    frozenset({_A}): _S.ACCEPTED,
    frozenset({_R}): _S.REFUSED,
    frozenset({_A, _R}): _S.PARTLY_ACCEPTED,
    frozenset({_W}): _S.WAITING_LIST,
    frozenset({_A, _W}): _S.WAITING_LIST,
    frozenset({_W, _R}): _S.WAITING_LIST,
    frozenset({_A, _W, _R}): _S.WAITING_LIST,
}


class RefusalCode(StrEnum):
    """Why an item is refused: domain.md §2's list « to start with », and the closed day that its list leaves out."""

    COMPLET = "complet"
    DOSSIER_INCOMPLET = "dossier_incomplet"
    IMPAYE = "impaye"
    SOLDE_INSUFFISANT = "solde_insuffisant"
    HORS_DELAI = "hors_delai"
    FERME = "ferme"
    AGE = "age"
    HORS_COMMUNE = "hors_commune"
    DOUBLON = "doublon"
    PIECE_INVALIDE = "piece_invalide"
    PROBLEME_TECHNIQUE = "probleme_technique"
    AUTRE = "autre"


REFUSAL_LABELS = {
    RefusalCode.COMPLET: "complet",
    RefusalCode.DOSSIER_INCOMPLET: "dossier incomplet",
    RefusalCode.IMPAYE: "facture impayée",
    RefusalCode.SOLDE_INSUFFISANT: "solde insuffisant",
    RefusalCode.HORS_DELAI: "hors délai",
    RefusalCode.FERME: "fermeture",
    RefusalCode.AGE: "âge",
    RefusalCode.HORS_COMMUNE: "hors commune",
    RefusalCode.DOUBLON: "doublon",
    RefusalCode.PIECE_INVALIDE: "pièce invalide",
    RefusalCode.PROBLEME_TECHNIQUE: "problème technique",
    RefusalCode.AUTRE: "autre",
}


def next_state(state: RequestState, act: Act, *, toward: RequestState | None = None) -> RequestState:
    """The state after `act`; `toward` says which, where the table leaves a choice.

    Raises UserError (code `illegal_transition`) for what the table does not hold: the sentence says the state and what to do.
    """
    targets = TRANSITIONS.get((state, act), frozenset())
    if toward is not None and toward in targets:
        return toward
    if toward is None and len(targets) == 1:
        return next(iter(targets))
    if toward is None and len(targets) > 1:
        raise ValueError(f"{act} from {state} needs a target")
    raise UserError(_impossible(state, act), code="illegal_transition")


def state_of(decisions: Iterable[ItemDecision]) -> RequestState:
    """The request's state that its items' decisions make. Raises ValueError for a request without items."""
    found = frozenset(decisions)
    if not found:
        raise ValueError("a request has at least one item")
    mixture = found - {ItemDecision.CANCELLED}
    return MIXTURES[mixture] if mixture else RequestState.CANCELLED


def refusal_code(code: str, text: str) -> RefusalCode:
    """Read a refusal's code and check that *autre* comes with its text.

    Raises UserError for an unknown code or a missing text.
    """
    try:
        known = RefusalCode(code)
    except ValueError:
        choices = ", ".join(RefusalCode)
        raise UserError(
            f"Motif de refus inconnu : « {code} ». Choisissez parmi : {choices}.",
            field="code",
            code="unknown_refusal",
        ) from None
    if known is RefusalCode.AUTRE and not text.strip():
        raise UserError(
            "Le motif « autre » demande une explication : écrivez la phrase que la famille lira.",
            field="text",
            code="text_required",
        )
    return known


def _impossible(state: RequestState, act: Act) -> str:
    label = STATE_LABELS[state]
    if state is RequestState.SUPERSEDED:
        return "La famille a envoyé une version plus récente de cette demande : décidez de celle-là."
    if state is RequestState.CANCELLED:
        return "La famille a retiré cette demande : il n’y a plus rien à faire."
    if act is Act.UNDO:
        return f"Cette demande est {label} : il n’y a pas de décision sur laquelle revenir."
    if state in END_STATES and act is Act.DECIDE:
        return f"Cette demande est déjà {label} : revenez d’abord sur cette décision, ou créez une nouvelle demande."
    if act in (Act.REVISE, Act.WITHDRAW):
        return "Cette demande est déjà prise en charge : la famille ne peut plus la modifier ni la retirer."
    return f"Impossible de {ACT_LABELS[act]} une demande à l’état « {label} »."
