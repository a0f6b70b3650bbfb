"""Parametric pose NMS, with the ``alphapose`` preset."""

from bench.baselines.pose_nms import BASELINES
from bench.group import Group, each_run, one_thread, ours
from bench.inputs import poses

ONE_IMAGE = (5, 20, 60, 200)  # poses
MANY_IMAGES = (100, 1300)
POSES_PER_IMAGE = 8


def native(module, keypoints, scores, boxes, image_index):
    return module.pose_nms(keypoints, scores, boxes, preset="alphapose", image_index=image_index)


# The compiled reference unrolls its loop over the poses of an image, so it is left to few.
def one_image(count, *, joints=17, compiled=False):
    return Group(
        f"pose_nms, {count} poses of one image" + f", {joints} joints" * (joints != 17),
        lambda: poses(count, joints=joints),
        {**ours(native, compiled=compiled), **(BASELINES if joints == 17 else {})},
    )


def many_images(images, compiled=False):
    baselines = {
        run: call for run, call in BASELINES.items() if images < 1300 or "pairs" not in run
    }
    return Group(
        f"pose_nms, {images} images of {POSES_PER_IMAGE} poses",
        lambda: poses(images * POSES_PER_IMAGE, images),
        {**ours(native, compiled=compiled), **baselines},
    )


ONE = {count: one_image(count, compiled=count == 5) for count in ONE_IMAGE}
MANY = {images: many_images(images) for images in MANY_IMAGES}
GROUPS = [
    *ONE.values(),
    one_thread(ONE[60]),
    one_thread(MANY[1300]),
    one_image(60, joints=133),
    *MANY.values(),
]


@each_run(GROUPS)
def test_pose_nms(measure, group, run):
    measure(group, run)


def similarity_group(count):
    def similarity(module, keypoints, scores, boxes, image_index):
        return module.pose_similarity(keypoints, scores, boxes, preset="alphapose")

    runs = ours(similarity, compiled=True)
    return Group(f"pose_similarity, {count} poses", lambda: poses(count), runs)


SIMILARITY = [similarity_group(60), similarity_group(200)]


@each_run(SIMILARITY)
def test_pose_similarity(measure, group, run):
    measure(group, run)
