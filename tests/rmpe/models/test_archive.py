"""Packed networks: any bytes are a network, or one error."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe.models.archive import unpack_network

from ...fuzz import fuzz
from ..mutation import damaged

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
NETWORK = bytes(range(256)) * 4


def packed(method):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as opened:
        opened.writestr("a/net.onnx", NETWORK)
        opened.writestr("a/readme.txt", b"x" * 50)
    return content.getvalue()


def unpack(folder, content):
    (folder / "net.zip").write_bytes(content)
    target = io.BytesIO()
    unpack_network(folder / "net.zip", target, 1 << 20)
    return target.getvalue()


@pytest.mark.parametrize("method", METHODS)
def test_what_is_stored_or_deflated_is_unpacked(tmp_path, method):
    if method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert unpack(tmp_path, packed(method)) == NETWORK
    else:
        with pytest.raises(ValueError, match="a/net.onnx must be stored or deflated"):
            unpack(tmp_path, packed(method))


@fuzz(300)
@given(st.one_of([damaged(packed(method)) for method in METHODS]))
def test_damaged_bytes_give_a_network_or_a_value_error(tmp_path, content):
    try:
        unpack(tmp_path, content)
    except ValueError:
        pass


def test_a_disk_that_is_full_is_not_taken_for_a_damaged_archive(tmp_path):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    (tmp_path / "net.zip").write_bytes(packed(zipfile.ZIP_STORED))
    with pytest.raises(OSError, match="No space left"):
        unpack_network(tmp_path / "net.zip", Full(), 1 << 20)
