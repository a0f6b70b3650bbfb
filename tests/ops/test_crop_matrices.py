"""``crop_matrices``, native and reference, against the float64 oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext.conventions import CONVENTIONS
from tests.ops.implementations import implementations
from tests.oracles import crop as oracle

IMPLEMENTATIONS = implementations("ops")


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_crop_matrices_equal_the_oracle(ops, dtype, convention, data):
    corner = data.draw(st.tuples(st.floats(-500, 2000), st.floats(-500, 2000)))
    extent = data.draw(st.tuples(st.floats(1, 1500), st.floats(1, 1500)))
    rotation = data.draw(st.floats(-180, 180))
    padding = data.draw(st.one_of(st.none(), st.floats(0, 0.99)))
    box = torch.tensor([[*corner, corner[0] + extent[0], corner[1] + extent[1]]], dtype=dtype)
    turn = torch.tensor([rotation], dtype=torch.float64)
    got = ops.crop_matrices(box, (256, 192), convention=convention, padding=padding, rotation=turn)
    want = oracle.crop_matrix(
        box[0].numpy(),
        (256, 192),
        padding=0.25 if padding is None else padding,
        convention=convention,
        rotation=rotation,
    )
    tolerance = 1e-6 if dtype == torch.float32 else 1e-13
    np.testing.assert_allclose(got[0].numpy(), want, rtol=tolerance, atol=tolerance * 1e5)


def test_conventions_put_the_box_where_they_say():
    """hrnet: center to center. udp: edges onto the outer pixels' centers. hourglass: lower."""
    box = torch.tensor([[100.0, 50.0, 196.0, 178.0]], dtype=torch.float64)  # 96 x 128: aspect 3 / 4
    corners = torch.tensor([[100.0, 50, 1], [196, 178, 1], [148, 114, 1]], dtype=torch.float64)
    hrnet = rmpe_ext.crop_matrices(box, (256, 192), padding=0.0)[0] @ corners.T
    torch.testing.assert_close(
        hrnet.T.round(decimals=9), torch.tensor([[0.0, 0], [192, 256], [96, 128]]).double()
    )
    udp = rmpe_ext.crop_matrices(box, (256, 192), convention="udp", padding=0.0)[0] @ corners.T
    torch.testing.assert_close(
        udp.T.round(decimals=9), torch.tensor([[0.0, 0], [191, 255], [95.5, 127.5]]).double()
    )
    # MPII's center (148, 114) and scale 128 / 200: 9.6 pixels further down, 2 crop pixels each.
    hourglass = rmpe_ext.crop_matrices(box, (256, 192), convention="hourglass", padding=0.0)[0]
    below = torch.tensor([148.0, 114 + 15 * 128 / 200, 1], dtype=torch.float64)
    torch.testing.assert_close(hourglass @ below, torch.tensor([95.5, 127.5]).double())
    torch.testing.assert_close(hourglass[:, :2], 2 * torch.eye(2).double())


def test_an_hourglass_crop_is_that_of_mpii():
    """200 s pixels, widened by a quarter, fill the crop edge to edge; its pixels tile the square."""
    s, (x, y) = 2.0, (400.0, 300.0)
    box = torch.tensor([[x - 100 * s, y - 100 * s, x + 100 * s, y + 100 * s]], dtype=torch.float64)
    m = rmpe_ext.crop_matrices(box, (256, 256), convention="hourglass")[0]
    half = 125 * s
    edges = torch.tensor(
        [[x - half, y + 15 * s - half, 1], [x + half, y + 15 * s + half, 1]], dtype=torch.float64
    )
    want = torch.tensor([[-0.5, -0.5], [255.5, 255.5]], dtype=torch.float64)
    torch.testing.assert_close((m @ edges.T).T, want)


def test_rotation_turns_the_named_direction_up():
    box = torch.tensor([[0.0, 0.0, 192.0, 256.0]], dtype=torch.float64)
    m = rmpe_ext.crop_matrices(box, (256, 192), padding=0.0, rotation=torch.tensor([90.0]).double())
    right_of_center = torch.tensor([96 + 10.0, 128, 1], dtype=torch.float64)
    torch.testing.assert_close(m[0] @ right_of_center, torch.tensor([96.0, 118.0]).double())


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "boxes, options, error, message",
    [
        (torch.zeros(12, 5), {}, ValueError, r"boxes must be \(N, 4\), got \(12, 5\)"),
        (torch.zeros(2, 4).int(), {}, TypeError, "boxes must be float32 or float64, got int32"),
        (torch.zeros(2, 4), {"convention": "coco"}, ValueError, "convention must be one of .*hrnet.*, got 'coco'"),
        (torch.zeros(2, 4), {"padding": -1.0}, ValueError, "padding must be a fraction above -1 and below 1"),
        (torch.zeros(2, 4), {"rotation": torch.zeros(3)}, ValueError, r"rotation must be \(N,\) like boxes, got \(3,\)"),
    ],
)  # fmt: skip
def test_crop_matrices_errors_name_the_argument(ops, boxes, options, error, message):
    with pytest.raises(error, match=message):
        ops.crop_matrices(boxes, (256, 192), **options)


