"""Bootstrap intervals against data sets that are resampled and measured plainly."""

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.metrics.bootstrap import Matches, bootstrap
from rmpe.metrics.cocoeval import matched
from rmpe.metrics.keypoint_ap import MEASURES, average_precision
from rmpe.metrics.predictions import Predictions

from ..coco_annotations import annotations, person, random_annotations, write


def repeated(content, rows, counts):
    """Annotations and results in which each image stands so many times."""
    images, people, new_rows = [], [], []
    for image, count in zip(content["images"], counts, strict=True):
        for _ in range(count):
            new = {"id": len(images), "file_name": f"{len(images)}.png"}
            images.append(new)
            change = {"image_id": new["id"]}
            people += [p | change for p in content["annotations"] if p["image_id"] == image["id"]]
            new_rows += [row | change for row in rows if row["image_id"] == image["id"]]
    return annotations(*people, images=images), new_rows


def plainly(content, rows, folder):
    found = average_precision(load_dataset(write(content, folder), folder), rows)
    values = [getattr(found, name) for name in MEASURES]
    return [np.nan if value is None else value for value in values]


def with_different_scores(rows):
    """Equal scores in one image would tie with their own copies, whose order is arbitrary."""
    return [row | {"score": row["score"] + i * 1e-6} for i, row in enumerate(rows)]


@pytest.mark.parametrize("seed", range(30))
def test_resampled_data_sets_measured_plainly(tmp_path, seed):
    rng = np.random.default_rng(seed)
    content, rows = random_annotations(rng)
    rows = with_different_scores(rows)
    # Somebody in every image, so that no resample is without people.
    for image in content["images"]:
        content["annotations"].append(person(id="last", image_id=image["id"], area=2000))
    dataset = load_dataset(write(content, tmp_path), tmp_path)
    matches = Matches.of(dataset, matched(dataset, Predictions.from_coco(dataset, rows)))
    images = len(dataset)
    for counts in ([1] * images, *rng.multinomial(images, [1 / images] * images, size=3)):
        expected = plainly(*repeated(content, rows, counts), tmp_path)
        found = matches.measure(np.array(counts))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_order_of_images_is_that_of_the_data_set(tmp_path):
    """Ids that fall: the first image of the file is the last one of pycocotools."""
    people = [person(id=i, image_id=i, area=2000) for i in (9, 5)]
    images = [{"id": i, "file_name": f"{i}.png"} for i in (9, 5)]
    dataset = load_dataset(write(annotations(*people, images=images), tmp_path), tmp_path)
    row = {"image_id": 9, "keypoints": people[0]["keypoints"], "score": 1}
    matches = Matches.of(dataset, matched(dataset, Predictions.from_coco(dataset, [row])))
    assert matches.measure(np.array([2, 0]))[0] == pytest.approx(1)
    assert matches.measure(np.array([0, 2]))[0] == 0


@pytest.fixture
def measured(tmp_path):
    """Twenty images with a person each, found in half of them."""
    people = [person(id=i, image_id=i, area=2000) for i in range(20)]
    images = [{"id": i, "file_name": f"{i}.png"} for i in range(20)]
    dataset = load_dataset(write(annotations(*people, images=images), tmp_path), tmp_path)
    rows = [{"image_id": i, "keypoints": people[0]["keypoints"], "score": 1} for i in range(10)]
    return dataset, matched(dataset, Predictions.from_coco(dataset, rows))


def test_interval_of_a_known_distribution(measured):
    """Recall is the share of drawn images in which the person is found: binomial, p = 1/2."""
    low, high = bootstrap(*measured, resamples=4000)["ar"]
    # Of 20 draws, 6 to 14 lie between the percentiles 2.5 and 97.5.
    assert (low, high) == pytest.approx((6 / 20, 14 / 20))
    low, high = bootstrap(*measured, resamples=4000, level=0.5)["ar"]
    assert (low, high) == pytest.approx((8 / 20, 12 / 20), abs=0.051)


def test_measure_that_is_never_defined(measured):
    intervals = bootstrap(*measured, resamples=10)
    assert np.isnan(intervals["ap_large"]).all()
    assert not np.isnan(intervals["ap_medium"]).any()


def test_same_seed_same_interval(measured):
    first, again, other = (bootstrap(*measured, resamples=15, seed=seed) for seed in (3, 3, 4))
    assert first["ap"] == again["ap"] != other["ap"]


def test_progress(measured):
    steps = []
    bootstrap(*measured, resamples=7, progress=steps.append)
    assert steps == [1] * 7


@pytest.mark.parametrize(
    "options, message",
    [
        ({"resamples": 0}, "resamples must be at least 1, got 0"),
        ({"resamples": 2**62}, "resamples must be at most 10000000, got"),
        ({"resamples": 2.0}, "resamples must be a whole number, got 2.0"),
        ({"resamples": 5, "level": 95}, r"level must be in 0..1, got 95"),
        ({"resamples": 5, "level": None}, "level must be a number, got None"),
        ({"resamples": 5, "seed": -1}, "seed must be at least 0, got -1"),
        ({"resamples": 5, "seed": "1"}, "seed must be a whole number, got '1'"),
    ],
)
def test_what_is_refused(measured, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        bootstrap(*measured, **options)


def test_what_is_not_measured_is_refused(measured):
    dataset, evaluated = measured
    with pytest.raises(TypeError, match="dataset must be a Dataset, got None"):
        bootstrap(None, evaluated, 5)
    with pytest.raises(TypeError, match="evaluated must be a COCOeval, got None"):
        bootstrap(dataset, None, 5)
