"""The ops on numpy's arrays: same names, arguments, results and errors as in rmpe_ext.

Nothing here imports torch. The compiled loops are the same, so that results are equal bit for bit.
They run on threads of their own, without the interpreter's lock.
"""

from ._threads import get_num_threads, set_num_threads
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
    "get_num_threads",
    "merge_poses",
    "nearby_joints_nms",
    "oks_nms",
    "pose_nms",
    "pose_similarity",
    "set_num_threads",
    "soft_argmax",
    "soft_oks_nms",
]
