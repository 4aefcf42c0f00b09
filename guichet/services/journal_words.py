"""The journal in French: what each act is called, and its detail as fields before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guichet.rules.requests import REFUSAL_LABELS, STATE_LABELS
from guichet.services import sheet_fields

MASKED = "masqué"
NOTHING = "—"

ACTS: dict[str, str] = {
    "request.take_up": "Prise en charge",
    "request.hand_back": "Retour à la file",
    "request.ask_complement": "Complément demandé",
    "request.complement_received": "Complément reçu",
    "request.decide": "Décision",
    "request.undo": "Décision reprise",
    "request.give_up": "Attente abandonnée",
    "request.withdraw": "Retrait par la famille",
    "request.supersede": "Nouvelle version de la famille",
    "request.too_late": "Modification trop tardive",
    "person.contacts": "Coordonnées modifiées",
    "document.check": "Pièce contrôlée",
    "document.read": "Pièce ouverte",
    "health.read": "Lecture de données de santé",
    "import.done": "Lot importé",
    "import.refuse": "Fichier refusé",
    "import.repeat": "Lot déjà reçu",
    "import.retry": "Quarantaine réessayée",
    "billing.price": "Tarification",
    "billing.issue": "Émission de factures",
    "billing.send": "Envoi de factures",
    "payment.record": "Règlement encaissé",
    "payment.allocate": "Règlement réparti",
    "payment.cancel": "Règlement annulé",
    "attestation.issue": "Attestations délivrées",
    "account.create": "Compte ouvert",
    "account.lock": "Compte bloqué",
    "account.sign_in": "Connexion",
    "account.change": "Compte modifié",
    "account.enable": "Compte réactivé",
    "account.disable": "Compte désactivé",
    "account.password": "Nouveau mot de passe",
    "account.unlock": "Compte débloqué",
    "activity.change": "Règles d’une activité",
    "calendar.add": "Calendrier complété",
    "calendar.change": "Calendrier corrigé",
    "calendar.remove": "Dates retirées du calendrier",
    "calendar.fill": "Calendrier national repris",
    "deadline.change": "Délai modifié",
    "tariff.save": "Tarif enregistré",
    "tariff.follow": "Nouvelle version d’un tarif",
    "portal.token": "Jeton de portail gardé",
    "setting.change": "Réglages modifiés",
    "portal.save": "Portail réglé",
    "noethys.import": "Reprise de Noethys",
    "demo.build": "Démonstration construite",
    "db.init": "Base créée",
    "db.upgrade": "Schéma mis à jour",
    "db.backup": "Sauvegarde",
    "db.restore": "Restauration",
}

# What a person filters by; the acts of a group share the part before the point.
GROUPS: dict[str, str] = {
    "request": "Demandes",
    "import": "Imports du portail",
    "family": "Familles",
    "person": "Personnes",
    "document": "Pièces",
    "dossier": "Dossiers",
    "billing": "Facturation",
    "payment": "Règlements",
    "attestation": "Attestations",
    "health": "Lectures de santé",
    "account": "Comptes",
    "setting": "Réglages",
    "activity": "Activités",
    "calendar": "Calendrier",
    "deadline": "Délais",
    "tariff": "Tarifs",
    "portal": "Portails",
    "noethys": "Reprise de Noethys",
    "demo": "Démonstration",
    "db": "Base",
}
# Left out where the reader may not read billing: their summaries say amounts.
MONEY_GROUPS = ("billing", "payment", "attestation")

_FIELDS: dict[str, str] = {
    "state": "État",
    "override_reason": "Raison de la dérogation",
    "text": "Texte à la famille",
    "reason": "Motif",
    "sha256": "Empreinte SHA-256",
    "received": "Lignes reçues",
    "imported": "Lignes importées",
    "duplicate": "Lignes déjà connues",
    "quarantined": "Lignes en quarantaine",
    "lines": "Lignes",
    "first": "Premier numéro",
    "last": "Dernier numéro",
    "total_cents": "Total",
    "despite_anomalies": "Malgré des anomalies",
    "created": "Créées",
    "updated": "Modifiées",
    "deleted": "Supprimées",
    "family": "Famille (n° interne)",
    "families": "Familles",
    "shares": "Répartition",
    "contra": "Écriture d’annulation (n° interne)",
    "count": "Nombre",
    "payments": "Règlements (n° internes)",
    "connector": "Connexion",
    "address": "Adresse",
    "address_more": "Complément d’adresse",
    "source": "Source",
    "kinds": "Par nature",
    "seed": "Graine",
    "children": "Enfants (n° internes)",
    "label": "Nom",
    "town": "Ville",
    "postcode": "Code postal",
    "last_name": "Nom",
    "first_name": "Prénom",
    "birth_name": "Nom de naissance",
    "birth_date": "Date de naissance",
    "birth_place": "Lieu de naissance",
    "home_phone": "Téléphone du domicile",
    "mobile_phone": "Téléphone mobile",
    "work_phone": "Téléphone professionnel",
    "email": "Adresse électronique",
    "sending_mode": "Envoi des factures",
    "valid_from": "Valable du",
    "valid_until": "Valable jusqu’au",
    "roles": "Rôles",
    "active": "Actif",
    "town.name": "Nom de la commune",
    "town.service": "Service",
    "town.address": "Adresse de la mairie",
    "town.postcode": "Code postal",
    "town.town": "Ville",
    "town.phone": "Téléphone",
    "town.email": "Adresse électronique",
    "town.siret": "SIRET",
    "town.signatory": "Signataire",
    "town.signatory_title": "Qualité du signataire",
    "requests.answer_days": "Jours pour répondre",
    "requests.undo_seconds": "Secondes pour reprendre une décision",
    "requests.overdue_blocks": "Un impayé bloque",
    "requests.prepaid_floor_cents": "Plancher du compte d’avance",
    "requests.field_policies": "Qui décide de chaque champ",
    "attestation.sixth_birthday_included": "Enfant de six ans au 1er janvier inclus",
    "attestation.care_label": "Nature de la garde",
    "billing.payfip_page": "Page de paiement PayFiP",
    "billing.payfip_numcli": "Numéros de client PayFiP",
    "demo.now": "Date de démonstration",
    "calendar.zone": "Zone de vacances",
    "calendar.public_zone": "Territoire des jours fériés",
    "display_name": "Nom affiché",
    "has_password": "Mot de passe",
    "failed_attempts": "Mots de passe erronés",
    "locked_until": "Bloqué jusqu’au",
    "starts_on": "Premier jour",
    "ends_on": "Dernier jour",
    "rule": "Délai",
    "immediate": "Confirmation automatique",
    "waiting_list": "Liste d’attente",
    "needs_dossier": "Dossier exigé",
    "residents_only": "Réservée aux habitants",
    "prepaid": "Compte d’avance exigé",
    "modifiable": "Planning modifiable",
    "excused_absence_free": "Absence excusée gratuite",
    "name": "Nom",
    "method": "Méthode",
    "amount_cents": "Prix de l’unité",
    "minimum_cents": "Minimum",
    "maximum_cents": "Maximum",
    "rate": "Taux d’effort",
    "brackets": "Tranches",
}
_VALUES: dict[str, str] = {
    **{state.value: label for state, label in STATE_LABELS.items()},
    "waiting": "en liste d’attente",
    "received": "non traitée",
    "valid": "valide",
    "invalid": "invalide",
    "requested": "réclamée",
    "paper": "papier",
    "folder": "dossier",
    "https": "adresse HTTPS",
}
_HEALTH = frozenset(
    {"allergies", "diet", "pai", "treatment", "doctor", "doctor_phone", "vaccinations", "action_needed"}
)
_INCOME = frozenset({"iban", "bic", "income_cents", "benefits_cents", "parts", "value", "caf_number"})


@dataclass(frozen=True)
class Change:
    """One field of an entry's detail; `before` empty where the act only says what it did."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether a value took the place of another."""
        return bool(self.before) and self.before != self.after


