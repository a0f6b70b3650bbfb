"""The source archive, and what it installs where there is no compiler."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.test_backend import USE_EVERY_OP, run, warnings_in

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (".ci", "bench", "csrc", "docs", "examples", "python", "rmpe_ext", "tests")
FILES = ("CMakeLists.txt", "LICENSE", "MANIFEST.in", "Makefile", "README.md", "build_backend.py",
         "pyproject.toml", "setup.py")  # fmt: skip
BUILT = shutil.ignore_patterns("*.egg-info", "*.so", "__pycache__")


def python(*arguments, folder):
    """Run Python where no compiler is to be found, and nobody insists on one."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "CXX" and not name.startswith("RMPE_EXT_")
    }
    result = subprocess.run(
        [sys.executable, *arguments],
        env={**environment, "PATH": str(folder / "nothing")},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of the sources, for setuptools writes beside what it packs."""
    if not (ROOT / "setup.py").is_file():
        pytest.skip("needs the sources")
    copy = tmp_path_factory.mktemp("sources")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=BUILT)
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module")
def archive(sources):
    files = {path.relative_to(sources) for path in sources.rglob("*") if path.is_file()}
    said = python("setup.py", "--quiet", "sdist", folder=sources)
    assert "compiler" not in said  # packing needs none
    (path,) = (sources / "dist").glob("*.tar.gz")
    return path, files


def test_the_archive_holds_all_sources(archive):
    path, files = archive
    with tarfile.open(path) as opened:
        held = {Path(*Path(m.name).parts[1:]) for m in opened.getmembers() if m.isfile()}
    assert files <= held
    assert {f.parts[0] for f in held - files} == {"PKG-INFO", "rmpe_ext.egg-info", "setup.cfg"}


@pytest.fixture(scope="module")
def installed(archive, tmp_path_factory):
    """The folder into which pip installed the archive."""
    folder = tmp_path_factory.mktemp("installed")
    options = "--no-build-isolation --no-deps --no-index --quiet --target".split()
    python("-m", "pip", "install", *options, str(folder), str(archive[0]), folder=folder)
    return folder


@pytest.mark.parametrize("package, above", [("rmpe_ext", ROOT), ("rmpe", ROOT / "python")])
def test_every_module_table_and_network_of_a_package_is_installed(installed, package, above):
    def files(folder):
        kinds = ("*.py", "*.pyi", "*.toml", "*.json", "*.safetensors", "*.onnx", "py.typed")
        return {p.relative_to(folder) for kind in kinds for p in (folder / package).rglob(kind)}

    assert files(installed) == files(above)


def test_type_checkers_find_an_editable_install(sources, tmp_path):
    """They run no import hook: the folders stand in a file of paths."""
    build = "import sys, build_backend as b; b.build_editable(sys.argv[1])"
    python("-c", build, str(tmp_path), folder=sources)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        paths = [name for name in opened.namelist() if name.endswith(".pth")]
        assert not any(name.endswith(".py") for name in opened.namelist())
        (text,) = [opened.read(name).decode() for name in paths]
    assert text.splitlines() == [str(sources), str(sources / "python")]


def test_it_works_without_a_compiler(installed):
    """With one warning where it is used, because pip shows none of those of a build."""
    result = run(USE_EVERY_OP, installed)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("reference ")
    assert len(warnings_in(result)) == 1
    assert "no compiled library _C" in warnings_in(result)[0]
