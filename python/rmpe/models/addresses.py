"""Addresses of files: ``https://...``, and ``hf:owner/repository[@revision]/file``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from .places import hub_folder

__all__ = ["ADDRESS_RULE", "HubFile", "is_address", "is_safe_address", "last_name", "sibling",
           "to_url"]  # fmt: skip

ADDRESS_RULE = (
    "an address, https://... or hf:owner/repository[@revision]/file, with %2F for a slash in the "
    "revision"
)

_HUB = re.compile(
    r"hf:(?P<repository>[\w.-]+/[\w.-]+)"
    r"(?:@(?P<revision>[\w.-]+(?:%2[Ff][\w.-]+)*))?"
    r"/(?P<file>[\w. /+-]+)",
    re.ASCII,
)
# No other machine lies between, which could change what comes.
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class HubFile:
    """A file on Hugging Face's hub.

    Attributes
    ----------
    repository
        ``owner/name``.
    revision
        A branch, tag or commit; slashes in it are ``%2F`` in an address.
    file
        Its path there.

    Examples
    --------
    >>> HubFile.parse("hf:someone/networks@v1/onnx/net.onnx")
    HubFile(repository='someone/networks', revision='v1', file='onnx/net.onnx')
    """

    repository: str
    revision: str
    file: str

    @classmethod
    def parse(cls, address: str) -> HubFile | None:
        """Read an address; None where it is of another kind, or its file lies outside."""
        match = _HUB.fullmatch(address)
        if match is None:
            return None
        revision = re.sub("%2f", "/", match["revision"] or "main", flags=re.IGNORECASE)
        parts = (*match["file"].split("/"), *revision.split("/"))
        # What the hub names refs/pr/1 ends at the first slash where that is not encoded.
        if revision == "refs" or any(part in ("", ".", "..") for part in parts):
            return None
        return cls(match["repository"], revision, match["file"])

    @property
    def url(self) -> str:
        """Where it is downloaded: from the hub, or the copy of it that ``HF_ENDPOINT`` names."""
        hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
        return f"{hub}/{self.repository}/resolve/{quote(self.revision, safe='')}/{quote(self.file)}"

    def is_revision_of(self, address: str) -> bool:
        """Whether an address is that of the same file, in whatever revision."""
        other = HubFile.parse(address)
        return other is not None and replace(other, revision=self.revision) == self

    def copy(self) -> Path | None:
        """Find the copy that Hugging Face's libraries have downloaded before, or None."""
        hub = hub_folder()
        if hub is None:
            return None
        folder = hub / f"models--{self.repository.replace('/', '--')}"
        revision = self.revision
        try:
            reference = folder / "refs" / revision
            if reference.is_file():
                revision = reference.read_text().strip()
            path = folder / "snapshots" / revision / self.file
            return path if path.is_file() else None
        except (OSError, ValueError):  # It cannot be looked into, or is no text.
            return None


def is_address(text: str) -> bool:
    """Whether a text is an address, of any kind."""
    return text.startswith(("hf:", "https://", "http://"))


def is_safe_address(text: str) -> bool:
    """Whether what comes from an address is what was sent: nobody between can have changed it.

    Examples
    --------
    >>> [is_safe_address(a) for a in ("https://example.org/a", "http://example.org/a", "hf:a/b/c")]
    [True, False, True]
    """
    if text.startswith("hf:"):
        return HubFile.parse(text) is not None
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
    )


def to_url(address: str) -> str:
    """Return the URL behind an address."""
    found = HubFile.parse(address)
    return address if found is None else found.url


def last_name(address: str) -> str:
    """Return the name of the file, without folders.

    Examples
    --------
    >>> last_name("https://example.org/networks/net.onnx?download=true")
    'net.onnx'
    """
    found = HubFile.parse(address)
    path = urlsplit(address).path if found is None else found.file
    return path.rpartition("/")[2]


def sibling(address: str, name: str) -> str:
    """Return the address of another file in the same folder."""
    return f"{address.partition('?')[0].rpartition('/')[0]}/{name}"
