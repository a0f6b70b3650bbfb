"""Protocol buffers, as onnx's own reader and writer have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto

from rmpe.networks.protobuf import beginning, read_fields, whole_number

NUMBERS = st.integers(0, (1 << 63) - 1)


@given(st.lists(NUMBERS), st.text(), st.binary())
def test_what_onnx_writes_is_read(sides, name, content):
    tensor = TensorProto(name=name, raw_data=content, data_type=1)
    tensor.dims.extend(sides)
    written = tensor.SerializeToString()
    fields = list(read_fields(memoryview(written)))
    assert [value for number, value in fields if number == 1] == sides
    assert [bytes(value) for number, value in fields if number in (8, 9)] == [
        name.encode(), content
    ]  # fmt: skip


@given(st.lists(NUMBERS, min_size=1), st.binary())
def test_onnx_reads_what_is_written(sides, content):
    written = b"".join(whole_number(1, side) for side in sides)
    tensor = TensorProto.FromString(written + beginning(9, len(content)) + content)
    assert list(tensor.dims) == sides
    assert tensor.raw_data == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x0a\x05ab", "ends within a field"),
        (b"\x0d\x00\x00", "ends within a field"),
        (b"\x0b", "unknown wire type 3"),
        (b"\xff" * 11, "does not end"),
        (b"\x08\x80", "does not end"),
        (b"\x80\x80\x80\x80\x10\x00", "field that is too large"),
    ],
)
def test_what_is_none(content, said):
    with pytest.raises(ValueError, match=said):
        list(read_fields(memoryview(content)))
