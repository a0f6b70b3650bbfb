"""The documents: links, paths, names, commands and examples are right, tables are those of the code.

``make update`` writes the tables anew.
"""

import argparse
import contextlib
import importlib.util
import math
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import torch

import rmpe
from rmpe.outputs import RESULT_FORMATS
from rmpe.skeleton_conversion import Conversion
from rmpe.skeletons import SKELETONS
from rmpe_ext import reference
from rmpe_ext.conventions import CONVENTIONS, GRIDS
from rmpe_ext.presets import DEFAULT_PRESET, PRESETS
from tests.rmpe.outputs.test_kept import kept_table as kept_facts
from tests.rmpe.test_layers import FORBIDDEN

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
FOLDERS = ("csrc", "rmpe_ext", "python", "tests", "bench", "docs", "examples", ".ci", ".github")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

if not DOCS.is_dir():  # where only the tests were copied
    pytest.skip("needs the repository", allow_module_level=True)


def prose(page):
    return FENCE.sub("", page.read_text())


def quoted(page):
    """What stands in backticks, outside blocks of code."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def blocks(language):
    return [
        pytest.param(text, id=f"{page.name}:{number}")
        for page in PAGES
        for number, (kind, text) in enumerate(FENCE.findall(page.read_text()))
        if kind == language
    ]


# Links, paths and names


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EVERY_PAGE
def test_links_lead_somewhere(page):
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = target.partition("#")
        there = (page.parent / path) if path else page
        if "://" not in target and not (
            there.exists() and (not anchor or anchor in anchors(there))
        ):
            wrong.append(target)
    assert wrong == []


@EVERY_PAGE
def test_paths_exist(page):
    paths = [
        word
        for text in quoted(page)
        for word in text.split()
        if word.partition("/")[0] in FOLDERS and re.fullmatch(r"[\w./*-]+/[\w./*-]*", word)
    ]
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


@EVERY_PAGE
def test_names_of_the_packages_are_there(page):
    names = {text for text in quoted(page) if re.fullmatch(r"rmpe(_ext)?(\.\w+)+", text)}
    assert [name for name in sorted(names) if not resolves(name)] == []


def resolves(name):
    if name.endswith(".__main__"):  # importing it would run it
        return importlib.util.find_spec(name) is not None
    parts = name.split(".")
    found = importlib.import_module(parts[0])
    for depth, part in enumerate(parts[1:], 2):
        if not hasattr(found, part):
            try:
                importlib.import_module(".".join(parts[:depth]))
            except ModuleNotFoundError:
                return False
        found = getattr(found, part)
    return True


# Examples


@pytest.mark.parametrize("text", [b for b in blocks("python") if not b.id.startswith("README.md")])
def test_python_runs(text):
    if "../shared" in text and not (ROOT.parent / "shared").is_dir():
        pytest.skip("needs ../shared")
    exec(compile(text, "<example>", "exec"), {"__name__": "example"})


@pytest.mark.parametrize("text", [b for b in blocks("toml") if "\nruntime = " in b.values[0]])
def test_model_cards_are_valid(text, tmp_path):
    (tmp_path / "card.toml").write_text(text)
    assert rmpe.load_card(tmp_path / "card.toml").title


@pytest.mark.parametrize("text", blocks("bash"))
def test_commands_are_understood(text, monkeypatch):
    from rmpe.cli import build_parser

    def fail(parser, message):
        raise AssertionError(message)

    monkeypatch.setattr(argparse.ArgumentParser, "error", fail)
    makefile = (ROOT / "Makefile").read_text()
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] in ("rmpe", ".venv/bin/rmpe"):
            with contextlib.suppress(SystemExit):  # of --help
                build_parser().parse_args(words[1:])
        elif words[:1] == ["make"]:
            targets = [word for word in words[1:] if "=" not in word]
            assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
        paths = [word for word in words if word.partition("/")[0] in FOLDERS]
        assert [path for path in paths if not (ROOT / path.partition("::")[0]).exists()] == []


# Tables


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def conventions_table():
    return table(
        ["convention", "decoding", "grid", "`padding`", "`center_shift`"],
        [
            [f"`{name}`", row.summary, f"`{row.grid}`", row.padding, row.center_shift]
            for name, row in CONVENTIONS.items()
        ],
    )


def crop_grids_table():
    """What the op does to a box that is as large as the crop says what a and b are."""
    of_grid = {row.grid: name for name, row in CONVENTIONS.items()}
    rows = []
    for grid in GRIDS:
        box = torch.tensor([[0.0, 0.0, 32.0, 64.0]], dtype=torch.float64)
        matrix = reference.crop_matrices(box, (64, 32), convention=of_grid[grid], padding=0.0)
        scale, _, shift = matrix[0, 0].tolist()
        a, b = 32 - scale * 32, 32 - 2 * (scale * 16 + shift)
        center = "W / 2" if round(b) == 0 else "(W - 1) / 2"
        rows.append([f"`{grid}`", f"{a:g}", f"{b:g}", f"`{center}`"])
    return table(["grid", "a", "b", "the box's center falls on"], rows)


# Crop pixel = gain * heatmap pixel + offset, of an axis of w pixels.
HEATMAP_GRIDS = {
    "asymmetric": ("stride", "0"),
    "half_pixel": ("stride", "(stride - 1) / 2"),
    "align_corners": ("(stride * w - 1) / (w - 1)", "0"),
}


def heatmap_grids_table():
    rows = [[f"`{grid}`", *(f"`{f}`" for f in HEATMAP_GRIDS[grid])] for grid in GRIDS]
    return table(["grid", "gain", "offset"], rows)


def decode_table():
    def inside(margin, axis, size):
        low, high = margin
        end = f"{size} - {high}" if high else size
        return f"`{low} <= {axis} < {end}`" if low or high else "everywhere"

    def limits(low, high):
        return f"at least {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"

    rows = []
    for name, row in CONVENTIONS.items():
        newton = row.subpixel in ("dark", "dark_udp")
        step = "none" if row.subpixel == "none" else f"[{row.subpixel}](#{row.subpixel})"
        rows.append([
            f"`{name}`", step,
            "-" if step == "none" else inside(row.margin, "x", "w"),
            "-" if step == "none" else inside(row.cross_margin, "y", "h"),
            limits(*row.log_range) if newton else "-",
            "the largest value" if row.no_peak is None else f"{row.no_peak:g}",
        ])  # fmt: skip
    header = [
        "convention",
        "step",
        "x moves where: along",
        "and across",
        "`log_range`",
        "`no_peak`",
    ]
    return table(header, rows)


def kept_table():
    pytest.importorskip("pyarrow")
    rows = [
        [fact, *("yes" if there else "-" for there in row)] for fact, row in kept_facts().items()
    ]
    return table(["what is known", *(f"`{name}`" for name in RESULT_FORMATS)], rows)


def skeletons_table():
    def become(source, target):
        if source is target:
            return "="
        try:
            derived = Conversion.between(source, target).derived
        except ValueError:
            return "-"
        return f"yes, {', '.join(derived)} computed" if derived else "yes"

    return table(
        ["from", *(f"`{name}`" for name in SKELETONS)],
        [
            [f"`{name}`", *(become(source, target) for target in SKELETONS.values())]
            for name, source in SKELETONS.items()
        ],
    )


def value(number):
    return "-" if number is None else str(number).lower() if isinstance(number, bool) else number


def presets_table():
    names = [
        "sigma1", "sigma2", "lam", "eta", "squared", "unit",
        "match_box", "match_radius", "near_joints", "near_radius", "near_box",
    ]  # fmt: skip
    header = [f"`{p}`" + (" (default)" if p == DEFAULT_PRESET else "") for p in PRESETS]
    rows = [[f"`{n}`", *(value(getattr(p, n)) for p in PRESETS.values())] for n in names]
    return table(["parameter", *header], rows) + "\n" + "".join(
        f"- `{name}`: {preset.summary}\n" for name, preset in PRESETS.items()
    )  # fmt: skip


def merging_table():
    names = ["merge_box", "merge_radius", "min_score", "zero_score"]
    values = [{getattr(preset, name) for preset in PRESETS.values()} for name in names]
    assert all(len(one) == 1 for one in values)  # as the page says
    rows = [[f"`{name}`", *one] for name, one in zip(names, values, strict=True)]
    return table(["parameter", "value"], rows)


def layers_table():
    def code(names):
        return ", ".join(f"`{name}`" for name in names)

    return table(
        ["module, or what lies in it", "never imports"],
        [[code([source]), code(targets)] for source, targets in FORBIDDEN.items()],
    )


TABLES = {
    ("conventions.md", "conventions"): conventions_table,
    ("conventions.md", "crop grids"): crop_grids_table,
    ("conventions.md", "heatmap grids"): heatmap_grids_table,
    ("conventions.md", "decode"): decode_table,
    ("presets.md", "presets"): presets_table,
    ("presets.md", "merging"): merging_table,
    ("architecture.md", "layers"): layers_table,
    ("results.md", "kept"): kept_table,
    ("results.md", "skeletons"): skeletons_table,
}


def written(page, name):
    """A pattern for a table between its marks."""
    return re.compile(rf"(<!-- table: {name} -->\n)(.*?)(<!-- end -->)", re.DOTALL)


@pytest.mark.parametrize(("page", "name"), TABLES)
def test_tables_are_those_of_the_code(page, name):
    found = written(page, name).search((DOCS / page).read_text())
    assert found[2].strip() == TABLES[page, name]().strip(), "run: make update"


@pytest.mark.parametrize("grid", GRIDS)
def test_the_formulas_of_heatmap_grids(grid):
    stride, w = 4, 48
    gain, offset = (eval(formula, {"stride": stride, "w": w}) for formula in HEATMAP_GRIDS[grid])
    heatmaps = torch.zeros(1, 1, w, w, dtype=torch.float64)
    heatmaps[0, 0, 20, 10] = 1
    keypoints, _ = reference.decode(
        heatmaps, convention="argmax", grid=grid, stride=stride, matrices=torch.eye(2, 3)[None]
    )
    torch.testing.assert_close(
        keypoints[0, 0].tolist(), [float(gain * p + offset) for p in (10, 20)]
    )


# How to add something


def section(title):
    text = (DOCS / "adding.md").read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]


def files_in(text):
    return set(re.findall(r"`((?:[\w.]+/)+[\w.]+|README\.md|CHANGELOG\.md)`", text))


def count(thing):
    row = re.search(rf"^\| {thing} \| (\d+)", (DOCS / "adding.md").read_text(), re.MULTILINE)
    return int(row[1])


def mentioned(name, *folders):
    """The files that mention a name, but for documents."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout")
    command = ["git", "grep", "-l", "-w", name, "--", *folders]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.split()
    return {path for path in found if path == "README.md" or not path.endswith(".md")}


