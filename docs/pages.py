"""Pages of the site that are not files of this folder; a hook of MkDocs.

The README and its kin come from the root of the repository. Each public module gets a page that
mkdocstrings fills from the docstrings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# Files of the root, by the page that each becomes.
ROOT_PAGES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
OPS = sorted(path.stem for path in (ROOT / "rmpe_ext/ops").glob("[!_]*.py"))
# Modules of rmpe_ext that users import; `numpy` and the ops have pages of their own kind.
MODULES = ("conventions", "presets", "return_types", "sigmas")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def api_pages() -> Iterator[tuple[str, str, str]]:
    """Yield the section, the title and the text of each page that is made from docstrings."""
    package = griffe.load("rmpe_ext", search_paths=[ROOT], docstring_parser="numpy")
    functions = [(f"rmpe_ext.{name}", package[f"ops.{name}.{name}"]) for name in OPS]
    members = "members: [backend, Backend]"
    yield "rmpe_ext", "rmpe_ext", _directive("rmpe_ext", members) + _summaries(functions)
    for name in OPS:
        yield "rmpe_ext", name, _op("rmpe_ext", "rmpe_ext.ops", name)
    for name in MODULES:
        yield "rmpe_ext", name, _directive(f"rmpe_ext.{name}")
    texts = "\n".join(_op("rmpe_ext.numpy", "rmpe_ext.numpy", name, level=2) for name in OPS)
    own = "members: [get_num_threads, set_num_threads]"
    yield "rmpe_ext", "numpy", _directive("rmpe_ext.numpy", own) + texts
    yield "rmpe_ext", "reference", _directive("rmpe_ext.reference", "members: false")
    package = griffe.load("rmpe", search_paths=[ROOT / "python"], docstring_parser="numpy")
    names = [
        (f"rmpe.{name}", package[name].final_target)
        for name in sorted(map(str, package.exports or ()))
    ]
    yield "rmpe", "rmpe", _directive("rmpe", "members: false") + _summaries(names)
    for path in sorted((ROOT / "python/rmpe").rglob("*.py")):
        parts = path.relative_to(ROOT / "python").with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        if module not in ("rmpe", "rmpe.__main__") and "commands" not in parts:
            yield "rmpe", module, _directive(module)


def _summaries(objects: list[tuple[str, griffe.Object]]) -> str:
    """List public names with the first line of their documentation."""
    rows = [
        f"- [`{name}`][{found.path}]: {found.docstring.value.partition(chr(10))[0]}"
        if found.docstring
        else f"- [`{name}`][{found.path}]"
        for name, found in objects
    ]
    return "\n" + "\n".join(rows) + "\n"


def _directive(name: str, *options: str, level: int = 1) -> str:
    lines = [f"::: {name}", "    options:", f"      heading_level: {level}"]
    return "\n".join([*lines, *(f"      {option}" for option in options if option)]) + "\n"


def _op(package: str, modules: str, name: str, level: int = 1) -> str:
    return _directive(f"{modules}.{name}.{name}", f"heading: {package}.{name}", level=level)


def _page(section: str, title: str) -> str:
    """Path of a page of the API in the site."""
    return f"api/{section}/{title}.md" if title != section else f"api/{section}/index.md"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the pages of the API to the navigation."""
    sections: dict[str, list[Any]] = {}
    for section, title, _ in api_pages():
        page = _page(section, title)
        sections.setdefault(section, []).append({title: page} if title != section else page)
    assert config.nav is not None
    config.nav.append({"API": [{section: pages} for section, pages in sections.items()]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to the files of the site."""
    for page, name in ROOT_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text()))
    for section, title, text in api_pages():
        files.append(File.generated(config, _page(section, title), content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, files: Files, **_: Any) -> str:
    """Lead links to files of the repository to their pages; what has none stays as its text."""
    source = page.file.src_uri
    if source.startswith("api/"):
        return markdown
    docs = ROOT / "docs"
    folder = ROOT if source in ROOT_PAGES else (docs / source).parent
    pages = {ROOT / name: docs / page for page, name in ROOT_PAGES.items()}

    def lead(link: re.Match[str]) -> str:
        image, text, target, anchor = link[1], link[2], link[3], link[4] or ""
        if not target or "://" in target:
            return link[0]
        path = Path(os.path.normpath(folder / target))
        path = pages.get(path, path)
        if path in pages.values() or (path.is_relative_to(docs) and path.is_file()):
            there = os.path.relpath(path, (docs / source).parent)
            return f"{image}[{text}]({there}{anchor})"
        if not path.exists():
            return link[0]  # and MkDocs reports it
        return text

    # Every other piece is a block of code.
    pieces = _FENCE.split(markdown)
    pieces[::2] = [_LINK.sub(lead, piece) for piece in pieces[::2]]
    return "".join(pieces)
