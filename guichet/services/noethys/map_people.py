"""People, families and who belongs to which: from Noethys's rows to drafts; no database here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from guichet.models.people import MemberRole, SendingMode, Sex
from guichet.rules.names import person_search_key, person_sort_key
from guichet.rules.text import sort_key
from guichet.services.noethys.drafts import Draft, Merged, rows_once
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

CIVILITIES: Mapping[int, tuple[str | None, Sex | None]] = {
    1: ("Monsieur", Sex.MALE),
    2: ("Madame", Sex.FEMALE),
    3: ("Madame", Sex.FEMALE),
    4: (None, Sex.MALE),
    5: (None, Sex.FEMALE),
    6: ("Collectivité", None),
    7: ("Association", None),
    8: ("Organisme", None),
    9: ("Entreprise", None),
}
ROLES: Mapping[int, MemberRole] = {1: MemberRole.ADULT, 2: MemberRole.CHILD, 3: MemberRole.CONTACT}
LINKS: Mapping[int, tuple[str, str]] = {
    1: ("père", "mère"),
    4: ("grand-père", "grand-mère"),
    6: ("oncle", "tante"),
    13: ("beau-père", "belle-mère"),
    18: ("tuteur", "tutrice"),
    20: ("assistant maternel", "assistante maternelle"),
    22: ("ami", "amie"),
    23: ("voisin", "voisine"),
}
"""What the first person of a link is to the second: for a man, for a woman."""
PICKUP_ALLOWED, PICKUP_FORBIDDEN, EMERGENCY = 3, 4, 2

_DELETED, _ARCHIVED = "efface", "archive"


@dataclass(frozen=True)
class Address:
    street: str | None
    postcode: str | None
    town: str | None


@dataclass(frozen=True)
class SomeOne:
    """What the rest of the transfer asks of a person."""

    key: str
    name: str
    first_name: str
    last_name: str
    civility: str | None
    sex: Sex | None
    address: Address
    phones: tuple[str, ...]
    email: str | None
    work_email: str | None
    search_key: str


@dataclass(frozen=True)
class Member:
    """One person in one family."""

    person: SomeOne
    role: MemberRole
    holder: bool


@dataclass
class People:
    """Drafts of people and families, and what the other maps look up in them."""

    persons: dict[str, SomeOne] = field(default_factory=dict)
    person_drafts: list[Draft] = field(default_factory=list)
    members: dict[str, dict[str, Member]] = field(default_factory=lambda: defaultdict(dict))
    family_drafts: dict[str, Draft] = field(default_factory=dict)
    membership_drafts: list[Draft] = field(default_factory=list)
    authorised_drafts: list[Draft] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    payers: dict[str, str] = field(default_factory=dict)

    def account_family(self, row: Row) -> str | None:
        """The family of a row's paying account; else the family it names itself."""
        account = row.ref("IDcompte_payeur")
        by_account = self.accounts.get(account) if account else None
        return by_account or self.known_family(row.ref("IDfamille"))

    def known_family(self, key: str | None) -> str | None:
        return key if key in self.family_drafts else None


def map_people(file: NoethysFile, tally: Tally) -> People:
    """Everybody, every family, who is in which, and which account is whose."""
    people = People()
    _map_persons(file, tally, people)
    family_rows = {row.key: row for row in rows_once(file, "familles", tally)}
    _map_members(file, tally, people, set(family_rows))
    links = _map_links(file, tally, people)
    _map_families(file, tally, people, family_rows)
    _draft_members(people, links)
    _map_accounts(file, people, family_rows.values())
    return people


def phone(text: str) -> str | None:
    """« 06.23.45.67.89. » written « 06 23 45 67 89 »; anything else is kept as it was typed."""
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) == 10 and not text.startswith("+"):
        return " ".join(digits[place : place + 2] for place in range(0, 10, 2))
    return text.strip(" .") or None


