"""What Noethys only says in words (a name, a label), guessed from them; the town corrects it afterwards."""

import re

from guichet.models.money import PaymentMode
from guichet.models.offer import SlotUnit, Supervision
from guichet.models.settings import HolidayKind
from guichet.rules.text import fold

ACTIVITY_TYPES = {
    "PERISCOLAIRE": "Périscolaire",
    "ALSH": "Accueil de loisirs",
    "EMS": "EMS",
    "JEUNES": "Territoire Jeunes",
}

_TYPE_WORDS = (
    ("EMS", ("ems", "sport", "sports", "sportive", "sportif")),
    ("JEUNES", ("jeune", "jeunes", "jeunesse", "ado", "ados", "adolescents")),
    (
        "PERISCOLAIRE",
        (
            "periscolaire",
            "garderie",
            "cantine",
            "restaurant",
            "restauration",
            "etude",
            "tap",
            "nap",
            "scolaire",
        ),
    ),
)
_EXTRASCOLAIRE_WORDS = ("vacances", "sejour", "sejours", "camp", "camps", "colonie", "mini")
_MEAL_WORDS = ("repas", "cantine", "dejeuner", "restaurant", "restauration", "diner", "panier", "pique")
_CARE_WORDS = (
    "journee", "demi", "matin", "matinee", "apres", "garderie", "mercredi", "sejour", "camp", "loisirs", "etude",
    "sortie", "stage", "nuit", "accueil",
)  # fmt: skip
_MODE_WORDS = (
    (PaymentMode.ANCV, ("vacances", "ancv", "vacance")),
    (PaymentMode.CESU, ("cesu",)),
    (PaymentMode.ONLINE, ("internet", "ligne", "tipi", "payfip", "web")),
    (PaymentMode.DIRECT_DEBIT, ("prelevement", "prelevements", "sepa")),
    (PaymentMode.TRANSFER, ("virement", "virements")),
    (PaymentMode.CARD, ("carte", "cb", "tpe", "bancaire")),
    (PaymentMode.CHEQUE, ("cheque", "cheques")),
    (PaymentMode.CASH, ("espece", "especes", "numeraire", "liquide")),
)
_UNITS = {
    "unitaire": SlotUnit.DAY,
    "evenement": SlotUnit.DAY,
    "horaire": SlotUnit.HOUR,
    "multihoraires": SlotUnit.HOUR,
    "quantite": SlotUnit.QUANTITY,
}
_AGE_SPAN = re.compile(r"\b(\d{1,2}) (?:a )?(\d{1,2}) ans?\b")
_AGE_UNDER = re.compile(r"\bmoins de (\d{1,2}) ans?\b")
_AGE_OVER = re.compile(r"\bplus de (\d{1,2}) ans?\b|\b(\d{1,2}) ans? et plus\b")


def ages(name: str) -> tuple[int | None, int | None]:
    """The ages a group's name tells, both included: « 3-6 ans », « moins de 6 ans », « plus de 11 ans »."""
    folded = fold(name)
    if match := _AGE_SPAN.search(folded):
        low, high = int(match.group(1)), int(match.group(2))
        return (low, high) if low <= high else (None, None)
    if match := _AGE_UNDER.search(folded):
        return None, int(match.group(1)) - 1
    if match := _AGE_OVER.search(folded):
        return int(match.group(1) or match.group(2)), None
    return None, None


def activity_type(name: str) -> str:
    """A key of ACTIVITY_TYPES by the words of an activity's name; accueil de loisirs where nothing tells."""
    words = set(fold(name).split())
    return next((code for code, telling in _TYPE_WORDS if words & set(telling)), "ALSH")


def supervision(name: str) -> Supervision:
    """The legal kind of accueil: school days, holidays, or other (domain.md §9)."""
    if activity_type(name) == "PERISCOLAIRE":
        return Supervision.PERISCOLAIRE
    if set(fold(name).split()) & set(_EXTRASCOLAIRE_WORDS):
        return Supervision.EXTRASCOLAIRE
    return Supervision.OTHER


def is_meal(name: str) -> bool:
    """Whether a slot is a meal and nothing else, hence outside the fiscal attestation (domain.md §8)."""
    words = set(fold(name).split())
    return bool(words & set(_MEAL_WORDS)) and not words & set(_CARE_WORDS)


def names_a_meal(name: str) -> bool:
    """Whether a slot's name speaks of a meal, « Journée sans repas » aside."""
    words = fold(name).split()
    return any(word in _MEAL_WORDS and "sans" not in words[:place] for place, word in enumerate(words))


def payment_mode(label: str) -> PaymentMode:
    """The means of payment behind the town's own label."""
    words = set(fold(label).split())
    return next((mode for mode, telling in _MODE_WORDS if words & set(telling)), PaymentMode.OTHER)


def slot_unit(kind: str) -> SlotUnit | None:
    """How a unit is counted; None for a kind that is not known."""
    return _UNITS.get(fold(kind).replace(" ", ""))


def holiday_kind(name: str) -> HolidayKind:
    """Summer holidays or small ones."""
    return HolidayKind.SUMMER if "ete" in fold(name).split() else HolidayKind.SMALL
