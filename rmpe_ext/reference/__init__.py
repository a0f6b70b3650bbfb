"""Every op in pure PyTorch: same names, same arguments, same results, any device.

It is what runs where no native library was built, and what the native kernels are compared with.
"""

from .crop import crop, crop_matrices
from .decode import decode
from .pose_nms import box_nms, pose_nms, pose_similarity

__all__ = ["box_nms", "crop", "crop_matrices", "decode", "pose_nms", "pose_similarity"]