@dataclass(frozen=True)
class ItemName:
    """What a decided item is called, and the sheet's field it changes (empty: none)."""

    label: str
    path: str = ""


@dataclass(frozen=True)
class Hidden:
    """Which values this reader does not see. Health is read where its reading leaves a trace, never here."""

    income: bool


def act_label(action: str) -> str:
    """An act in French; the code itself for one the program does not know."""
    return ACTS.get(action, action)


def items_named(detail: str) -> list[int]:
    """The ids of the request's items that a detail speaks of."""
    return [int(one["item"]) for one in json.loads(detail).get("items") or [] if isinstance(one, dict)]


def changes(detail: str, names: Mapping[int, ItemName], hidden: Hidden) -> tuple[Change, ...]:
    """The detail of an entry field by field, those that changed before those that only say what was done."""
    found: dict[str, Any] = json.loads(detail)
    rows: list[Change] = []
    before, after = found.pop("before", None), found.pop("after", None)
    if isinstance(before, dict) or isinstance(after, dict):
        before, after = before or {}, after or {}
        keys = [*before, *(key for key in after if key not in before)]
        rows += [_change(key, before.get(key), after.get(key), hidden) for key in keys]
    elif before is not None or after is not None:
        rows.append(Change("Valeur", _shown("", before), _shown("", after)))
    state = found.pop("state", None)
    if isinstance(state, list) and len(state) == 2:
        rows.insert(0, Change(_FIELDS["state"], _word(state[0]), _word(state[1])))
    elif state is not None:
        rows.insert(0, Change(_FIELDS["state"], "", _word(state)))
    for one in found.pop("items", None) or []:
        rows += _item(one, names, hidden)
    for key, value in found.items():
        if value not in (None, "", [], {}, False):
            rows.append(Change(_label(key), "", _masked(key, value, hidden)))
    return tuple(rows)


