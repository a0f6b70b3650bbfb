"""References in docstrings as links; an extension of Griffe, which reads the docstrings.

A reference in the notation of Sphinx, such as one to the function ``rmpe_ext.crop``, becomes a link
to where that is documented. One that leads nowhere fails the build.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:func|class|data|mod|meth|attr):`(~?)([\w.]+)`")


class References(griffe.Extension):
    """Rewrites the references of every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite those of one docstring."""
        if obj.docstring is None:
            # The docstring of a class describes its attributes, and how it is made.
            if obj.parent is not None and obj.parent.is_class:
                obj.public = False
        else:
            obj.docstring.value = _ROLE.sub(lambda role: _link(role, obj), obj.docstring.value)


def _link(role: re.Match[str], obj: griffe.Object) -> str:
    shown = role[2].rpartition(".")[2] if role[1] else role[2]
    target = role[2]
    package, _, name = target.rpartition(".")
    if package in ("rmpe_ext", "rmpe_ext.numpy"):
        # The function has the name of its module, which Griffe takes the name for.
        modules = "rmpe_ext.ops" if package == "rmpe_ext" else package
        target = f"{modules}.{name}.{name}"
    elif not package:
        target = f"{obj.module.path}.{name}"
    return f"[`{shown}`][{target}]"
