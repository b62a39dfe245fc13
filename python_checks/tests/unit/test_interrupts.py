"""Signals: the first one ends a command, and none interrupts work that must be finished."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bank_warehouse import build
from bank_warehouse.interrupts import ENDING, Terminated, ending_cleanly, exit_code, undisturbed

on_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows processes cannot catch SIGTERM"
)


@pytest.fixture(autouse=True)
def usual_handlers() -> Iterator[None]:
    """Use the default signal handlers, as in a shell, however the tests were started."""
    before = {
        each: signal.signal(
            each, signal.default_int_handler if each is signal.SIGINT else signal.SIG_DFL
        )
        for each in ENDING
    }
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_does_not_interrupt_the_cleanup(
    first: signal.Signals, second: signal.Signals
) -> None:
    done = []
    before = [signal.getsignal(each) for each in ENDING]

    def act() -> None:
        try:
            signal.raise_signal(first)
        finally:
            signal.raise_signal(second)
            done.append("clean")

    with pytest.raises(KeyboardInterrupt) as raised, ending_cleanly():
        act()
    assert done == ["clean"]
    assert exit_code(raised.value) == 128 + first
    assert [signal.getsignal(each) for each in ENDING] == before


@pytest.mark.skipif(sys.platform == "win32", reason="exit codes differ on Windows")
def test_third_signal_ends_a_process_that_ignores_the_first() -> None:
    code = (
        "import signal\nfrom bank_warehouse.interrupts import end_cleanly\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\nend_cleanly()\n"
        "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):\n"
        "    try:\n        signal.raise_signal(number)\n"
        "    except BaseException:\n        print('caught', flush=True)\n"
        "print('still there')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (-signal.SIGTERM, "caught\n")


@pytest.mark.parametrize("number", ENDING)
def test_signal_takes_effect_after_protected_code_has_finished(number: signal.Signals) -> None:
    done = []

    def act() -> None:
        signal.raise_signal(number)
        done.append("whole")

    with pytest.raises(KeyboardInterrupt), ending_cleanly(), undisturbed():
        act()
    assert done == ["whole"]


def test_ignored_signal_does_not_hide_a_later_one() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def act() -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as raised, ending_cleanly(), undisturbed():
        act()
    assert raised.value.args == (signal.SIGINT,)


AT_EXIT = """
import atexit, os, runpy, signal, sys
def clean():
    os.kill(os.getpid(), signal.SIGTERM)
    print("clean")
atexit.register(clean)
sys.argv = ["bank", "--version"]
runpy.run_module("bank_warehouse", run_name="__main__")
"""


@on_posix
def test_signal_at_exit_does_not_interrupt_the_cleanup() -> None:
    ended = subprocess.run([sys.executable, "-c", AT_EXIT], capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1] == "clean"
    assert ended.returncode == 0


# ---------- dbt ends with the command


WAITING = """
import signal, sys, time
def end(*_):
    sys.exit("cleaned up")
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


@on_posix
@pytest.mark.parametrize("problem", [BrokenPipeError(), KeyboardInterrupt(), Terminated(15)])
def test_whatever_ends_the_build_ends_dbt(problem: BaseException) -> None:
    started = []

    def run() -> None:
        with build._running([sys.executable, "-c", WAITING], os.environ, is_read=True) as process:
            started.append(process)
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            raise problem

    with pytest.raises(type(problem)):
        run()
    assert [process.returncode for process in started] == [1]


def test_dbt_is_not_started_when_its_log_cannot_be_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []

    def fail(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(build, "BuildLog", fail)
    monkeypatch.setattr(subprocess, "Popen", started.append)
    with pytest.raises(BrokenPipeError):
        build._run_dbt([], {}, tmp_path, is_verbose=False)
    assert started == []
