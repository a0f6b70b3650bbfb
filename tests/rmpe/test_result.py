"""Results of one image: names, tables, drawings, and what other packages make of them."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe.inputs.frames import Frame
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.people import People
from rmpe.result import Result

from .outputs.material import make_people

EVERYTHING = DrawingStyle(min_person_score=0, min_keypoint_score=0)


@pytest.fixture
def people():
    """Three images, with 2, 0 and 3 people."""
    return People.concatenate([make_people(count) for count in (2, 0, 3)])


@pytest.fixture
def tracked(people):
    return replace(people, track_ids=torch.tensor([4, 7, 2, -1, 9]))


def test_an_image_of_a_batch(people):
    result = people[2]
    expected = people.split()[2]
    assert [len(one) for one in people] == [2, 0, 3]
    assert len(result) == len(result.keypoints) == len(result.boxes) == 3
    assert torch.equal(result.keypoints.xy, expected.keypoints)
    assert torch.equal(result.keypoints.conf, expected.keypoint_scores)
    assert torch.equal(result.boxes.xyxy, expected.boxes)
    assert torch.equal(result.boxes.conf, expected.box_scores)
    assert torch.equal(result.scores, expected.scores)
    assert result.track_ids is None
    assert result.people.image_index.tolist() == [0, 0, 0]
    assert result.size == (40, 60)
    assert torch.equal(people[-1].keypoints.xy, result.keypoints.xy)
    assert torch.equal(people[np.int64(2)].scores, result.scores)


@pytest.mark.parametrize("image", [3, -4])
def test_an_image_that_is_not_there(people, image):
    with pytest.raises(IndexError, match=rf"image must be in 0..2, got {image}"):
        people[image]


def test_a_result_is_of_one_image(people):
    with pytest.raises(ValueError, match="people must be of one image, got 3; take one"):
        Result(people)


def test_a_result_has_people_and_a_frame(people):
    with pytest.raises(TypeError, match="people must be a People, got 5"):
        Result(5)
    with pytest.raises(TypeError, match="frame must be a Frame, got 'a.jpg'"):
        replace(people[0], frame="a.jpg")


def test_parts_of_the_image(people):
    for result in (people[0], people[0].numpy()):
        xyn = result.keypoints.xyn
        np.testing.assert_allclose(xyn[..., 0] * 60, result.keypoints.xy[..., 0], rtol=1e-6)
        np.testing.assert_allclose(xyn[..., 1] * 40, result.keypoints.xy[..., 1], rtol=1e-6)
        np.testing.assert_allclose(
            result.boxes.xyxyn[0], [1 / 60, 2 / 40, 31.5 / 60, 22.25 / 40], rtol=1e-6
        )
    assert people[1].boxes.xyxyn.shape == (0, 4)


def test_boxes_by_their_centers(people):
    for result, kind in ((people[0], torch.Tensor), (people[0].numpy(), np.ndarray)):
        x1, y1, x2, y2 = result.boxes.xyxy[0].tolist()
        expected = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
        assert isinstance(result.boxes.xywh, kind) and isinstance(result.boxes.xywhn, kind)
        np.testing.assert_allclose(result.boxes.xywh[0], expected, rtol=1e-6)
        parts = np.array(expected) / [60, 40, 60, 40]
        np.testing.assert_allclose(result.boxes.xywhn[0], parts, rtol=1e-6)
        assert result.boxes.xywh.dtype == result.boxes.xyxy.dtype
    assert people[1].boxes.xywh.shape == people[1].numpy().boxes.xywhn.shape == (0, 4)


def test_names_of_ultralytics(people):
    assert people[0].orig_shape == people[0].size == (40, 60)
    result = people[0].numpy().cpu()
    assert isinstance(result.scores, torch.Tensor) and result.scores.device.type == "cpu"


def test_arrays_and_tensors(tracked):
    arrays = tracked[0].numpy()
    values = [arrays.keypoints.xy, arrays.keypoints.xyn, arrays.keypoints.conf, arrays.boxes.xyxy,
              arrays.boxes.conf, arrays.scores, arrays.track_ids]  # fmt: skip
    assert {type(value) for value in values} == {np.ndarray}
    assert arrays.track_ids.tolist() == [4, 7]
    assert arrays.to("cpu").keypoints.xy.tolist() == arrays.keypoints.xy.tolist()
    assert tracked[0].to("meta").track_ids.device.type == "meta"


def test_what_rtmlib_returns(people):
    keypoints, scores = people[0].to_rtmlib()
    assert (keypoints.shape, scores.shape) == ((2, 17, 2), (2, 17))
    assert {type(keypoints), type(scores)} == {np.ndarray}
    np.testing.assert_array_equal(keypoints, people[0].keypoints.xy)


def test_pandas_has_a_row_for_each_keypoint(tracked):
    table = tracked[2].to_pandas()
    assert list(table.columns) == ["person", "track", "class", "keypoint", "x", "y", "score"]
    assert len(table) == 3 * 17
    assert table["track"].isna().sum() == 17
    wrist = table[(table.keypoint == "left_wrist") & (table.track == 9)].iloc[0]
    assert [wrist.x, wrist.y] == tracked[2].keypoints.xy[2, 9].tolist()
    assert (wrist.person, wrist.score) == (2, tracked[2].keypoints.conf[2, 9].item())
    means = table.groupby("person")[["x", "y"]].mean().to_numpy()
    np.testing.assert_allclose(means, tracked[2].keypoints.xy.mean(1), rtol=1e-6)


def test_pandas_of_nobody_and_of_people_who_were_not_tracked(people):
    assert people[1].to_pandas().shape == (0, 7)
    assert people[0].to_pandas()["track"].isna().all()


def test_coco_is_that_of_the_files(tracked):
    first, second = tracked[0].to_coco(139)
    assert (first["image_id"], first["category_id"], first["track_id"]) == (139, 1, 4)
    np.testing.assert_allclose(
        np.reshape(second["keypoints"], (17, 3))[:, :2], tracked[0].keypoints.xy[1], atol=1e-3
    )
    assert people_scores(tracked) == [first["score"], second["score"]]


@pytest.mark.parametrize(
    ("image_id", "error"),
    [("790", TypeError), (7.5, TypeError), (True, TypeError), (-1, ValueError)],
)
def test_numbers_of_images_are_whole(people, image_id, error):
    with pytest.raises(error, match="image_id must be"):
        people[0].to_coco(image_id)


def test_coco_of_numpys_numbers_is_json(people):
    (first, _) = json.loads(json.dumps(people[0].to_coco(np.int64(790))))
    assert (first["image_id"], "track_id" in first) == (790, False)


def people_scores(people):
    return people[0].scores.tolist()


def test_supervision_draws_and_selects_them(tracked):
    supervision = pytest.importorskip("supervision")
    points = tracked[0].to_supervision()
    assert (len(points), points.xy.shape) == (2, (2, 17, 2))
    np.testing.assert_array_equal(points.keypoint_confidence, tracked[0].keypoints.conf)
    np.testing.assert_array_equal(points.detection_confidence, tracked[0].scores)
    assert points.class_id.tolist() == [0, 0]
    second = points[1]
    assert second.data["track_id"].tolist() == [7]
    assert second["class_name"].tolist() == ["person"]
    canvas = np.zeros((40, 60, 3), np.uint8)
    assert supervision.VertexAnnotator(radius=1).annotate(canvas, points).any()
    assert len(tracked[1].to_supervision()) == 0


def test_plot_draws_on_the_frame_or_on_what_is_given(people, tmp_path):
    image = np.full((40, 60, 3), 90, np.uint8)
    expected = draw(image, people[0].people, EVERYTHING)
    assert (expected != 90).any()
    Image.fromarray(image).save(tmp_path / "image.png")
    for result, given in (
        (people[0], image),
        (people[0], tmp_path / "image.png"),
        (replace(people[0], frame=Frame(image, 0)), None),
        (replace(people[0], frame=Frame(torch.from_numpy(image), 0)), None),
    ):
        np.testing.assert_array_equal(result.plot(given, EVERYTHING), expected)
    assert (image == 90).all()


def test_nobody_is_nothing_to_every_tool(people):
    nobody = people[1]
    assert nobody.to_coco() == []
    assert [part.shape for part in nobody.to_rtmlib()] == [(0, 17, 2), (0, 17)]
    assert nobody.numpy().keypoints.xyn.shape == (0, 17, 2)
    image = np.full((40, 60, 3), 90, np.uint8)
    for style in (EVERYTHING, replace(EVERYTHING, blur_faces=True, scores=True, names=True)):
        np.testing.assert_array_equal(nobody.plot(image, style), image)


def test_people_whose_boxes_are_not_known(people):
    """As those of COCO results, which have none, where no keypoint was sure."""
    result = replace(people, boxes=torch.full((5, 4), math.nan))[0]
    assert result.plot(np.zeros((40, 60, 3), np.uint8), EVERYTHING).any()
    assert len(result.to_coco()) == 2
    assert len(result.to_pandas()) == 2 * 17
    pytest.importorskip("supervision")
    points = result.to_supervision()
    assert np.isnan(points.data["box"]).all()


def test_plot_needs_the_image(people):
    with pytest.raises(ValueError, match="image must be given, as this result does not hold"):
        people[0].plot()
    with pytest.raises(
        ValueError, match=r"image must be of the size of .* \(40, 60\), got \(9, 9\)"
    ):
        people[0].plot(np.zeros((9, 9, 3), np.uint8))


@pytest.mark.parametrize(
    "image", [5, np.zeros((40, 60)), np.zeros((40, 60, 3)), np.zeros((40, 60, 4), np.uint8), [None]]
)
def test_plot_refuses_what_is_no_image(people, image):
    with pytest.raises(ValueError, match=r"image must be uint8 \(H, W, 3\) or a path, got"):
        people[0].plot(image)
    with pytest.raises(TypeError, match="style must be a DrawingStyle, got 5"):
        people[0].plot(np.zeros((40, 60, 3), np.uint8), 5)


@pytest.mark.parametrize("people", [None, "x", 7, [], torch.zeros(2)])
def test_what_are_no_people_is_named(people):
    with pytest.raises(TypeError, match="people must be a People, got"):
        Result(people)