def _map_persons(file: NoethysFile, tally: Tally, people: People) -> None:
    rows = {row.key: row for row in rows_once(file, "individus", tally)}
    trades = {row.key: row.text("nom") for row in file.rows("categories_travail")}
    for key, row in rows.items():
        address = _address(row, rows, tally)
        civility, sex = CIVILITIES.get(row.whole("IDcivilite") or 0, (None, None))
        last_name, first_name = row.text("nom") or "(sans nom)", row.text("prenom")
        phones = {name: phone(row.text(name)) for name in ("tel_domicile", "tel_mobile", "travail_tel")}
        email = row.text("mail") or None
        birth_name = row.text("nom_jfille") or None
        if row.day("date_naiss") is None and not row.blank("date_naiss"):
            tally.note("individus", key, "date de naissance illisible, laissée vide")
        if row.text("etat") in {_DELETED, _ARCHIVED}:
            tally.note("individus", key, f"fiche « {row.text('etat')} » dans Noethys, reprise")
        if row.whole("deces"):
            tally.note("individus", key, "personne décédée selon Noethys")
        people.persons[key] = SomeOne(
            key=key,
            name=f"{last_name} {first_name}".strip(),
            first_name=first_name,
            last_name=last_name,
            civility=civility,
            sex=sex,
            address=address,
            phones=tuple(number for number in phones.values() if number),
            email=email,
            work_email=row.text("travail_mail") or None,
            search_key=person_search_key(
                last_name=last_name,
                first_name=first_name,
                birth_name=birth_name,
                phones=phones.values(),
                email=email,
            ),
        )
        people.person_drafts.append(
            Draft(
                "individus",
                key,
                {
                    "civility": civility,
                    "last_name": last_name,
                    "birth_name": birth_name,
                    "first_name": first_name,
                    "birth_date": row.day("date_naiss"),
                    "birth_place": row.text("ville_naiss") or None,
                    "sex": sex,
                    "address": address.street,
                    "postcode": address.postcode,
                    "town": address.town,
                    "home_phone": phones["tel_domicile"],
                    "mobile_phone": phones["tel_mobile"],
                    "work_phone": phones["travail_tel"],
                    "email": email or row.text("travail_mail") or None,
                    "profession": row.text("profession") or None,
                    "csp": trades.get(row.ref("IDcategorie_travail") or "") or None,
                    "employer": row.text("employeur") or None,
                    "search_key": people.persons[key].search_key,
                    "sort_key": person_sort_key(last_name, first_name),
                },
                digest=row.digest,
            )
        )


def _address(row: Row, rows: Mapping[str, Row], tally: Tally) -> Address:
    """A person's own address, or that of the person Noethys sends back to (and so on, cycles stopped)."""
    current, seen = row, {row.key}
    while other := current.ref("adresse_auto"):
        if other in seen or other not in rows:
            tally.note("individus", row.key, "adresse reportée d’une fiche introuvable, laissée vide")
            return Address(None, None, None)
        seen.add(other)
        current = rows[other]
    street = current.text("rue_resid") or None
    return Address(street, current.text("cp_resid") or None, current.text("ville_resid") or None)


def _map_members(file: NoethysFile, tally: Tally, people: People, families: set[str]) -> None:
    for row in rows_once(file, "rattachements", tally):
        person, family = row.ref("IDindividu"), row.ref("IDfamille")
        if person not in people.persons:
            tally.leave_out("rattachements", row.key, "personne absente du fichier")
        elif family not in families or family is None:
            tally.leave_out("rattachements", row.key, "famille absente du fichier")
        elif person in people.members[family]:
            tally.leave_out("rattachements", row.key, "personne déjà rattachée à cette famille")
        else:
            role = ROLES.get(row.whole("IDcategorie") or 0)
            if role is None:
                role = MemberRole.CONTACT
                tally.note("rattachements", row.key, "catégorie inconnue : repris comme contact")
            holder = bool(row.whole("titulaire")) and role is not MemberRole.CHILD
            people.members[family][person] = Member(people.persons[person], role, holder)
            people.membership_drafts.append(
                Draft(
                    "rattachements",
                    row.key,
                    {"role": role, "holder": holder},
                    {"family_id": ("familles", family), "person_id": ("individus", person)},
                    row.digest,
                )
            )


