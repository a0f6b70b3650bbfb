"""Which part of the packages may import which: the arrows of the architecture point one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"rmpe": "python/rmpe", "rmpe_ext": "rmpe_ext"}

# A module, or what lies in the package of that name -> what it never imports, not even for types.
FORBIDDEN = {
    "rmpe": ["rmpe.commands"],
    "rmpe.networks": ["rmpe.models"],
    "rmpe.heads": ["rmpe.models"],
    "rmpe.inputs": ["rmpe.networks", "rmpe.models", "rmpe.detectors", "rmpe.heads",
                    "rmpe.pipeline"],
    "rmpe.outputs": ["rmpe.networks", "rmpe.models", "rmpe.detectors", "rmpe.heads",
                     "rmpe.pipeline"],
    "rmpe.pipeline": ["rmpe.training", "rmpe.datasets", "rmpe.outputs"],
    "rmpe.method": ["rmpe.training"],
    "rmpe.trackers": ["rmpe.networks", "rmpe.models", "rmpe.pipeline", "rmpe.outputs"],
    "rmpe_ext": ["rmpe"],
}  # fmt: skip
# What starts the command line.
EXCEPTIONS = {"rmpe.cli", "rmpe.__main__", "rmpe.commands"}


def within(module, package):
    return module == package or module.startswith(package + ".")


def imports(path, module):
    """Everything that a file imports, by full name; `module` is its own."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            # `from . import networks` imports a module, too.
            yield from (f"{base}.{name.name}" for name in node.names)


def forbidden_imports(root):
    """List what the files of both packages under `root` import against the rules."""
    found = []
    for package, folder in PACKAGES.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = (package, *path.relative_to(root / folder).with_suffix("").parts)
            module = ".".join(parts).removesuffix(".__init__")
            rules = [
                target
                for source, targets in FORBIDDEN.items()
                for target in targets
                if within(module, source)
                and not (target == "rmpe.commands" and any(within(module, e) for e in EXCEPTIONS))
            ]
            found += [
                f"{module} imports {name}"
                for name in imports(path, module)
                for target in rules
                if within(name, target)
            ]
    return found


def test_no_import_goes_against_the_layers():
    assert forbidden_imports(ROOT) == []


@pytest.mark.parametrize(
    ("path", "line", "found"),
    [
        ("python/rmpe/run.py", "from .commands import infer", "rmpe.commands.infer"),
        ("python/rmpe/people.py", "from . import commands", "rmpe.commands"),
        (
            "python/rmpe/networks/network.py",
            "from ..models.card import Card",
            "rmpe.models.card.Card",
        ),
        ("python/rmpe/networks/__init__.py", "from ..models import card", "rmpe.models.card"),
        (
            "python/rmpe/networks/architectures/ssd.py",
            "import rmpe.models.build",
            "rmpe.models.build",
        ),
        (
            "python/rmpe/heads/simcc.py",
            "from ..models.card import PoseCard",
            "rmpe.models.card.PoseCard",
        ),
        (
            "python/rmpe/inputs/video.py",
            "def f():\n    from ..pipeline import suppress",
            "rmpe.pipeline.suppress",
        ),
        (
            "python/rmpe/outputs/coco.py",
            "if TYPE_CHECKING:\n    from ..heads.head import Head",
            "rmpe.heads.head.Head",
        ),
        ("python/rmpe/pipeline.py", "from .datasets.coco import read", "rmpe.datasets.coco.read"),
        ("python/rmpe/pipeline.py", "from .training import loop", "rmpe.training.loop"),
        (
            "python/rmpe/method/parallel.py",
            "from ..training.loop import train",
            "rmpe.training.loop.train",
        ),
        ("rmpe_ext/ops/crop.py", "import rmpe", "rmpe"),
        ("rmpe_ext/__init__.py", "from rmpe.people import People", "rmpe.people.People"),
    ],
)
def test_a_planted_import_is_found(tmp_path, path, line, found):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"import os\n{line}\n")
    (message,) = forbidden_imports(tmp_path)
    assert message.endswith(f" imports {found}")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("python/rmpe/cli.py", "from .commands import CommandError"),
        ("python/rmpe/__main__.py", "import rmpe.commands"),
        ("python/rmpe/commands/infer.py", "from . import CommandError"),
        ("python/rmpe/models/build.py", "from ..networks.network import Network"),
        ("python/rmpe/pipeline.py", "from .inputs.images import read_image"),
        ("rmpe_ext/numpy/crop.py", "from rmpe_ext.presets import PRESETS"),
    ],
)
def test_imports_along_the_layers_are_free(tmp_path, path, line):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{line}\n")
    assert forbidden_imports(tmp_path) == []
