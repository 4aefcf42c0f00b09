"""How values are said in French on every screen: states, plurals, ages, amounts."""

from calendar import monthrange
from datetime import date

from guichet.rules.money import format_euros
from guichet.rules.requests import RequestState
from guichet.rules.text import format_date
from guichet.rules.typed_dates import MONTHS as MONTHS
from guichet.rules.typography import NBSP as NBSP
from guichet.rules.typography import count as count
from guichet.rules.typography import grouped as grouped
from guichet.services.family_sheet import MemberView
from guichet.ui.tables import State
from guichet.ui.theme import Tone

REQUEST_STATES: dict[str, State] = {
    RequestState.PENDING: State("A", "À prendre", Tone.BLUE),
    RequestState.IN_PROGRESS: State("T", "En traitement", Tone.BLUE),
    RequestState.NEEDS_INFO: State("C", "Complément", Tone.YELLOW),
    RequestState.WAITING_LIST: State("L", "Liste d’attente", Tone.ORANGE),
    RequestState.ACCEPTED: State("✓", "Acceptée", Tone.GREEN),
    RequestState.PARTLY_ACCEPTED: State("½", "En partie", Tone.GREEN),
    RequestState.REFUSED: State("R", "Refusée", Tone.RED),
    RequestState.CANCELLED: State("×", "Annulée", Tone.GREY),
    RequestState.SUPERSEDED: State("→", "Remplacée", Tone.GREY),
}

VERDICTS: dict[str, State] = {
    "accept": State("✓", "Accepter", Tone.GREEN),
    "wait": State("L", "Liste d’attente", Tone.ORANGE),
    "refuse": State("R", "Refuser", Tone.RED),
    "examine": State("?", "À examiner", Tone.BLUE),
}

ITEM_DECISIONS: dict[str, State] = {
    "accepted": State("✓", "Accepté", Tone.GREEN),
    "waiting": State("L", "Liste d’attente", Tone.ORANGE),
    "refused": State("R", "Refusé", Tone.RED),
    "cancelled": State("×", "Annulé", Tone.GREY),
}

ENROLMENT_STATES: dict[str, State] = {
    "pending": State("D", "Demandée", Tone.YELLOW),
    "waiting": State("L", "Liste d’attente", Tone.ORANGE),
    "active": State("✓", "Active", Tone.GREEN),
    "cancelled": State("×", "Annulée", Tone.GREY),
}

DOSSIER_STATES: dict[str, State] = {
    "missing": State("A", "Attendu", Tone.YELLOW),
    "incomplete": State("I", "Incomplet", Tone.YELLOW),
    "filed": State("D", "Déposé", Tone.BLUE),
    "under_review": State("E", "À l’étude", Tone.BLUE),
    "valid": State("✓", "Valide", Tone.GREEN),
    "refused": State("R", "Refusé", Tone.RED),
    "expired": State("P", "Périmé", Tone.RED),
}

DOCUMENT_STATES: dict[str, State] = {
    "requested": State("D", "Réclamé", Tone.YELLOW),
    "received": State("N", "Non traité", Tone.BLUE),
    "valid": State("✓", "Valide", Tone.GREEN),
    "invalid": State("X", "Invalide", Tone.RED),
}

QUOTIENT_SOURCES = {
    "caf": "CAF",
    "msa": "MSA",
    "tax_notice": "Avis d’imposition",
    "declared": "Déclaré",
    "imported": "Repris",
}

MEMBER_ROLES = {"adult": "Adulte", "child": "Enfant", "contact": "Contact"}

CONSENTS = {
    "photo": "Droit à l’image",
    "einvoice": "Facture électronique",
    "email": "Courriels d’information",
    "sms": "SMS",
}

WEEKDAYS_SHORT = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def age(years: int | None) -> str:
    """« 7 ans », « 1 an », nothing when unknown."""
    return "" if years is None else f"{years}{NBSP}an{'s' if years > 1 else ''}"


def period(first: date, last: date) -> str:
    """« mars 2026 » for a whole month, else its two days."""
    if first.day == 1 and last == last_day_of_month(first):
        return f"{MONTHS[first.month - 1]}{NBSP}{first.year}"
    return f"{format_date(first)} → {format_date(last)}"


def last_day_of_month(day: date) -> date:
    """The last day of this day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def day_or_dash(day: date | None) -> str:
    """A date, or a dash where there is none."""
    return "–" if day is None else format_date(day)


def day_with_weekday(day: date) -> str:
    """« mer. 18/03/2026 »."""
    return f"{WEEKDAYS_SHORT[day.weekday()]}{NBSP}{format_date(day)}"


def euros_or_blank(cents: int | None) -> str:
    """An amount, blank when it is zero or unknown: a column of zeros hides the others."""
    return format_euros(cents) if cents else ""


def labelled(states: dict[str, State], value: str | None) -> str:
    """The words of a state, as read where it is not drawn."""
    state = states.get(value or "")
    return state.label if state else ""


def file_size(size: int) -> str:
    """« 340 ko », « 1,2 Mo »."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}{NBSP}ko"
    return f"{size / 1_000_000:.1f}{NBSP}Mo".replace(".", ",")


def member_name(member: MemberView) -> str:
    """« Mme Anne Dupont »."""
    return " ".join(part for part in (member.civility, member.first_name, member.last_name) if part)
