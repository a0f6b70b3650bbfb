"""Constants of TensorFlow's frozen graphs: what is read, and what is refused."""

import numpy as np
import pytest
import torch

from rmpe.errors import ModelError
from rmpe.networks.frozen_graph import read_constants
from rmpe.networks.weights import read_weights

from . import graphs
from .graphs import HALF, INT32, attribute, chunk, constant, number, operation, tensor, varint

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5


def read(tmp_path, *parts):
    (tmp_path / "net.pb").write_bytes(b"".join(parts))
    return read_constants(tmp_path / "net.pb")


@pytest.mark.parametrize("how", ["content", "floats", "single floats"])
def test_values_are_read_however_they_are_written(tmp_path, how):
    found = read(
        tmp_path,
        operation("image", "Placeholder"),
        constant("layer/weights", tensor(VALUES, how)),
        constant("size", tensor(np.int32([6, 6]), dtype=INT32), INT32),
        constant("half", tensor(np.float16([1]), dtype=HALF), HALF),
        operation("layer", "Conv2D", "image", "layer/weights"),
        chunk(4, number(1, 27)),  # the version of the graph
    )
    assert list(found) == ["layer/weights"]
    assert torch.equal(found["layer/weights"], torch.from_numpy(VALUES))


def test_one_value_stands_for_a_whole_tensor(tmp_path):
    found = read(tmp_path, constant("ones", tensor([1.0], "floats", sizes=(4, 5))))
    assert torch.equal(found["ones"], torch.ones(4, 5))


def test_numbers_and_empty_tensors(tmp_path):
    found = read(tmp_path, constant("a", tensor(2.5)), constant("b", tensor(np.zeros((0, 3)))))
    assert found["a"].shape == () and found["a"] == 2.5
    assert found["b"].shape == (0, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            constant("a", tensor([1.0], sizes=(1 << 40,))),
            "of the shape .1099511627776. has 4 bytes",
        ),
        (constant("a", tensor([1.0], sizes=(3, (1 << 64) - 1))), "has 4 bytes"),
        (constant("a", tensor([1.0], sizes=(90,))) * 3, r"of the shape \[90\] has 4 bytes"),
        (constant("a", tensor(VALUES, sizes=(7,))), r"of the shape \[7\] has 24 bytes"),
        (constant("a", tensor(VALUES))[:-1], "it ends within a field"),
        (chunk(1, chunk(2, "Const")), "a constant has no value"),
        (number(1, 1) + chunk(2, b"a saved model"), "the field 1 is a number"),
        (b"\x0b", "it has a field of the unknown wire type 3"),
        (b"\xff" * 20, "it has a number that does not end"),
        (chunk(1, chunk(2, b"\xff\xfe")), "codec can't decode"),
    ],
)
def test_what_is_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=f"no frozen graph of TensorFlow, or damaged .*{message}"):
        read(tmp_path, content)
    with pytest.raises(ModelError, match="cannot read weights from .*net.pb: it is no frozen grap"):
        read_weights(tmp_path / "net.pb")


def test_a_graph_that_is_cut_anywhere_is_read_or_refused(tmp_path):
    parts = [constant(f"layer_{n}", tensor(VALUES)) for n in range(2)]
    whole = b"".join(parts)
    for end in range(len(whole)):
        if end in (0, len(parts[0])):
            assert len(read(tmp_path, whole[:end])) == (end > 0)
        else:
            with pytest.raises(ValueError, match="no frozen graph"):
                read(tmp_path, whole[:end])


def test_random_bytes_are_refused_or_hold_nothing(tmp_path):
    rng = np.random.default_rng(0)
    for size in rng.integers(1, 200, 300):
        try:
            assert read(tmp_path, rng.bytes(size)) == {}
        except ValueError as error:
            assert "no frozen graph" in str(error)


def test_the_writer_of_these_tests_knows_long_numbers():
    assert varint(300) == b"\xac\x02"
    assert attribute("k", b"v") == b"\x2a\x06\x0a\x01k\x12\x01v"
    assert graphs.shape_of((3,)) == b"\x12\x02\x08\x03"
