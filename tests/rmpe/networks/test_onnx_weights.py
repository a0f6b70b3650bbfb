"""Weights behind an ONNX graph."""

import numpy as np
import onnx
import pytest
import torch

from rmpe.networks.onnx_weights import encode_weights, has_weights


@pytest.mark.parametrize("shape", [(), (0,), (1,), (300,), (2, 3, 5, 7), (64, 48, 3, 3)])
def test_they_are_read_as_they_were(shape):
    model = onnx.ModelProto(producer_name="before")
    model.graph.name = "kept"
    values = torch.randn(shape)
    both = {"a.weight": values, "b" * 200: values.flip(0) if shape else values}
    read = onnx.load_from_string(model.SerializeToString() + encode_weights(both))
    assert (read.producer_name, read.graph.name) == ("before", "kept")
    found = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in read.graph.initializer}
    assert list(found) == list(both)
    for name, want in both.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], want.numpy())


def test_a_graph_without_weights_is_told_from_one_with_some():
    model = onnx.ModelProto(producer_name="before")
    model.graph.node.add(op_type="Relu")
    assert not has_weights(model.SerializeToString())
    model.graph.sparse_initializer.add()
    assert has_weights(model.SerializeToString())
    with pytest.raises(ValueError, match="it ends within a field"):
        has_weights(model.SerializeToString()[:-1])


def test_in_any_order_in_memory():
    turned = torch.arange(6.0).view(2, 3).T
    read = onnx.load_from_string(encode_weights({"a": turned}))
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(read.graph.initializer[0]), turned)
