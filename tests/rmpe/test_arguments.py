"""What public functions say of paths that are none."""

import pathlib

import numpy as np
import pytest
from PIL import Image

import rmpe
from rmpe.annotation import annotate_video
from rmpe.conversion import convert_results
from rmpe.inputs.prefetch import read_batches
from rmpe.method.preset_file import load_preset
from rmpe.outputs.errors import OutputError, ResultsError
from rmpe.smoothing import smooth_results
from rmpe.tracking import track_results

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
