"""From photographs to result files, stage by stage, on real networks."""

import os
import tempfile
from pathlib import Path

import pytest

from bench.group import threads
from rmpe import PoseEstimator
from rmpe.inputs.find import find_images
from rmpe.outputs import DEFAULT_FORMATS
from rmpe.outputs.folder import open_results
from rmpe.outputs.labels import name_images
from rmpe.outputs.records import record
from rmpe.outputs.run_file import RunFile

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODELS = Path(os.environ.get("RMPE_MODELS") or SHARED / "models")
PHOTOS = Path(os.environ.get("RMPE_DATA") or SHARED / "data") / "coco-mini" / "images"
BATCH = 8
OPS = ("crop", "decode", "nms")


@pytest.mark.parametrize(("threshold", "rounds"), [(0.4, 5), (0.1, 3)])
def test_pipeline(benchmark, threshold, rounds):
    for folder, variable in ((MODELS, "RMPE_MODELS"), (PHOTOS, "RMPE_DATA")):
        if not folder.is_dir():
            pytest.skip(f"no networks or photographs at {folder}: point {variable} at them")
    estimator = PoseEstimator(
        "ssd_mobilenet_v1_coco", "simplepose_coco17", models_dir=MODELS, threshold=threshold
    )
    paths = find_images([str(PHOTOS)], recursive=False, report=pytest.fail)
    labels, timer, runs, found = name_images(paths), estimator.timer, [], []

    def run():
        timer.seconds.clear()
        found.clear()
        with (
            tempfile.TemporaryDirectory() as folder,
            open_results(Path(folder, "results"), {}) as results,
        ):
            results.begin(RunFile("", {}, "cpu", DEFAULT_FORMATS))
            for i in range(0, len(labels), BATCH):
                batch = labels[i : i + BATCH]
                people = estimator([label.file for label in batch]).split()
                found.extend(map(len, people))
                with timer.stage("write"):
                    results.append(list(map(record, batch, people)))
            with timer.stage("write"):
                results.finish()
        runs.append(dict(timer.seconds))

    benchmark.group = f"pipeline, {len(paths)} photographs, boxes of at least {threshold}"
    benchmark.name = "native"
    with threads(2):
        benchmark.pedantic(run, rounds=rounds, warmup_rounds=1)
    # Of the run of median length, so that the stages add up to it.
    stages = sorted(runs[1:], key=lambda seconds: sum(seconds.values()))[rounds // 2]
    total = sum(stages.values())
    benchmark.extra_info["stages"] = {name: round(s * 1e6) for name, s in stages.items()}
    benchmark.extra_info["people"] = sum(found)
    benchmark.extra_info["percent_in_the_ops"] = round(
        100 * sum(stages[name] for name in OPS) / total, 2
    )
