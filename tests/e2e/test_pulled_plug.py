"""The program killed while an agent decides: the base verifies, nothing is doubled, the next start goes on."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import URL

from guichet.models.database import open_database
from guichet.models.requests import Request
from guichet.models.settings import UserAccount
from guichet.services import transaction
from guichet.services.demo import build, day
from guichet.services.transaction import Context
from guichet.services.verify import verify

KILLS = 4


def test_a_program_killed_at_any_moment_leaves_a_sound_base(
    sqlite_url: Callable[[], URL], context: Context, tmp_path: Path
) -> None:
    url = sqlite_url()
    base = open_database(url)
    build.build(base, families=12, seed=1)
    day.import_night(base, tmp_path, requests=60, seed=1)
    with base.reading() as session:
        login = next(row.login for row in session.scalars(select(UserAccount)) if "agent" in row.roles)
    chance = random.Random(3)
    states: list[dict[str, int]] = []
    for _ in range(KILLS):
        script = [sys.executable, "-m", "tests.e2e.agent_at_work", url.render_as_string(), login]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        with subprocess.Popen([*script, str(tmp_path)], stdout=subprocess.PIPE, env=environment) as program:
            assert program.stdout is not None
            assert any(line == b"at work\n" for line in program.stdout), "the window never came to work"
            time.sleep(chance.uniform(0.05, 1.0))
            program.kill()
        report = transaction.read(base, context, verify)
        assert report.clean, report.findings
        with base.reading() as session:
            counted = session.execute(select(Request.state, func.count()).group_by(Request.state)).all()
            states.append({state.value: number for state, number in counted})
            kept = session.scalars(select(UserAccount).where(UserAccount.login == login)).one().preferences
            assert isinstance(kept, dict)
    assert states[-1].get("accepted", 0) > 0, "something was decided before the plug was pulled"
    assert len({sum(each.values()) for each in states}) == 1, "no request lost, none doubled"
    base.dispose()
