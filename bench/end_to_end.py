"""From photographs to poses, beside what people would pick: ``python -m bench.end_to_end``.

The same two ONNX files, the same photographs, the same people:

rmpe
    `rmpe.PoseEstimator`, as it comes; ``rmpe, 1 thread`` with one.
rtmlib
    The loop of rtmlib, with the steps before and after the networks that these two need
    (``pip install --no-deps rtmlib``; left out where it is not installed).
script
    OpenCV, numpy and onnxruntime, person by person, as tutorials show it.

The photographs are mosaics of COCO photographs with one large person each: 1, 5 or 20. Each way
runs in a process of its own, photograph by photograph, beside no busy program, one, and one for
each core (`bench.loads`). Prints photographs a second (the median of the rounds), the people found
in a photograph, the seconds from the start of the process to the first result, and the most memory
that the process had.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODELS = Path(os.environ.get("RMPE_MODELS") or SHARED / "models")
DATA = Path(os.environ.get("RMPE_DATA") or SHARED / "data")
DETECTOR, POSE = "ssd_mobilenet_v1_coco", "simplepose_coco17"
# Columns and rows of a mosaic, by how many people it has.
MOSAICS = {1: (1, 1), 5: (3, 2), 20: (5, 4)}
CELL = (320, 320)
PHOTOGRAPHS = 12
THRESHOLD, NMS_IOU = 0.4, 0.6
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Width and height of a crop, and the pixels of one of its heatmaps'.
SIZE, STRIDE = (192, 256), 4
ROUNDS = 5
LOADS = ("none", "one", "one a core")  # of bench.loads

# A photograph's path -> the poses in it.
Way = Callable[[str], Any]


def rmpe_way(threads: int | None = None) -> Way:
    """Ours."""
    import torch

    from rmpe import PoseEstimator

    if threads is not None:
        torch.set_num_threads(threads)
    return PoseEstimator(DETECTOR, POSE, models_dir=MODELS, threshold=THRESHOLD)


def session(name: str) -> Any:
    """An ONNX file, as onnxruntime opens it by itself."""
    import onnxruntime

    return onnxruntime.InferenceSession(
        str(MODELS / f"{name}.onnx"), providers=["CPUExecutionProvider"]
    )


def anchors() -> Any:
    """The detector's: y, x, height, width, in fractions of the image."""
    import numpy as np

    return np.load(MODELS / f"{DETECTOR}_anchors.npz")["anchors_ycxchw"]


def detected(outputs: Any, anchors: Any, size: tuple[int, int]) -> list[list[float]]:
    """The people's boxes in pixels of a photograph, height and width, after box NMS."""
    import cv2
    import numpy as np

    encoded, scores = outputs[0][0], outputs[1][0][:, 1]
    kept = scores > THRESHOLD
    encoded, anchors, scores = encoded[kept], anchors[kept], scores[kept]
    centers = encoded[:, :2] / 10 * anchors[:, 2:] + anchors[:, :2]
    sides = np.exp(encoded[:, 2:] / 5) * anchors[:, 2:]
    corners = np.concatenate([centers - sides / 2, centers + sides / 2], axis=1).clip(0, 1)
    corners = (corners * np.tile(size, 2))[:, [1, 0, 3, 2]]
    as_sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    chosen = cv2.dnn.NMSBoxes(as_sides.tolist(), scores.tolist(), THRESHOLD, NMS_IOU)
    return [corners[i].tolist() for i in np.array(chosen).flatten()]


def peaks(heatmaps: Any) -> tuple[Any, Any]:
    """Joint by joint: the greatest value, a quarter of a pixel toward the greater neighbor."""
    import numpy as np

    height, width = heatmaps.shape[1:]
    keypoints, scores = [], []
    for heatmap in heatmaps:
        y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
        found = np.array([x, y], np.float32)
        if 0 < x < width - 1 and 0 < y < height - 1:
            found[0] += 0.25 * np.sign(heatmap[y, x + 1] - heatmap[y, x - 1])
            found[1] += 0.25 * np.sign(heatmap[y + 1, x] - heatmap[y - 1, x])
        keypoints.append(found * STRIDE)
        scores.append(heatmap[y, x])
    return np.array(keypoints), np.array(scores)


def script_way() -> Way:
    """A person after the other, with nothing but OpenCV, numpy and onnxruntime."""
    import cv2
    import numpy as np

    detector, pose, priors = session(DETECTOR), session(POSE), anchors()

    def run(path: str) -> Any:
        image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        blob = (cv2.resize(image, (300, 300)).astype(np.float32) - 128) / 128
        outputs = detector.run(
            ["box_encodings", "scores"], {"image": blob.transpose(2, 0, 1)[None]}
        )
        people = []
        for x1, y1, x2, y2 in detected(outputs, priors, image.shape[:2]):
            scale = 1.25 * max((x2 - x1) / SIZE[0], (y2 - y1) / SIZE[1])
            corner = np.array([x1 + x2, y1 + y2]) / 2 - scale * np.array(SIZE) / 2
            matrix = np.array([[1, 0, -corner[0]], [0, 1, -corner[1]]]) / scale
            crop = cv2.warpAffine(image, matrix, SIZE).astype(np.float32) / 255
            crop = (crop - np.float32(MEAN)) / np.float32(STD)
            (heatmaps,) = pose.run(None, {"data": crop.transpose(2, 0, 1)[None]})
            keypoints, scores = peaks(heatmaps[0])
            people.append((keypoints * scale + corner, scores))
        return people

    return run


