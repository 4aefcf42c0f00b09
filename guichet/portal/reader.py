"""Reading an exchange file in two streaming passes: `verify` the whole, then `lines` one by one.

Memory stays bounded by one line (16 MiB), whatever the file's size.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from guichet.portal.canonical import LineRejected, decode
from guichet.portal.wire import FORMAT, VERSION, Header, Trailer

MAX_LINE_BYTES = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
_CHUNK = 1024 * 1024


class FileRefused(Exception):
    """A file refused whole: nothing of it may be imported. `sha256` is that of all its bytes."""

    def __init__(self, code: str, reason: str, *, sha256: str, header: Header | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.sha256 = sha256
        self.header = header


@dataclass(frozen=True)
class VerifiedFile:
    """A file whose header, count and hash hold; `count` is its number of request lines."""

    path: Path
    portal: str
    batch: str
    exported_at: datetime
    count: int
    sha256: str


@dataclass(frozen=True)
class RawLine:
    """One request line as its exact bytes, less its end of line; `number` counts from 1 after the header."""

    number: int
    raw: bytes


class _Refusal(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def verify(path: Path) -> VerifiedFile:
    """Check the whole file in one streaming pass.

    Raises FileRefused when the file is empty, a line is longer than 16 MiB, the header is missing or of another
    format or version, the trailer is missing or not last, or its count or hash is wrong. OSError is left to the caller.
    """
    with path.open("rb") as stream:
        check = _Check(stream)
        try:
            check.run()
        except _Refusal as refusal:
            check.hash_rest()
            raise FileRefused(
                refusal.code, refusal.reason, sha256=check.whole.hexdigest(), header=check.header
            ) from None
    header, trailer = check.header, check.trailer
    if header is None or trailer is None:
        raise AssertionError("a checked file has a header and a trailer")
    return VerifiedFile(
        path=path,
        portal=header.portal,
        batch=header.batch,
        exported_at=header.exported_at,
        count=trailer.count,
        sha256=check.whole.hexdigest(),
    )


def lines(file: VerifiedFile, *, after: int = 0) -> Iterator[RawLine]:
    """The request lines of a verified file, in order, from the one that follows line `after`."""
    with file.path.open("rb") as stream:
        for position, line in enumerate(_split(stream)):
            if position > file.count:
                return
            if position > after:
                yield RawLine(position, _bare(line))


class _Check:
    """One pass over a file: what it holds so far, and the hash of all that precedes the line in hand."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.whole = hashlib.sha256()
        self.header: Header | None = None
        self.trailer: Trailer | None = None

    def run(self) -> None:
        count = -1
        previous: bytes | None = None
        before_last = ""
        for line in _split(self._stream):
            if previous is None:
                self.header = _header(_bare(line.removeprefix(BOM)))
            before_last = self.whole.hexdigest()
            self.whole.update(line)
            previous = line
            count += 1
        if previous is None:
            raise _Refusal("empty", "Le fichier est vide.")
        if count == 0:
            raise _Refusal("no_trailer", "Le fichier s’arrête après son en-tête : la ligne de fin manque.")
        self.trailer = _trailer(_bare(previous))
        if self.trailer.count != count - 1:
            raise _Refusal(
                "wrong_count",
                f"La ligne de fin annonce {self.trailer.count} demandes, le fichier en porte {count - 1}.",
            )
        if self.trailer.sha256.lower() != before_last:
            raise _Refusal(
                "wrong_hash",
                "L’empreinte SHA-256 de la ligne de fin ne correspond pas au contenu du fichier.",
            )

    def hash_rest(self) -> None:
        """Finish the hash of the whole file after a refusal, so that the same file is known again."""
        self._stream.seek(0)
        self.whole = hashlib.sha256()
        while block := self._stream.read(_CHUNK):
            self.whole.update(block)


def _split(stream: BinaryIO) -> Iterator[bytes]:
    limit = MAX_LINE_BYTES + len(BOM) + 2
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(_bare(line.removeprefix(BOM) if number == 1 else line)) > MAX_LINE_BYTES:
            raise _Refusal("line_too_long", f"La ligne {number} du fichier dépasse 16 Mio.")
        yield line


def _bare(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _header(raw: bytes) -> Header:
    value = _object(raw)
    if value is None or "format" not in value:
        raise _Refusal("no_header", "La première ligne du fichier n’est pas un en-tête de l’échange.")
    if value["format"] != FORMAT:
        raise _Refusal("unknown_format", f"Le format annoncé n’est pas « {FORMAT} ».")
    version = value.get("version")
    if type(version) is not int or version != VERSION:
        raise _Refusal(
            "unknown_version", f"Guichet lit la version {VERSION} de l’échange, pas celle du fichier."
        )
    try:
        return Header.model_validate(value)
    except ValidationError as problem:
        wrong = ", ".join(str(error["loc"][0]) for error in problem.errors() if error["loc"])
        raise _Refusal("bad_header", f"L’en-tête du fichier est incomplet ou faux : {wrong}.") from None


def _trailer(raw: bytes) -> Trailer:
    value = _object(raw)
    try:
        return Trailer.model_validate(value)
    except ValidationError:
        raise _Refusal(
            "no_trailer",
            "La dernière ligne n’est pas une ligne de fin (count, sha256) : "
            "le fichier est coupé, ou suivi d’autre chose.",
        ) from None


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        return decode(raw)
    except LineRejected:
        return None
