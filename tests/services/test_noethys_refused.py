"""A file that is not a sound Noethys base is refused whole, with a sentence, and nothing is written."""

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from guichet.models.database import Database
from guichet.rules.errors import PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services.noethys import import_noethys
from guichet.services.transaction import Actor, Context
from tests.services.noethys_files import SCHEMA, NoethysDraft
from tests.services.noethys_help import row_counts


def small_town(path: Path) -> Path:
    """A sound file, big enough to have pages to damage."""
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        activity, group, slots = draft.activity()
        enrolment = draft.enrol(child, 1, activity, group)
        for number in range(600):
            draft.charge(1, 4.15, label="Journée " + "x" * 80, IDindividu=child, IDactivite=activity)
            draft.add(
                "consommations",
                IDindividu=child,
                IDinscription=enrolment,
                IDunite=slots[0],
                date=f"{2015 + number // 300}-{1 + number % 300 // 28:02d}-{1 + number % 28:02d}",
                etat="reservation",
            )
    return path


def refusal(database: Database, context: Context, path: Path) -> UserError:
    """Bring the file in, see it refused and the base untouched."""
    before = row_counts(database)
    with pytest.raises(UserError) as caught:
        import_noethys(database, context, path)
    assert row_counts(database) == before
    assert caught.value.field == "path"
    assert path.name in caught.value.message
    return caught.value


def empty(path: Path) -> None:
    path.write_bytes(b"")


def plain_text(path: Path) -> None:
    path.write_text("SQLite format 3 n'est pas ici\n" * 50, encoding="utf-8")


def encrypted(path: Path) -> None:
    path.write_bytes(bytes((value * 73 + 11) % 256 for value in range(8192)))


def backup(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Ville_DATA.dat", b"x" * 100)


def other_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE individus_du_cercle (id INTEGER PRIMARY KEY)")
    connection.commit()
    connection.close()


def photos(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos (IDphoto INTEGER PRIMARY KEY, IDindividu INTEGER, photo BLOB)")
    connection.commit()
    connection.close()


def documents(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE documents (IDdocument INTEGER PRIMARY KEY, IDpiece INTEGER, document BLOB)"
    )
    connection.commit()
    connection.close()


def truncated_within_a_page(path: Path) -> None:
    content = small_town(path).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3 + 17])


def truncated_on_a_page(path: Path) -> None:
    content = small_town(path).read_bytes()
    path.write_bytes(content[: len(content) // 4096 * 4096 // 2 // 4096 * 4096])


def scribbled(path: Path) -> None:
    """A page in the middle overwritten, as a bad sector would."""
    content = bytearray(small_town(path).read_bytes())
    page = len(content) // 4096 // 2 * 4096
    content[page : page + 4096] = bytes(range(256)) * 16
    path.write_bytes(bytes(content))


def torn_header(path: Path) -> None:
    content = bytearray(small_town(path).read_bytes())
    content[100:200] = b"\xff" * 100
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (empty, "noethys_empty"),
        (plain_text, "noethys_not_sqlite"),
        (encrypted, "noethys_not_sqlite"),
        (backup, "noethys_backup"),
        (other_program, "noethys_foreign"),
        (photos, "noethys_companion"),
        (documents, "noethys_companion"),
        (truncated_within_a_page, "noethys_damaged"),
        (truncated_on_a_page, "noethys_damaged"),
        (scribbled, "noethys_damaged"),
        (torn_header, "noethys_damaged"),
    ],
)
def test_a_file_that_is_not_a_sound_noethys_base_is_refused_whole(
    sqlite_database: Database, context: Context, tmp_path: Path, damage: Callable[[Path], None], code: str
) -> None:
    path = tmp_path / "Ville_DATA.dat"
    damage(path)
    assert refusal(sqlite_database, context, path).code == code


def test_damage_is_refused_on_either_engine(database: Database, context: Context, tmp_path: Path) -> None:
    path = tmp_path / "Ville_DATA.dat"
    scribbled(path)
    assert refusal(database, context, path).code == "noethys_damaged"


def test_a_file_that_is_not_there_is_said_so(
    sqlite_database: Database, context: Context, tmp_path: Path
) -> None:
    assert refusal(sqlite_database, context, tmp_path / "absent.dat").code == "noethys_missing"
    assert refusal(sqlite_database, context, tmp_path).code == "noethys_missing"


def test_a_file_noethys_is_still_writing_to_is_not_called_damaged(
    sqlite_database: Database, context: Context, tmp_path: Path
) -> None:
    path = small_town(tmp_path / "Ville_DATA.dat")
    with closing(sqlite3.connect(path, isolation_level=None)) as at_work:
        at_work.execute("BEGIN EXCLUSIVE")
        assert refusal(sqlite_database, context, path).code == "noethys_busy"
    import_noethys(sqlite_database, context, path)


@pytest.mark.parametrize("missing", ["prestations", "ventilation", "prestations.IDfacture", "unites.type"])
def test_a_version_without_what_the_transfer_needs_is_refused_by_name(
    sqlite_database: Database, context: Context, tmp_path: Path, missing: str
) -> None:
    path = tmp_path / "Vieux_DATA.dat"
    with NoethysDraft(path, without=(missing,)):
        pass
    error = refusal(sqlite_database, context, path)
    assert error.code == "noethys_unknown_version"
    assert missing in error.message


def test_a_version_without_what_is_only_useful_comes(
    sqlite_database: Database, context: Context, tmp_path: Path
) -> None:
    needed = {
        "individus", "familles", "rattachements", "comptes_payeurs", "activites", "groupes", "unites", "inscriptions",
        "consommations", "prestations", "factures", "reglements", "ventilation", "parametres",
    }  # fmt: skip
    optional = tuple(table for table in SCHEMA if table not in needed)
    columns = (
        "prestations.montant_initial",
        "factures.etat",
        "factures.IDprefixe",
        "individus.etat",
        "unites.repas",
    )
    path = tmp_path / "Ancien_DATA.dat"
    with NoethysDraft(path, without=(*optional, *columns)) as draft:
        draft.family(1, "Lise")
        charge = draft.add(
            "prestations", IDcompte_payeur=1, IDfamille=1, date="2015-01-07", montant=4.15, label="Repas"
        )
        draft.invoice(1, 1, 4.15, charge)
    report = import_noethys(sqlite_database, context, path)
    assert report.left_out == ()
    assert [(balance.invoiced_cents, balance.with_uninvoiced_cents) for balance in report.balances] == [
        (415, 415)
    ]


def test_the_file_itself_is_never_written_to(
    sqlite_database: Database, context: Context, tmp_path: Path
) -> None:
    path = small_town(tmp_path / "Ville_DATA.dat")
    kept = tmp_path / "kept"
    shutil.copyfile(path, kept)
    path.chmod(0o444)
    import_noethys(sqlite_database, context, path)
    assert path.read_bytes() == kept.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir() if "DATA" in one.name) == ["Ville_DATA.dat"]


def test_only_the_administration_brings_a_town_in(
    sqlite_database: Database, context: Context, tmp_path: Path
) -> None:
    path = small_town(tmp_path / "Ville_DATA.dat")
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT, Role.FINANCE})), context.now)
    before = row_counts(sqlite_database)
    with pytest.raises(PermissionDenied):
        import_noethys(sqlite_database, agent, path)
    assert row_counts(sqlite_database) == before
