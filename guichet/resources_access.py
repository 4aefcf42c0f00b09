"""Reading what ships with the program: `resources/` and `docs/manuel/` in the tree, packages of their own once installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

PACKAGE = "guichet_resources"
MANUAL = "guichet_manual"


def read_bytes(name: str) -> bytes:
    """The content of the resource `name`, such as `exchange/request.schema.json`.

    Raises FileNotFoundError where it is not shipped.
    """
    return files(PACKAGE).joinpath(*name.split("/")).read_bytes()


def read_text(name: str) -> str:
    """The UTF-8 text of the resource `name`. Raises FileNotFoundError if it is not shipped."""
    return read_bytes(name).decode("utf-8")


@contextmanager
def path(name: str) -> Iterator[Path]:
    """A real file for the resource `name`, for libraries that want one; valid inside the `with` block."""
    with as_file(files(PACKAGE).joinpath(*name.split("/"))) as real:
        if not real.exists():
            raise FileNotFoundError(name)
        yield real


def names(folder: str) -> tuple[str, ...]:
    """The files directly in the resource folder `folder`, as `folder/file`, in alphabetical order."""
    children = files(PACKAGE).joinpath(*folder.split("/")).iterdir()
    return tuple(sorted(f"{folder}/{child.name}" for child in children if child.is_file()))


def manual_chapter(name: str) -> str:
    """The Markdown of a chapter of the manual, such as `agent`. Raises FileNotFoundError where it is not shipped."""
    return files(MANUAL).joinpath(f"{name}.md").read_text(encoding="utf-8")
