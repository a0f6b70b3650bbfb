"""Builds the native libraries of rmpe_ext; pyproject.toml holds everything else.

_numpy   rmpe_ext.numpy. Knows no torch; one build serves Python from 3.10 on, numpy from 1.26 on.
_C       ops of CPU tensors, by PyTorch's stable ABI: one build serves every torch from 2.10 on.
_C_cuda  ops of CUDA tensors, likewise. Built where there is a GPU, and an nvcc for torch's CUDA.

torch.utils.cpp_extension compiles them. Environment variables:
RMPE_EXT_TORCH=0      builds _numpy alone, by setuptools itself: without torch, and without ninja.
RMPE_EXT_CUDA=0 or 1  leaves _C_cuda out, or insists on it, also where there is no GPU.
TORCH_CUDA_ARCH_LIST  names GPUs, "8.0;9.0+PTX"; without it: those at hand, or all that nvcc knows.
CXX, CXXFLAGS, LDFLAGS, CUDA_HOME and MAX_JOBS mean what they usually do.
"""

import logging
import os
import re
import shlex
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from glob import glob
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.editable_wheel import editable_wheel

from build_backend import (
    TORCH,
    check_python_headers,
    check_setuptools,
    check_torch,
    find_compiler,
    find_cuda,
    find_ninja,
    numpy_headers,
    stop,
)

ROOT = Path(__file__).resolve().parent
CSRC = str(ROOT / "csrc")
LOOPS = sorted(glob("csrc/cpu/*.cpp") + glob("csrc/parallel/*.cpp"))
PYTHON_API = "0x030a0000"  # 3.10
TORCH_API = "0x020a000000000000"  # 2.10


def flags(name: str) -> list[str]:
    return re.findall("^-.*", Path(CSRC, name).read_text(), re.MULTILINE)


def options(variable: str) -> list[str]:
    return shlex.split(os.environ.get(variable, ""))


def unnamed(folder: str) -> str:
    """The option that takes a folder of this machine out of the names of files in errors."""
    return f"-ffile-prefix-map={folder}/="


def system(*folders: str) -> list[str]:
    """Options for headers whose warnings are not ours."""
    folders = map(os.path.realpath, folders)
    return [option for f in folders for option in (f"-isystem{f}", unnamed(f))]


CXX_FLAGS = [
    "-O3",
    "-DNDEBUG",
    "-fPIC",
    "-fvisibility=hidden",  # two libraries have the loops, and show nothing of them
    unnamed(ROOT),
    *flags("cxx_flags.txt"),
    *options("CXXFLAGS"),
]


class Package(Distribution):
    """Looks for compilers, numpy and torch only where a command builds."""

    def run_commands(self):
        if not {"dist_info", "egg_info", "sdist"}.issuperset(self.commands):
            self.ext_modules, self.cmdclass["build_ext"] = native_libraries()
        super().run_commands()


def native_libraries() -> tuple[list[Extension], type[build_ext]]:
    """The libraries, none where there is no compiler, and the command that builds them."""
    if not find_compiler():
        return [], build_ext
    check_python_headers()
    for_arrays = Extension(
        "rmpe_ext._numpy",
        sorted(glob("csrc/numpy/*.cpp")),
        include_dirs=[CSRC],
        define_macros=[("RMPE_NUMPY", None), ("Py_LIMITED_API", PYTHON_API)],
        extra_compile_args=["-std=c++17", *system(numpy_headers())],
        py_limited_api=True,
        language="c++",
    )
    if TORCH:
        for_tensors, command = torch_libraries()
        return [for_arrays, *for_tensors], compile_once(command)
    # Without ninja, which knows what includes what, any change compiles everything.
    for_arrays.sources += LOOPS
    for_arrays.depends = glob("csrc/**/*.*", recursive=True)
    return [for_arrays], compile_once(build_ext)


