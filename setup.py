"""Builds the native libraries of rmpe_ext with CMake; pyproject.toml holds everything else.

``_numpy``, for rmpe_ext.numpy, knows no torch. ``_C`` and ``_C_cuda`` are written to PyTorch's
stable ABI: one build serves every torch from 2.10 on. RMPE_EXT_TORCH=0 builds ``_numpy`` alone.
``_C_cuda`` is built where there is a GPU and an nvcc for a torch with CUDA; RMPE_EXT_CUDA=1 insists
on it, also where there is no GPU, and RMPE_EXT_CUDA=0 leaves it out.
"""

import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import time
from importlib.util import find_spec
from pathlib import Path

import setuptools
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

from build_backend import TORCH

ROOT = Path(__file__).resolve().parent
CUDA = os.environ.get("RMPE_EXT_CUDA", "auto")
# GPU generations from Turing on; later ones compile the last one's PTX when they load it.
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 110, 120)
NO_COMPILER = (
    "no C++ compiler was found (install g++ or set CXX): rmpe_ext is installed without its native "
    "libraries: tensors will take the slower pure-PyTorch path, and rmpe_ext.numpy will not import"
)


def stop(reason: str):
    raise SystemExit(f"rmpe_ext: {reason}")


def release(version: str) -> tuple[int, ...]:
    """``(2, 10, 0)`` of ``"2.10.0+cpu"``."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def program(name: str) -> str:
    """A program on the PATH, or beside this Python, whose environment need not be activated."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    return shutil.which(name, path=path) or stop(
        f"{name}, with which it is built, was not found. Install it: pip install {name}"
    )


def cxx_compiler() -> str | None:
    return os.environ.get("CXX") or next(filter(shutil.which, ("c++", "g++", "clang++")), None)


def installed_torch() -> tuple[Path, str | None]:
    """The folder of the torch package and the version of its CUDA, without importing it."""
    found = find_spec("torch")
    if found is None:
        stop(
            "torch is not installed in the environment that builds it. Install it (pip install "
            f"'{TORCH[0]}'), or set RMPE_EXT_TORCH=0 to build rmpe_ext.numpy alone."
        )
    folder = Path(found.submodule_search_locations[0])
    torch = runpy.run_path(str(folder / "version.py"))
    if release(torch["__version__"]) < release(TORCH[0]):
        stop(
            f"torch {torch['__version__']} is too old: the stable ABI to which rmpe_ext is written "
            f"begins with 2.10. Install a newer one: pip install '{TORCH[0]}'"
        )
    return folder, torch["cuda"]


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


def check_python_headers():
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        stop(
            f"the headers of Python {sys.version.split()[0]} are not installed (Debian: apt-get "
            "install python3-dev)"
        )


def nvcc_for(torch_cuda: str | None) -> str | None:
    """The nvcc that builds ``_C_cuda``, or None where it is not to be built."""
    if CUDA == "0" or (CUDA == "auto" and not has_gpu()):
        return None
    nvcc = shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    missing = None
    if torch_cuda is None:
        missing = "torch is built without CUDA"
    elif nvcc is None:
        missing = "no nvcc was found on the PATH or in /usr/local/cuda"
    else:
        text = subprocess.check_output([nvcc, "--version"], text=True)
        version = re.search(r"release ([\d.]+)", text)[1]
        if release(version)[0] != release(torch_cuda)[0]:
            missing = f"nvcc is of CUDA {version}, torch of CUDA {torch_cuda}"
    if missing is None:
        return nvcc
    if CUDA == "1":
        stop(f"RMPE_EXT_CUDA=1, but {missing}")
    print(f"note: rmpe_ext is built without its CUDA kernels: {missing}", file=sys.stderr)
    return None


def has_gpu() -> bool:
    lister = shutil.which("nvidia-smi")
    return lister is not None and not subprocess.run([lister, "-L"], capture_output=True).returncode


def architectures(nvcc: str) -> str:
    """As CMake names them: the caller's choice, the GPUs at hand, or every GPU nvcc knows."""
    if chosen := os.environ.get("TORCH_CUDA_ARCH_LIST"):
        one = r"\d+\.\d[af]?(\+PTX)?"
        if not re.fullmatch(f"{one}([; ]{one})*", chosen):
            stop(f"TORCH_CUDA_ARCH_LIST must be like '8.0;9.0+PTX', got {chosen!r}")
        names = re.split("[; ]", chosen.replace(".", ""))
        return ";".join(n.removesuffix("+PTX") if "+" in n else f"{n}-real" for n in names)
    if has_gpu():
        return "native"
    known = subprocess.check_output([nvcc, "--list-gpu-arch"], text=True).split()
    offered = [number for number in ARCHITECTURES if f"compute_{number}" in known]
    return ";".join([*(f"{number}-real" for number in offered[:-1]), str(offered[-1])])


