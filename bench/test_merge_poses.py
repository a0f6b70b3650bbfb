"""Merging poses, after a pose NMS with the ``alphapose`` preset."""

import rmpe_ext
from bench.baselines.merge_poses import BASELINES
from bench.group import Group, each_run, ours
from bench.inputs import poses
from bench.test_pose_nms import MANY_IMAGES, ONE_IMAGE, POSES_PER_IMAGE


def group(count, images=1):
    def native(module, *inputs):
        return module.merge_poses(*inputs, preset="alphapose")

    def inputs():
        *detected, index = poses(count, images)
        result = rmpe_ext.pose_nms(*detected, preset="alphapose", image_index=index)
        return *detected, result.suppressor

    size = f"{count} poses of one image" if images == 1 else f"{images} images of {count // images}"
    name = f"merge_poses, {size}" + " poses" * (images > 1)
    return Group(name, inputs, {**ours(native, compiled=count == 60), **BASELINES})


ONE = {count: group(count) for count in ONE_IMAGE}
GROUPS = [*ONE.values(), group(MANY_IMAGES[-1] * POSES_PER_IMAGE, MANY_IMAGES[-1])]


@each_run(GROUPS)
def test_merge_poses(measure, group, run):
    measure(group, run)
