"""Run the benchmarks, each in a process of its own, and print what they took beside what is to be reached.

`python -m bench [NAME …] [--engine sqlite|postgresql|both]`; `--list` names them.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.cases import CASES
from bench.measure import Measure
from tests.postgresql_server import NOT_INSTALLED, find_binaries, running_server

LINE = "{work:<58} {wall:>9} {cpu:>9} {peak:>8}  {rate:<18} {limit}"


def main() -> int:
    options = _options()
    if options.list:
        for case in CASES.values():
            print(f"{case.name:<14} {case.data}")
        return 0
    print(
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; each case in its own process."
    )
    failed = missed = 0
    with ExitStack() as servers:
        for engine in ("sqlite", "postgresql") if options.engine == "both" else (options.engine,):
            make_url = _urls(engine, servers)
            if make_url is None:
                print(f"\nPostgreSQL: {NOT_INSTALLED}")
                continue
            for name in options.names or CASES:
                case = CASES[name]
                if engine not in case.engines:
                    continue
                print(f"\n{case.name} on {engine}: {case.data}")
                print(LINE.format(work="", wall="wall", cpu="CPU", peak="peak", rate="", limit="to reach"))
                measures = list(_run(name, next(make_url)))
                failed += not measures
                missed += sum(measure.reached is False for measure in measures)
    print(
        f"\n{missed} figure(s) missed, {failed} case(s) failed."
        if missed or failed
        else "\nEvery figure reached."
    )
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*CASES, []], metavar="NAME")
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def _urls(engine: str, servers: ExitStack) -> Iterator[str] | None:
    """A new empty base for each case."""
    if engine == "sqlite":
        folder = Path(servers.enter_context(tempfile.TemporaryDirectory(prefix="guichet-bench-")))
        return (f"sqlite:///{(folder / f'{number}.db').as_posix()}" for number in range(1000))
    binaries = find_binaries()
    if binaries is None:
        return None
    server = servers.enter_context(running_server(binaries))
    return (server.url(server.create()).render_as_string(hide_password=False) for _ in range(1000))


def _run(name: str, url: str) -> Iterator[Measure]:
    command = [sys.executable, "-m", "bench.cases", name, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        for line in process.stdout:
            measure = Measure(**json.loads(line))
            _show(measure)
            yield measure
    if process.returncode:
        print(f"  failed with exit code {process.returncode}")


def _show(measure: Measure) -> None:
    verdict = {True: "✓", False: "✗ missed", None: ""}[measure.reached]
    peak = "–" if measure.peak_mib is None else f"{measure.peak_mib:.0f} MiB"
    rate = f"{measure.rate:,.0f} {measure.unit}/s CPU" if measure.unit else ""
    print(
        LINE.format(
            work=f"  {measure.work}",
            wall=f"{measure.wall:.3f} s",
            cpu=f"{measure.cpu:.3f} s" if measure.cpu else "–",
            peak=peak,
            rate=rate,
            limit=f"{measure.limit} {verdict}".strip(),
        ),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
