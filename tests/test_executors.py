"""The contract of executors: whoever does the work, the caller cannot tell."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from segdata import control_groups
from segdata.errors import BadData, MissingExtra, UserError
from segdata.executors import Executor, Processes, Serial, for_number, from_name, usable_cores
from segdata.findings import CheckReport
from segdata.images import NoIds
from segdata.records import DamagedRecord

WORKERS = 2
EXECUTORS = {"serial": Serial(), "processes": Processes(WORKERS)}
ROOT = Path(__file__).parent.parent


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Executor:
    return EXECUTORS[request.param]


# --- work, in a module that a spawned process can import ---------------------------------------


def double(number: int) -> int:
    return 2 * number


def slow_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is not allowed")
    return number


def fail_as_told(error: Exception) -> None:
    raise error


class NeedsTwo(Exception):
    """Python cannot rebuild it from what pickle keeps."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


def fail_oddly(_: int) -> None:
    raise NeedsTwo("label", "gone")


def die(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


def sleep(number: int) -> int:
    time.sleep(0.01 if number == 0 else 60)
    return number


def about_me(_: int) -> tuple[int, bool, int]:
    import cv2

    return (
        os.getpid(),
        signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
        cv2.getNumThreads(),
    )


def heavy_modules(_: int) -> list[str]:
    return [name for name in ("torch", "tensorflow", "rich", "click") if name in sys.modules]


# --- the contract --------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_items(executor: Executor) -> None:
    assert list(executor.imap(slow_first, range(40))) == list(range(40))


def test_no_items_give_no_results(executor: Executor) -> None:
    assert list(executor.imap(double, [])) == []


def test_items_are_drawn_as_they_are_needed(executor: Executor) -> None:
    drawn = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    results = executor.imap(double, items())
    assert not drawn
    assert next(results) == 0
    assert len(drawn) <= 4 * WORKERS
    assert next(results) == 2
    assert len(drawn) <= 4 * WORKERS + 1
    del results


def test_an_error_comes_at_its_place_with_its_own_type_and_message(executor: Executor) -> None:
    results = executor.imap(fail_on_three, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three is not allowed") as caught:
        next(results)
    # Where it happened is told, wherever that was.
    assert "in fail_on_three" in "".join(traceback.format_exception(caught.value))


OUR_ERRORS = (
    UserError("what", "remedy"),
    MissingExtra("torch", "train"),
    BadData(CheckReport(), "refused"),
    NoIds("what", "remedy", "alpha"),
    DamagedRecord("what", "remedy"),
)


@pytest.mark.parametrize("error", OUR_ERRORS, ids=lambda error: type(error).__name__)
def test_our_errors_can_travel(error: Exception) -> None:
    rebuilt = pickle.loads(pickle.dumps(error))
    assert type(rebuilt) is type(error)
    assert (rebuilt.args, vars(rebuilt)) == (error.args, vars(error))


def test_our_errors_arrive_whole_and_with_their_notes(executor: Executor) -> None:
    error = NoIds("what", "remedy", "alpha")
    error.add_note("while reading a.png")
    with pytest.raises(NoIds) as caught:
        list(executor.imap(fail_as_told, [error]))
    assert vars(caught.value) == vars(error)
    assert caught.value.__notes__ == ["while reading a.png"]


def test_an_error_that_cannot_travel_keeps_its_name_and_message(executor: Executor) -> None:
    with pytest.raises(Exception, match="label: gone") as caught:
        list(executor.imap(fail_oddly, [0]))
    assert not isinstance(caught.value, UserError)
    assert isinstance(caught.value, NeedsTwo) or "NeedsTwo" in str(caught.value)


def test_an_error_of_the_items_is_the_callers(executor: Executor) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("no more items")

    with pytest.raises(LookupError, match="no more items"):
        list(executor.imap(double, items()))


# --- processes -----------------------------------------------------------------------------------


def test_a_worker_that_dies_is_a_clear_error_and_no_hang() -> None:
    with pytest.raises(UserError, match="ended before its work was done") as caught:
        list(Processes(WORKERS).imap(die, range(20)))
    assert "--workers 1" in caught.value.remedy
    assert "__main__" in caught.value.remedy
    assert not multiprocessing.active_children()


def test_stopping_early_leaves_no_process() -> None:
    results = Processes(WORKERS).imap(sleep, range(10))
    assert next(results) == 0
    assert multiprocessing.active_children()
    started = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()
    assert time.monotonic() - started < 5


def test_finished_work_leaves_no_process() -> None:
    assert sum(Processes(WORKERS).imap(double, range(5))) == 20
    assert not multiprocessing.active_children()


def test_workers_are_other_processes_with_one_thread_that_leave_ctrl_c_to_the_caller() -> None:
    for process, ignores, threads in Processes(WORKERS).imap(about_me, range(4)):
        assert process != os.getpid()
        assert ignores
        assert threads == 1


def test_workers_load_no_framework() -> None:
    script = (
        "from segdata.executors import Processes\n"
        "from tests.test_executors import heavy_modules\n"
        "if __name__ == '__main__':\n"
        "    print(list(Processes(1).imap(heavy_modules, [0])))"
    )
    assert _run(script).stdout.strip() == "[[]]"


def test_a_script_without_guard_is_told_about_it(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "from segdata.errors import UserError\n"
        "from segdata.executors import Processes\n"
        "from tests.test_executors import double\n"
        "try:\n    print(list(Processes(1).imap(double, [1])))\n"
        "except UserError as error:\n    print('REMEDY', error.remedy)\n"
    )
    done = subprocess.run(
        [sys.executable, path], cwd=ROOT, env=_environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert "__main__" in done.stdout.partition("REMEDY")[2]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX's")
@pytest.mark.parametrize("after", [0.15, 1.2], ids=["while workers start", "while they work"])
def test_ctrl_c_reaches_the_caller_only(after: float) -> None:
    """A terminal sends Ctrl-C to every process of the group; only one may answer."""
    script = (
        "import sys\n"
        "from segdata.executors import Processes\n"
        "from tests.test_executors import sleep\n"
        "if __name__ == '__main__':\n"
        "    print('started', flush=True)\n"
        "    try:\n        list(Processes(2).imap(sleep, [1, 2, 3]))\n"
        "    except KeyboardInterrupt:\n        print('interrupted', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=_environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    assert _group_ends(process.pid)


def test_names_lead_to_executors() -> None:
    assert from_name("serial") == Serial()
    assert from_name("processes", 3) == Processes(3)
    with pytest.raises(UserError, match="no executor 'threads'"):
        from_name("threads")
    assert usable_cores() >= 1


def test_a_container_s_share_of_time_limits_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_groups, "cores", lambda: 1)
    assert usable_cores() == 1


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused_and_give_no_empty_result(workers: int) -> None:
    with pytest.raises(UserError, match="do no work"):
        from_name("processes", workers)


def test_for_few_items_no_process_is_started() -> None:
    """Spawning two costs about a second, in which one reads 15 files."""
    assert for_number(Processes(2), 15) == for_number(None, 99) == Serial()
    assert for_number(Processes(2), 16) == Processes(2)


def _group_ends(group: int) -> bool:
    """Whether no process of a group is left, not even multiprocessing's own, within seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=_environment(), capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
