"""README.md: each of its commands works as pasted, and its links lead somewhere.

A block says in a comment, ``# needs ...``, what it needs besides a clone. Blocks that need the
internet run with RMPE_TEST_README=1, in fresh environments with an empty HOME; they take minutes.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDS = ("the internet", "make setup", "../shared")
PATHS = os.pathsep.join([str(ROOT), str(ROOT / "python")])
SKIPPED = shutil.ignore_patterns(".venv", ".git", "build", "dist", "*.so", "*.egg-info")


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    line: int
    language: str
    text: str

    @property
    def needs(self) -> list[str]:
        said = " ".join(re.findall(r"^# needs (.*)$", self.text, re.MULTILINE))
        return [need for need in NEEDS if need in said]

    @property
    def commands(self) -> list[str]:
        return [
            line for line in self.text.splitlines() if line and not line.lstrip().startswith("#")
        ]


def blocks() -> list[Block]:
    path = ROOT / "README.md"
    text = path.read_text() if path.is_file() else ""  # where only the tests were copied
    return [
        Block(text[: match.start()].count("\n") + 1, match[1], match[2])
        for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def of(language: str) -> pytest.MarkDecorator:
    found = [block for block in blocks() if block.language == language]
    return pytest.mark.parametrize("block", found, ids=lambda block: f"line{block.line}")


def run(command: list[str], **options) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("block", blocks(), ids=lambda block: f"line{block.line}")
def test_a_block_says_what_it_needs(block):
    text = "\n".join(block.commands)
    needed = {
        "the internet": re.search(r"^make (demo|test|setup)|pip install", text, re.MULTILINE),
        "make setup": ".venv/bin/" in text,
        "../shared": "../shared" in text,
    }
    assert block.needs == [need for need, found in needed.items() if found]


@of("python")
def test_python(block, request):
    if "../shared" in block.needs:
        request.getfixturevalue("models_dir")
        if not (ROOT.parent / "shared" / "models").is_dir():
            pytest.skip("needs ../shared/models, under that name")
    environment = os.environ | {"PYTHONPATH": PATHS}
    run([sys.executable, "-W", "error", "-c", block.text], cwd=ROOT, env=environment)


@pytest.fixture
def clone(tmp_path):
    """The sources as a clone has them, beside the material of ``../shared``."""
    copy = tmp_path / "rmpe-ext"
    shutil.copytree(ROOT, copy, ignore=SKIPPED)
    if (ROOT.parent / "shared").is_dir():
        (tmp_path / "shared").symlink_to(ROOT.parent / "shared")
    return copy


@of("bash")
def test_bash(block, clone, tmp_path):
    makes = [line.partition("#")[0].strip() for line in block.commands if line.startswith("make ")]
    if makes:  # this test may be part of one of them
        steps = (ROOT / ".ci" / "run").read_text()
        assert all(f"step {command}" in steps for command in makes)
        return
    if "../shared" in block.needs and not (clone.parent / "shared").is_dir():
        pytest.skip("needs ../shared")
    if "make setup" in block.needs:
        if not (ROOT / ".venv" / "bin" / "rmpe").is_file():
            pytest.skip("needs make setup")
        (clone / ".venv").symlink_to(ROOT / ".venv")
        for library in (ROOT / "rmpe_ext").glob("*.so"):
            shutil.copy(library, clone / "rmpe_ext")
    elif os.environ.get("RMPE_TEST_README") != "1":
        pytest.skip("takes minutes; RMPE_TEST_README=1 runs it")
    home = tmp_path / "home"
    home.mkdir()
    run([sys.executable, "-m", "venv", str(tmp_path / "fresh")])
    paths = os.pathsep.join([str(tmp_path / "fresh" / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "HOME": str(home), "PATH": paths}
    environment.pop("PYTHONPATH", None)
    run(["bash", "-euc", block.text], cwd=clone, env=environment)
    if "pip install" in block.text:
        check_installation(environment, tmp_path, with_torch="RMPE_EXT_TORCH=0" not in block.text)


def check_installation(environment: dict[str, str], folder: Path, *, with_torch: bool) -> None:
    """The libraries are there, and what is not wanted is not."""
    backend = run(["python", "-c", "import rmpe_ext.numpy"], cwd=folder, env=environment)
    assert backend == ""
    if with_torch:
        code = "import rmpe_ext; print(rmpe_ext.backend().mode)"
    else:
        code = "import importlib.util; print(importlib.util.find_spec('torch'))"
    said = run(["python", "-c", code], cwd=folder, env=environment)
    assert said == ("native\n" if with_torch else "None\n")


def test_links_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert targets
    assert [t for t in targets if "://" not in t and not (ROOT / t).exists()] == []


def test_targets_of_make_exist():
    named = set(re.findall(r"`(?:\.venv/bin/)?make ([a-z-]+)", (ROOT / "README.md").read_text()))
    listed = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named <= listed
