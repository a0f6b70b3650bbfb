"""PyTorch networks that onnxruntime runs with a graph that has no weights."""

import pickle
import re
import shutil
from dataclasses import replace

import pytest
import torch

from rmpe import PoseEstimator, cli
from rmpe.errors import ModelError
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.models.build import CardNetwork, build_detector, build_pose, load_pose
from rmpe.models.export_graph import export_graph
from rmpe.models.read import _CARDS, load_card
from rmpe.networks.architectures import architecture_builder
from rmpe.networks.onnx_weights import encode_weights
from rmpe.networks.onnxruntime import OnnxNetwork
from rmpe.networks.pytorch import TorchNetwork

from .test_export import make_hourglass

NUMBERS = {"stacks": 1, "stem": 8, "width_4": 8, "width_8": 8, "width_16": 8, "width_32": 8}


def noise(card, count=5):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, *card.input.size, generator=generator)


def make_network(folder):
    torch.manual_seed(0)
    module = architecture_builder("basic_hourglass")(17, **NUMBERS)
    torch.save(module.state_dict(), folder / "net.pth")
    text = (_CARDS / f"{DEFAULT_POSE}.toml").read_text()
    before, after = text.split("[graph]")
    after = after[after.index("\n[") :]
    for name, number in NUMBERS.items():
        after = re.sub(rf"(?m)^{name} = .*", f"{name} = {number}", after)
    before = re.sub("(?m)^sha256 = .*\n", "", before)
    before = before.replace(f"{DEFAULT_POSE}.safetensors", "net.pth")
    (folder / "net.toml").write_text(before + after)
    return folder / "net.toml"


def build(card, **options):
    parts = CardNetwork(card, "cpu", None, **options)
    if card.name == DEFAULT_POSE:
        return build_pose(parts).network
    return build_detector(parts, ("person",)).network


@pytest.mark.parametrize("name", [DEFAULT_DETECTOR, DEFAULT_POSE])
def test_the_graphs_of_the_package_give_what_pytorch_gives(name):
    """`rmpe export NAME --graph FILE` writes them anew, where architecture or input size change."""
    card = load_card(name)
    ours, theirs = build(card), build(replace(card, graph=None))
    assert (type(ours), type(theirs)) == (OnnxNetwork, TorchNetwork)
    for have, want in zip(ours(noise(card)), theirs(noise(card)), strict=True):
        torch.testing.assert_close(have, want, rtol=1e-4, atol=1e-4)


def test_pytorch_runs_what_is_compiled_or_in_other_numbers():
    card = load_card(DEFAULT_POSE)
    assert type(build(card, precision="bfloat16")) is TorchNetwork
    # Compiling would take a minute; the black image is what compiles.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", lambda module, **options: module)
        assert type(build(card, compiled=True)) is TorchNetwork


def test_a_copy_in_another_process_has_the_weights():
    card = load_card(DEFAULT_POSE)
    network = build(card)
    copied = pickle.loads(pickle.dumps(network))
    assert torch.equal(copied(noise(card))[0], network(noise(card))[0])


def test_the_weights_of_the_card_are_the_ones_that_count(tmp_path, capsys):
    """Exported for a card of one's own, named in it, and then with other weights."""
    path = make_network(tmp_path)
    card = load_card(path)
    want = load_pose(path).network(noise(card))[0]
    assert cli.main(["export", str(path), "--graph", str(tmp_path / "net.onnx")]) == 0
    printed = capsys.readouterr().out
    table = printed[printed.index("[graph]") : printed.index("largest")]
    path.write_text(path.read_text() + "\n" + table)
    pose = load_pose(path)
    assert type(pose.network) is OnnxNetwork
    torch.testing.assert_close(pose.network(noise(card))[0], want, rtol=1e-4, atol=1e-5)
    assert len((tmp_path / "net.onnx").read_bytes()) < 20_000

    weights = torch.load(tmp_path / "net.pth")
    torch.save({name: 0 * value for name, value in weights.items()}, tmp_path / "net.pth")
    assert not load_pose(path).network(noise(card))[0].any()
    with pytest.raises(ModelError, match="SHA-256"):
        (tmp_path / "net.onnx").write_bytes(b"")
        load_pose(path)


