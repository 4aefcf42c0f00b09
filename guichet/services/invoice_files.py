"""Documents written as PDF files, some at a time, so that a run of thousands can be followed and stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from guichet.models.database import Database
from guichet.reports import printing
from guichet.services import attestation_register, invoice_documents, transaction
from guichet.services.invoice_documents import write_files
from guichet.services.pricing import Step, say_nothing
from guichet.services.transaction import Context

CHUNK = 20

Sheet = TypeVar("Sheet")


@dataclass(frozen=True)
class WriteFiles:
    """Which documents, in which folder: a file each, or a single file of this name (without its ending)."""

    ids: tuple[int, ...]
    folder: Path
    merged: str = ""


def write_invoices(
    database: Database, context: Context, command: WriteFiles, step: Step = say_nothing
) -> tuple[Path, ...]:
    """Write invoices, each named by its number. Raises EnvironmentProblem when the disk refuses, what `step` raises."""
    return _write(
        database,
        context,
        command,
        step,
        invoice_documents.documents,
        lambda sheet: f"{sheet.number}.pdf",
        printing.invoices_pdf,
    )


def write_attestations(
    database: Database, context: Context, command: WriteFiles, step: Step = say_nothing
) -> tuple[Path, ...]:
    """Write attestations, each named by its year and number. Raises as `write_invoices`."""
    return _write(
        database,
        context,
        command,
        step,
        attestation_register.documents,
        lambda sheet: f"attestation-{sheet.year}-{sheet.number}.pdf",
        printing.attestations_pdf,
    )


def _write(
    database: Database,
    context: Context,
    command: WriteFiles,
    step: Step,
    read: Callable[[Any, Context, Sequence[int]], tuple[Sheet, ...]],
    name: Callable[[Sheet], str],
    draw: Callable[[Sequence[Sheet]], bytes],
) -> tuple[Path, ...]:
    written: list[Path] = []
    together: list[Sheet] = []
    for start in range(0, len(command.ids), CHUNK):
        step(start, len(command.ids), "")
        sheets = transaction.read(database, context, read, command.ids[start : start + CHUNK])
        if command.merged:
            together += sheets
        else:
            written += write_files(command.folder, ((name(sheet), draw([sheet])) for sheet in sheets))
    if together:
        written += write_files(command.folder, [(f"{command.merged}.pdf", draw(together))])
    step(len(command.ids), len(command.ids), "")
    return tuple(written)
