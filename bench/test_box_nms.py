"""Box NMS."""

from bench.baselines.box_nms import BASELINES, THRESHOLD
from bench.group import Group, each_run, ours
from bench.inputs import boxes_to_suppress


def group(count, images, compiled=False):
    def native(module, boxes, scores, image_index):
        return module.box_nms(boxes, scores, THRESHOLD, image_index=image_index)

    baselines = {run: call for run, call in BASELINES.items() if images == 1 or "batched" in run}
    return Group(
        f"box_nms, {count} boxes of {images} image{'s' * (images > 1)}",
        lambda: boxes_to_suppress(count, images),
        {**ours(native, compiled=compiled), **baselines},
    )


THOUSAND = group(1000, 1)
GROUPS = [group(20, 1, compiled=True), group(100, 1), THOUSAND, group(10000, 100)]


@each_run(GROUPS)
def test_box_nms(measure, group, run):
    measure(group, run)
