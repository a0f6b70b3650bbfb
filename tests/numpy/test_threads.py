"""The threads that the ops run on."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import rmpe_ext.numpy
from rmpe_ext.processors import usable_processors
from tests.numpy.cases import CASES, assert_same, cast, on_arrays

ROOT = Path(rmpe_ext.__file__).parents[1]
LARGE = """
import os, sys, numpy as np, rmpe_ext.numpy
maps = np.random.default_rng(0).normal(size=(64, 17, 64, 48)).astype(np.float32)
decode = rmpe_ext.numpy.decode
def threads():
    return len(os.listdir("/proc/self/task"))
"""


def run(code, **environment):
    """Run code in a process of its own; its output."""
    environment = {n: v for n, v in os.environ.items() if n != "RMPE_EXT_NUM_THREADS"} | environment
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(autouse=True)
def same_number_afterward():
    before = rmpe_ext.numpy.get_num_threads()
    yield
    rmpe_ext.numpy.set_num_threads(before)


@pytest.mark.parametrize("count", [1, 2, 3, 16])
def test_results_do_not_depend_on_their_number(count):
    maps = np.random.default_rng(0).normal(size=(40, 17, 64, 48)).astype(np.float32)
    images = np.random.default_rng(0).integers(0, 256, (2, 480, 640, 3), dtype=np.uint8)
    matrices = np.tile(np.float32([[0.5, 0.1, 0], [0.1, 0.5, 0]]), (2, 1, 1))
    for name, arguments in {
        "decode": (maps,),
        "soft_argmax": (maps,),
        "crop": (images, matrices, (256, 192)),
        "affine_sample": (maps, np.tile(matrices[:1], (40, 1, 1)), (64, 48)),
    }.items():
        op = getattr(rmpe_ext.numpy, name)
        rmpe_ext.numpy.set_num_threads(1)
        alone = op(*arguments)
        rmpe_ext.numpy.set_num_threads(count)
        together = op(*arguments)
        as_tuple = (lambda r: r) if isinstance(alone, tuple) else (lambda r: (r,))
        assert_same(as_tuple(together), as_tuple(alone))


def test_many_callers_at_once():
    cases = [cast(case, np.float32) for case in CASES.values()]
    expected = [on_arrays(case) for case in cases]
    rmpe_ext.numpy.set_num_threads(4)

    def calls(seed):
        for i in np.random.default_rng(seed).permutation(len(cases)):
            assert_same(on_arrays(cases[i]), expected[i])
            rmpe_ext.numpy.set_num_threads(1 + int(i + seed) % 5)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(calls, range(24)))


def test_the_interpreter_is_free_meanwhile():
    """Another Python thread goes on while an op runs.

    Were the lock held, it could run only as the call begins and as it returns.
    """
    keypoints = np.random.default_rng(0).uniform(0, 1e3, (3000, 17, 2)).astype(np.float32)
    scores, boxes = keypoints[:, :, 0] / 1e3, keypoints[:, :2].reshape(-1, 4)
    stop, moments = threading.Event(), []

    def tick():
        while not stop.is_set():
            moments.append(time.perf_counter())
            time.sleep(0.001)

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        for _ in range(100):
            begin = time.perf_counter()
            rmpe_ext.numpy.pose_similarity(keypoints, scores, boxes)
            end = time.perf_counter()
            if sum(begin < moment < end for moment in list(moments)) > 10:
                return
    finally:
        stop.set()
        ticking.join()
    pytest.fail("no other thread ran during any of the calls")


def test_the_number_can_be_set():
    rmpe_ext.numpy.set_num_threads(np.int64(3))
    assert rmpe_ext.numpy.get_num_threads() == 3


@pytest.mark.parametrize(
    "count, error, message",
    [
        (0, ValueError, "count must be in 1..1024, got 0"),
        (-1, ValueError, "count must be in 1..1024, got -1"),
        (2.0, TypeError, "count must be a whole number, got 2.0"),
        (None, TypeError, "count must be a whole number, got None"),
    ],
)
def test_numbers_that_cannot_be(count, error, message):
    with pytest.raises(error, match=message):
        rmpe_ext.numpy.set_num_threads(count)


PRINT_NUMBER = "import rmpe_ext.numpy; print(rmpe_ext.numpy.get_num_threads())"


def test_the_number_at_first():
    assert run(PRINT_NUMBER) == str(usable_processors())
    one_processor = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    assert run(one_processor + PRINT_NUMBER) == "1"
    assert run(PRINT_NUMBER, RMPE_EXT_NUM_THREADS="5") == "5"


@pytest.mark.parametrize("text", ["0", "-2", "many", "1.5", ""])
def test_wrong_number_in_the_environment(text):
    code = """
try:
    import rmpe_ext.numpy
except ValueError as error:
    print(error)
"""
    expected = f"RMPE_EXT_NUM_THREADS must be a whole number in 1..1024, got {text!r}"
    assert run(code, RMPE_EXT_NUM_THREADS=text) == expected


def test_threads_start_when_there_is_enough_to_do():
    code = (
        LARGE
        + """
rmpe_ext.numpy.set_num_threads(4)
before = threads()
decode(maps[:1])
small = threads() - before
decode(maps)
print(small, threads() - before)
decode(maps)
print(threads() - before)
"""
    )
    assert run(code).split() == ["0", "3", "3"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_process_may_end_while_daemon_threads_are_inside(count):
    """Python before 3.14 ends such threads by unwinding them, which C++ takes for an error."""
    code = (
        LARGE
        + f"""
import threading, time
rmpe_ext.numpy.set_num_threads({count})
def calls():
    while True:
        decode(maps)
for _ in range(4):
    threading.Thread(target=calls, daemon=True).start()
time.sleep(0.1)
print("ends")
"""
    )
    for _ in range(3):
        assert run(code) == "ends"


def test_a_forked_process_computes():
    """Also where the process forks while another of its threads is in the middle of a call."""
    code = (
        LARGE
        + """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, for forking with threads
rmpe_ext.numpy.set_num_threads(4)
expected, _ = decode(maps)
stop = threading.Event()
def calls():
    while not stop.is_set():
        decode(maps)
caller = threading.Thread(target=calls)
caller.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        same = all((decode(maps)[0] == expected).all() for _ in range(3))
        os._exit(0 if same and threads() > 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
caller.join()
"""
    )
    run(code)
