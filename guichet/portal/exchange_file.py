"""An exchange file on disk as a delivery: what the folder, a pull and `guichet import PATH` have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from guichet.portal.canonical import LineRejected
from guichet.portal.connectors import RefusedDelivery, Report
from guichet.portal.mapping import Mapping, map_exchange_line
from guichet.portal.reader import FileRefused, RawLine, VerifiedFile, lines, verify
from guichet.portal.wire import Attachment
from guichet.rules.errors import EnvironmentProblem

UNKNOWN = "?"


def no_download(_: Attachment) -> bytes:
    """A file alone gives no way to fetch by address. Raises LineRejected `attachment_unavailable`."""
    raise LineRejected(
        "attachment_unavailable",
        "Une pièce jointe est donnée par adresse, et ce fichier n’est pas relevé par une connexion HTTPS.",
    )


def no_acknowledgement(report: Report) -> None:
    """A file given by hand is left where it is."""


@dataclass(frozen=True)
class FileDelivery:
    """A verified exchange file, with the ways its connector fetches attachments and acknowledges."""

    file: VerifiedFile
    source: str
    fetch: Callable[[Attachment], bytes] = no_download
    done: Callable[[Report], None] = no_acknowledgement
    mapping: Mapping = field(default=map_exchange_line)

    @property
    def portal(self) -> str:
        """The portal's code, from the header."""
        return self.file.portal

    @property
    def batch(self) -> str:
        """The portal's own name of the batch."""
        return self.file.batch

    @property
    def sha256(self) -> str:
        """SHA-256 of the whole file."""
        return self.file.sha256

    @property
    def exported_at(self) -> datetime:
        """When the portal wrote it, UTC."""
        return self.file.exported_at

    @property
    def count(self) -> int:
        """How many request lines it holds."""
        return self.file.count

    def items(self, after: int) -> Iterator[RawLine]:
        """The lines that follow number `after`."""
        return lines(self.file, after=after)

    def attachment(self, attachment: Attachment) -> bytes:
        """The bytes at an attachment's address, as the connector can fetch them."""
        return self.fetch(attachment)

    def acknowledge(self, report: Report) -> None:
        """Whatever the connector does once the batch is in."""
        self.done(report)


def open_file(
    path: Path,
    *,
    source: str | None = None,
    expected_portal: str | None = None,
    fetch: Callable[[Attachment], bytes] = no_download,
    done: Callable[[Report], None] = no_acknowledgement,
    put_aside: Callable[[Report], None] = no_acknowledgement,
) -> FileDelivery | RefusedDelivery:
    """Verify a file and make a delivery of it, or say why it is refused.

    `expected_portal` is the code of the portal that the connection belongs to: a file of another one is refused.
    Raises EnvironmentProblem when the file cannot be read.
    """
    name = (source or path.name).encode("utf-8", "replace").decode("utf-8")
    try:
        file = verify(path)
    except FileRefused as refused:
        header = refused.header
        return RefusedDelivery(
            portal=header.portal if header else expected_portal or UNKNOWN,
            batch=header.batch if header else UNKNOWN,
            source=name,
            sha256=refused.sha256,
            reason=refused.reason,
            put_aside=put_aside,
        )
    except OSError as problem:
        raise EnvironmentProblem(
            f"Le fichier « {path.name} » ne peut pas être lu ({problem.strerror}) : vérifiez le dossier et les droits.",
            code="file_unreadable",
        ) from problem
    if expected_portal is not None and file.portal != expected_portal:
        return RefusedDelivery(
            portal=expected_portal,
            batch=file.batch,
            source=name,
            sha256=file.sha256,
            reason=f"Le fichier vient du portail « {file.portal} », pas de « {expected_portal} ».",
            put_aside=put_aside,
        )
    return FileDelivery(file=file, source=name, fetch=fetch, done=done)
