"""Anchors from files: what is read and what is refused."""

import io
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given

from rmpe.detectors.anchors import read_anchors
from rmpe.errors import ModelError

from ...fuzz import fuzz
from ..mutation import damaged

ANCHORS = np.linspace(0, 1, 20, dtype=np.float32).reshape(5, 4)


def archive(compress=False, **arrays):
    stream = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
def test_numbers_of_any_width_and_byte_order(tmp_path, dtype, compress):
    (tmp_path / "a.npz").write_bytes(archive(compress, a=ANCHORS.astype(dtype)))
    found = read_anchors(tmp_path / "a.npz", "a")
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, ANCHORS, atol=1e-3)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (ANCHORS * np.nan, "must be finite, got NaN or infinity"),
        (ANCHORS + np.inf, "must be finite, got NaN or infinity"),
        (ANCHORS.astype(int), r"must be \(A, 4\) floating-point numbers, got \(5, 4\) int64"),
        (ANCHORS.astype(complex), "complex128"),
        (ANCHORS[:0], r"got \(0, 4\) float32"),
        (ANCHORS[:, :3], r"got \(5, 3\) float32"),
        (ANCHORS[0], r"got \(4,\) float32"),
        (np.array(["a"]), r"got \(1,\) <U1"),
        (np.array([None]), "cannot read the anchors a from .*a.npz: Object arrays"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, message):
    (tmp_path / "a.npz").write_bytes(archive(a=array))
    with pytest.raises(ModelError, match=message):
        read_anchors(tmp_path / "a.npz", "a")


def member(content, name="a.npy", method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        opened.writestr(name, content)
    return stream.getvalue()


def header(shape, descr="'<f4'"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def with_flag(content):
    """The archive with its member marked as encrypted."""
    content, directory = bytearray(content), content.rfind(b"PK\x01\x02")
    content[6] |= 1
    content[directory + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        member(b"no array"),
        member(header((10**12, 4)) + bytes(16)),
        member(header((2**62, 4)) + bytes(16)),
        member(header((-5, -4)) + bytes(80)),
        member(header((5, 4)) + bytes(4)),
        member(header((5, 4), "__import__('os').getcwd()")),
        member(b"\x93NUMPY\x01\x00\x20\x00" + b"(" * 32),
        member(b"\x93NUMPY\x09\x00" + bytes(100)),
        member(header((5, 4)), name="b.npy"),
        with_flag(archive(a=ANCHORS)),
        archive(True, a=ANCHORS)[:-30],
    ],
)
def test_damaged_archives_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ModelError, match="cannot read the anchors a from .*a.npz: "):
        read_anchors(tmp_path / "a.npz", "a")


def test_what_unpacks_to_hundreds_of_mebibytes_is_refused(tmp_path):
    packed = member(bytes(100 << 20), method=zipfile.ZIP_DEFLATED)
    assert len(packed) < 1 << 20
    (tmp_path / "a.npz").write_bytes(packed)
    with pytest.raises(ModelError, match="it must be at most 64 MiB unpacked"):
        read_anchors(tmp_path / "a.npz", "a")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="cannot read the anchors a from .*gone.npz"):
        read_anchors(tmp_path / "gone.npz", "a")


@fuzz(300)
@given(damaged(archive(a=ANCHORS)) | damaged(archive(True, a=ANCHORS)))
def test_damaged_bytes_give_anchors_or_a_model_error(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    try:
        assert read_anchors(tmp_path / "a.npz", "a").isfinite().all()
    except ModelError:
        pass
