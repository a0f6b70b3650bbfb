"""Tensors that an ONNX file keeps elsewhere are found wherever the file may hold tensors."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from onnx import TensorProto, helper, numpy_helper

from rmpe.networks.external_data import has_external_data

from ...fuzz import fuzz
from ..mutation import damaged


def external(tensor):
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    return tensor


def tensor():
    return numpy_helper.from_array(np.zeros((2, 3), np.float32), "w")


def graph(nodes=(), initializers=(), sparse=()):
    return helper.make_graph(nodes, "g", [], [], list(initializers), sparse_initializer=sparse)


def constant(**attributes):
    return helper.make_node("Constant", [], ["y"], **attributes)


def sparse(values):
    return helper.make_sparse_tensor(
        values, helper.make_tensor("i", TensorProto.INT64, [6], range(6)), [2, 3]
    )


def function(node):
    return helper.make_function("d", "F", [], ["y"], [node], [helper.make_opsetid("", 17)])


PLACES = {
    "initializer": lambda t: helper.make_model(graph(initializers=[t])),
    "sparse initializer": lambda t: helper.make_model(graph(sparse=[sparse(t)])),
    "attribute": lambda t: helper.make_model(graph([constant(value=t)])),
    "attribute of several": lambda t: helper.make_model(graph([constant(values=[tensor(), t])])),
    "sparse attribute": lambda t: helper.make_model(graph([constant(sparse_value=sparse(t))])),
    "graph of a graph": lambda t: helper.make_model(
        graph([constant(body=graph([constant(body=graph(initializers=[t]))]))])
    ),
    "function": lambda t: helper.make_model(graph(), functions=[function(constant(value=t))]),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_wherever_a_tensor_may_be(place):
    model = PLACES[place](external(tensor()))
    assert has_external_data(model.SerializeToString())
    assert not has_external_data(PLACES[place](tensor()).SerializeToString())


def test_a_training_graph_is_looked_through_too():
    model = helper.make_model(graph())
    model.training_info.add().algorithm.CopyFrom(graph(initializers=[external(tensor())]))
    assert has_external_data(model.SerializeToString())


def test_one_of_the_two_fields_is_enough():
    for field in ("external_data", "data_location"):
        one = external(tensor())
        one.ClearField(field)
        one.name = "location"
        assert has_external_data(helper.make_model(graph(initializers=[one])).SerializeToString())


def test_the_word_alone_is_no_external_data():
    inside = tensor()
    inside.name = "location"
    inside.data_location = TensorProto.DEFAULT
    model = helper.make_model(graph([constant(value=inside)], [inside]), doc_string="location")
    assert not has_external_data(model.SerializeToString())


def test_lengths_that_take_more_bytes_than_they_need_hide_nothing():
    def field(number, value):
        length = len(value)
        long_form = bytes([length & 127 | 128, length >> 7 | 128, 128, 0])
        return bytes([number << 3 | 2]) + long_form + value

    entry = field(1, b"location") + field(2, b"weights.bin")
    assert has_external_data(field(7, field(5, field(13, entry))))
    onnx.load_model_from_string(field(7, field(5, field(13, entry))))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x3a\x0flocation", "ends within a field"),
        (b"location\xff", "ends within a field|unknown wire type|number that does not end"),
        (b"\x80" * 20 + b"location", "number that does not end"),
        (b"\x0b location", "unknown wire type 3"),
    ],
)
def test_what_is_no_protocol_buffer_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        has_external_data(content)


def test_nesting_without_an_end_is_refused():
    content = b"location"
    for number in [*[6, 5, 1] * 40, 7]:
        length = len(content)
        content = bytes([number << 3 | 2, length & 127 | 128, length >> 7]) + content
    with pytest.raises(ValueError, match="nested too deeply"):
        has_external_data(content)


@fuzz(300)
@given(damaged(PLACES["attribute of several"](external(tensor())).SerializeToString()))
def test_damaged_files_give_an_answer_or_a_value_error(content):
    try:
        assert has_external_data(content) in (True, False)
    except ValueError:
        pass


def test_the_number_of_a_field_that_others_read_as_a_smaller_one_is_refused():
    tag = (13 << 3 | 2) | 1 << 32
    long_tag = bytes((tag >> shift & 127) | (128 if shift < 28 else 0) for shift in range(0, 35, 7))
    inside = long_tag + bytes([8]) + b"location"
    tensor_field = bytes([5 << 3 | 2, len(inside)]) + inside
    content = bytes([7 << 3 | 2, len(tensor_field)]) + tensor_field
    with pytest.raises(ValueError, match="number of a field that is too large"):
        has_external_data(content)
