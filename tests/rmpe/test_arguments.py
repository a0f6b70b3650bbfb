"""What public functions say of arguments that are none."""

import pathlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import rmpe
from rmpe.annotation import annotate_video
from rmpe.conversion import convert_results
from rmpe.inputs.frames import read_frames
from rmpe.inputs.prefetch import read_batches
from rmpe.method.preset_file import load_preset
from rmpe.outputs.errors import OutputError, ResultsError
from rmpe.smoothing import smooth_results
from rmpe.tracking import track_results

PEOPLE = rmpe.People(
    keypoints=torch.zeros(1, 17, 2), keypoint_scores=torch.ones(1, 17),
    boxes=torch.zeros(1, 4), box_scores=torch.ones(1), scores=torch.ones(1),
    image_index=torch.zeros(1, dtype=torch.int64), image_sizes=((9, 9),), skeleton=rmpe.COCO_17,
)  # fmt: skip

# Each with the name of the argument that the path is.
TAKE_A_PATH = {
    "read_image": (rmpe.read_image, "path"),
    "find_images": (lambda path: rmpe.find_images([path]), r"inputs\[0\]"),
    "read_images": (lambda path: list(rmpe.read_images([path])), r"paths\[0\]"),
    "annotations": (lambda path: rmpe.load_dataset(path, None), "annotations"),
    "images": (lambda path: rmpe.load_dataset("a.json", path), "images"),
    "load_card": (rmpe.load_card, "name_or_path"),
    "models_dir": (lambda path: rmpe.load_pose("simplepose_coco17", models_dir=path), "models_dir"),
    "load_preset": (load_preset, "preset"),
    "track_results": (lambda path: track_results(path, "out"), "results"),
    "smooth_results": (lambda path: smooth_results("results", path), "out"),
    "convert_results": (lambda path: convert_results(path, "out", ["csv"]), "results"),
    "annotate_video": (lambda path: annotate_video("results", path, "out.mp4"), "video"),
}


@pytest.mark.parametrize("wrong", [5, 1.5, True, ["a.jpg"], object()])
@pytest.mark.parametrize("function", TAKE_A_PATH)
def test_what_is_no_path_is_named(function, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, name = TAKE_A_PATH[function]
    with pytest.raises(TypeError, match=f"^{name} must be a path, got "):
        call(wrong)


@pytest.mark.parametrize("name", ["a\0b", "a\0.mp4", "\ud800.mp4"])
def test_paths_that_no_file_can_have_are_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for function in (track_results, smooth_results):
        with pytest.raises(ResultsError, match="^results must be a path that a file can have"):
            function(name, "out")
        with pytest.raises(OutputError, match="^out must be a path that a file can have"):
            function("results", name)
    with pytest.raises(rmpe.ImageError, match="^video must be a path that a file can have"):
        annotate_video("results", name, "out.mp4")
    with pytest.raises(rmpe.ImageError):
        rmpe.read_image(name)
    with pytest.raises(rmpe.DatasetError):
        rmpe.load_dataset(name, None)
    with pytest.raises(rmpe.ModelError):
        rmpe.load_card(f"{name}.toml")
    assert not list(tmp_path.iterdir())


def test_one_path_is_no_list_of_paths():
    for path in ("photos", b"photos", pathlib.Path("photos")):
        with pytest.raises(TypeError, match="^inputs must be a list of paths, got .*photos"):
            rmpe.find_images(path)


def test_paths_of_images_may_be_of_any_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((4, 6, 3), 90, np.uint8)).save("gray.png")
    paths = ["gray.png", b"gray.png", pathlib.Path("gray.png")]
    for _, image in rmpe.read_images(paths):
        assert image.shape == (4, 6, 3)
    with pytest.raises(TypeError, match="^batch_size must be a whole number, got '2'"):
        read_batches(paths, batch_size="2")


def estimator(**options):
    return rmpe.PoseEstimator(**{"detector": None, "pose": "small_hourglass_coco17", **options})


# Functions of a value for an argument, which the error names, that is none of these.
OTHERS = {
    "channels": (lambda value: read_frames([], channels=value), ()),
    "classes": (lambda value: rmpe.load_detector("small_ssd_person", classes=value), ()),
    "convention": (lambda value: estimator(convention=value), (None,)),
    "detector": (lambda value: estimator(detector=value), (None, "", type)),
    "device": (lambda value: estimator(device=value), (None, 5)),
    "format": (lambda value: rmpe.load_dataset("a.json", None, format=value), ()),
    "image": (lambda value: PEOPLE[value], ()),
    "keypoints": (lambda value: replace(PEOPLE, keypoints=value), ()),
    "mask": (lambda value: PEOPLE.select(value), ()),
    "nms_parameters": (lambda value: estimator(nms_parameters=value), (None,)),
    "people": (lambda value: rmpe.suppress(value), ()),
    "pose": (lambda value: estimator(pose=value), ("",)),
    "scores": (lambda value: replace(PEOPLE, scores=value), ()),
    "stn": (lambda value: estimator(stn=value), ()),
    "threshold": (lambda value: estimator(threshold=value), (None,)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_such_argument_is_named(name):
    call, allowed = OTHERS[name]
    for value in (None, 5, 1.5, "", [], [1], [[1]], {1}, object(), type, 10**5000, np.zeros(3)):
        if not any(value is one or (type(value) is type(one) and value == one) for one in allowed):
            with pytest.raises((TypeError, ValueError, IndexError), match=rf"\b{name} must be "):
                call(value)
