"""Every op in pure PyTorch: same names, same arguments, same results, any device.

It is what runs where no native library was built, and what the native kernels are compared with.
"""

from .crop import crop, crop_matrices

__all__ = ["crop", "crop_matrices"]
