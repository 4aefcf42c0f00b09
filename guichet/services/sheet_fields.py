"""The fields of the family and child sheets that a request may change: label, who decides, what is valid.

A field is named by its path in the exchange (`responsable.phone_mobile`). The policies are what the program starts
from (domain.md §2); the setting `requests.field_policies` (path → automatic | agent | counter) overrides them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from guichet.rules.money import format_euros
from guichet.rules.proposals import FieldPolicy
from guichet.rules.text import format_date

AUTOMATIC, AGENT, COUNTER = FieldPolicy.AUTOMATIC, FieldPolicy.AGENT, FieldPolicy.COUNTER

_LABEL_LENGTH = 240
_FRENCH_IBAN_LENGTH = 27

Check = Callable[[Any], Any]


@dataclass(frozen=True)
class SheetField:
    """One field; `check` returns the value as it is kept, or raises ValueError with a French sentence."""

    path: str
    label: str
    policy: FieldPolicy
    check: Check | None = None

    @property
    def section(self) -> str:
        """The part of the sheet it is in: « health »."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """Its name within that part: « allergies »."""
        return self.path.partition(".")[2]


def check_phone(value: str) -> str:
    """A telephone number as it is kept: national form for France, international else. Raises ValueError."""
    # These libraries and those of the checks below load when a value is first checked: labels are read far more often.
    import phonenumbers

    try:
        number = phonenumbers.parse(value, "FR")
    except phonenumbers.NumberParseException:
        raise ValueError(f"« {value} » n’est pas un numéro de téléphone.") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"« {value} » n’est pas un numéro de téléphone possible.")
    national = number.country_code == 33
    form = (
        phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, form)


def check_email(value: str) -> str:
    """An e-mail address as it is kept. Raises ValueError."""
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError(f"« {value} » n’est pas une adresse électronique.") from None
    if len(address) > _LABEL_LENGTH:
        raise ValueError(f"Une adresse électronique tient en {_LABEL_LENGTH} caractères.")
    return address


def check_iban(value: str) -> str:
    """An IBAN without its spaces, its key checked. Raises ValueError."""
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    compact = str(iban.compact(value))
    if compact.startswith("FR") and len(compact) != _FRENCH_IBAN_LENGTH:
        raise ValueError(
            f"IBAN : {_FRENCH_IBAN_LENGTH} caractères attendus pour la France, {len(compact)} ici."
        )
    try:
        return str(iban.validate(compact))
    except ValidationError:
        raise ValueError(
            "IBAN : la clé de contrôle ne correspond pas, un caractère manque ou est faux."
        ) from None


def check_bic(value: str) -> str:
    """A BIC in capitals. Raises ValueError."""
    from stdnum import bic
    from stdnum.exceptions import ValidationError

    try:
        return str(bic.validate(value))
    except ValidationError:
        raise ValueError("BIC : 8 ou 11 caractères attendus, par exemple AGRIFRPP.") from None


def _adult(section: str, who: str) -> list[SheetField]:
    fields: list[tuple[str, str, FieldPolicy, Check | None]] = [
        ("civility", "Civilité", AGENT, None),
        ("last_name", "Nom", AGENT, None),
        ("birth_name", "Nom de naissance", AGENT, None),
        ("first_name", "Prénom", AGENT, None),
        ("birth_date", "Date de naissance", AGENT, None),
        ("quality", "Qualité", AGENT, None),
        ("situation", "Situation", AGENT, None),
        ("address_line1", "Adresse", AGENT, None),
        ("address_line2", "Complément d’adresse", AGENT, None),
        ("postal_code", "Code postal", AGENT, None),
        ("city", "Ville", AGENT, None),
        ("phone_home", "Téléphone du domicile", AUTOMATIC, check_phone),
        ("phone_mobile", "Téléphone mobile", AUTOMATIC, check_phone),
        ("phone_work", "Téléphone professionnel", AUTOMATIC, check_phone),
        ("email", "Adresse électronique", AGENT, check_email),
        ("profession", "Profession", AGENT, None),
        ("csp", "Catégorie socioprofessionnelle", AGENT, None),
        ("employer", "Employeur", AGENT, None),
        ("employer_address", "Adresse de l’employeur", AGENT, None),
        ("accepts_email", "Accord pour les courriels", AUTOMATIC, None),
        ("accepts_sms", "Accord pour les SMS", AUTOMATIC, None),
    ]
    return [
        SheetField(f"{section}.{name}", f"{label} ({who})", policy, check)
        for name, label, policy, check in fields
    ]


_FIELDS: tuple[SheetField, ...] = (
    *_adult("responsable", "responsable"),
    *_adult("conjoint", "conjoint"),
    SheetField("fiscal.tax_year", "Année de l’avis d’imposition", AGENT),
    SheetField("fiscal.income_cents", "Revenu annuel", AGENT),
    SheetField("fiscal.parts", "Nombre de parts", AGENT),
    SheetField("fiscal.dependants", "Enfants à charge", AGENT),
    SheetField("caf.regime", "Régime allocataire", AGENT),
    SheetField("caf.caf_number", "Numéro d’allocataire", AGENT),
    SheetField("caf.holder", "Nom de l’allocataire", AGENT),
    SheetField("caf.benefits_cents", "Prestations mensuelles", AGENT),
    SheetField("caf.quotient", "Quotient familial", AGENT),
    SheetField("caf.quotient_date", "Date du quotient familial", AGENT),
    SheetField("bank.iban", "IBAN", AGENT, check_iban),
    SheetField("bank.bic", "BIC", AGENT, check_bic),
    SheetField("bank.holder", "Titulaire du compte", AGENT),
    SheetField("bank.bank_name", "Banque", AGENT),
    SheetField("bank.direct_debit", "Prélèvement automatique", AGENT),
    SheetField("identity.last_name", "Nom de l’enfant", AGENT),
    SheetField("identity.first_name", "Prénom de l’enfant", AGENT),
    SheetField("identity.birth_date", "Date de naissance de l’enfant", AGENT),
    SheetField("identity.birth_place", "Lieu de naissance de l’enfant", AGENT),
    SheetField("identity.sex", "Sexe de l’enfant", AGENT),
    SheetField("identity.school", "École", AGENT),
    SheetField("identity.school_class", "Classe", AGENT),
    SheetField("authorised_persons.add", "Personne autorisée à ajouter", AGENT),
    SheetField("authorised_persons.remove", "Personne autorisée à retirer", AGENT),
    SheetField("health.glasses", "Port de lunettes", AGENT),
    SheetField("health.hearing_aid", "Appareil auditif", AGENT),
    SheetField("health.allergies", "Allergies", AGENT),
    SheetField("health.pai", "Projet d’accueil individualisé (PAI)", AGENT),
    SheetField("health.diet", "Régime alimentaire", AGENT),
    SheetField("health.treatment", "Traitement", AGENT),
    SheetField("health.doctor_name", "Médecin", AGENT),
    SheetField("health.doctor_phone", "Téléphone du médecin", AGENT, check_phone),
    SheetField("health.vaccinations_until", "Vaccins à jour jusqu’au", AGENT),
    SheetField("health.notes", "Remarques de santé", AGENT),
    SheetField("photo_consent.given", "Droit à l’image", AUTOMATIC),
    SheetField("new_child", "Nouvel enfant", AGENT),
)
FIELDS: Mapping[str, SheetField] = {field.path: field for field in _FIELDS}
_PROSE_LENGTH = 10_000
# What does not fit a plain label of the base.
_LONGEST = {
    "caf_number": 60,
    "address_line1": _PROSE_LENGTH,
    "address_line2": _PROSE_LENGTH,
    "employer_address": _PROSE_LENGTH,
    "allergies": _PROSE_LENGTH,
    "treatment": _PROSE_LENGTH,
    "notes": _PROSE_LENGTH,
}
HEALTH_SECTIONS = frozenset({"health"})
INCOME_SECTIONS = frozenset({"fiscal", "caf", "bank"})


def label_of(path: str) -> str:
    """The field's French name; the path itself for one the program does not know."""
    field = FIELDS.get(path)
    return field.label if field is not None else path


