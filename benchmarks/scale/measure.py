"""Run a command in its own process and measure its time, memory and disk use.

POSIX only. Memory is the total resident set of the process and its children, sampled five times a
second, or the largest peak that Linux reports for one of them, if that is more. The peak from
`wait4` cannot be used, because it includes the memory of the parent process. Pages shared by two
processes count twice. Disk use is the size of the files in the command's folder. Processor time is
the time from `wait4`, or the largest sample if that is more, because `wait4` misses children that
nobody waits for, such as Spark's Java process.
"""

import contextlib
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

GIB = 1024**3
SECONDS_BETWEEN_LOOKS = 0.2
LOOKS_BETWEEN_SIZES = 5
LINES_OF_FAILURE = 4
FAILURE = re.compile(
    r"^(\d\d:\d\d:\d\d\s+)?(Failure in|\w+ Error in|\w*Error\b|\w+\.\w*(Error|Exception)\b)"
)
"""Start of the line in which dbt or Python reports a failure."""


Progress = Callable[[float, int, int], None]
"""Called with the seconds so far and the bytes of memory and disk."""


@dataclass(frozen=True)
class Limits:
    """The limits of a run. A run that exceeds one is ended and reported.

    Attributes:
        seconds: Time limit.
        memory: Limit of resident memory, in bytes.
        memory_left: Memory that must stay free on the machine, in bytes.
        disk_left: Space that must stay free on the disk, in bytes.
    """

    seconds: float
    memory: int
    memory_left: int = GIB // 2
    disk_left: int = 2 * GIB


@dataclass(frozen=True)
class Measured:
    """The measurements of a run.

    Attributes:
        seconds: Time from start to end of the process.
        cpu_seconds: Processor time of the process and its children.
        peak_memory: Peak resident set of the process and its children, in bytes.
        peak_disk: Peak total size of the files in the folder of its data, in bytes.
        disk: Total size of these files at the end, in bytes.
        failure: Why there is no result; None if there is one.
    """

    seconds: float
    cpu_seconds: float
    peak_memory: int
    peak_disk: int
    disk: int
    failure: str | None


def run_measured(
    command: Sequence[str],
    environment: Mapping[str, str],
    home: Path,
    folder: Path,
    limits: Limits,
    output: Path,
    progress: Progress = lambda *_: None,
) -> Measured:
    """Run a command until it ends or exceeds a limit, and measure it.

    Args:
        command: The program and its arguments.
        environment: The environment variables of the command.
        home: The working folder of the command.
        folder: The folder of the command's data, whose size is measured.
        limits: The limits of the run.
        output: File for the command's output.
        progress: Called at every measurement.

    Raises:
        KeyboardInterrupt: The user stopped the benchmark; the command and its children are ended.
    """
    with output.open("wb") as file:
        process = None
        started = time.perf_counter()
        try:
            with _stops_held():
                process = subprocess.Popen(
                    command,
                    env=dict(environment),
                    cwd=home,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    # In its own process group, the command can be ended with all its children.
                    start_new_session=True,
                )
            return _watch(process, started, folder, limits, output, progress)
        except BaseException:
            if process is not None:
                _end(process)
            raise


@contextlib.contextmanager
def _stops_held() -> Iterator[None]:
    """Delay signals that stop the benchmark until the process that is being started is known."""
    held: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: held.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for stop in held:
            signal.raise_signal(stop)


def _watch(
    process: "subprocess.Popen[bytes]",
    started: float,
    folder: Path,
    limits: Limits,
    output: Path,
    progress: Progress,
) -> Measured:
    peak_memory = peak_disk = looks = 0
    cpu_seconds = 0.0
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - started
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            failure = None if process.returncode == 0 else _told(process.returncode, output)
            break
        memory, largest, cpu_seen = taken_up(process.pid)
        peak_memory = max(peak_memory, memory, largest)
        cpu_seconds = max(cpu_seconds, cpu_seen)
        if looks % LOOKS_BETWEEN_SIZES == 0:
            peak_disk = max(peak_disk, size_of(folder))
        progress(seconds, memory, peak_disk)
        failure = _beyond(limits, seconds, memory, folder)
        if failure is not None:
            usage = _end(process)
            break
        looks += 1
        time.sleep(SECONDS_BETWEEN_LOOKS)
    disk = size_of(folder)
    return Measured(
        seconds=seconds,
        cpu_seconds=max(cpu_seconds, usage.ru_utime + usage.ru_stime),
        peak_memory=peak_memory,
        peak_disk=max(peak_disk, disk),
        disk=disk,
        failure=failure,
    )


def _end(process: "subprocess.Popen[bytes]") -> resource.struct_rusage:
    """Kill a process and its children with SIGKILL, and return its resource usage."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def _beyond(limits: Limits, seconds: float, memory: int, folder: Path) -> str | None:
    """Return in words which limit is exceeded; None if none is."""
    if seconds > limits.seconds:
        return f"takes longer than the time limit of {limits.seconds:,.0f} s"
    if memory > limits.memory:
        return (
            f"takes more than the memory limit of {limits.memory / GIB:.1f} GiB "
            f"(after {seconds:,.0f} s)"
        )
    if psutil.virtual_memory().available < limits.memory_left:
        return (
            f"leaves less than {limits.memory_left / GIB:.1f} GiB of memory free: it takes "
            f"{memory / GIB:.1f} GiB itself (after {seconds:,.0f} s)"
        )
    if shutil.disk_usage(folder).free < limits.disk_left:
        return (
            f"leaves less than {limits.disk_left / GIB:.1f} GiB of disk free: its files take "
            f"{size_of(folder) / GIB:.1f} GiB (after {seconds:,.0f} s)"
        )
    return None


def _told(status: int, output: Path) -> str:
    """Return why a run failed: how it ended, and its error message or last lines."""
    if status == -signal.SIGKILL:
        how = "was killed by the system, most likely because memory ran out"
    elif status < 0:
        how = f"was ended by signal {-status} ({signal.Signals(-status).name})"
    else:
        how = f"failed with status {status}"
    said = output.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line.strip() for line in said if line.strip()]
    # dbt reports failures between its list of models and its closing lines.
    marked = [place for place, line in enumerate(lines) if FAILURE.search(line)]
    first = marked[0] if marked else -LINES_OF_FAILURE
    told = " / ".join(lines[first:][:LINES_OF_FAILURE])
    return f"{how}: {told}" if told else how


def taken_up(process: int) -> tuple[int, int, float]:
    """Return the resource usage of a process and its children; zeros if it has ended.

    Returns:
        Their total resident set now, in bytes; the largest peak of one of them, in bytes, or 0 if
        the system does not report it; and the processor time so far, in seconds, including that
        of children they have waited for.
    """
    total = largest = 0
    cpu_seconds = 0.0
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(process)
        for each in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_info().rss
                largest = max(largest, _high_water_mark(each.pid))
                used = each.cpu_times()
                cpu_seconds += used.user + used.system + used.children_user + used.children_system
    return total, largest, cpu_seconds


def _high_water_mark(process: int) -> int:
    """Return the peak resident set of a process in bytes, or 0 if the system does not report it."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def size_of(folder: Path) -> int:
    """Return the total size of the files below a folder, in bytes.

    Files and folders that disappear in the meantime, such as Spark's folders of unfinished tables,
    count as empty.
    """
    total = 0
    # Unlike Path.rglob, os.walk ignores a folder that disappears before it is listed.
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                status = Path(place, name).lstat()
                if stat.S_ISREG(status.st_mode):
                    total += status.st_size
    return total
