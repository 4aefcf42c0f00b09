"""Small Noethys files made by the tests: the true tables and columns, filled with what a test needs."""

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_KEY = "INTEGER PRIMARY KEY AUTOINCREMENT"

SCHEMA: dict[str, str] = {
    "activites": "IDactivite! nom abrege coords_org# rue cp ville tel fax mail site logo_org# logo* date_debut@ date_fin@ "
    "public vaccins_obligatoires# date_creation@ nbre_inscrits_max# code_comptable psu_activation# "
    "portail_reservations_limite portail_reservations_absenti portail_unites_multiples# regie#",
    "aides": "IDaide! IDfamille# IDactivite# nom date_debut@ date_fin@ IDcaisse# montant_max% nbre_dates_max# "
    "jours_scolaires jours_vacances",
    "caisses": "IDcaisse! nom IDregime#",
    "categories_medicales": "IDcategorie! nom",
    "categories_tarifs": "IDcategorie_tarif! IDactivite# nom",
    "categories_travail": "IDcategorie! nom",
    "classes": "IDclasse! IDecole# nom date_debut@ date_fin@ niveaux",
    "combi_tarifs": "IDcombi_tarif! IDtarif# type date@ quantite_max# IDgroupe#",
    "combi_tarifs_unites": "IDcombi_tarif_unite! IDcombi_tarif# IDtarif# IDunite#",
    "comptes_payeurs": "IDcompte_payeur! IDfamille# IDindividu#",
    "consommations": "IDconso! IDindividu# IDinscription# IDactivite# date@ IDunite# IDgroupe# heure_debut@ heure_fin@ etat "
    "verrouillage# date_saisie@ IDutilisateur# IDcategorie_tarif# IDcompte_payeur# IDprestation# forfait# quantite# "
    "etiquettes IDevenement# badgeage_debut@ badgeage_fin@",
    "cotisations": "IDcotisation! IDfamille# IDindividu# IDtype_cotisation# IDunite_cotisation# date_saisie@ IDutilisateur# "
    "date_creation_carte@ numero IDdepot_cotisation# date_debut@ date_fin@ IDprestation# observations activites",
    "deductions": "IDdeduction! IDprestation# IDcompte_payeur# date@ montant% label IDaide#",
    "depots": "IDdepot! date@ nom verrouillage# IDcompte# observations code_compta",
    "ecoles": "IDecole! nom rue cp ville tel fax mail secteurs",
    "emetteurs": "IDemetteur! IDmode# nom image*",
    "factures": "IDfacture! numero# IDcompte_payeur# date_edition@ date_echeance@ activites individus IDutilisateur# "
    "date_debut@ date_fin@ total% regle% solde% IDlot# prestations etat IDprefixe# IDregie#",
    "factures_prefixes": "IDprefixe! nom prefixe",
    "factures_regies": "IDregie! nom numclitipi email_regisseur IDcompte_bancaire#",
    "familles": "IDfamille! date_creation@ IDcompte_payeur# IDcaisse# num_allocataire internet_actif# internet_identifiant "
    "internet_mdp memo allocataire# prelevement_activation# email_factures email_recus email_depots titulaire_helios# "
    "code_comptable autorisation_cafpro# autre_adresse_facturation etat",
    "groupes": "IDgroupe! IDactivite# nom abrege ordre# nbre_inscrits_max#",
    "individus": "IDindividu! IDcivilite# nom nom_jfille prenom num_secu IDnationalite# date_naiss@ IDpays_naiss# cp_naiss "
    "ville_naiss deces# annee_deces# adresse_auto# rue_resid cp_resid ville_resid IDsecteur# IDcategorie_travail# profession "
    "employeur travail_tel travail_fax travail_mail tel_domicile tel_mobile tel_fax mail IDmedecin# memo IDtype_sieste# "
    "date_creation@ etat",
    "inscriptions": "IDinscription! IDindividu# IDfamille# IDactivite# IDgroupe# IDcategorie_tarif# IDcompte_payeur# "
    "date_inscription@ parti# date_desinscription@ statut",
    "jours_feries": "IDferie! type nom jour# mois# annee#",
    "liens": "IDlien! IDfamille# IDindividu_sujet# IDtype_lien# IDindividu_objet# responsable# IDautorisation#",
    "mandats": "IDmandat! IDfamille# rum type date@ IDbanque# IDindividu# individu_nom individu_rue individu_cp "
    "individu_ville iban bic memo sequence actif#",
    "medecins": "IDmedecin! nom prenom rue_resid cp_resid ville_resid tel_cabinet tel_mobile",
    "modes_reglements": "IDmode! label image* numero_piece nbre_chiffres# frais_gestion frais_montant% frais_pourcentage% "
    "frais_arrondi frais_label type_comptable code_compta",
    "niveaux_scolaires": "IDniveau! ordre# nom abrege",
    "noms_tarifs": "IDnom_tarif! IDactivite# IDcategorie_tarif# nom",
    "organisateur": "IDorganisateur! nom rue cp ville tel fax mail site num_agrement num_siret code_ape logo* gps logo_update",
    "ouvertures": "IDouverture! IDactivite# IDunite# IDgroupe# date@",
    "parametres": "IDparametre! categorie nom parametre",
    "payeurs": "IDpayeur! IDcompte_payeur# nom",
    "pieces": "IDpiece! IDtype_piece# IDindividu# IDfamille# date_debut@ date_fin@",
    "prestations": "IDprestation! IDcompte_payeur# date@ categorie label montant_initial% montant% IDactivite# IDtarif# "
    "IDfacture# IDfamille# IDindividu# forfait# temps_facture IDcategorie_tarif# forfait_date_debut forfait_date_fin "
    "reglement_frais# tva% code_compta IDcontrat# date_valeur@ IDdonnee#",
    "problemes_sante": "IDprobleme! IDindividu# IDtype# intitule date_debut@ date_fin@ description traitement_medical# "
    "description_traitement date_debut_traitement@ date_fin_traitement@ eviction# date_debut_eviction@ date_fin_eviction@ "
    "diffusion_listing_enfants# diffusion_listing_conso# diffusion_listing_repas#",
    "quotients": "IDquotient! IDfamille# date_debut@ date_fin@ quotient# observations revenu% IDtype_quotient#",
    "rattachements": "IDrattachement! IDindividu# IDfamille# IDcategorie# titulaire#",
    "recus": "IDrecu! numero# IDfamille# date_edition@ IDutilisateur# IDreglement#",
    "regimes": "IDregime! nom",
    "reglements": "IDreglement! IDcompte_payeur# date@ IDmode# IDemetteur# numero_piece montant% IDpayeur# observations "
    "numero_quittancier IDprestation_frais# IDcompte# date_differe@ encaissement_attente# IDdepot# date_saisie@ "
    "IDutilisateur# IDprelevement# avis_depot@ IDpiece#",
    "remplissage": "IDremplissage! IDactivite# IDunite_remplissage# IDgroupe# date@ places#",
    "scolarite": "IDscolarite! IDindividu# date_debut@ date_fin@ IDecole# IDclasse# IDniveau#",
    "tarifs": "IDtarif! IDactivite# type IDcategorie_tarif# IDnom_tarif# date_debut@ date_fin@ condition_nbre_combi# "
    "condition_periode condition_nbre_jours# condition_conso_facturees# condition_dates_continues# methode categories_tarifs "
    "groupes forfait_duree forfait_beneficiaire cotisations caisses description jours_scolaires jours_vacances options "
    "observations tva% code_compta date_facturation etiquettes etats IDtype_quotient# label_prestation",
    "tarifs_lignes": "IDligne! IDactivite# IDtarif# code num_ligne# tranche qf_min% qf_max% montant_unique% montant_enfant_1% "
    "nbre_enfants# coefficient% montant_min% montant_max% date@ label taux%",
    "types_pieces": "IDtype_piece! nom public duree_validite valide_rattachement#",
    "types_quotients": "IDtype_quotient! nom",
    "types_vaccins": "IDtype_vaccin! nom duree_validite",
    "unites": "IDunite! IDactivite# ordre# nom abrege type heure_debut@ heure_debut_fixe# heure_fin@ heure_fin_fixe# repas# "
    "IDrestaurateur# date_debut@ date_fin@ touche_raccourci largeur# coeff",
    "unites_incompat": "IDunite_incompat! IDunite# IDunite_incompatible#",
    "unites_remplissage": "IDunite_remplissage! IDactivite# ordre# nom abrege date_debut@ date_fin@ seuil_alerte# heure_max "
    "heure_min afficher_page_accueil# afficher_grille_conso# etiquettes largeur#",
    "unites_remplissage_unites": "IDunite_remplissage_unite! IDunite_remplissage# IDunite#",
    "vacances": "IDvacance! nom annee# date_debut@ date_fin@",
    "vaccins": "IDvaccin! IDindividu# IDtype_vaccin# date@",
    "ventilation": "IDventilation! IDcompte_payeur# IDreglement# IDprestation# montant%",
}
"""Noethys's own names; a letter behind a name is its type: ! key, # integer, % float, @ date, * blob, none text."""

