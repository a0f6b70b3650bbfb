"""Ready-made networks and real photographs, which are not part of the repository; no downloads."""

import os
import signal
import sys
from pathlib import Path

import pytest

# Networks that are not here stay away: a test that downloads says so, and has a server of its own.
os.environ.setdefault("RMPE_OFFLINE", "1")

# Side by side, the tests would have as many threads each as the machine has cores, and those that
# wait would take the time of those that work. Two are enough to show what threads share.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# A shell starts what it runs in the background with SIGINT ignored, and nohup ignores SIGHUP. The
# tests of interruptions find what a program in a terminal finds.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable) or _SHARED / name)
    if not folder.is_dir():
        pytest.skip(f"no test material at {folder}; point {variable} at it")
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Pretrained networks."""
    return _folder("RMPE_MODELS", "models")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Photographs and annotations."""
    return _folder("RMPE_DATA", "data")


@pytest.fixture(autouse=True)
def same_random_numbers():
    """The same for a test whatever ran before it, and torch is not imported for that."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
