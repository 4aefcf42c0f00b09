"""What the window does not wait for when it opens."""

import subprocess
import sys

import pytest

USABLE = """
import sys
import guichet.cli
import guichet.app
import guichet.ui.pages.home
print("\\n".join(sys.modules))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Every module that is loaded once the first page can show."""
    run = subprocess.run([sys.executable, "-c", USABLE], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "library",
    [
        "alembic",  # a base is upgraded from the command line
        "email_validator",  # addresses are checked when one is typed or decided
        "guichet.portal.wire",  # nothing is brought in yet
        "guichet.services.demo.build",
        "phonenumbers",
        "psycopg",  # the driver comes with a PostgreSQL base
        "pydantic",
        "PySide6.QtPdf",  # documents are shown on request
        "PySide6.QtPrintSupport",
        "qtpy",  # the icon package imports all of Qt with it
        "reportlab",
        "openpyxl",
    ],
)
def test_the_window_opens_without_what_its_first_page_does_not_use(loaded: set[str], library: str) -> None:
    assert library not in loaded
