"""The base of an earlier release, frozen as that release wrote it: what the self-test and the upgrade tests start from."""

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

from guichet import resources_access

FOLDER = "selftest"


def frozen() -> tuple[str, ...]:
    """The schema revisions of which a base is kept, oldest first."""
    names = (name.rsplit("/", 1)[-1] for name in resources_access.names(FOLDER))
    return tuple(
        name.removeprefix("base-").removesuffix(".sql.xz") for name in names if name.startswith("base-")
    )


def restore(revision: str, file: Path) -> None:
    """Write the base of `revision` into the new SQLite file `file`.

    Raises FileNotFoundError where none is kept, sqlite3.Error when the file cannot be written.
    """
    script = lzma.decompress(resources_access.read_bytes(f"{FOLDER}/base-{revision}.sql.xz")).decode("utf-8")
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