def _item(one: Mapping[str, Any], names: Mapping[int, ItemName], hidden: Hidden) -> list[Change]:
    name = names.get(one["item"], ItemName(f"Élément {one['item']}"))
    said = _word(one["after"]) if one.get("after") else NOTHING
    code = one.get("code")
    if code:
        said += f" ({REFUSAL_LABELS.get(code, code)})"
    if one.get("text"):
        said += f" : {one['text']}"
    rows = [Change(name.label, _word(one["before"]) if one.get("before") else "à décider", said)]
    effect = one.get("effect") or {}
    if name.path and "before" in effect and "after" in effect:
        change = _change(name.path, effect["before"], effect["after"], hidden)
        rows.append(Change(f"{change.label} : fiche", change.before, change.after))
    return rows


def _change(key: str, before: Any, after: Any, hidden: Hidden) -> Change:
    if _hides(key, hidden):
        return Change(_label(key), MASKED, f"{MASKED}, {'changé' if before != after else 'inchangé'}")
    return Change(_label(key), _shown(key, before), _shown(key, after))


def _masked(key: str, value: Any, hidden: Hidden) -> str:
    return MASKED if _hides(key, hidden) else _shown(key, value)


def _hides(key: str, hidden: Hidden) -> bool:
    section, _, name = key.partition(".")
    if section in sheet_fields.HEALTH_SECTIONS or (name or section) in _HEALTH:
        return True
    return hidden.income and (section in sheet_fields.INCOME_SECTIONS or (name or section) in _INCOME)


def _label(key: str) -> str:
    return _FIELDS.get(key) or sheet_fields.label_of(key)


def _shown(key: str, value: Any) -> str:
    if key == "shares" and isinstance(value, dict):
        return ", ".join(sheet_fields.shown_as("share_cents", cents) for cents in value.values())
    if isinstance(value, str) and not key.partition(".")[2]:
        return _word(value) or NOTHING
    return sheet_fields.shown_as(key, value)


def _word(value: Any) -> str:
    return (
        _VALUES.get(value, sheet_fields.shown(value)) if isinstance(value, str) else sheet_fields.shown(value)
    )
