"""What the Python function of an op adds to the op itself, and what a small call costs in all."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import rmpe_ext
from bench.group import NATIVE, Group, each_run
from bench.inputs import affine_maps, boxes_to_suppress, heatmaps, poses

BARE = "bare op"


class Recorder(TorchDispatchMode):
    """Notes the op of ours that is called, and its arguments."""

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        if op.namespace == "rmpe_ext":
            self.op, self.arguments = op, args
        return op(*args, **(kwargs or {}))


def small_calls():
    """A call of each op on one small image: a function, its arguments and keywords."""
    maps, matrices = heatmaps(1)
    keypoints, scores, boxes, index = poses(5)
    rectangles, rectangle_scores, _ = boxes_to_suppress(5, 1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    suppressor = rmpe_ext.pose_nms(keypoints, scores, boxes, preset="alphapose").suppressor
    input, theta = affine_maps((1, 3, 16, 12), 0.0)
    bins = torch.rand(1, 17, 96), torch.rand(1, 17, 128)
    image = torch.zeros(1, 60, 80, 3, dtype=torch.uint8)
    statistics = dict(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    preset = dict(preset="alphapose")
    return {
        "affine_sample": (rmpe_ext.affine_sample, (input, theta, (16, 12)), {}),
        "crop": (rmpe_ext.crop, (image, matrices, (16, 12)), statistics),
        "crop_matrices": (rmpe_ext.crop_matrices, (boxes, (256, 192)), {}),
        "decode": (rmpe_ext.decode, (maps,), dict(matrices=matrices)),
        "decode_simcc": (rmpe_ext.decode_simcc, bins, {}),
        "soft_argmax": (rmpe_ext.soft_argmax, (maps,), {}),
        "pose_nms": (rmpe_ext.pose_nms, (keypoints, scores, boxes), preset),
        "pose_similarity": (rmpe_ext.pose_similarity, (keypoints, scores, boxes), preset),
        "merge_poses": (rmpe_ext.merge_poses, (keypoints, scores, boxes, suppressor), preset),
        "oks_nms": (rmpe_ext.oks_nms, (keypoints, scores, areas), {}),
        "soft_oks_nms": (rmpe_ext.soft_oks_nms, (keypoints, scores, areas), {}),
        "nearby_joints_nms": (rmpe_ext.nearby_joints_nms, (keypoints, scores), {}),
        "box_nms": (rmpe_ext.box_nms, (rectangles, rectangle_scores, 0.5), {}),
    }


def group(name):
    function, arguments, keywords = small_calls()[name]
    with Recorder() as recorder:
        function(*arguments, **keywords)
    op, lowered = recorder.op, recorder.arguments
    runs = {NATIVE: lambda: function(*arguments, **keywords), BARE: lambda: op(*lowered)}
    return Group(f"one small call of {name}", tuple, runs)


CALLS = {name: group(name) for name in small_calls()}


@each_run(CALLS.values())
def test_call_overhead(measure, group, run):
    measure(group, run)