def checked(path: str, value: Any) -> Any:
    """The value as it would be kept. Raises ValueError, with a French sentence, when it cannot be right."""
    field = FIELDS[path]
    if value in (None, ""):
        return None
    longest = _LONGEST.get(path.partition(".")[2], _LABEL_LENGTH)
    if isinstance(value, str) and len(value) > longest:
        raise ValueError(f"{field.label} : {longest} caractères au plus.")
    return field.check(value) if field.check is not None else value


def shown_as(path: str, value: Any) -> str:
    """A field's value as a person reads it: cents as euros, the rest by its kind."""
    if path.endswith("_cents") and isinstance(value, int):
        return format_euros(value)
    return shown(value)


def shown(value: Any) -> str:
    """A value as a person reads it, before or after."""
    match value:
        case None | "":
            return "—"
        case True:
            return "oui"
        case False:
            return "non"
        case dict():
            return ", ".join(shown(part) for part in value.values() if part not in (None, ""))
        case list():
            return ", ".join(shown(part) for part in value) or "—"
        case str() if len(value) == 10 and value[4] == value[7] == "-" and value.replace("-", "").isdigit():
            return f"{value[8:]}/{value[5:7]}/{value[:4]}"
        case _ if hasattr(value, "strftime"):
            return format_date(value)
        case _:
            return str(value)