def _map_links(file: NoethysFile, tally: Tally, people: People) -> dict[tuple[str, str], str]:
    """What each adult is in each family, by their links to its children; pick-up rights on the way."""
    qualities: dict[tuple[str, str], str] = {}
    for row in rows_once(file, "liens", tally):
        family, subject, other = (
            row.ref("IDfamille"),
            row.ref("IDindividu_sujet"),
            row.ref("IDindividu_objet"),
        )
        members = people.members.get(family or "", {})
        if (
            family is None
            or subject is None
            or other is None
            or subject not in members
            or other not in members
        ):
            tally.leave_out("liens", row.key, "lien entre deux personnes dont l’une n’est pas de la famille")
            continue
        someone, right = members[subject].person, row.whole("IDautorisation")
        quality = _quality(row, someone)
        towards_child = members[other].role is MemberRole.CHILD
        if towards_child and quality:
            qualities.setdefault((family, subject), quality)
        if towards_child and right == PICKUP_FORBIDDEN:
            tally.note(
                "liens", row.key, "raccompagnement interdit : inscrit dans la qualité de cette personne"
            )
            qualities[family, subject] = f"{quality or 'proche'} (raccompagnement interdit)"
        if towards_child and right == PICKUP_ALLOWED:
            people.authorised_drafts.append(_authorised(row, someone, quality, family, other))
        else:
            people.merged.append(Merged("liens", row.key, ("familles", family), row.digest))
    return qualities


def _quality(row: Row, someone: SomeOne) -> str | None:
    pair = LINKS.get(row.whole("IDtype_lien") or 0)
    if pair is None:
        return None
    return pair[1] if someone.sex is Sex.FEMALE else pair[0]


def _authorised(row: Row, someone: SomeOne, quality: str | None, family: str, child: str) -> Draft:
    return Draft(
        "liens",
        row.key,
        {"name": someone.name, "relation": quality, "phone": next(iter(someone.phones), None)},
        {"family_id": ("familles", family), "child_id": ("individus", child)},
        row.digest,
    )


def _map_families(file: NoethysFile, tally: Tally, people: People, rows: Mapping[str, Row]) -> None:
    regimes = {row.key: row.text("nom") for row in file.rows("regimes")}
    funds = {row.key: regimes.get(row.ref("IDregime") or "") for row in file.rows("caisses")}
    mandates = _mandates(file, tally, people, rows)
    for key, row in rows.items():
        members = people.members.get(key, {})
        heads = _heads(members.values())
        if not heads:
            tally.note("familles", key, "famille sans adulte : aucun payeur")
        label = family_label(heads) or family_label([member.person for member in members.values()])
        payer = _adult(members, row.ref("titulaire_helios")) or _adult(members, row.ref("allocataire"))
        payer = payer or (heads[0].key if heads else None)
        address = next((head.address for head in heads if head.address.town or head.address.street), None)
        if payer:
            people.payers[key] = payer
        if row.text("etat") in {_DELETED, _ARCHIVED}:
            tally.note(
                "familles", key, f"famille « {row.text('etat')} » dans Noethys, reprise comme archivée"
            )
        if not row.blank("autre_adresse_facturation"):
            tally.note("familles", key, "autre adresse de facturation non reprise : à vérifier")
        invoice_email = _invoice_email(row.text("email_factures"), people.persons)
        holder, iban, bic = mandates.get(key, (None, None, None))
        people.family_drafts[key] = Draft(
            "familles",
            key,
            {
                "label": label or f"Famille n° {key}",
                "address": address.street if address else None,
                "postcode": address.postcode if address else None,
                "town": address.town if address else None,
                "regime": funds.get(row.ref("IDcaisse") or "") or None,
                "allocataire": _name(people.persons, row.ref("allocataire")),
                "caf_number": row.text("num_allocataire") or None,
                "sending_mode": SendingMode.EMAIL if invoice_email else SendingMode.PAPER,
                "invoice_email": invoice_email,
                "iban": iban,
                "bic": bic,
                "bank_holder": holder,
                "archived": row.text("etat") in {_DELETED, _ARCHIVED},
                "sort_key": sort_key(label or f"famille {key}"),
            },
            {"payer_id": ("individus", payer) if payer else None},
            row.digest,
        )


