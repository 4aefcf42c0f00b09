"""The folder connector: the portal drops a file, it is picked up once, and moved to `done/` or `refused/` with its report.

    folder/night.jsonl → folder/claimed/night.jsonl → folder/done/night.jsonl, night.report.json, night.report.txt

The move to `claimed/` is atomic, and a lock that the system drops with the process lets one program at a time into the
folder. Whatever a stopped program left in `claimed/` is taken up again, ahead of new files.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from guichet.portal.connectors import Delivery, Outgoing, RefusedDelivery, Report, Sent
from guichet.portal.exchange_file import open_file
from guichet.portal.report_text import report_json, report_text
from guichet.portal.wire import ANSWERS_FORMAT
from guichet.portal.writer import write_exchange
from guichet.rules.errors import EnvironmentProblem

SUFFIX = ".jsonl"


class FolderConnector:
    """Reads the exchange files of a folder and writes answers into its `answers/`."""

    def __init__(self, folder: Path, *, portal: str | None = None) -> None:
        self._folder = folder
        self._portal = portal
        self._claimed = folder / "claimed"
        self.cursor: str | None = None

    def deliveries(self) -> Iterator[Delivery | RefusedDelivery]:
        """Claim the files one by one, those a stopped program left first; nothing while another program is at work.

        Raises EnvironmentProblem when the folder is out of reach.
        """
        with _readable(self._folder), self._only_one() as alone:
            if not alone:
                return
            for path in _exchange_files(self._claimed):
                yield self._open(path)
            for path in _exchange_files(self._folder):
                target = self._free_name(path.name)
                path.rename(target)
                yield self._open(target)

    def check(self) -> None:
        """Write and remove an empty file: answers will be written there. Raises EnvironmentProblem when it cannot be."""
        with _readable(self._folder):
            trial = self._folder / ".guichet-essai"
            trial.touch()
            trial.unlink()

    def send(self, answers: Sequence[Outgoing], now: datetime) -> Iterator[Sent]:
        """Drop one answers file, in one atomic move. The same answers give the same name, so a repeat replaces it."""
        if not answers:
            return
        keys = hashlib.sha256("\n".join(answer.key for answer in answers).encode("utf-8")).hexdigest()[:16]
        with _readable(self._folder):
            folder = self._folder / "answers"
            folder.mkdir(exist_ok=True)
            part = folder / f"answers-{keys}.part"
            with part.open("wb") as stream:
                write_exchange(
                    stream,
                    [answer.body for answer in answers],
                    portal=self._portal or "guichet",
                    batch=keys,
                    exported_at=now,
                    file_format=ANSWERS_FORMAT,
                )
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(folder / f"answers-{keys}.jsonl")
        yield from (Sent(answer.key, None) for answer in answers)

    @contextmanager
    def _only_one(self) -> Iterator[bool]:
        self._claimed.mkdir(exist_ok=True)
        lock = FileLock(self._folder / ".guichet.lock", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _open(self, path: Path) -> Delivery | RefusedDelivery:
        return open_file(
            path,
            expected_portal=self._portal,
            done=lambda report: self._put_away(path, "done", report),
            put_aside=lambda report: self._put_away(path, "refused", report),
        )

    def _free_name(self, name: str) -> Path:
        taken = [self._folder / part for part in ("claimed", "done", "refused")]
        stem, suffix = Path(name).stem, Path(name).suffix
        candidate, rank = name, 1
        while any((folder / candidate).exists() for folder in taken):
            rank += 1
            candidate = f"{stem}-{rank}{suffix}"
        return self._claimed / candidate

    def _put_away(self, path: Path, where: str, report: Report) -> None:
        with _readable(self._folder):
            folder = self._folder / where
            folder.mkdir(exist_ok=True)
            _write_whole(folder / f"{path.stem}.report.json", report_json(report))
            _write_whole(folder / f"{path.stem}.report.txt", report_text(report))
            # The reports first: a file that has moved away is never looked at again.
            path.replace(folder / path.name)


def _exchange_files(folder: Path) -> list[Path]:
    """The files of a folder that are whole by their name, in order of name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == SUFFIX and not path.name.startswith(".") and path.is_file()
    )


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        if not folder.is_dir():
            raise FileNotFoundError(2, "dossier introuvable")
        yield
    except OSError as problem:
        raise EnvironmentProblem(
            f"Le dossier d’échange « {folder} » n’est pas accessible ({problem.strerror}) : "
            "vérifiez le réseau, la place et les droits.",
            code="folder_away",
        ) from problem
