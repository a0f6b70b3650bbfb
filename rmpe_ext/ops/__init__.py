"""The public ops, each in a module of its name: schema, documentation, gradient.

What they do in C++, checks and allocation first, is in csrc/ops.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names that rmpe_ext and rmpe_ext.reference load on first use
    from .affine_sample import affine_sample as affine_sample
    from .box_nms import box_nms as box_nms
    from .crop import crop as crop
    from .crop_matrices import crop_matrices as crop_matrices
    from .decode import decode as decode
    from .decode_simcc import decode_simcc as decode_simcc
    from .merge_poses import merge_poses as merge_poses
    from .nearby_joints_nms import nearby_joints_nms as nearby_joints_nms
    from .oks_nms import oks_nms as oks_nms
    from .pose_nms import pose_nms as pose_nms
    from .pose_similarity import pose_similarity as pose_similarity
    from .soft_argmax import soft_argmax as soft_argmax
    from .soft_oks_nms import soft_oks_nms as soft_oks_nms