_TYPES = {"!": _KEY, "#": "INTEGER", "%": "FLOAT", "@": "DATE", "*": "BLOB"}


class NoethysDraft:
    """A Noethys file being filled; closing it makes it whole on disk."""

    def __init__(
        self,
        path: Path,
        *,
        identity: str = "20150101080000ABC",
        without: tuple[str, ...] = (),
        existing: bool = False,
    ) -> None:
        """An empty town, or one to go on with. `without` names tables or columns that this version does not have."""
        self.path = path
        self.connection = sqlite3.connect(path)
        if existing:
            return
        for table, columns in SCHEMA.items():
            if table in without:
                continue
            kept = [
                _column(one) for one in columns.split() if f"{table}.{one.rstrip('!#%@*')}" not in without
            ]
            self.connection.execute(f"CREATE TABLE {table} ({', '.join(kept)})")
        if identity:
            for name, value in (("version", "1.2.6.0"), ("IDfichier", identity)):
                self.add("parametres", categorie="fichier", nom=name, parametre=value)

    def add(self, table: str, **values: Any) -> int:
        """Insert a row and return its key."""
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values())
        )
        return cursor.lastrowid or 0

    def sql(self, statement: str, *values: Any) -> None:
        """Damage or change what was written."""
        self.connection.execute(statement, values)

    def family(self, number: int, *children: str, name: str = "MARTIN") -> list[int]:
        """A family of two holders and some children, its account under the same number; returns the children's keys."""
        self.add("familles", IDfamille=number, IDcompte_payeur=number, date_creation="2014-01-01")
        self.add("comptes_payeurs", IDcompte_payeur=number, IDfamille=number)
        father = self.person(
            "Paul", name, IDcivilite=1, rue_resid="3 rue Haute", cp_resid="73200", ville_resid="ALBERTVILLE"
        )
        mother = self.person("Jeanne", name, IDcivilite=3, adresse_auto=father)
        for adult in (father, mother):
            self.add("rattachements", IDindividu=adult, IDfamille=number, IDcategorie=1, titulaire=1)
        keys = [
            self.person(first, name, IDcivilite=5, date_naiss="2011-05-04", adresse_auto=father)
            for first in children
        ]
        for key in keys:
            self.add("rattachements", IDindividu=key, IDfamille=number, IDcategorie=2, titulaire=0)
        return keys

    def person(self, first_name: str, name: str, **values: Any) -> int:
        return self.add("individus", nom=name, prenom=first_name, **values)

    def activity(
        self, name: str = "Accueil de loisirs", *slots: str, **values: Any
    ) -> tuple[int, int, list[int]]:
        """An activity with one group and its slots (« Journée » alone by default): (activity, group, slots)."""
        activity = self.add("activites", nom=name, abrege=name[:4].upper(), coords_org=1, **values)
        group = self.add("groupes", IDactivite=activity, nom="3-12 ans", ordre=1)
        keys = [
            self.add(
                "unites",
                IDactivite=activity,
                nom=slot,
                abrege=slot[:3],
                type="Unitaire",
                heure_debut="08:00",
                heure_fin="18:00",
            )
            for slot in slots or ("Journée",)
        ]
        return activity, group, keys

    def enrol(self, child: int, family: int, activity: int, group: int, **values: Any) -> int:
        values = {"date_inscription": "2015-01-05", "parti": 0, "statut": "ok"} | values
        return self.add(
            "inscriptions",
            IDindividu=child,
            IDfamille=family,
            IDactivite=activity,
            IDgroupe=group,
            IDcompte_payeur=family,
            **values,
        )

    def charge(self, family: int, amount: Any, **values: Any) -> int:
        values = {"date": "2015-01-07", "categorie": "consommation", "label": "Journée"} | values
        return self.add(
            "prestations",
            IDcompte_payeur=family,
            IDfamille=family,
            montant=amount,
            montant_initial=amount,
            **values,
        )

    def invoice(self, family: int, number: Any, total: Any, *charges: int, **values: Any) -> int:
        values = {
            "date_edition": "2015-02-01",
            "date_debut": "2015-01-01",
            "date_fin": "2015-01-31",
            "date_echeance": "2015-02-28",
            "regle": 0.0,
            "solde": total,
        } | values
        key = self.add("factures", numero=number, IDcompte_payeur=family, total=total, **values)
        for charge in charges:
            self.sql("UPDATE prestations SET IDfacture = ? WHERE IDprestation = ?", key, charge)
        return key

    def payment(self, family: int, amount: Any, **values: Any) -> int:
        values = {"date": "2015-03-02", "IDmode": 1} | values
        return self.add("reglements", IDcompte_payeur=family, montant=amount, **values)

    def pay(self, payment: int, charge: int, amount: Any, family: int = 1) -> int:
        return self.add(
            "ventilation", IDcompte_payeur=family, IDreglement=payment, IDprestation=charge, montant=amount
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.commit()
        self.connection.close()


def _column(written: str) -> str:
    name, mark = (written[:-1], written[-1]) if written[-1] in _TYPES else (written, "")
    return f"{name} {_TYPES.get(mark, 'VARCHAR(400)')}"