def test_the_graph_of_another_network(tmp_path):
    for name in (f"{DEFAULT_POSE}.safetensors", f"{DEFAULT_DETECTOR}.onnx"):
        shutil.copy(_CARDS / name, tmp_path / name)
    text = (_CARDS / f"{DEFAULT_POSE}.toml").read_text()
    before, after = text.split("[graph]")
    after = after[after.index("\n[") :]
    other = f'[graph]\nfile = "{DEFAULT_DETECTOR}.onnx"\n'
    (tmp_path / "net.toml").write_text(before + other + after)
    rule = f"model net: the graph {DEFAULT_DETECTOR}.onnx does not go with .* --graph writes one"
    with pytest.raises(ModelError, match=rule):
        load_pose(tmp_path / "net.toml")


def with_graph(path):
    """Name net.onnx in a card, as its graph, by no SHA-256."""
    path.write_text(path.read_text() + '\n[graph]\nfile = "net.onnx"\n')
    return path


def test_a_graph_that_has_weights_itself(tmp_path):
    """onnxruntime would take these, and not the card's."""
    path = make_network(tmp_path)
    export_graph(path, tmp_path / "net.onnx")
    graph = (tmp_path / "net.onnx").read_bytes()
    weights = torch.load(tmp_path / "net.pth")
    (tmp_path / "net.onnx").write_bytes(graph + encode_weights(weights))
    with pytest.raises(ModelError, match="net.onnx must be a graph without weights, got one that"):
        load_pose(with_graph(path))


def test_a_graph_for_another_size(tmp_path):
    path = make_network(tmp_path)
    export_graph(path, tmp_path / "net.onnx")
    path.write_text(path.read_text().replace("[256, 192]", "[256, 160]"))
    got = r"--graph writes one .* is image \(N, 3, 256, 160\) .* got image \(N, 3, 256, 192\)"
    with pytest.raises(ModelError, match=got):
        load_pose(with_graph(path))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (0, "it is empty"),
        (0.5, "it ends within a field"),
        (None, "as it was made from its network"),
    ],
)
def test_a_graph_that_is_damaged_or_missing(tmp_path, part, said):
    path = make_network(tmp_path)
    if part is not None:
        export_graph(path, tmp_path / "net.onnx")
        graph = (tmp_path / "net.onnx").read_bytes()
        (tmp_path / "net.onnx").write_bytes(graph[: int(part * len(graph))])
    with pytest.raises(ModelError, match=f"net.onnx.* {said}") as caught:
        load_pose(with_graph(path))
    assert "rmpe export with --graph" in str(caught.value)


def test_people_are_the_same(tmp_path):
    """Through the whole pipeline, on a photograph of the repository."""
    from rmpe.inputs.images import read_image

    image = torch.from_numpy(read_image(_CARDS.parents[3] / "examples/photographs/basketball.jpg"))
    cards = [load_card(DEFAULT_DETECTOR), load_card(DEFAULT_POSE)]
    ours = PoseEstimator()(image)
    parts = [CardNetwork(replace(card, graph=None), "cpu", None) for card in cards]
    theirs = PoseEstimator(build_detector(parts[0], ("person",)), build_pose(parts[1]))(image)
    assert len(ours)
    torch.testing.assert_close(ours.keypoints, theirs.keypoints, rtol=0, atol=1e-2)


def test_a_network_whose_batch_norms_cannot_be_folded(tmp_path):
    path = make_hourglass(tmp_path)
    with pytest.raises(ModelError, match="cannot be written without weights"):
        export_graph(path, tmp_path / "graph.onnx")
    assert not (tmp_path / "graph.onnx").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--graph", "net.txt"], "--graph must end in .onnx, got net.txt"),
        (["--graph", "net.onnx", "--decoded"], "--decoded needs --onnx"),
    ],
)
def test_what_cannot_be_written(options, said, capsys):
    assert cli.main(["export", DEFAULT_POSE, *options]) == 2
    assert said in capsys.readouterr().err
