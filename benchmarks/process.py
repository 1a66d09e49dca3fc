"""Measure the cost of a command that runs in its own process.

Do not import anything large here: until a child process runs its program, the parent's memory counts as its own.
"""

import hashlib
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class BenchmarkError(Exception):
    """A measured command failed."""


@dataclass(frozen=True)
class Cost:
    """Wall seconds, CPU seconds of all threads (user and system), and peak resident memory in bytes."""

    wall: float
    cpu: float
    peak_bytes: int

    def as_dict(self) -> dict[str, float]:
        return {key: round(value, 3) for key, value in asdict(self).items()}


def measure(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command with its output in `log`. Raises BenchmarkError with the end of the log if the command fails."""
    with log.open("wb") as out:
        start = time.monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)  # tells Popen that the process has ended
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise BenchmarkError(f"{' '.join(command)} failed with exit code {process.returncode}. End of {log}:\n{tail}")
    unit = 1 if platform.system() == "Darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def fingerprint(paths: Iterable[str]) -> str:
    """A hash of the files at these paths (of all files, for a folder). It tells whether code changed since a result.

    Raises BenchmarkError if a path does not exist.
    """
    total = hashlib.sha256()
    for path in paths:
        below = ROOT / path
        if not below.exists():
            raise BenchmarkError(f"{path} does not exist; correct the list of inputs in benchmarks/run.py")
        files = sorted(below.rglob("*")) if below.is_dir() else [below]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:16]


def machine() -> str:
    """The machine in one line: processor, cores, memory, system."""
    processor, memory = platform.machine(), ""
    cpuinfo, meminfo = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    if meminfo.exists():
        memory = f", {int(meminfo.read_text().split()[1]) / 2**20:.0f} GB"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{processor}, {cores} cores{memory}, {platform.system()}, Python {platform.python_version()}"
