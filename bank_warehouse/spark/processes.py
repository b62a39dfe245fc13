"""Processes that outlive the command that started them: recorded in a file, known again, ended."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

_LOOK_AGAIN = 0.1


@dataclass(frozen=True)
class Started:
    """A process as it was started.

    Attributes:
        name: What it is to the reader, "worker 1" for instance.
        pid: Its number, which the system may give to another process once it has ended.
        created: When it was started, in seconds since 1970: with the number, it is the one.
        log: The file that gets what it writes.
    """

    name: str
    pid: int
    created: float
    log: str

    def process(self) -> psutil.Process | None:
        """Return the process if it still runs, else null."""
        try:
            process = psutil.Process(self.pid)
            if process.create_time() == self.created and is_alive(process):
                return process
        except psutil.NoSuchProcess:
            pass
        return None


@dataclass(frozen=True)
class Record:
    """What a cluster leaves in its folder for the commands that come after.

    Attributes:
        addresses: Where what listens: see :class:`bank_warehouse.spark.cluster.Cluster`.
        processes: All that were started, in that order.
    """

    addresses: dict[str, Any]
    processes: tuple[Started, ...]

    def write(self, path: Path) -> None:
        """Write the record as JSON, whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")
        part.replace(path)


def read_record(path: Path) -> Record | None:
    """Read a record; null where there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Record(found["addresses"], tuple(Started(**each) for each in found["processes"]))


def is_alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended but that nobody has asked after does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def end_processes(processes: Sequence[psutil.Process], patience: float) -> None:
    """End processes with all they have started: asked first, killed after `patience` seconds.

    Args:
        processes: In the order in which they are to be asked; each has ended, or its time is
            over, before the next one is asked.
        patience: Seconds for each.
    """
    families = [[process, *_children(process)] for process in processes]
    for family in families:
        _signal(family[:1], "terminate")
        _wait(family, patience)
    everything = [member for family in families for member in family]
    _signal([member for member in everything if is_alive(member)], "kill")
    _wait(everything, patience)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        children: list[psutil.Process] = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return children


def _signal(processes: Sequence[psutil.Process], signal: str) -> None:
    for process in processes:
        try:
            getattr(process, signal)()
        except psutil.NoSuchProcess:
            continue


def _wait(processes: Sequence[psutil.Process], patience: float) -> None:
    until = time.monotonic() + patience
    while any(map(is_alive, processes)) and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN)