def torch_libraries() -> tuple[list[Extension], type[build_ext]]:
    """``_C``, ``_C_cuda`` where it is to be built, and torch's build_ext."""
    check_torch()
    find_ninja()
    cuda = find_cuda()
    # Torch warns of a toolkit where there is no GPU, and of compilers other than its own.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    from torch.utils import cpp_extension

    cpp_extension.min_supported_cpython = PYTHON_API
    cxx_flags = ["-std=c++20", *system(*cpp_extension.include_paths())]  # as torch's headers want
    for_cpu = cpp_extension.CppExtension(
        "rmpe_ext._C",
        sorted(glob("csrc/torch/*.cpp")),
        include_dirs=[CSRC],
        define_macros=[("TORCH_TARGET_VERSION", TORCH_API)],
        extra_compile_args=cxx_flags,
        py_limited_api=True,
    )
    if not cuda:
        return [for_cpu], cpp_extension.BuildExtension
    nvcc_flags = ["-DNDEBUG", "-Xcompiler=-fvisibility=hidden", *flags("nvcc_flags.txt")]
    for_cuda = cpp_extension.CUDAExtension(
        "rmpe_ext._C_cuda",
        sorted(glob("csrc/cuda/*.cu") + glob("csrc/torch/cuda/*.cpp")),
        include_dirs=[CSRC],
        define_macros=[("TORCH_TARGET_VERSION", TORCH_API), ("USE_CUDA", None)],
        extra_compile_args={"cxx": cxx_flags, "nvcc": nvcc_flags},
        py_limited_api=True,
    )
    # Linked in, so that any CUDA build of torch loads the library.
    for_cuda.libraries.remove("cudart")
    for_cuda.libraries += ["cudart_static", "dl", "rt", "pthread"]
    return [for_cpu, for_cuda], cpp_extension.BuildExtension


def compile_once(base: type[build_ext]) -> type[build_ext]:
    """setuptools' build_ext or torch's, which compiles no file twice."""

    class BuildLibraries(base):
        def finalize_options(self):
            super().finalize_options()
            # Always in one folder: pip would take a new one each time.
            self.objects = str(ROOT / "build" / f"{self.plat_name}-{sys.implementation.cache_tag}")
            self.build_temp = self.objects
            if self.inplace:
                self.build_lib = self.objects

        def build_extensions(self):
            # Without the options of Python's own build, which differ from one Python to another.
            cxx = options("CXX")
            self.compiler.set_executables(
                compiler_so=[*cxx, *CXX_FLAGS],
                compiler_so_cxx=[*cxx, *CXX_FLAGS],
                compiler_cxx=cxx,
                linker_exe_cxx=cxx,
                linker_so_cxx=[*cxx, "-shared", *options("LDFLAGS")],
            )
            self.compiler.force = False  # link only where an object is new
            self.loops = []
            start = time.time()
            try:
                with nullcontext() if self.distribution.verbose else hidden_commands():
                    super().build_extensions()
            except RuntimeError as error:  # torch's, where ninja failed
                stop(str(error))
            paths = [Path(self.get_ext_fullpath(e.name)) for e in self.extensions]
            if new := [p.name.partition(".")[0] for p in paths if p.stat().st_mtime > start]:
                print(f"compiled {', '.join(new)} in {time.time() - start:.0f} s")
            self.force = False  # copy only what is new

        def build_extension(self, extension):
            name = extension.name.rpartition(".")[2]
            if TORCH and name != "_C_cuda":
                self.loops = self.loops or self.compiler.compile(
                    LOOPS,
                    output_dir=f"{self.objects}/loops",
                    include_dirs=[CSRC],
                    extra_postargs=["-std=c++17"],
                )
                extension.extra_objects = self.loops
            self.build_temp = f"{self.objects}/{name}"  # ninja has a file of its own in each
            super().build_extension(extension)

    return BuildLibraries


@contextmanager
def hidden_commands():
    """Hides the commands that ninja prints, but not what the compiler has to say."""
    sys.stdout.flush()
    stdout = os.dup(1)
    with tempfile.TemporaryFile("w+") as printed:
        os.dup2(printed.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(stdout, 1)
            os.close(stdout)
            printed.seek(0)
            sys.stdout.writelines(x for x in printed if not re.match(r"\[\d+/\d+\]|ninja: ", x))


class InstallEditable(editable_wheel):
    """Puts the folders of the packages on Python's path.

    Setuptools' own choice is an import hook, which type checkers and editors do not run.
    """

    def _select_strategy(self, name, tag, build_lib):
        return super()._select_strategy(name, tag, build_lib) if self.mode else OnPath(name)


class OnPath:
    def __init__(self, name: str):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def __call__(self, wheel, files, mapping):
        wheel.writestr(f"__editable__.{self.name}.pth", f"{ROOT}\n{ROOT / 'python'}\n")


check_setuptools()
setup(
    distclass=Package,
    cmdclass={"editable_wheel": InstallEditable},
    install_requires=[
        *TORCH,
        "numpy>=1.26",
        "typing-extensions>=4.10; python_version < '3.11'",
    ],
    options={"bdist_wheel": {"py_limited_api": "cp310"}},  # one for every Python from 3.10 on
)
