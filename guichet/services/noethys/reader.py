"""A Noethys file opened for reading: checked as a whole first, then read row by row in one snapshot.

Nothing here knows our model. A file that is damaged, that is not Noethys's or that lacks what the transfer needs
is refused whole, by a UserError that says what to do.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from guichet.rules.errors import UserError
from guichet.services.noethys import cleaning

PRIMARY_KEYS: Mapping[str, str] = {
    "activites": "IDactivite",
    "caisses": "IDcaisse",
    "categories_medicales": "IDcategorie",
    "categories_tarifs": "IDcategorie_tarif",
    "categories_travail": "IDcategorie",
    "classes": "IDclasse",
    "combi_tarifs": "IDcombi_tarif",
    "combi_tarifs_unites": "IDcombi_tarif_unite",
    "comptes_payeurs": "IDcompte_payeur",
    "consommations": "IDconso",
    "deductions": "IDdeduction",
    "depots": "IDdepot",
    "ecoles": "IDecole",
    "emetteurs": "IDemetteur",
    "factures": "IDfacture",
    "factures_prefixes": "IDprefixe",
    "factures_regies": "IDregie",
    "familles": "IDfamille",
    "groupes": "IDgroupe",
    "individus": "IDindividu",
    "inscriptions": "IDinscription",
    "jours_feries": "IDferie",
    "liens": "IDlien",
    "mandats": "IDmandat",
    "medecins": "IDmedecin",
    "modes_reglements": "IDmode",
    "niveaux_scolaires": "IDniveau",
    "noms_tarifs": "IDnom_tarif",
    "organisateur": "IDorganisateur",
    "ouvertures": "IDouverture",
    "parametres": "IDparametre",
    "payeurs": "IDpayeur",
    "pieces": "IDpiece",
    "prestations": "IDprestation",
    "problemes_sante": "IDprobleme",
    "quotients": "IDquotient",
    "rattachements": "IDrattachement",
    "regimes": "IDregime",
    "reglements": "IDreglement",
    "remplissage": "IDremplissage",
    "scolarite": "IDscolarite",
    "tarifs": "IDtarif",
    "tarifs_lignes": "IDligne",
    "types_pieces": "IDtype_piece",
    "types_quotients": "IDtype_quotient",
    "types_vaccins": "IDtype_vaccin",
    "unites": "IDunite",
    "unites_incompat": "IDunite_incompat",
    "unites_remplissage": "IDunite_remplissage",
    "unites_remplissage_unites": "IDunite_remplissage_unite",
    "vacances": "IDvacance",
    "vaccins": "IDvaccin",
    "ventilation": "IDventilation",
}
"""The tables read and their key; `sort_rows` reads by it, so the same file always comes in the same order."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "individus": ("IDindividu", "nom", "prenom", "date_naiss"),
    "familles": ("IDfamille", "IDcompte_payeur"),
    "rattachements": ("IDindividu", "IDfamille", "IDcategorie", "titulaire"),
    "comptes_payeurs": ("IDcompte_payeur", "IDfamille"),
    "activites": ("IDactivite", "nom"),
    "groupes": ("IDgroupe", "IDactivite", "nom"),
    "unites": ("IDunite", "IDactivite", "nom", "type", "heure_debut", "heure_fin"),
    "inscriptions": ("IDinscription", "IDindividu", "IDfamille", "IDactivite", "IDgroupe"),
    "consommations": ("IDconso", "IDindividu", "IDinscription", "date", "IDunite", "etat", "IDprestation"),
    "prestations": ("IDprestation", "IDcompte_payeur", "date", "montant", "IDfacture", "label"),
    "factures": ("IDfacture", "numero", "IDcompte_payeur", "date_edition", "date_debut", "date_fin", "total"),
    "reglements": ("IDreglement", "IDcompte_payeur", "date", "IDmode", "montant"),
    "ventilation": ("IDventilation", "IDreglement", "IDprestation", "montant"),
}
"""What the transfer cannot do without; every other table or column may be absent (older or newer Noethys)."""

_VOLATILE: Mapping[str, frozenset[str]] = {
    "factures": frozenset({"regle", "solde", "IDlot"}),
    "prestations": frozenset({"IDfacture"}),
}
"""Columns that Noethys rewrites in the life of a row without the row itself changing."""

