"""Who may import whom, and what the rules of the trade must stay free of."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "guichet"
RULES = sorted((PACKAGE / "rules").rglob("*.py"))
# The rules decide; they neither read a file, a socket or the environment, nor look at the clock.
IMPURE_MODULES = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil",
    "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "now", "today", "utcnow", "getenv"}


def test_imports_respect_the_layers() -> None:
    # In a process of its own: import-linter reconfigures logging, which would silence the tests that come after.
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    checked = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_import_the_standard_library_alone(path: Path) -> None:
    foreign = {
        name
        for name in _imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("guichet.rules")
    }
    assert not foreign


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_have_no_input_output_and_no_clock(path: Path) -> None:
    modules = {name for name in _imported(path) if name.split(".")[0] in IMPURE_MODULES}
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    assert not modules
    assert not calls & IMPURE_CALLS


def test_only_the_qt_layer_and_the_root_name_qt() -> None:
    guilty = {
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if path.name != "app.py" and "ui" not in path.relative_to(PACKAGE).parts[:1]
        if any(name.split(".")[0] in {"PySide6", "shiboken6", "qtawesome"} for name in _imported(path))
    }
    assert not guilty


def test_nothing_in_the_program_is_bound_to_one_system() -> None:
    """Clients run Windows, servers Linux: a POSIX-only module would only fail on the agent's desk."""
    posix_only = {"fcntl", "grp", "posix", "pwd", "resource", "termios", "tty"}
    guilty = {
        str(path.relative_to(ROOT)): found
        for path in PACKAGE.rglob("*.py")
        if (found := posix_only.intersection(_imported(path)))
    }
    assert not guilty


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
