"""The build backend of pyproject.toml: setuptools, and PyTorch for the builds that want it.

``RMPE_EXT_TORCH=0`` builds ``rmpe_ext.numpy`` alone, without torch and without a need for it.
"""

import os

try:
    from setuptools import build_meta
    from setuptools.build_meta import *  # noqa: F403
except ModuleNotFoundError:  # a new environment's, with --no-build-isolation
    raise SystemExit(
        "rmpe_ext: setuptools, which builds it, is not installed. Install what the build needs "
        "(see README.md, Installing it in your project), or leave out --no-build-isolation."
    ) from None

TORCH = ["torch>=2.10"] if os.environ.get("RMPE_EXT_TORCH", "1") != "0" else []


def get_requires_for_build_wheel(config_settings=None):
    return [*build_meta.get_requires_for_build_wheel(config_settings), *TORCH]


def get_requires_for_build_editable(config_settings=None):
    return [*build_meta.get_requires_for_build_editable(config_settings), *TORCH]
