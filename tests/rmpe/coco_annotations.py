"""Annotations as a COCO file holds them, for tests that change or measure them."""

import json

import numpy as np


def person(**changes):
    """One person with all keypoints labeled; changes of None remove a field."""
    fields = {
        "id": 5,
        "image_id": 1,
        "category_id": 1,
        "bbox": [0, 0, 9, 9],
        "area": 81,
        "iscrowd": 0,
        "num_keypoints": 17,
        "keypoints": [3, 3, 2] * 17,
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def annotations(*people, images=None, categories=None):
    """Annotations of these people, in one image ``1.png`` where no images are given."""
    return {
        "images": images or [{"id": 1, "file_name": "1.png"}],
        "annotations": list(people),
        "categories": categories or [{"id": 1, "name": "person"}],
    }


def write(content, folder):
    """Write annotations, and an empty file for every image; return the path of the former."""
    for image in content["images"]:
        file = folder / image["file_name"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    path = folder / "annotations.json"
    path.write_text(json.dumps(content))
    return path


def random_annotations(rng):
    """Legal annotations with plain ids, and result rows for them.

    Among the people are crowds, some without labeled keypoints, and areas on and beyond the bounds
    of COCO's ranges. Some images have nobody, some more than 20 results, and scores may tie.
    """
    images = [{"id": i + 1, "file_name": f"{i}.png"} for i in range(rng.integers(1, 7))]
    people, rows = [], []
    for image in images:
        for _ in range(rng.integers(0, 5)):
            area = rng.choice([0, 500, 1024, 1025.5, 5000, 9216, 40_000, 1e5, 2e10])
            center, side = rng.uniform(50, 400, 2), np.sqrt(min(area, 1e5))
            points = np.round(center + rng.normal(0, side / 2 + 1, (17, 2)), rng.integers(0, 3))
            visibility = rng.choice(3, 17) if rng.random() < 0.9 else np.zeros(17)
            people.append(person(
                id=len(people) + 1,
                image_id=image["id"],
                keypoints=np.c_[points, visibility].ravel().tolist(),
                num_keypoints=int((visibility > 0).sum()),
                bbox=[*np.round(center - side / 2, 2).tolist(), side, 1.5 * side],
                area=float(area),
                iscrowd=int(rng.random() < 0.15),
            ))  # fmt: skip
            for _ in range(rng.integers(0, 4)):
                noise = rng.choice([0, 0.03, 0.1, 0.3]) * side
                rows.append(_row(rng, image["id"], points + rng.normal(0, noise, (17, 2))))
        for _ in range(rng.choice([0, 1, 22])):
            rows.append(_row(rng, image["id"], rng.uniform(0, 450, (17, 2))))
    # pycocotools cannot load results without any row.
    rows = rows or [_row(rng, 1, rng.uniform(0, 450, (17, 2)))]
    rng.shuffle(people)
    return annotations(*people, images=images), rows


def _row(rng, image_id, points):
    # Networks give float32.
    points = points.astype(np.float32)
    return {
        "image_id": image_id,
        "category_id": 1,
        "keypoints": np.c_[points, np.ones(17)].ravel().tolist(),
        "score": float(np.float32(rng.choice([0.25, 0.5, rng.random()]))),
    }
