"""Every op in pure PyTorch: same names, same arguments, same results, any device.

It is what runs where no native library was built, and what the native kernels are compared with.
"""

from .affine_sample import affine_sample
from .crop import crop, crop_matrices
from .decode import decode
from .decode_simcc import decode_simcc
from .merge_poses import merge_poses
from .nearby_joints_nms import nearby_joints_nms
from .oks_nms import oks_nms, soft_oks_nms
from .pose_nms import box_nms, pose_nms, pose_similarity
from .soft_argmax import soft_argmax

__all__ = [
    "affine_sample",
    "box_nms",
    "crop",
    "crop_matrices",
    "decode",
    "decode_simcc",
    "merge_poses",
    "nearby_joints_nms",
    "oks_nms",
    "pose_nms",
    "pose_similarity",
    "soft_argmax",
    "soft_oks_nms",
]
