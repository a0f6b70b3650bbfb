"""Box NMS."""

from bench.group import Group, each_run, ours
from bench.inputs import boxes_to_suppress
from bench.rivals.box_nms import RIVALS, THRESHOLD


def group(count, images, compiled=False):
    def native(module, boxes, scores, image_index):
        return module.box_nms(boxes, scores, THRESHOLD, image_index=image_index)

    rivals = {run: call for run, call in RIVALS.items() if images == 1 or "batched" in run}
    return Group(
        f"box_nms, {count} boxes of {images} image{'s' * (images > 1)}",
        lambda: boxes_to_suppress(count, images),
        {**ours(native, compiled=compiled), **rivals},
    )


THOUSAND = group(1000, 1)
GROUPS = [group(20, 1, compiled=True), group(100, 1), THOUSAND, group(10000, 100)]


@each_run(GROUPS)
def test_box_nms(measure, group, run):
    measure(group, run)
