"""The wheel holds the whole program, the lock files hold every dependency, and the core lives without Qt."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-installer.lock")

# Parts of a declared dependency that are published, and may be imported, under a name of their own.
COMES_WITH = {"shiboken6": "pyside6-essentials", "urllib3": "requests", "pydantic-core": "pydantic"}
# Needed without being imported by name.
NOT_IMPORTED = {"pyside6-addons", "qtawesome", "tzdata"}

WITHOUT_QT = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"PySide6", "shiboken6", "qtawesome"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoQt())
from guichet.cli import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that the checkout stays clean."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("guichet", "resources", "docs/manuel"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    run_python(
        "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", tree / "dist", tree
    )
    return next((tree / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder holding the wheel's content and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_holds_every_module_and_every_resource(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "guichet").rglob("*.py")}
    shipped = {
        f"guichet_resources/{path.relative_to(ROOT / 'resources').as_posix()}"
        for path in (ROOT / "resources").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped |= {f"guichet_manual/{path.name}" for path in (ROOT / "docs" / "manuel").glob("*.md")}
    assert code | shipped <= packed
    assert {name.split("/")[0] for name in packed} <= {
        "guichet", "guichet_resources", "guichet_manual", f"guichet-{version()}.dist-info",
    }  # fmt: skip


def test_the_installed_wheel_finds_its_resources_and_its_migrations(installed: Path, tmp_path: Path) -> None:
    script = (
        "import guichet\n"
        "from guichet import resources_access\n"
        "print(guichet.__file__)\n"
        "print(resources_access.read_text('__init__.py')[:3])\n"
        "with resources_access.path('__init__.py') as path: print(path)\n"
    )
    place, start, path = run_python("-c", script, path=installed, cwd=tmp_path).splitlines()
    assert Path(place).is_relative_to(installed)
    assert start == '"""'
    assert Path(path).is_relative_to(installed)


def test_the_core_works_where_qt_is_not_installed(installed: Path, tmp_path: Path) -> None:
    base = f"sqlite:///{(tmp_path / 'guichet.db').as_posix()}"
    for arguments in (("db", "init"), ("db", "status"), ("verify",), ("requests",)):
        run_python("-c", WITHOUT_QT, *arguments, "--database", base, path=installed, cwd=tmp_path)
    assert (tmp_path / "guichet.db").exists()


def test_the_desktop_says_what_is_missing_where_qt_is_not_installed(installed: Path, tmp_path: Path) -> None:
    base = f"sqlite:///{(tmp_path / 'guichet.db').as_posix()}"
    run_python("-c", WITHOUT_QT, "db", "init", "--database", base, path=installed, cwd=tmp_path)
    opened = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT, "--database", base],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert opened.returncode in {1, 2}
    assert "Traceback" not in opened.stderr
    assert opened.stderr.strip()


def test_every_library_that_is_imported_is_declared_and_every_declared_one_is_used() -> None:
    declared = {normal(re.split(r"[\[<>=;~! ]", line)[0]) for line in PROJECT["dependencies"]}
    published = packages_distributions()
    imported = set()
    for path in (ROOT / "guichet").rglob("*.py"):
        for name in third_party_imports(path):
            distributions = {normal(found) for found in published.get(name, [name])}
            imported |= {COMES_WITH.get(found, found) for found in distributions}
    assert imported <= declared | NOT_IMPORTED
    assert declared - NOT_IMPORTED <= imported, "a dependency is added when it is first used"


def test_every_declared_library_says_why_it_is_here() -> None:
    page = normal((ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"))
    lines = [
        *PROJECT["dependencies"],
        *(line for group in PROJECT["optional-dependencies"].values() for line in group),
    ]
    for line in lines:
        assert normal(re.split(r"[\[<>=;~! ]", line)[0]) in page, line


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_pins_every_dependency_exactly_with_its_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    without_comments = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    pinned = {}
    for entry in without_comments.replace("\\\n", " ").splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==(\S+)", entry)
        assert match, entry
        assert "--hash=sha256:" in entry, entry
        pinned[normal(match[1])] = match[2]
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["build"]
    if lock != "requirements.lock":
        extra = lock.removeprefix("requirements-").removesuffix(".lock")
        wanted = wanted + PROJECT["optional-dependencies"][extra]
    missing = {normal(re.split(r"[\[<>=;~! ]", line)[0]) for line in wanted} - pinned.keys()
    assert not missing


def test_the_locks_agree() -> None:
    program, tools, installer = (
        dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), flags=re.M))
        for lock in LOCKS
    )
    assert program.items() <= tools.items()
    assert program.items() <= installer.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_names_no_download_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host|@ ", text)


def run_python(*arguments: object, path: Path | None = None, cwd: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def third_party_imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"guichet", "guichet_resources", "guichet_manual"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def version() -> str:
    found = re.search(r'__version__ = "(.+)"', (ROOT / "guichet" / "__init__.py").read_text(encoding="utf-8"))
    assert found
    return found[1]
