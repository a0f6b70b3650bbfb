"""What a build needs: pip learns of it here, and setup.py looks for it.

The build backend of pyproject.toml is setuptools, and asks for PyTorch where the build wants it.
``RMPE_EXT_TORCH=0`` builds ``rmpe_ext.numpy`` alone, without torch and without a need for it.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path


def stop(reason: str):
    raise SystemExit(f"rmpe_ext: {reason}")


try:
    import setuptools
    from setuptools import build_meta
    from setuptools.build_meta import *  # noqa: F403
except ModuleNotFoundError:  # in a new environment, with --no-build-isolation
    stop(
        "setuptools, which builds it, is not installed. Install what the build needs (see "
        "README.md, Installing it in your project), or leave out --no-build-isolation."
    )

CUDA = os.environ.get("RMPE_EXT_CUDA", "auto")
# From Turing on; later GPUs compile the last one's PTX when they load the library.
GPUS = ("7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "11.0", "12.0")
TORCH = ["torch>=2.10"] if os.environ.get("RMPE_EXT_TORCH", "1") != "0" else []


def get_requires_for_build_wheel(config_settings=None):
    return [*build_meta.get_requires_for_build_wheel(config_settings), *TORCH]


def get_requires_for_build_editable(config_settings=None):
    return [*build_meta.get_requires_for_build_editable(config_settings), *TORCH]


def release(version: str) -> tuple[int, ...]:
    """``(2, 10, 0)`` of ``"2.10.0+cpu"``."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def check_setuptools():
    if release(setuptools.__version__) < (77,):
        stop(
            f"setuptools {setuptools.__version__} is too old to build it. Install a newer one: "
            "pip install --upgrade 'setuptools>=77'"
        )


def find_compiler() -> bool:
    """Whether there is one: without one, the native libraries are left out, with a warning."""
    if CUDA not in ("auto", "0", "1"):
        stop(f"RMPE_EXT_CUDA must be auto, 0 or 1, got {CUDA!r}")
    cxx = os.environ.get("CXX") or next(filter(shutil.which, ("c++", "g++", "clang++")), None)
    if cxx is None:
        if CUDA == "1":
            stop("RMPE_EXT_CUDA=1, but no C++ compiler was found (set CXX)")
        print(
            "warning: no C++ compiler was found (install g++ or set CXX): rmpe_ext is installed "
            "without its native libraries: tensors will take the slower pure-PyTorch path, and "
            "rmpe_ext.numpy will not import",
            file=sys.stderr,
        )
        return False
    os.environ["CXX"] = cxx  # where torch looks for it
    return True


def check_python_headers():
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        stop(
            f"the headers of Python {sys.version.split()[0]} are not installed (Debian: apt-get "
            "install python3-dev)"
        )


def numpy_headers() -> str:
    try:
        import numpy
    except ImportError:
        stop("numpy, with which it is built, is not installed. Install it: pip install 'numpy>=2'")
    if release(numpy.__version__) < (2,):
        stop(
            f"numpy {numpy.__version__} is too old to build it; numpy 2 is needed, for a library "
            "that also runs with numpy 1.26. Install a newer one: pip install 'numpy>=2'"
        )
    return numpy.get_include()


def check_torch():
    try:
        import torch.version
    except ImportError:
        stop(
            "torch is not installed in the environment that builds it. Install it (pip install "
            f"'{TORCH[0]}'), or set RMPE_EXT_TORCH=0 to build rmpe_ext.numpy alone."
        )
    if release(torch.version.__version__) < release(TORCH[0]):
        stop(
            f"torch {torch.version.__version__} is too old: the stable ABI to which rmpe_ext is "
            f"written begins with 2.10. Install a newer one: pip install '{TORCH[0]}'"
        )


def find_ninja():
    """On the PATH, or beside this Python, whose environment need not be activated."""
    os.environ["PATH"] += os.pathsep + os.path.dirname(sys.executable)
    if shutil.which("ninja") is None:
        stop("ninja, with which it is built, was not found. Install it: pip install ninja")


def find_cuda() -> bool:
    """Whether ``_C_cuda`` is to be built. Tells torch with what, and for which GPUs."""
    import torch

    gpu = torch.cuda.is_available()
    if CUDA == "0" or (CUDA == "auto" and not gpu):
        return False
    home = os.environ.get("CUDA_HOME", "/usr/local/cuda")
    nvcc = shutil.which(f"{home}/bin/nvcc") or shutil.which("nvcc")
    missing = None
    if torch.version.cuda is None:
        missing = "torch is built without CUDA"
    elif nvcc is None:
        missing = f"no nvcc was found on the PATH or in {home}"
    else:
        text = subprocess.check_output([nvcc, "--version"], text=True)
        version = re.search(r"release ([\d.]+)", text)[1]
        if release(version)[0] != release(torch.version.cuda)[0]:
            missing = f"nvcc is of CUDA {version}, torch of CUDA {torch.version.cuda}"
    if missing is not None:
        if CUDA == "1":
            stop(f"RMPE_EXT_CUDA=1, but {missing}")
        print(f"note: rmpe_ext is built without its CUDA kernels: {missing}", file=sys.stderr)
        return False
    # An nvcc on the PATH may be a script that calls the toolkit's.
    steps = subprocess.run([nvcc, "--dryrun", "x.cu"], capture_output=True, text=True).stderr
    top = re.search(r"^#\$ TOP=(.*)$", steps, re.MULTILINE)[1]
    os.environ["CUDA_HOME"] = os.path.realpath(top)
    if not gpu and not os.environ.get("TORCH_CUDA_ARCH_LIST"):
        known = subprocess.check_output([nvcc, "--list-gpu-arch"], text=True).split()
        offered = [gpu for gpu in GPUS if f"compute_{gpu.replace('.', '')}" in known]
        os.environ["TORCH_CUDA_ARCH_LIST"] = ";".join(offered) + "+PTX"
    return True
