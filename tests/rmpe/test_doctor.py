"""``rmpe doctor``."""

import importlib
import json
import sys

import pytest
import torch

import rmpe_ext
from rmpe import cli, doctor
from rmpe_ext.numpy._library import library

NUMPY_LIBRARY = library.__file__


def test_says_what_is_installed():
    report = doctor.diagnose()
    assert set(report) == {"versions", "rmpe_ext", "cpu", "cuda"}
    assert report["versions"]["torch"] == torch.__version__
    assert report["versions"]["python"].startswith("3.")
    assert report["versions"]["rmpe"].startswith(rmpe_ext.__version__)
    assert report["rmpe_ext"]["kernels"] in ("native", "reference")
    assert report["cpu"]["threads"].startswith(str(torch.get_num_threads()))
    assert "torch built for" in report["cuda"]


def test_says_why_no_library_was_loaded(monkeypatch):
    backend = rmpe_ext.Backend(
        "reference", None, "no compiled library _C in there", None, "torch has no CUDA"
    )
    monkeypatch.setattr(rmpe_ext, "backend", lambda: backend)
    assert doctor.diagnose()["rmpe_ext"] == {
        "kernels": "reference",
        "library": "none",
        "reason": "no compiled library _C in there",
        "cuda library": "none: torch has no CUDA",
        "numpy library": NUMPY_LIBRARY,
    }


def test_without_torch_it_says_what_numpy_has(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it is an error

    def fail():
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(rmpe_ext, "backend", fail)
    report = doctor.diagnose()
    assert report["rmpe_ext"] == {
        "library": "unknown: torch is not installed",
        "numpy library": NUMPY_LIBRARY,
    }
    assert report["cuda"] == {"devices": "unknown: torch is not installed"}


def test_missing_and_broken_packages_are_facts_not_errors(monkeypatch):
    import_module = importlib.import_module

    def broken(name, *rest):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        if name == "tqdm":
            raise ModuleNotFoundError("No module named 'tqdm'", name="tqdm")
        return import_module(name, *rest)

    monkeypatch.setattr(importlib, "import_module", broken)
    versions = doctor.diagnose()["versions"]
    assert versions["cv2"].startswith("does not import: libGL.so.1")
    assert versions["tqdm"].startswith("not installed (progress bar)")


def test_library_that_fails_is_a_fact(monkeypatch):
    def fail():
        raise ImportError("RMPE_EXT_BACKEND=native, but it is not there")

    monkeypatch.setattr(rmpe_ext, "backend", fail)
    found = doctor.diagnose()["rmpe_ext"]["library"]
    assert found == "unknown: ImportError: RMPE_EXT_BACKEND=native, but it is not there"


@pytest.mark.parametrize(
    "text",
    ["processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512f\n",
     "processor\t: 0\nFeatures\t: asimd sve\n", ""],
)  # fmt: skip
def test_instruction_sets(tmp_path, monkeypatch, text):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(doctor, "_CPU_INFO", tmp_path / "cpuinfo")
    found = doctor.diagnose()["cpu"]["instructions"]
    expected = {"avx2": "avx2, avx512f", "asimd": "asimd, sve"}
    assert found == next((said for key, said in expected.items() if key in text), "unknown")


def test_elsewhere_than_on_linux(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_CPU_INFO", tmp_path / "missing")
    assert doctor.diagnose()["cpu"]["instructions"] == "unknown"


def test_command(capsys):
    assert cli.main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "versions" in text
    assert torch.__version__ in text
    assert cli.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"]["torch"] == torch.__version__
