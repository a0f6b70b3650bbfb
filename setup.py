"""Builds the native library of rmpe_ext; pyproject.toml holds everything else.

The library is written to PyTorch's stable ABI: one build serves every torch from 2.10 on.
"""

import os
import shutil
import sys
from glob import glob

from setuptools import setup


def native_extension() -> dict:
    """Arguments of ``setup`` that build ``rmpe_ext/_C``, or none where there is no compiler."""
    compiler = os.environ.get("CXX") or next(filter(shutil.which, ("c++", "g++", "clang++")), None)
    if compiler is None:
        print(
            "warning: no C++ compiler found (install g++ or set CXX): rmpe_ext is installed "
            "without its native kernels and will use the slower pure-PyTorch path",
            file=sys.stderr,
        )
        return {}
    from torch.utils.cpp_extension import BuildExtension, CppExtension

    library = CppExtension(
        "rmpe_ext._C",
        sorted(glob("csrc/cpu/*.cpp") + glob("csrc/torch/*.cpp")),
        include_dirs=[os.path.abspath("csrc")],
        define_macros=[("TORCH_TARGET_VERSION", "0x020a000000000000")],
        # Nothing here reads errno or floating-point traps; giving them up lets GCC vectorize sqrt
        # and comparisons. No result changes. Contraction would make results depend on the CPU.
        extra_compile_args=[
            "-O3",
            "-g0",
            "-fno-math-errno",
            "-fno-trapping-math",
            "-ffp-contract=off",
            "-fvisibility=hidden",
            f"-ffile-prefix-map={os.getcwd()}/=",  # error messages name files, not this machine
            "-Wall",
            "-Wextra",
        ],
        depends=sorted(glob("csrc/**/*.h", recursive=True)),
        py_limited_api=True,
    )
    return {
        "ext_modules": [library],
        "cmdclass": {"build_ext": BuildExtension},
        "options": {"bdist_wheel": {"py_limited_api": "cp311"}},
    }


setup(**native_extension())
