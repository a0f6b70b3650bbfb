"""How near each op comes to its memory bound: bytes, bound, achieved, percent.

    python bench/roofline.py --out results/       on a GPU; with --device cpu on the processor

The bound of a case is the bytes that it must move (each input read once, each output written once)
over the bandwidth of a large copy, measured in the same run. Each case is timed with its inputs in
the cache (warm) and with a rotation of inputs larger than the cache (cold), beside the pure-PyTorch
path, the same compiled, and, on CUDA, as a graph that is replayed, which leaves the launches out.
Writes roofline.json and roofline.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import rmpe_ext
from rmpe_ext import reference

COLD_BYTES = 256 << 20  # of inputs in rotation: several times the cache of any GPU
ROUNDS = 30


@dataclass(frozen=True)
class Case:
    """One op on one size: its inputs, the call, and the bytes that it must move."""

    name: str
    inputs: Callable[[], tuple[torch.Tensor, ...]]  # fresh ones each time
    call: Callable[..., Any]  # call(module, *inputs)
    moved: int
    slow: bool = False  # the reference takes seconds, or memory that there may not be


def crop_case(device: str, people: int) -> Case:
    height, width, size = 1080, 1920, (384, 288)

    def inputs() -> tuple[torch.Tensor, ...]:
        image = torch.randint(0, 256, (1, height, width, 3), dtype=torch.uint8, device=device)
        corner = torch.rand(people, 2, device=device) * torch.tensor([1200.0, 500.0], device=device)
        boxes = torch.cat([corner, corner + torch.tensor([250.0, 500.0], device=device)], 1)
        return image, rmpe_ext.crop_matrices(boxes, size)

    def call(module: Any, image: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
        return module.crop(image, matrices, size, mean=[0.5] * 3, std=[0.2] * 3)

    moved = people * 3 * size[0] * size[1] * 4 + height * width * 3
    return Case(f"crop, {people} people, 384x288 from 1080p", inputs, call, moved, people > 64)


def affine_case(device: str, persons: int) -> Case:
    def inputs() -> tuple[torch.Tensor, ...]:
        images = torch.randn(persons, 3, 256, 192, device=device)
        theta = torch.eye(2, 3, device=device) + 0.1 * torch.randn(persons, 2, 3, device=device)
        return images, theta

    def call(module: Any, images: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        return module.affine_sample(images, theta, (256, 192))

    moved = persons * 3 * 256 * 192 * 4 * 2
    return Case(f"affine_sample, {persons}x3x256x192", inputs, call, moved)


def decode_case(device: str, people: int, convention: str, dtype: torch.dtype) -> Case:
    def inputs() -> tuple[torch.Tensor, ...]:
        return (torch.rand(people, 17, 64, 48, device=device, dtype=dtype),)

    def call(module: Any, heatmaps: torch.Tensor) -> Any:
        return module.decode(heatmaps, convention=convention)

    moved = people * 17 * (64 * 48 * torch.finfo(dtype).bits // 8 + 12)
    kind = str(dtype).removeprefix("torch.")
    return Case(f"decode {convention}, {people}x17x64x48 {kind}", inputs, call, moved)


def pose_nms_case(device: str, images: int, poses: int) -> Case:
    def inputs() -> tuple[torch.Tensor, ...]:
        people = torch.rand(images, poses // 4, 1, 17, 2, device=device) * 600
        keypoints = people + 3 * torch.randn(images, poses // 4, 4, 17, 2, device=device)
        keypoints = keypoints.view(-1, 17, 2)
        scores = torch.rand(images * poses, 17, device=device)
        boxes = torch.cat([keypoints.amin(1), keypoints.amax(1)], 1)
        index = torch.arange(images, device=device).repeat_interleave(poses)
        return keypoints, scores, boxes, index

    def call(module: Any, keypoints: Any, scores: Any, boxes: Any, index: Any) -> Any:
        return module.pose_nms(keypoints, scores, boxes, preset="alphapose", image_index=index)

    moved = images * poses * (17 * 3 * 4 + 4 * 4 + 8 + 9)
    return Case(f"pose_nms, {images} images of {poses} poses", inputs, call, moved, True)


def cases(device: str) -> Iterator[Case]:
    for people in (32, 256):
        yield crop_case(device, people)
    for persons in (32, 256):
        yield affine_case(device, persons)
    for convention in ("hrnet", "dark_udp"):
        for people in (64, 1024):
            yield decode_case(device, people, convention, torch.float32)
    yield decode_case(device, 1024, "hrnet", torch.float16)
    yield pose_nms_case(device, 1, 64)
    yield pose_nms_case(device, 256, 64)


def median_seconds(device: str, run: Callable[[int], Any], rounds: int = ROUNDS) -> float:
    """The median time of ``run(i)``, in seconds."""
    for i in range(3):
        run(i)
    times = []
    for i in range(rounds):
        if device == "cuda":
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            run(i)
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end) / 1e3)
        else:
            begin = time.perf_counter()
            run(i)
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def copy_bandwidth(device: str) -> float:
    """Bytes a second that a large copy reads and writes."""
    size = (1 << 30) if device == "cuda" else (1 << 28)
    source = torch.empty(size, dtype=torch.uint8, device=device).random_()
    target = torch.empty_like(source)
    return 2 * size / median_seconds(device, lambda _: target.copy_(source))


def graph_of(call: Callable[[], Any]) -> torch.cuda.CUDAGraph:
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph


def measure(device: str, case: Case, bandwidth: float) -> dict[str, Any]:
    """The row of one case; times in microseconds."""
    one = case.inputs()
    size = sum(t.numel() * t.element_size() for t in one)
    rotation = [one] + [case.inputs() for _ in range(min(64, COLD_BYTES // size))]
    seconds = {
        "warm": median_seconds(device, lambda _: case.call(rmpe_ext, *one)),
        "cold": median_seconds(device, lambda i: case.call(rmpe_ext, *rotation[i % len(rotation)])),
    }
    if device == "cuda":
        graph = graph_of(lambda: case.call(rmpe_ext, *one))
        seconds["graph"] = median_seconds(device, lambda _: graph.replay())
    rounds = 3 if case.slow else ROUNDS
    seconds["reference"] = median_seconds(device, lambda _: case.call(reference, *one), rounds)
    compiled = torch.compile(lambda *inputs: case.call(reference, *inputs))
    try:
        seconds["compiled"] = median_seconds(device, lambda _: compiled(*one), rounds)
    except Exception as error:  # a row without this column is worth more than no table
        print(f"{case.name}: the compiled reference failed: {error}")
    bound = case.moved / bandwidth
    return {
        "case": case.name,
        "bytes": case.moved,
        "memory bound": bound * 1e6,
        **{name: value * 1e6 for name, value in seconds.items()},
        "percent": 100 * bound / seconds["cold"],
    }


def machine(device: str) -> dict[str, Any]:
    found = {
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.processor(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "rmpe_ext": rmpe_ext.__version__,
        "threads": torch.get_num_threads(),
    }
    if device == "cuda":
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        found["driver"] = subprocess.check_output(query, text=True).strip()
    return found


def table(report: dict[str, Any]) -> str:
    columns = ("memory bound", "cold", "warm", "graph", "reference", "compiled")
    about = ", ".join(f"{name} {value}" for name, value in report["machine"].items() if value)
    lines = [
        "# Roofline\n",
        f"{about}; a copy moves {report['bandwidth'] / 1e9:.0f} GB/s. Times are medians, in "
        "microseconds; the last column is the memory bound over `cold`. Written by "
        f"`{report['command']}`.\n",
        f"| case | MB | {' | '.join(columns)} | % of the bound |",
        f"|---|{'---:|' * (len(columns) + 2)}",
    ]
    for row in report["cases"]:
        times = [f"{row[name]:.1f}" if name in row else "" for name in columns]
        lines.append(
            f"| {row['case']} | {row['bytes'] / 1e6:.1f} | {' | '.join(times)} "
            f"| {row['percent']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of the results")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    report = {
        "machine": machine(options.device),
        "command": f"python bench/roofline.py --device {options.device}",
        "bandwidth": copy_bandwidth(options.device),
        "cases": [],
    }
    for case in cases(options.device):
        if options.only in case.name:
            report["cases"].append(measure(options.device, case, report["bandwidth"]))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "roofline.json").write_text(json.dumps(report, indent=1) + "\n")
    (options.out / "roofline.md").write_text(table(report))
    print(table(report))


if __name__ == "__main__":
    main()
