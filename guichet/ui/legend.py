"""The planning's legend (domain.md §3): each sign with a letter, a word and a tone; colour is never the only sign."""

from dataclasses import dataclass

from guichet.rules.planning import Sign
from guichet.ui.tokens import Tone


@dataclass(frozen=True)
class Mark:
    """How a sign is drawn and said. A hatched mark is one that waits for the town."""

    letter: str
    word: str
    tone: Tone
    hatched: bool = False


LEGEND: dict[Sign, Mark] = {
    Sign.FREE: Mark("·", "Libre", Tone.WHITE),
    Sign.CLOSED: Mark("–", "Hors délai ou fermé", Tone.GREY),
    Sign.REQUESTED: Mark("D", "Demandé", Tone.YELLOW),
    Sign.SENT: Mark("E", "Envoyé, en attente de la mairie", Tone.YELLOW, hatched=True),
    Sign.BOOKED: Mark("R", "Réservé", Tone.GREEN),
    Sign.WAITING: Mark("L", "Liste d’attente", Tone.ORANGE),
    Sign.CANCEL_REQUESTED: Mark("A", "Annulation demandée", Tone.YELLOW),
    Sign.CANCEL_SENT: Mark("N", "Annulation envoyée", Tone.YELLOW, hatched=True),
    Sign.CANCEL_PENDING: Mark("T", "Annulation en traitement", Tone.BLUE, hatched=True),
    Sign.REFUSED: Mark("X", "Refusé", Tone.RED),
    Sign.PRESENT: Mark("P", "Présent", Tone.GREEN),
    Sign.PRESENT_UNBOOKED: Mark("S", "Présent sans réservation", Tone.ORANGE),
    Sign.ABSENT_EXCUSED: Mark("J", "Absent, justifié", Tone.BLUE),
    Sign.ABSENT_BILLED: Mark("F", "Absent, facturé", Tone.RED),
    Sign.CLOSURE: Mark("C", "Fermeture", Tone.GREY),
    Sign.PUBLIC_HOLIDAY: Mark("*", "Jour férié", Tone.GREY),
    Sign.SMALL_HOLIDAYS: Mark("V", "Petites vacances", Tone.BLUE),
    Sign.SUMMER_HOLIDAYS: Mark("G", "Grandes vacances", Tone.BLUE),
    Sign.CONTRACT: Mark("K", "Contrat régulier", Tone.GREEN),
    Sign.OUT_OF_CONTRACT: Mark("H", "Hors contrat", Tone.WHITE),
    Sign.LEAVE: Mark("O", "Congé", Tone.GREY),
    Sign.ABSENCE_PENDING: Mark("M", "Absence en traitement", Tone.BLUE, hatched=True),
    Sign.ENROLMENT_PENDING: Mark("?", "Inscription en attente", Tone.YELLOW),
    Sign.ERROR: Mark("!", "Anomalie", Tone.RED),
}
