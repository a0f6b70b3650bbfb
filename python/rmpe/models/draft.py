"""The beginning of a model card, from what a network's file shows.

What the file does not show stands in it as a comment that begins with ``# say:``, so that the card
is refused, with the name of the key, until a person has said it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..digest import digest_of
from ..errors import ModelError
from ..listing import listed
from ..networks.architectures import ARCHITECTURES, recognize
from ..networks.file_kinds import describe_file
from ..networks.onnx_file import Port, read_onnx
from ..networks.onnx_session import choose_provider, open_session
from ..networks.weights import read_weights
from ..skeletons import SKELETONS
from ..toml_file import toml_value
from .embedded import Embedded, read_embedded
from .read_file import check_file_name
from .references import NETWORK_FILES

__all__ = ["SAY", "draft_card"]

SAY = "# say: "
_CLASSES = f'{SAY}classes = "..."    # the list of its columns, or person = NUMBER'
# Pixels of the input to a cell of each of YOLOX's grids.
_STRIDES = (8, 16, 32)
# Types of inputs that take no fractions.
_WHOLE = ("tensor(int32)", "tensor(uint8)")
_IMAGENET = ("[0.485, 0.456, 0.406]", "[0.229, 0.224, 0.225]")


@dataclass
class _Draft:
    """Lines of a card, by table."""

    task: str = "pose"
    head: list[str] = field(default_factory=list)
    input: list[str] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)


def draft_card(path: Path) -> str:
    """Write what can be found out about a network.

    Parameters
    ----------
    path : Path
        An ONNX file, or weights of one of `rmpe.networks.architectures.ARCHITECTURES` that finds
        people or estimates poses: ``.safetensors``, what ``torch.save`` wrote, or a frozen graph of
        TensorFlow, ``.pb``.

    Returns
    -------
    str
        TOML. Lines that begin with `SAY` are for a person.

    Raises
    ------
    rmpe.ModelError
        Where the file cannot be read, or is no network that could have a card.
    """
    if (what := describe_file(path)) is not None:
        raise ModelError(
            f"a network's file must be an ONNX file or weights, in "
            f"{', '.join(NETWORK_FILES)}, got {path}, which is {what}"
        )
    check_file_name(path)
    draft = _draft_onnx(path) if path.suffix.lower() == ".onnx" else _draft_weights(path)
    lines = [
        f'kind = "{draft.task}"',
        f"title = {toml_value(path.stem)}",
        f'{SAY}license = "..."    # of the weights',
        f'{SAY}origin = "..."    # whose network it is',
        *draft.head,
        "batch_size = 1    # items of one call on a CPU",
        "",
        "[network]",
        f"file = {toml_value(path.name)}    # beside this card, or in the folder of models",
        f'sha256 = "{digest_of(path)}"',
        "",
        "[input]",
        *draft.input,
    ]
    if draft.task == "pose":
        lines += ["", "[crop]", f'{SAY}convention = "..."    # of crops: docs/conventions.md',
                  "padding = 0.25    # assumed"]  # fmt: skip
    for name, table in draft.tables.items():
        lines += ["", f"[{name}]", *table]
    return "\n".join(lines) + "\n"


def _draft_weights(path: Path) -> _Draft:
    found = recognize(read_weights(path))
    if found is None:
        known = ", ".join(n for n, row in ARCHITECTURES.items() if row.task != "localization")
        raise ModelError(
            f"{path}: what the file holds is not known: weights must be those of one of {known}; "
            "save any other network as ONNX"
        )
    name, numbers = found
    draft = _Draft(ARCHITECTURES[name].task)
    draft.head = ['runtime = "pytorch"', f'architecture = "{name}"']
    draft.tables[name] = [
        f"{key} = {numbers[key]}" if key in numbers else f"{SAY}{key} = ..."
        for key in (*ARCHITECTURES[name].parameters, *ARCHITECTURES[name].optional)
        if key in numbers or key in ARCHITECTURES[name].parameters
    ]
    row = ARCHITECTURES[name]
    rule = ", ".join(filter(None, ["height, width", row.size_rule]))
    side = 256 if row.smallest <= 256 else 512
    draft.input = [f"{SAY}size = [{side}, {side}]    # {rule}", *_pixels(Embedded())]
    if draft.task == "pose":
        draft.head += ['head = "heatmap"', *_skeleton(numbers.get("joints"))]
        draft.tables["heatmap"] = _heatmap("", None)
    else:
        draft.tables |= {
            "output": [_CLASSES, f'{SAY}activation = "softmax"    # or "none"'],
            "boxes": ['encoding = "txtytwth"    # assumed',
                      "variances = [0.1, 0.1, 0.2, 0.2]    # assumed", *_limits(nms=True)],
        }  # fmt: skip
    return draft


def _draft_onnx(path: Path) -> _Draft:
    provider = choose_provider(torch.device("cpu"))
    session = open_session(path, read_onnx(path), provider, threads=1)
    try:
        inputs = [Port.read(port) for port in session.get_inputs()]
        outputs = [Port.read(port) for port in session.get_outputs()]
        said = read_embedded(dict(session.get_modelmeta().custom_metadata_map))
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: the names in it must be UTF-8: {error}") from None
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or 3 not in inputs[0].shape[1::2]:
        raise ModelError(
            f"{path}: a network must have one input, (N, 3, height, width) or (N, height, width, "
            f"3), got {listed(inputs)}"
        )
    shape = inputs[0].shape
    last = shape[1] != 3
    sides = shape[1:3] if last else shape[2:4]
    size = said.size or (sides if all(isinstance(side, int) for side in sides) else None)
    draft = _Draft(head=['runtime = "onnx"'])
    draft.input = [f"name = {toml_value(inputs[0].name)}"]
    if last:
        draft.input.append('layout = "nhwc"')
    draft.input.append(
        f"size = [{size[0]}, {size[1]}]" if size else f"{SAY}size = [256, 192]    # height, width"
    )
    draft.input += _pixels(said, whole=inputs[0].type in _WHOLE)
    _read_outputs(draft, outputs, size, said)
    return draft


def _read_outputs(
    draft: _Draft, outputs: Sequence[Port], size: tuple[int, int] | None, said: Embedded
) -> None:
    """Find out what the outputs are; leave it to a person where they are of no known kind."""
    items = [port.shape[1:] for port in outputs]
    names = [port.name for port in outputs]
    ranks = [len(item) for item in items]
    if ranks == [2, 2] and items[0][0] == items[1][0] and _are_vectors(items, size):
        x, y = (0, 1) if _ratio(items[0][1], size, 1) == _ratio(items[1][1], size, 0) else (1, 0)
        ratio = said.split_ratio or _ratio(items[x][1], size, 1)
        draft.head += ['head = "simcc"    # assumed', *_skeleton(items[0][0])]
        draft.tables["simcc"] = [f"x_output = {toml_value(names[x])}",
                                 f"y_output = {toml_value(names[y])}",
                                 f"split_ratio = {ratio:g}"]  # fmt: skip
    elif ranks == [3] and items[0][0] == 1 and items[0][2] == 3:
        draft.head += [f'{SAY}head = "movenet"    # if each row is y, x, score, of 0 to 1',
                       *_skeleton(items[0][1])]  # fmt: skip
        draft.tables["movenet"] = [f"output = {toml_value(names[0])}", "offset = -0.5    # assumed"]
    elif ranks in ([2], [2, 3]) and items[0][1] == 3:
        draft.head += [f'{SAY}head = "points"    # if each row is x, y, in pixels of the crop, and '
                       "score", *_skeleton(items[0][0])]  # fmt: skip
        draft.tables["points"] = [f"output = {toml_value(names[0])}"]
    elif ranks and ranks[0] == 3 and (stride := _stride(items[0], size)):
        draft.head += ['head = "heatmap"    # assumed', *_skeleton(items[0][0])]
        draft.tables["heatmap"] = _heatmap(names[0], stride)
    elif ranks[:1] == [2] and items[0][1] == 5 and ranks[1:] in ([], [1]):
        labels = [f"labels = {toml_value(names[1])}"] if names[1:] else []
        _describe_detector(draft, "x1, y1, x2, y2 in pixels of the input, and score", "end_to_end",
                           [f"boxes = {toml_value(names[0])}", *labels], [])  # fmt: skip
    elif ranks == [2] and isinstance(items[0][1], int) and _are_cells(items[0], size):
        _describe_detector(draft, "relative to a cell: x, y, width, height; objectness", "yolox",
                           [f"predictions = {toml_value(names[0])}"],
                           [f"strides = {list(_STRIDES)}    # assumed"])  # fmt: skip
    elif ranks == [2, 2] and items[0][0] == items[1][0] and 4 in (items[0][1], items[1][1]):
        boxes = 0 if items[0][1] == 4 else 1
        _describe_boxes(draft, names[boxes], names[1 - boxes])
    else:
        draft.head.append(f'{SAY}head = "..."    # or detector = "...", with kind = "detector"')
        draft.tables["..."] = [f"{SAY}{port}" for port in outputs]


def _describe_detector(
    draft: _Draft, row: str, kind: str, output: list[str], boxes: list[str]
) -> None:
    draft.task = "detector"
    draft.head.append(f'{SAY}detector = "{kind}"    # if each row is {row}')
    draft.tables |= {
        "letterbox": ["fill = 114    # assumed"],
        "output": [*output, _CLASSES],
        "boxes": [*boxes, *_limits(nms=kind != "end_to_end")],
    }


def _describe_boxes(draft: _Draft, boxes: str, scores: str) -> None:
    """Describe boxes and scores: shapes do not tell encodings of anchors from corners."""
    draft.task = "detector"
    draft.head += [
        f'{SAY}detector = "..."    # "ssd": encodings of anchors, or "decoded": x1, y1, x2, y2 in '
        "pixels of the input",
        f"{SAY}letterbox = {{ fill = 114 }}    # decoded: the margin; or "
        'preparation = "stretch"; ssd: neither',
    ]
    draft.tables |= {
        "output": [f"boxes = {toml_value(boxes)}", f"scores = {toml_value(scores)}", _CLASSES,
                   f'{SAY}activation = "softmax"    # ssd: of the scores, or "none"; decoded: no '
                   "such key"],
        "boxes": [f'{SAY}encoding = "txtytwth"    # ssd: or "tytxthtw"; decoded: no such key',
                  f"{SAY}variances = [0.1, 0.1, 0.2, 0.2]    # ssd; decoded: no such key",
                  f'{SAY}anchors = {{ file = "....npz", key = "K", format = "xcycwh" }}    # ssd; '
                  "decoded: no such key",
                  *_limits(nms=True)],
    }  # fmt: skip


def _limits(nms: bool) -> list[str]:
    return ["threshold = 0.3    # assumed", *["nms_iou = 0.45    # assumed"] * nms]


def _pixels(said: Embedded, whole: bool = False) -> list[str]:
    if said.mean is not None and said.std is not None:
        return ['channels = "rgb"    # assumed', "scale = 1", f"mean = {list(said.mean)}",
                f"std = {list(said.std)}"]  # fmt: skip
    if whole:  # A photograph's values as they are.
        return [f'{SAY}channels = "rgb"    # or "bgr"',
                f"{SAY}scale = 1    # the input takes whole numbers, (value * scale - mean) / std",
                f"{SAY}mean = [0, 0, 0]", f"{SAY}std = [1, 1, 1]"]  # fmt: skip
    return [f'{SAY}channels = "rgb"    # or "bgr"',
            f"{SAY}scale = 0.00392156862745098    # the network sees (value * scale - mean) / std",
            f"{SAY}mean = {_IMAGENET[0]}", f"{SAY}std = {_IMAGENET[1]}"]  # fmt: skip


def _skeleton(joints: Any) -> list[str]:
    fitting = [name for name, skeleton in SKELETONS.items() if len(skeleton) == joints]
    if len(fitting) == 1:
        return [f'skeleton = "{fitting[0]}"    # assumed, by its {joints} keypoints']
    known = " or ".join(fitting) or f"none has {joints} keypoints"
    return [f'{SAY}skeleton = "..."    # {known}']


def _heatmap(output: str, stride: int | None) -> list[str]:
    lines = [f"output = {toml_value(output)}"] if output else []
    return [*lines, f'{SAY}convention = "..."    # of peaks: docs/conventions.md',
            f"stride = {stride}" if stride else f"{SAY}stride = 4",
            f"{SAY}offset = 0    # heatmap pixel x is crop pixel stride * x + offset"]  # fmt: skip


def _are_vectors(items: Sequence[tuple[Any, ...]], size: tuple[int, int] | None) -> bool:
    """Whether two vectors have as many bins per pixel of width and of height."""
    ratios = [[_ratio(item[1], size, axis) for axis in (1, 0)] for item in items]
    (x0, y0), (x1, y1) = ratios
    return (x0 is not None and x0 == y1) or (x1 is not None and x1 == y0)


def _ratio(bins: Any, size: tuple[int, int] | None, axis: int) -> float | None:
    if size is None or not isinstance(bins, int) or bins < size[axis]:
        return None
    return bins / size[axis]


def _stride(item: tuple[Any, ...], size: tuple[int, int] | None) -> int | None:
    """Pixels of the input to a pixel of heatmaps (K, h, w); None where these are none."""
    if size is None or not all(isinstance(side, int) and side > 0 for side in item):
        return None
    strides = {side // small for side, small in zip(size, item[1:], strict=True)}
    exact = all(side % small == 0 for side, small in zip(size, item[1:], strict=True))
    return strides.pop() if exact and len(strides) == 1 else None


def _are_cells(item: tuple[Any, ...], size: tuple[int, int] | None) -> bool:
    """Whether rows (A, 5 + classes) may be those of YOLOX's grids."""
    if item[1] <= 5:
        return False
    if size is None or not isinstance(item[0], int):  # Nothing speaks against it.
        return True
    return item[0] == sum((size[0] // stride) * (size[1] // stride) for stride in _STRIDES)
