"""Measuring a piece of work: wall time, CPU of this process, and its peak memory."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass
class Measure:
    """One line of the report. `count` things of `unit` were done; `limit` is what to reach, on the figure it names."""

    work: str
    wall: float = 0.0
    cpu: float = 0.0
    peak_mib: float | None = None
    count: int = 1
    unit: str = ""
    limit: str = ""
    reached: bool | None = None

    @property
    def rate(self) -> float:
        """Things a second of CPU."""
        return self.count / self.cpu if self.cpu else 0.0

    def wall_under(self, seconds: float) -> None:
        """What to reach: less wall time than this."""
        self.limit, self.reached = f"< {seconds:g} s wall", self.wall < seconds

    def cpu_under(self, seconds: float) -> None:
        """What to reach: less CPU of this process than this."""
        self.limit, self.reached = f"< {seconds:g} s CPU", self.cpu < seconds

    def rate_over(self, each_second: float) -> None:
        """What to reach: more than this done in a second of CPU."""
        self.limit, self.reached = f"> {each_second:g} {self.unit}/s CPU", self.rate > each_second


@contextmanager
def timed(work: str, count: int = 1, unit: str = "") -> Iterator[Measure]:
    """Measure the block and hand the line to the report at its end."""
    measure = Measure(work, count=count, unit=unit)
    _forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    yield measure
    measure.wall, measure.cpu = time.perf_counter() - wall, time.process_time() - cpu
    measure.peak_mib = _peak_mib()


def hand_over(measure: Measure) -> None:
    """Give a finished line to the process that prints the report."""
    print(json.dumps(asdict(measure)), flush=True)


def _forget_peak() -> None:
    """Let the next peak be that of the next piece of work (Linux only)."""
    if _CLEAR_REFS.exists():
        _CLEAR_REFS.write_text("5", encoding="ascii")


def _peak_mib() -> float | None:
    if _STATUS.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"))
        return int(found[1]) / 1024 if found else None
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024  # bytes on macOS