class BuildWithCMake(build_ext):
    """Builds all libraries in one folder, whatever setuptools is asked for: nothing twice."""

    def run(self):
        check_python_headers()
        self.folder = ROOT / "build" / f"{self.plat_name}-{sys.implementation.cache_tag}"
        options = self.cmake_options()
        libraries = {self.built(e): self.time_of(e) for e in self.extensions}
        start = time.monotonic()
        self.configure(options)
        self.compile()
        new = [p for p, before in libraries.items() if p.stat().st_mtime != before]
        if new:
            names = ", ".join(path.name.partition(".")[0] for path in new)
            print(f"compiled {names} in {time.monotonic() - start:.0f} s", flush=True)
        super().run()

    def build_extension(self, extension):
        """Copy what CMake built to where setuptools wants it."""
        path = Path(self.get_ext_fullpath(extension.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        for older in (ROOT / "rmpe_ext").glob("_numpy.cpython-*.so"):  # Python would prefer it
            older.unlink()
        self.copy_file(self.built(extension), path)

    def built(self, extension: Extension) -> Path:
        name = extension.name.rpartition(".")[2]
        folder = self.folder / "csrc" / ("numpy" if name == "_numpy" else "torch")
        return folder / self.get_ext_filename(extension.name).rpartition("/")[2]

    def time_of(self, extension: Extension) -> float:
        path = self.built(extension)
        return path.stat().st_mtime if path.exists() else 0.0

    def cmake_options(self) -> list[str]:
        """Also takes ``_C_cuda`` out of the extensions where it is not to be built."""
        chosen = {
            "CMAKE_BUILD_TYPE": "Release",
            "CMAKE_CXX_COMPILER": cxx_compiler(),
            "CMAKE_CXX_FLAGS": os.environ.get("CXXFLAGS", ""),
            "CMAKE_MAKE_PROGRAM": program("ninja"),
            "Python_EXECUTABLE": sys.executable,
            "Python_NumPy_INCLUDE_DIR": numpy_headers(),
            "RMPE_BUILD_TESTS": "OFF",
            "RMPE_BUILD_NUMPY": "ON",
            "RMPE_BUILD_TORCH": "OFF",
            "RMPE_BUILD_CUDA": "OFF",
        }
        nvcc = None
        if TORCH:
            torch, torch_cuda = installed_torch()
            chosen |= {"RMPE_BUILD_TORCH": "ON", "RMPE_TORCH": torch}
            nvcc = nvcc_for(torch_cuda)
        if nvcc is None:
            self.extensions = [e for e in self.extensions if e.name != "rmpe_ext._C_cuda"]
        else:
            chosen |= {
                "RMPE_BUILD_CUDA": "ON",
                "CMAKE_CUDA_COMPILER": nvcc,
                "CMAKE_CUDA_ARCHITECTURES": architectures(nvcc),
            }
        return [f"-D{name}={value}" for name, value in chosen.items()]

    def configure(self, options: list[str]):
        done = self.folder / "configured.txt"
        command = [program("cmake"), "-G", "Ninja", "-S", ROOT, "-B", self.folder, *options]
        if done.exists() and done.read_text() == "\n".join(options):
            command = [program("ninja"), "-C", self.folder, "build.ninja"]  # if its sources changed
        cmake = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if cmake.returncode != 0:
            stop(f"CMake could not prepare the build:\n{cmake.stdout}")
        done.write_text("\n".join(options))

    def compile(self):
        command = [program("ninja"), "-C", self.folder]
        if not self.distribution.verbose and not sys.stdout.isatty():
            command.append("--quiet")  # but for warnings and errors
        if jobs := os.environ.get("MAX_JOBS"):
            command += ["-j", jobs]
        if subprocess.run(command).returncode != 0:
            stop("the C++ sources did not compile; the compiler's messages are above")


def extensions() -> list[Extension]:
    """The libraries to build: none where there is no compiler."""
    if CUDA not in ("auto", "0", "1"):
        stop(f"RMPE_EXT_CUDA must be auto, 0 or 1, got {CUDA!r}")
    if cxx_compiler() is None:
        if CUDA == "1":
            stop("RMPE_EXT_CUDA=1, but no C++ compiler was found (set CXX)")
        print(f"warning: {NO_COMPILER}", file=sys.stderr)
        return []
    names = ["_numpy", *(["_C", "_C_cuda"] if TORCH else [])]
    return [Extension(f"rmpe_ext.{name}", [], py_limited_api=True) for name in names]


if release(setuptools.__version__) < (77,):
    stop(
        f"setuptools {setuptools.__version__} is too old to build it. Install a newer one: "
        "pip install --upgrade 'setuptools>=77'"
    )
setup(
    install_requires=[*TORCH, "numpy>=1.26"],
    ext_modules=extensions(),
    options={"bdist_wheel": {"py_limited_api": "cp311"}},  # one for every Python from 3.11 on
    cmdclass={"build_ext": BuildWithCMake},
)