def rtmlib_way() -> Way:
    """rtmlib's own loop over people; what comes before and after the networks is in its style."""
    import cv2
    import numpy as np
    from rtmlib import RTMPose
    from rtmlib.tools.base import BaseTool

    priors = anchors()

    class Detector(BaseTool):
        def __call__(self, image: Any) -> Any:
            blob = (cv2.resize(image, (300, 300)).astype(np.float32) - 128) / 128
            return detected(self.inference(blob), priors, image.shape[:2])

    class Pose(RTMPose):
        def postprocess(self, outputs: Any, center: Any, scale: Any, *_: Any) -> Any:
            keypoints, scores = peaks(outputs[0][0])
            return (keypoints / SIZE * scale + center - scale / 2)[None], scores[None]

    detector = Detector(str(MODELS / f"{DETECTOR}.onnx"), (300, 300), backend="onnxruntime")
    scaled = [[255 * value for value in values] for values in (MEAN, STD)]
    pose = Pose(str(MODELS / f"{POSE}.onnx"), SIZE, *map(tuple, scaled))

    def run(path: str) -> Any:
        image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        boxes = detector(image)
        return list(zip(*pose(image, boxes), strict=True)) if boxes else []

    return run


WAYS: dict[str, Callable[[], Way]] = {
    "rmpe": rmpe_way,
    "rmpe, 1 thread": lambda: rmpe_way(1),
    "script": script_way,
    "rtmlib": rtmlib_way,
}


def measure_here(way: str, folder: Path, started: float) -> dict[str, float]:
    """What this process, which began at a time, measures."""
    paths = sorted(map(str, folder.iterdir()))
    run = WAYS[way]()
    run(paths[0])
    first = time.time() - started
    found = [len(run(path)) for path in paths]
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for path in paths:
            run(path)
        rates.append(len(paths) / (time.perf_counter() - start))
    status = Path("/proc/self/status").read_text()
    memory = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return {
        "rate": statistics.median(rates), "first": first, "memory": memory,
        "people": statistics.mean(found),
    }  # fmt: skip


def measure(way: str, folder: Path) -> dict[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "bench.end_to_end", "--way", way, "--photographs", folder]
    result = subprocess.run(
        [*map(str, command), "--started", str(time.time())],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return found


def write_mosaics(folder: Path, people: int) -> None:
    """Photographs of so many people, each in a cell of its own."""
    import cv2
    import numpy as np

    from rmpe.datasets import load_dataset

    source = DATA / "coco-people"
    dataset = load_dataset(source / "val.json", source / "images")
    heights = dataset.boxes[:, 3] - dataset.boxes[:, 1]
    alone = [
        i for i in range(len(dataset.paths))
        if (dataset.image_index == i).sum() == 1 and heights[dataset.image_index == i][0] > 200
    ]  # fmt: skip
    cells = [cv2.resize(cv2.imread(str(dataset.paths[i])), CELL) for i in alone]
    columns, rows = MOSAICS[people]
    for number in range(PHOTOGRAPHS):
        chosen = [cells[(number * people + i) % len(cells)] for i in range(people)]
        chosen += [np.zeros_like(cells[0])] * (columns * rows - people)
        lines = [np.hstack(chosen[i : i + columns]) for i in range(0, len(chosen), columns)]
        cv2.imwrite(str(folder / f"{number:02d}.jpg"), np.vstack(lines))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--way", choices=WAYS, help="measure one, in this process, as JSON")
    parser.add_argument("--photographs", type=Path, help="of that one")
    parser.add_argument("--started", type=float, default=time.time(), help="its process, Unix time")
    arguments = parser.parse_args()
    if (arguments.way is None) != (arguments.photographs is None):
        parser.error("--way and --photographs must be given together")
    if arguments.way is not None:
        print(json.dumps(measure_here(arguments.way, arguments.photographs, arguments.started)))
        return
    # Not before: a process that measures a script has no torch.
    from bench.loads import BUSY, busy
    from bench.machine import machine

    about = machine()
    print(f"{about['processor']}, {os.cpu_count()} cores, torch {about['torch']}\n")
    ways = [way for way in WAYS if way != "rtmlib" or find_spec("rtmlib")]
    print("| people | busy programs | way | photographs a second | found | first result | memory |")
    print("|---|---|---|---:|---:|---:|---:|")
    for people in MOSAICS:
        with tempfile.TemporaryDirectory() as folder:
            write_mosaics(Path(folder), people)
            for load in LOADS:
                for way in ways:
                    with busy(BUSY[load]):
                        found = measure(way, Path(folder))
                    print(
                        f"| {people} | {load} | {way} | {found['rate']:.1f} | "
                        f"{found['people']:.1f} | {found['first']:.2f} s | "
                        f"{found['memory']:.0f} MiB |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
