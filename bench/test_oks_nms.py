"""OKS NMS, hard and soft."""

from bench.baselines.oks_nms import BASELINES, THRESHOLD
from bench.group import Group, each_run, ours
from bench.inputs import poses
from bench.test_pose_nms import MANY_IMAGES, ONE_IMAGE, POSES_PER_IMAGE


def people(count, images=1):
    """Keypoints, scores, areas, and which image they are in."""
    keypoints, scores, boxes, image_index = poses(count, images)
    return keypoints, scores, (boxes[:, 2:] - boxes[:, :2]).prod(1), image_index


def runs(op, compiled=False):
    def native(module, keypoints, scores, areas, image_index):
        function = getattr(module, op)
        return function(keypoints, scores, areas, image_index=image_index, threshold=THRESHOLD)

    return {**ours(native, compiled=compiled), **BASELINES[op]}


def one_image(op, count):
    name = f"{op}, {count} poses of one image"
    return Group(name, lambda: people(count), runs(op, compiled=count == 5))


def many_images(op, images):
    baselines = {run: call for run, call in runs(op).items() if images < 1300 or "pairs" not in run}
    name = f"{op}, {images} images of {POSES_PER_IMAGE} poses"
    return Group(name, lambda: people(images * POSES_PER_IMAGE, images), baselines)


ONE = {op: {count: one_image(op, count) for count in ONE_IMAGE} for op in BASELINES}
GROUPS = [
    *(group for groups in ONE.values() for group in groups.values()),
    *(many_images(op, MANY_IMAGES[-1]) for op in BASELINES),
]


@each_run(GROUPS)
def test_oks_nms(measure, group, run):
    measure(group, run)
