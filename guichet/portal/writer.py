"""Writing an exchange file as a portal does: for the demonstration town, the tests, and the answers that go back."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from guichet.portal.reader import BOM
from guichet.portal.wire import FORMAT, VERSION


def write_exchange(
    stream: BinaryIO,
    lines: Iterable[Mapping[str, Any] | bytes],
    *,
    portal: str,
    batch: str,
    exported_at: datetime,
    file_format: str = FORMAT,
    newline: bytes = b"\n",
    bom: bool = False,
) -> str:
    """Write header, lines and trailer to a binary stream; return the SHA-256 that the trailer carries.

    A line is a JSON-ready mapping, or bytes written as they are (the tests' damaged lines). `exported_at` is aware.
    """
    written = hashlib.sha256()
    count = 0

    def put(raw: bytes) -> None:
        stream.write(raw)
        written.update(raw)

    header = {
        "format": file_format,
        "version": VERSION,
        "portal": portal,
        "batch": batch,
        "exported_at": format_instant(exported_at),
    }
    put((BOM if bom else b"") + _json(header) + newline)
    for line in lines:
        put((line if isinstance(line, bytes) else _json(line)) + newline)
        count += 1
    checked = written.hexdigest()
    put(_json({"count": count, "sha256": checked}) + newline)
    return checked


def format_instant(instant: datetime) -> str:
    """An aware instant as the exchange writes it, in UTC: `2026-11-20T19:48:39Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