_SQLITE_HEADER = b"SQLite format 3\x00"
_ADVICE = (
    "Ouvrez la base dans Noethys, faites-en une copie saine et recommencez avec le fichier qui se termine "
    "par « _DATA.dat »."
)


@dataclass(frozen=True)
class Row:
    """One row of a Noethys table; a column that this version lacks reads as empty."""

    table: str
    key: str
    values: Mapping[str, Any]

    def text(self, column: str) -> str:
        return cleaning.as_text(self.values.get(column))

    def whole(self, column: str) -> int | None:
        return cleaning.as_whole(self.values.get(column))

    def number(self, column: str) -> Decimal | None:
        return cleaning.as_number(self.values.get(column))

    def cents(self, column: str) -> int | None:
        return cleaning.as_cents(self.values.get(column))

    def day(self, column: str) -> date | None:
        return cleaning.as_day(self.values.get(column))

    def clock(self, column: str) -> time | None:
        return cleaning.as_clock(self.values.get(column))

    def ref(self, column: str) -> str | None:
        """The key of another row; Noethys writes 0 as well as NULL for none."""
        whole = self.whole(column)
        return None if not whole else str(whole)

    def blank(self, column: str) -> bool:
        return cleaning.is_blank(self.values.get(column))

    @property
    def digest(self) -> str:
        """SHA-256 of the row as it was read: what shows, in a later file, that it changed."""
        kept = sorted(self.values.keys() - _VOLATILE.get(self.table, frozenset()))
        written = "\x1f".join(f"{name}={self.values[name]!r}" for name in kept)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class NoethysFile:
    """An open Noethys file. `source` names the town's file whatever its name on disk, and is stable from day to day."""

    name: str
    sha256: str
    version: str
    source: str
    _connection: sqlite3.Connection
    _columns: Mapping[str, tuple[str, ...]]

    def has(self, table: str) -> bool:
        return table in self._columns

    def count(self, table: str) -> int:
        """How many rows a table holds; 0 where this version has no such table."""
        if not self.has(table):
            return 0
        found: int = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        return found

    def other_tables(self) -> dict[str, int]:
        """The tables that hold rows and that the transfer does not read at all, with their number of rows."""
        names = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
        )
        counted = {}
        for name in [row[0] for row in names if row[0] not in PRIMARY_KEYS]:
            quoted = name.replace('"', '""')
            rows = self._connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]  # noqa: S608
            if rows:
                counted[name] = rows
        return counted

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table in the order of their key, without its pictures; none where the table is absent."""
        if not self.has(table):
            return
        key = PRIMARY_KEYS[table]
        columns = self._columns[table]
        listed = ", ".join(f'"{column}"' for column in columns)
        cursor = self._connection.execute(f'SELECT {listed} FROM {table} ORDER BY "{key}"')  # noqa: S608
        position = columns.index(key)
        for values in cursor:
            yield Row(table, cleaning.as_text(values[position]), dict(zip(columns, values, strict=True)))


@contextmanager
def open_noethys(path: Path) -> Iterator[NoethysFile]:
    """Open a Noethys file read-only and check it whole; the file itself is never written to.

    Raises UserError (field `path`) when it is absent, empty, damaged, not SQLite, not Noethys, or too old.
    """
    sha256 = _check_bytes(path)
    connection = _connect(path)
    try:
        columns = _check_database(connection, path)
        yield _identify(connection, columns, path, sha256)
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error
    finally:
        connection.close()


def _refused(message: str, code: str) -> UserError:
    return UserError(message, field="path", code=code)


def _damaged(path: Path) -> UserError:
    return _refused(
        f"Le fichier « {path.name} » est endommagé : rien n’a été repris. {_ADVICE}", "noethys_damaged"
    )


def _unreadable(path: Path, error: sqlite3.DatabaseError) -> UserError:
    """Noethys still at work on the file is told from damage: its lock, or the journal of an act it has not finished."""
    if isinstance(error, sqlite3.OperationalError) and any(
        word in str(error) for word in ("locked", "readonly")
    ):
        return _refused(
            f"Noethys travaille encore sur « {path.name} » : fermez-le partout, puis recommencez avec une copie.",
            "noethys_busy",
        )
    return _damaged(path)


def _check_bytes(path: Path) -> str:
    """What can be said before SQLite reads anything; returns the file's SHA-256."""
    if not path.is_file():
        raise _refused(
            f"Le fichier « {path.name} » est introuvable. Vérifiez son emplacement.", "noethys_missing"
        )
    try:
        with path.open("rb") as file:
            head = file.read(16)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _refused(
            f"Le fichier « {path.name} » ne peut pas être lu : {error.strerror}.", "noethys_unreadable"
        ) from error
    if not head:
        raise _refused(
            f"Le fichier « {path.name} » est vide : rien n’a été repris. {_ADVICE}", "noethys_empty"
        )
    if head.startswith(b"PK"):
        raise _refused(
            f"« {path.name} » est une sauvegarde compressée. Restaurez-la dans Noethys (menu Fichier, Restaurer une sauvegarde), "
            "puis reprenez le fichier qui se termine par « _DATA.dat ».",
            "noethys_backup",
        )
    if head != _SQLITE_HEADER:
        raise _refused(
            f"« {path.name} » n’est pas une base Noethys lisible (autre format, ou fichier chiffré) : "
            f"rien n’a été repris. {_ADVICE}",
            "noethys_not_sqlite",
        )
    return sha256


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.text_factory = _decode
    return connection


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _check_database(connection: sqlite3.Connection, path: Path) -> dict[str, tuple[str, ...]]:
    """Refuse a damaged or foreign database; returns the columns of the tables that are read."""
    try:
        connection.execute("BEGIN")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        size = path.stat().st_size
        if size % page_size or size < pages * page_size:
            raise _damaged(path)
        if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise _damaged(path)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        columns = {table: _read_columns(connection, table) for table in PRIMARY_KEYS if table in names}
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error
    _check_tables(names, columns, path)
    return columns