@IMPLEMENTATIONS
def test_other_projects_padding_is_refused_with_the_remedy(ops):
    """1.25, as MMPose and rtmlib write it, would make the box 2.25 times as large."""
    message = r"padding must be .* \(0.25 makes a box 1.25 times as wide and high.*\), got 1.25"
    with pytest.raises(ValueError, match=message):
        ops.crop_matrices(torch.tensor([[0.0, 0, 10, 10]]), (64, 48), padding=1.25)


@IMPLEMENTATIONS
@pytest.mark.parametrize("rotation", [None, torch.tensor([30.0])])
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    "box", [(50, 10, 20, 90), (20, 90, 50, 10), (50, 90, 20, 10), (20, 10, 20, 90), (5, 5, 9, 5)]
)
def test_boxes_without_width_or_height_give_the_same_matrices(ops, convention, rotation, box):
    """Such as those given as x, y, width, height. They are those of a point in the same place."""
    box = torch.tensor([box], dtype=torch.float64)
    options = dict(convention=convention, rotation=rotation)
    matrices = ops.crop_matrices(box, (64, 48), **options)
    assert not matrices[:, :, :2].isfinite().all()
    middle = (box[:, :2] + box[:, 2:]) / 2
    point = ops.crop_matrices(torch.cat([middle, middle], 1), (64, 48), **options)
    torch.testing.assert_close(matrices, point, rtol=0, atol=0, equal_nan=True)
    image = torch.full((20, 20, 3), 9, dtype=torch.uint8)
    assert (ops.crop(image, matrices, (8, 6), fill=255) == 1).all()


@IMPLEMENTATIONS
@pytest.mark.parametrize("size", [b"44", "44", bytearray(b"44"), memoryview(b"44"), {4: 5, 5: 4}])
def test_text_and_bytes_are_no_size(ops, size):
    with pytest.raises(TypeError, match=r"size must be \(height, width\), a tuple or a list, got"):
        ops.crop_matrices(torch.zeros(1, 4), size)


@IMPLEMENTATIONS
def test_boxes_in_a_list(ops):
    boxes = [[3, 4, 50, 90.5], (0, 0, 9, 9)]
    want = ops.crop_matrices(torch.tensor(boxes), (64, 48))
    assert torch.equal(ops.crop_matrices(boxes, (64, 48)), want)
    assert torch.equal(ops.crop_matrices([torch.tensor(box) for box in boxes], (64, 48)), want)
    assert ops.crop_matrices([], (64, 48)).shape == (0, 2, 3)
    for wrong in (
        [[1, 2, 3, "4"]], [["1", "2", "3", "4"]], [[1, 2, 3, 4], [1, 2]], [None], [[None] * 4],
        ["1234"], [b"1234"], [[1, 2, 3, 4j]], [[1, 2, 3, np.complex64(4)]], [[True] * 4],
        [[np.True_] * 4], [[np.str_("1")] * 4], [np.array([1, 2, 3, 4j])], [np.ones(4, bool)],
        [np.array(["1"] * 4)], [torch.ones(4, dtype=torch.complex64)], [{1, 2, 3, 4}],
        [[torch.tensor(1j)] * 4], [torch.ones(4, dtype=torch.bool)],
    ):  # fmt: skip
        with pytest.raises(TypeError, match="boxes must be a torch.Tensor, or a list of 4 numbers"):
            ops.crop_matrices(wrong, (64, 48))
    with pytest.raises(ValueError, match="boxes must hold numbers of float64, got"):
        ops.crop_matrices([[1, 2, 3, 10**400]], (64, 48))
    with pytest.raises(ValueError, match=r"boxes must be \(N, 4\), got \(1, 3\)"):
        ops.crop_matrices([[1, 2, 3]], (64, 48))
