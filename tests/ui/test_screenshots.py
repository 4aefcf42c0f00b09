"""The pictures that the demonstration leaves where there is no display."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from sqlalchemy.engine import URL

from guichet.models.database import open_database
from guichet.rules.permissions import Role
from guichet.services.transaction import Context
from guichet.ui.desktop import PAGES
from guichet.ui.page import Destination
from guichet.ui.screenshots import take_screenshots
from guichet.ui.theme import Look, Theme
from guichet.ui.window import Place
from tests.ui import desk_town
from tests.ui.support import SqlGuard, actor


@pytest.fixture
def address(sqlite_url: Callable[[], URL], context: Context, tmp_path: Path, sql_guard: SqlGuard) -> URL:
    url = sqlite_url()

    def build() -> None:
        database = open_database(url)
        desk_town.build(database)
        desk_town.bring_night(database, context, tmp_path)
        database.dispose()

    sql_guard.aside(build)
    return url


def test_every_page_is_pictured_with_its_data_in_both_palettes(
    address: URL, theme: Theme, clock: Callable[[], datetime], tmp_path: Path
) -> None:
    directory = tmp_path / "pictures"
    taken = take_screenshots(
        lambda: open_database(address),
        actor(Role.ADMINISTRATOR),
        clock,
        Place("Valmont", "Base SQLite · ville.db", fixed_day=True),
        directory,
        looks=(Look.LIGHT, Look.DARK),
        places={"payments": Destination("billing", {"tab": "payments"})},
    )
    pages = [page.name for page in PAGES]
    assert [path.name for path in taken] == [
        *(f"{name}-clair-100.png" for name in (*pages, "payments", "palette", "help")),
        *(f"{name}-sombre-100.png" for name in (*pages, "palette", "help")),
    ]
    assert sorted(path.name for path in directory.iterdir()) == sorted(path.name for path in taken)
    for path in taken:
        picture = QImage(str(path))
        assert picture.width() >= 1200
        colours = {
            picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)
        }
        assert len(colours) > 50, f"{path.name} shows nothing"
