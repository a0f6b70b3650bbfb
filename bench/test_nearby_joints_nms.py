"""Nearby-joints NMS."""

from bench.baselines.nearby_joints_nms import BASELINES
from bench.group import Group, each_run, ours
from bench.inputs import poses
from bench.test_pose_nms import MANY_IMAGES, ONE_IMAGE, POSES_PER_IMAGE


def group(count, images=1):
    def native(module, keypoints, scores, image_index):
        return module.nearby_joints_nms(keypoints, scores, image_index=image_index)

    def inputs():
        keypoints, scores, _, image_index = poses(count, images)
        return keypoints, scores, image_index

    size = f"{count} poses of one image" if images == 1 else f"{images} images of {count // images}"
    name = f"nearby_joints_nms, {size}" + " poses" * (images > 1)
    return Group(name, inputs, {**ours(native, compiled=count == 5), **BASELINES})


ONE = {count: group(count) for count in ONE_IMAGE}
GROUPS = [*ONE.values(), group(MANY_IMAGES[-1] * POSES_PER_IMAGE, MANY_IMAGES[-1])]


@each_run(GROUPS)
def test_nearby_joints_nms(measure, group, run):
    measure(group, run)