def _adult(members: Mapping[str, Member], key: str | None) -> str | None:
    member = members.get(key or "")
    return key if member is not None and member.role is MemberRole.ADULT else None


def _heads(members: Iterable[Member]) -> list[SomeOne]:
    """The holders of a family, else its adults."""
    adults = [member for member in members if member.role is MemberRole.ADULT]
    holders = [member.person for member in adults if member.holder]
    return holders or [member.person for member in adults]


def family_label(people: Iterable[SomeOne]) -> str:
    """« AUTRET Pierre et Delphine », « MARTIN Paul et PETIT Zoé »."""
    written: list[str] = []
    last_name = ""
    for someone in list(people)[:2]:
        written.append(someone.first_name or someone.name if someone.last_name == last_name else someone.name)
        last_name = someone.last_name
    return " et ".join(written)


def _invoice_email(text: str, persons: Mapping[str, SomeOne]) -> str | None:
    """The address Noethys sends invoices to: « 44;perso; », « 44;travail; », or one typed in third place."""
    person, which, typed = [*text.split(";"), "", "", ""][:3]
    if "@" in typed:
        return typed.strip()
    someone = persons.get(person.strip())
    if someone is None:
        return None
    return someone.work_email if which == "travail" else someone.email


def _mandates(
    file: NoethysFile, tally: Tally, people: People, families: Mapping[str, Row]
) -> dict[str, tuple[str | None, str | None, str | None]]:
    """The bank account of each family's active mandate: (holder, IBAN, BIC); the latest row wins."""
    found: dict[str, tuple[str | None, str | None, str | None]] = {}
    for row in rows_once(file, "mandats", tally):
        family, iban = row.ref("IDfamille"), row.text("iban").replace(" ", "").upper()
        if family not in families or family is None:
            tally.leave_out("mandats", row.key, "famille absente du fichier")
        elif not row.whole("actif") or not iban or len(iban) > 34:
            tally.leave_out("mandats", row.key, "mandat inactif ou sans IBAN lisible")
        else:
            holder = row.text("individu_nom") or _name(people.persons, row.ref("IDindividu"))
            found[family] = (holder, iban, row.text("bic").replace(" ", "").upper()[:11] or None)
            people.merged.append(Merged("mandats", row.key, ("familles", family), row.digest))
    return found


def _name(persons: Mapping[str, SomeOne], key: str | None) -> str | None:
    return persons[key].name if key in persons and key is not None else None


def _draft_members(people: People, qualities: Mapping[tuple[str, str], str]) -> None:
    """Give each membership its quality and its place on the sheet: holders, other adults, children, contacts."""
    order = {MemberRole.ADULT: 1, MemberRole.CHILD: 2, MemberRole.CONTACT: 3}
    completed = []
    for draft in people.membership_drafts:
        family, person = draft.refs["family_id"], draft.refs["person_id"]
        quality = qualities.get((family[1], person[1])) if family and person else None
        position = 0 if draft.columns["holder"] else order[draft.columns["role"]]
        columns = dict(draft.columns) | {"quality": quality, "position": position}
        completed.append(Draft(draft.kind, draft.key, columns, draft.refs, draft.digest))
    people.membership_drafts = completed


def _map_accounts(file: NoethysFile, people: People, families: Iterable[Row]) -> None:
    for row in families:
        if account := row.ref("IDcompte_payeur"):
            people.accounts[account] = row.key
    for row in file.rows("comptes_payeurs"):
        if family := people.known_family(row.ref("IDfamille")):
            people.accounts[row.key] = family
