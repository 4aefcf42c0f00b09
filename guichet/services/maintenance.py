"""The care of the base as a whole: `guichet db init | upgrade | status | backup FILE | restore FILE`.

A backup is one file (a SQLite copy or a pg_dump archive, by engine) and its SHA-256 beside it, as `sha256sum` writes it.
It counts as made only once it has been restored into a scratch base and checked there; a restore replaces the base
only once the new one has passed the same checks, and the base replaced is kept under another name.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from guichet.models import schema
from guichet.models.database import Database
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import PARIS
from guichet.services import journal, transaction, verify
from guichet.services.findings import Finding
from guichet.services.maintenance_copies import Copies, DamagedCopy, Rows, count_rows, free_name
from guichet.services.maintenance_postgresql import PostgresqlCopies
from guichet.services.maintenance_sqlite import SqliteCopies, file_of
from guichet.services.transaction import Context, require, translated_errors


class SchemaState(StrEnum):
    """How a base stands towards this program."""

    EMPTY = "empty"
    FOREIGN = "foreign"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True)
class Status:
    """A base seen from outside. `location` names the file, or the server and base; it never holds a password."""

    engine: str
    location: str
    state: SchemaState
    revision: str | None
    program_revision: str


@dataclass(frozen=True)
class UpgradeReport:
    """The revisions before (None: the base was empty) and after, and the copy taken first (SQLite only)."""

    before: str | None
    after: str
    backup: Path | None


@dataclass(frozen=True)
class BackupReport:
    """A backup that was restored into a scratch base and compared; `findings` is what `verify` says of its content.

    A base of an older schema is saved too, but its invariants are not checked: `verified` is then false.
    """

    file: Path
    size_bytes: int
    sha256: str
    revision: str
    rows: int
    verified: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class RestoreReport:
    """What was put in place. `kept` is the file or base under which the one replaced remains, None if there was none."""

    file: Path
    revision_found: str
    revision: str
    rows: int
    findings: tuple[Finding, ...]
    kept: str | None


def status(database: Database) -> Status:
    """Where the base is and how its schema stands. Nothing is created by asking.

    Raises EnvironmentProblem when the base is out of reach or damaged.
    """
    revision, state = _revision_and_state(database)
    return Status(
        engine=database.engine.dialect.name,
        location=_location(database),
        state=state,
        revision=revision,
        program_revision=schema.program_revision(),
    )


def initialise(database: Database, context: Context) -> Status:
    """Create the schema in an empty base; a base that is already current is left as it is.

    Raises UserError when the base is older, newer, or holds tables of another program.
    """
    require(context, Permission.ADMINISTER)
    state = status(database).state
    if state is SchemaState.EMPTY:
        with translated_errors():
            schema.upgrade(database)
        _note(database, context, "db.init", f"Base créée au schéma {schema.program_revision()}")
    elif state is SchemaState.OLDER:
        schema.refuse_other_than_current(database)
    else:
        _refuse_unusable(state)
    return status(database)


def upgrade(database: Database, context: Context) -> UpgradeReport:
    """Bring the base to this program's schema; on SQLite a verified backup is left beside it first.

    Raises UserError when the base was made by a newer program or holds tables of another.
    """
    require(context, Permission.ADMINISTER)
    before, state = _revision_and_state(database)
    _refuse_unusable(state)
    if state is SchemaState.CURRENT:
        return UpgradeReport(before, schema.program_revision(), None)
    saved = None
    if state is SchemaState.OLDER and database.is_sqlite:
        file = file_of(database)
        saved = free_name(file.with_name(f"{file.stem}-avant-mise-a-jour-{_stamp(context)}{file.suffix}"))
        backup(database, context, saved)
    with translated_errors():
        schema.upgrade(database)
    after = schema.program_revision()
    _note(database, context, "db.upgrade", f"Schéma {before or 'vide'} porté à {after}")
    return UpgradeReport(before, after, saved)


def backup(database: Database, context: Context, file: Path) -> BackupReport:
    """Save the base, in use or not, into the new file `file`, and prove the copy by restoring it aside.

    Raises UserError when the file exists or cannot be put there or the base is not ours, EnvironmentProblem when the
    copy fails or differs from the base.
    """
    require(context, Permission.ADMINISTER)
    revision, state = _revision_and_state(database)
    if revision is None or state is SchemaState.NEWER:
        _refuse_unusable(state)
        raise UserError("Cette base est vide : il n’y a rien à sauvegarder.", code="no_schema")
    _refuse_target(file)
    copies = _copies(database)
    partial = file.with_name(f".{file.name}.partial")
    try:
        with translated_errors():
            saved = copies.save(partial)
            try:
                with copies.scratch(partial) as scratch:
                    found = count_rows(scratch)
                    findings = _verify(scratch, context) if state is SchemaState.CURRENT else ()
            except DamagedCopy as damage:
                raise EnvironmentProblem(
                    f"La sauvegarde écrite ne se relit pas : vérifiez le disque, puis recommencez. ({damage})",
                    code="backup_unreadable",
                ) from damage
        _refuse_difference(saved, found)
        digest = _digest(partial)
        partial.replace(file)
        _digest_file(file).write_text(f"{digest}  {file.name}\n", encoding="utf-8", newline="\n")
    finally:
        partial.unlink(missing_ok=True)
    if state is SchemaState.CURRENT:
        _note(database, context, "db.backup", f"Sauvegarde {file.name}, {sum(saved.values())} lignes")
    return BackupReport(
        file=file,
        size_bytes=file.stat().st_size,
        sha256=digest,
        revision=revision,
        rows=sum(saved.values()),
        verified=state is SchemaState.CURRENT,
        findings=findings,
    )


def restore(database: Database, context: Context, file: Path) -> RestoreReport:
    """Put a backup in the place of the base, upgraded to this program's schema if it is older.

    The backup is restored aside, checked and upgraded there; only then does it take the place of the base, which is
    kept under another name. Raises UserError, the base untouched, when the file is damaged, is no backup of this
    engine, was made by a newer program, or when other desks still work on a PostgreSQL base.
    """
    require(context, Permission.ADMINISTER)
    copies = _copies(database)
    _refuse_source(file, copies)
    try:
        with translated_errors(), copies.scratch(file) as scratch:
            revision = _revision_of_backup(scratch)
            schema.upgrade(scratch)
            rows = count_rows(scratch)
            findings = _verify(scratch, context)
            _note(scratch, context, "db.restore", f"Base restaurée depuis {file.name}")
            kept = copies.put_in_place(scratch, _stamp(context))
    except DamagedCopy as damage:
        raise UserError(
            f"Le fichier {file.name} est abîmé ou n’est pas une sauvegarde de Guichet : rien n’a été changé. ({damage})",
            field="file",
            code="damaged_backup",
        ) from damage
    return RestoreReport(file, revision, schema.program_revision(), sum(rows.values()), findings, kept)


def _revision_and_state(database: Database) -> tuple[str | None, SchemaState]:
    if database.is_sqlite and not file_of(database).exists():
        return None, SchemaState.EMPTY
    with translated_errors():
        revision = schema.database_revision(database)
        if revision is None:
            tables = inspect(database.engine).get_table_names()
            return None, SchemaState.FOREIGN if tables else SchemaState.EMPTY
    if revision == schema.program_revision():
        return revision, SchemaState.CURRENT
    try:
        schema.refuse_newer(database)
    except UserError:
        return revision, SchemaState.NEWER
    return revision, SchemaState.OLDER


def _refuse_unusable(state: SchemaState) -> None:
    if state is SchemaState.FOREIGN:
        raise UserError(
            "Cette base contient les tables d’un autre logiciel : indiquez une base vide, ou celle de Guichet.",
            field="database",
            code="foreign_base",
        )
    if state is SchemaState.NEWER:
        raise UserError(
            "Cette base a été mise à jour par une version plus récente de Guichet : "
            "installez cette version sur ce poste.",
            code="newer_schema",
        )


def _refuse_target(file: Path) -> None:
    if file.exists() or _digest_file(file).exists():
        raise UserError(f"Le fichier {file} existe déjà : choisissez un autre nom.", field="file")
    if not file.parent.is_dir():
        raise UserError(f"Le dossier {file.parent} n’existe pas : créez-le d’abord.", field="file")


def _refuse_source(file: Path, copies: Copies) -> None:
    if not file.is_file():
        raise UserError(f"Le fichier {file} n’existe pas.", field="file")
    copies.refuse_other_format(file)
    recorded = _digest_file(file)
    if recorded.exists() and recorded.read_text(encoding="utf-8").split()[:1] != [_digest(file)]:
        raise UserError(
            f"Le fichier {file.name} n’est plus celui qui a été sauvegardé : son empreinte ne correspond pas à "
            f"{recorded.name}. Rien n’a été changé ; prenez une autre sauvegarde.",
            field="file",
            code="damaged_backup",
        )


def _refuse_difference(saved: Rows, found: Rows) -> None:
    different = sorted(table for table in saved.keys() | found.keys() if saved.get(table) != found.get(table))
    if different:
        raise EnvironmentProblem(
            "La sauvegarde relue ne contient pas ce que contient la base "
            f"(tables {', '.join(different)}) : recommencez.",
            code="backup_differs",
        )


def _revision_of_backup(scratch: Database) -> str:
    revision, state = _revision_and_state(scratch)
    if revision is None:
        raise DamagedCopy("aucun schéma de Guichet")
    _refuse_unusable(state)
    return revision


def _verify(database: Database, context: Context) -> tuple[Finding, ...]:
    return transaction.read(database, context, verify.verify).findings


def _note(database: Database, context: Context, action: str, summary: str) -> None:
    transaction.run(database, context, _write_note, action, summary)


def _write_note(session: Session, context: Context, action: str, summary: str) -> None:
    journal.record(session, context, action=action, subject=("database", None), summary=summary)


def _copies(database: Database) -> Copies:
    return SqliteCopies(database) if database.is_sqlite else PostgresqlCopies(database)


def _location(database: Database) -> str:
    url = database.engine.url
    if database.is_sqlite:
        return str(file_of(database))
    port = f":{url.port}" if url.port else ""
    return f"{url.host or 'localhost'}{port}/{url.database}"


def _stamp(context: Context) -> str:
    return context.now.astimezone(PARIS).strftime("%Y%m%d-%H%M%S")


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _digest_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")
