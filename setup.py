"""Builds the native libraries of rmpe_ext; pyproject.toml holds everything else.

``_C`` and ``_C_cuda`` are written to PyTorch's stable ABI: one build serves every torch from 2.10
on, under every Python. ``_C_cuda`` is built where there is an nvcc for a torch with CUDA;
RMPE_EXT_CUDA=0 leaves it out, RMPE_EXT_CUDA=1 insists on it. ``_numpy``, for rmpe_ext.numpy, knows
no torch, and serves the Python that built it.
"""

import os
import re
import shutil
import subprocess
import sys
from glob import glob

from setuptools import Extension, setup
from setuptools.modified import newer_group

SOURCES = os.path.abspath("csrc")
# Nothing here reads errno or floating-point traps; giving them up lets GCC vectorize sqrt and
# comparisons. No result changes. Contraction would make results depend on the CPU.
FLAGS = [
    "-O3",
    "-g0",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-fvisibility=hidden",
    f"-ffile-prefix-map={os.getcwd()}/=",  # error messages name files, not this machine
    "-Wall",
    "-Wextra",
]
CUDA = os.environ.get("RMPE_EXT_CUDA", "auto")
# GPU generations from Turing on; later ones compile the last one's PTX when they load it.
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 110, 120)


def native_extensions() -> dict:
    """Arguments of ``setup`` that build the libraries, or none where there is no compiler."""
    if CUDA not in ("auto", "0", "1"):
        raise SystemExit(f"RMPE_EXT_CUDA must be auto, 0 or 1, got {CUDA!r}")
    compiler = os.environ.get("CXX") or next(filter(shutil.which, ("c++", "g++", "clang++")), None)
    if compiler is None:
        if CUDA == "1":
            raise SystemExit("RMPE_EXT_CUDA=1, but no C++ compiler was found (set CXX)")
        print(
            "warning: no C++ compiler found (install g++ or set CXX): rmpe_ext is installed "
            "without its native kernels: tensors will take the slower pure-PyTorch path, and "
            "rmpe_ext.numpy will not import",
            file=sys.stderr,
        )
        return {}
    import pybind11
    from torch.utils.cpp_extension import BuildExtension, CppExtension

    headers = sorted(glob("csrc/**/*.h", recursive=True))
    loops = sorted(glob("csrc/cpu/*.cpp"))
    common = dict(
        define_macros=[("TORCH_TARGET_VERSION", "0x020a000000000000")],
        depends=[*headers, *loops],
        py_limited_api=True,
    )
    for_tensors = CppExtension(
        "rmpe_ext._C",
        sorted(glob("csrc/torch/*.cpp")),
        include_dirs=[SOURCES],
        extra_compile_args=FLAGS,
        **common,
    )
    for_arrays = Extension(
        "rmpe_ext._numpy",
        sorted(glob("csrc/numpy/*.cpp")),
        include_dirs=[SOURCES, pybind11.get_include()],
        define_macros=[("RMPE_NUMPY", None)],
        extra_compile_args=FLAGS,
        depends=[*headers, *loops],
        language="c++",
    )

    class BuildLibraries(BuildExtension):
        """Compiles the CPU loops once, for both libraries that have them."""

        objects: list[str] = []

        def build_extension(self, ext):
            stale = newer_group(ext.sources + ext.depends, self.get_ext_fullpath(ext.name))
            if ext in (for_tensors, for_arrays) and (stale or self.force):
                self.objects = self.objects or self.compiler.compile(
                    loops,
                    output_dir=self.build_temp,
                    include_dirs=[SOURCES],
                    extra_postargs=FLAGS,
                )
                ext.extra_objects = self.objects
            super().build_extension(ext)

    extensions = [for_tensors, for_arrays]
    if home := cuda_home():
        extensions.append(cuda_extension(home, common))
    return {
        "ext_modules": extensions,
        "cmdclass": {"build_ext": BuildLibraries},
    }


def cuda_home() -> str | None:
    """The CUDA toolkit to build ``_C_cuda`` with, or None where it is not to be built."""
    if CUDA == "0":
        return None
    import torch

    # Whether a GPU is at hand now says nothing about the machine that will run this.
    home = toolkit_of(shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc")
    missing = None
    if home is None:
        missing = "no nvcc was found on the PATH or in /usr/local/cuda"
    elif torch.version.cuda is None:
        missing = f"torch {torch.__version__} is built without CUDA"
    elif toolkit_version(home)[0] != int(torch.version.cuda.split(".")[0]):
        version = ".".join(map(str, toolkit_version(home)))
        missing = f"nvcc is of CUDA {version}, torch of CUDA {torch.version.cuda}"
    if missing is None:
        return home
    if CUDA == "1":
        raise SystemExit(f"RMPE_EXT_CUDA=1, but {missing}")
    print(f"note: rmpe_ext is built without its CUDA kernels: {missing}", file=sys.stderr)
    return None


def toolkit_of(nvcc: str) -> str | None:
    """The folder of nvcc's toolkit: nvcc itself may be a script elsewhere that calls it."""
    if not os.path.exists(nvcc):
        return None
    steps = subprocess.run([nvcc, "--dryrun", "x.cu"], capture_output=True, text=True).stderr
    top = re.search(r"^#\$ TOP=(.*)$", steps, re.MULTILINE)
    return os.path.realpath(top[1]) if top else None


def toolkit_version(home: str) -> tuple[int, int]:
    text = subprocess.check_output([f"{home}/bin/nvcc", "--version"], text=True)
    major, minor = re.search(r"release (\d+)\.(\d+)", text).groups()
    return int(major), int(minor)


def cuda_extension(home: str, common: dict):
    """``_C_cuda``, with the CUDA runtime linked in, so that any CUDA build of torch loads it."""
    from torch.utils import cpp_extension

    cpp_extension.CUDA_HOME = home  # torch takes the folder of a wrapper script for it
    return cpp_extension.CppExtension(
        "rmpe_ext._C_cuda",
        sorted(glob("csrc/cuda/*.cu") + glob("csrc/torch/cuda/*.cpp")),
        include_dirs=[SOURCES, f"{home}/include"],
        library_dirs=[f"{home}/lib64"],
        libraries=["torch_cuda", "cudart_static", "dl", "rt", "pthread"],
        # Without contraction, as on the CPU: both must come to the same decisions.
        extra_compile_args={
            "cxx": [*FLAGS, "-DUSE_CUDA"],
            "nvcc": ["-O3", "--fmad=false", "-Xcompiler=-fvisibility=hidden", *architectures(home)],
        },
        **common,
    )


def architectures(home: str) -> list[str]:
    """nvcc's options: torch's own choice, which is the GPUs at hand, or every GPU nvcc knows."""
    import torch

    if "TORCH_CUDA_ARCH_LIST" in os.environ or torch.cuda.is_available():
        return []
    known = subprocess.check_output([f"{home}/bin/nvcc", "--list-gpu-arch"], text=True).split()
    offered = [number for number in ARCHITECTURES if f"compute_{number}" in known]
    options = [f"-gencode=arch=compute_{number},code=sm_{number}" for number in offered]
    return [*options, f"-gencode=arch=compute_{offered[-1]},code=compute_{offered[-1]}"]


setup(**native_extensions())