def test_the_files_of_an_op_are_counted_and_complete():
    steps, others = section("An op").split("\n`make update`")
    by_hand = files_in(steps)
    assert len(by_hand) == count("an op")
    generated = {"bench/instructions/baseline.json"}
    generated |= {str(path.relative_to(ROOT)) for path in ROOT.glob("bench/results/*/*.json")}
    generated |= {"rmpe_ext/_numpy.pyi", "rmpe_ext/numpy/nearby_joints_nms.py"}
    generated |= {f"rmpe_ext/{folder}/__init__.py" for folder in ("numpy", "ops")}
    uses = {"python/rmpe/method/suppressions.py", "tests/numpy/test_library.py"}
    known = by_hand | files_in(others) | generated | uses | {"tests/test_docs.py"}
    assert mentioned("nearby_joints_nms") - known == set()


def test_the_files_of_an_argument_are_counted_and_complete():
    text = section("An argument of an op")
    by_hand = files_in(text.split("\n`make update`")[0])
    assert len(by_hand) == count("an argument of an op")
    mentions = mentioned("max_near", "csrc", "rmpe_ext", "tests")
    assert by_hand - {"CHANGELOG.md"} <= mentions
    may_use_it = {"tests/ops/cases.py", "tests/fuzz/fuzz_pose_nms.cpp"}
    may_use_it |= {f"tests/rmpe/method/test_{part}.py" for part in ("fit_nms", "preset_file")}
    written = {"rmpe_ext/numpy/nearby_joints_nms.py"}
    known = by_hand | may_use_it | written | {"tests/test_docs.py"}
    assert mentions - known == set()


if __name__ == "__main__":
    for (page, name), make in TABLES.items():
        path = DOCS / page
        text, found = path.read_text(), written(page, name).search(path.read_text())
        assert found, f"{page} must have <!-- table: {name} --> and <!-- end -->"
        path.write_text(text[: found.start(2)] + f"\n{make()}\n" + text[found.end(2) :])