def _read_columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    described = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return tuple(name for _, name, declared, *_ in described if "BLOB" not in str(declared).upper())


def _check_tables(names: set[str], columns: Mapping[str, tuple[str, ...]], path: Path) -> None:
    missing_tables = [table for table in REQUIRED if table not in names]
    if len(missing_tables) == len(REQUIRED):
        companion = next((kind for kind in ("photos", "documents") if names & {kind}), None)
        if companion:
            raise _refused(
                f"« {path.name} » est le fichier des {companion} de Noethys : choisissez celui qui se termine par « _DATA.dat ».",
                "noethys_companion",
            )
        raise _refused(
            f"« {path.name} » est la base d’un autre programme, pas de Noethys : rien n’a été repris.",
            "noethys_foreign",
        )
    missing = missing_tables + [
        f"{table}.{column}"
        for table, needed in REQUIRED.items()
        for column in needed
        if table in columns and column not in columns[table]
    ]
    missing += [
        f"{table}.{PRIMARY_KEYS[table]}" for table in columns if PRIMARY_KEYS[table] not in columns[table]
    ]
    if missing:
        raise _refused(
            f"« {path.name} » vient d’une version de Noethys que la reprise ne connaît pas "
            f"(il y manque {', '.join(missing[:5])}) : rien n’a été repris. "
            "Ouvrez-le d’abord dans un Noethys à jour, qui le convertit, puis recommencez.",
            "noethys_unknown_version",
        )


def _identify(
    connection: sqlite3.Connection, columns: Mapping[str, tuple[str, ...]], path: Path, sha256: str
) -> NoethysFile:
    settings: dict[str, str] = {}
    if {"categorie", "nom", "parametre"} <= set(columns.get("parametres", ())):
        query = "SELECT nom, parametre FROM parametres WHERE categorie = 'fichier' ORDER BY IDparametre"
        settings = {
            cleaning.as_text(name): cleaning.as_text(value) for name, value in connection.execute(query)
        }
    identity = settings.get("IDfichier") or _fingerprint(connection, columns)
    return NoethysFile(
        name=path.name,
        sha256=sha256,
        version=settings.get("version", ""),
        source=f"noethys:{identity}"[:120],
        _connection=connection,
        _columns=columns,
    )


def _fingerprint(connection: sqlite3.Connection, columns: Mapping[str, tuple[str, ...]]) -> str:
    """A file without its own identity is known by its organiser's name, town and SIRET."""
    listed = [
        column for column in ("nom", "cp", "ville", "num_siret") if column in columns.get("organisateur", ())
    ]
    found: tuple[Any, ...] | None = None
    if listed:
        found = connection.execute(f"SELECT {', '.join(listed)} FROM organisateur ORDER BY 1").fetchone()  # noqa: S608
    written = "|".join(cleaning.as_text(value).casefold() for value in found or ())
    return "organisateur-" + hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()[:24]
