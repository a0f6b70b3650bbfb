"""``crop``, native and reference, against the float64 oracle and OpenCV."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
from rmpe_ext import reference
from tests.ops.implementations import implementations
from tests.oracles import crop as oracle

IMPLEMENTATIONS = implementations("ops")
IMAGENET = dict(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def noise(height, width, seed=0):
    """A random uint8 image, the hardest content there is."""
    return torch.from_numpy(
        np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    )


def matrix(*rows):
    return torch.tensor([rows], dtype=torch.float64)


def check(ops, image, matrices, size, **options):
    """Every crop equals the oracle's to float32 rounding, of the pixels and of the crop."""
    brightest = 255 * options.get("scale", 1 / 255)
    crops = ops.crop(image[None], matrices, size, **options)
    for got, m in zip(crops, matrices, strict=True):
        want = oracle.crop(image.numpy(), m.numpy(), size, **options)
        np.testing.assert_allclose(
            got.numpy(), want, rtol=0, atol=4e-6 * max(1, brightest, np.abs(want).max())
        )


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(((1, 0, 0), (0, 1, 0)), id="identity"),
        pytest.param(((1.7, 0, -9.3), (0, 2.1, -14.8)), id="enlarged"),
        pytest.param(((0.31, 0, 2.2), (0, 0.23, 1.7)), id="shrunk, beyond every edge"),
        pytest.param(((-1.3, 0, 40.5), (0, 1.1, 3.2)), id="mirrored"),
        pytest.param(((1.1, 0, 0), (0, -0.9, 30)), id="upside down"),
        pytest.param(((0, 1, 2), (-1, 0, 30)), id="quarter turn"),
        pytest.param(((1.2, 0.7, -11), (-0.6, 1.3, 5)), id="rotated"),
        pytest.param(((1.2, 0.7, -1e7), (-0.6, 1.3, 5)), id="rotated, far outside"),
        pytest.param(((1, 0, 1e7), (0, 1, 0)), id="far outside"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"fill": 77.0, "swap_rb": True, **IMAGENET}])
def test_equals_the_oracle(ops, rows, options):
    check(ops, noise(29, 37), matrix(*rows), (23, 31), **options)


@IMPLEMENTATIONS
@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    linear=st.tuples(*[st.floats(-3, 3, width=16)] * 4).filter(
        lambda a: abs(a[0] * a[3] - a[1] * a[2]) > 1e-2
    ),
    shift=st.tuples(*[st.floats(-12, 12, width=16)] * 2),
    fill=st.sampled_from([0.0, 128.0]),
)
def test_any_matrix_on_any_image(ops, height, width, size, linear, shift, fill):
    rows = (*linear[:2], shift[0]), (*linear[2:], shift[1])
    check(ops, noise(height, width), matrix(*rows), size, fill=fill, scale=1.0)


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "height, width", [(1, 1), (1, 50), (50, 1), (2, 2), (4096, 3), (3, 4096), (4096, 4096)]
)
@pytest.mark.parametrize("angle", [0.0, 30.0])
def test_extreme_image_shapes(ops, height, width, angle):
    box = torch.tensor([[0.0, 0.0, width, height]], dtype=torch.float64)
    matrices = rmpe_ext.crop_matrices(box, (16, 12), rotation=torch.tensor([angle]).double())
    check(ops, noise(height, width), matrices, (16, 12))


@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_native_equals_reference_on_a_large_image(angle):
    image = noise(1080, 1920)
    corners = torch.rand(40, 2, generator=torch.Generator().manual_seed(1)) * torch.tensor(
        [1900.0, 1060.0]
    )
    boxes = torch.cat([corners, corners + torch.linspace(4, 900, 40)[:, None]], dim=1)
    matrices = rmpe_ext.crop_matrices(boxes, (256, 192), rotation=torch.full((40,), angle))
    native = rmpe_ext.crop(image[None], matrices, (256, 192), **IMAGENET)
    other = reference.crop(image[None], matrices, (256, 192), **IMAGENET)
    torch.testing.assert_close(native, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize("angle", [0.0, -40.0])
def test_equals_warp_affine_within_its_rounding(data_dir, angle):
    """OpenCV rounds the result to 8 bits, and in some versions positions to 1/32 pixel."""
    path = sorted((data_dir / "coco-mini" / "images").glob("*.jpg"))[0]
    image = cv2.imread(str(path))
    box = torch.tensor([[30.0, 20.0, 170.0, 260.0], [-40.0, -30.0, 800.0, 700.0]])
    matrices = rmpe_ext.crop_matrices(box, (256, 192), rotation=torch.full((2,), angle))
    crops = rmpe_ext.crop(torch.from_numpy(image)[None], matrices, (256, 192), scale=1.0)
    for got, m in zip(crops, matrices, strict=True):
        want = cv2.warpAffine(image, m.double().numpy(), (192, 256), flags=cv2.INTER_LINEAR)
        difference = np.abs(got.numpy().transpose(1, 2, 0) - want)
        # Half a gray level of rounding, and 1/32 pixel across the steepest possible edge.
        assert difference.max() <= 0.5 + 255 / 32
        assert difference.mean() <= 0.3


@IMPLEMENTATIONS
def test_image_index_and_sizes(ops):
    """Crops of images of different sizes, in any order, equal one call for each image."""
    images = [noise(20, 30, 1), noise(31, 17, 2), noise(9, 9, 3)]
    index = torch.tensor([2, 0, 1, 0, 2])
    boxes = torch.tensor(
        [[1.0, 1, 8, 8], [3, 2, 20, 18], [0, 0, 17, 31], [5, 5, 9, 9], [0, 0, 9, 9]]
    )
    matrices = ops.crop_matrices(boxes, (12, 10))
    together = ops.crop(images, matrices, (12, 10), image_index=index)
    for n, i in enumerate(index.tolist()):
        alone = ops.crop(images[i][None], matrices[n : n + 1], (12, 10))
        assert torch.equal(together[n : n + 1], alone)


@IMPLEMENTATIONS
def test_one_image_lists_and_int32(ops):
    image, matrices = noise(20, 30), torch.eye(2, 3).expand(2, 2, 3)
    want = ops.crop(image[None], matrices, (8, 6))
    assert torch.equal(ops.crop(image, matrices, (8, 6)), want)
    images = torch.stack([image, image.flip(0)])
    want = ops.crop(images, matrices, (8, 6), image_index=torch.tensor([1, 0]))
    for index in ([1, 0], (1, 0), torch.tensor([1, 0], dtype=torch.int32)):
        assert torch.equal(ops.crop(images, matrices, (8, 6), image_index=index), want)
    for wrong in ([0.5, 1], [True, False], ["0", "1"], [[0], [1]]):
        with pytest.raises(TypeError, match="image_index must be a torch.Tensor, or a list of int"):
            ops.crop(images, matrices, (8, 6), image_index=wrong)
    for wrong in ([2**63, 0], [0, -(10**30)]):
        with pytest.raises(ValueError, match=r"image_index must be below 2\*\*63"):
            ops.crop(images, matrices, (8, 6), image_index=wrong)
    with pytest.raises(ValueError, match=r"image_index must be \(N,\) like matrices, got \(3,\)"):
        ops.crop(images, matrices, (8, 6), image_index=[0, 1, 0])


@IMPLEMENTATIONS
def test_one_image_each_needs_no_index(ops):
    images = torch.stack([noise(8, 8, seed) for seed in range(3)])
    matrices = matrix((1, 0, 0), (0, 1, 0)).expand(3, 2, 3)
    crops = ops.crop(images, matrices, (8, 8), scale=1.0)
    assert torch.equal(crops, images.permute(0, 3, 1, 2).float())


@IMPLEMENTATIONS
def test_strided_inputs(ops):
    """Views are read right: sub-images, channel-first storage, transposed matrices."""
    image = noise(30, 40)
    matrices = matrix((1.3, 0.2, -3), (0.1, 0.9, 2)).expand(2, 2, 3)
    inside = image[5:25, 7:29]
    planar = image.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    every_other = image[::2, ::2]
    transposed = matrices.transpose(1, 2).contiguous().transpose(1, 2)
    repeated_row, repeated_pixel = image[:1].expand(30, 40, 3), image[:, :1].expand(30, 40, 3)
    for view in (inside, planar, every_other, repeated_row, repeated_pixel):
        want = ops.crop(view.contiguous()[None], matrices, (11, 13))
        assert torch.equal(ops.crop(view[None], matrices, (11, 13)), want)
        assert torch.equal(ops.crop([view], transposed, (11, 13)), want)


@IMPLEMENTATIONS
@pytest.mark.parametrize("angle", [0.0, 10.0])
def test_rows_may_lie_gigabytes_apart(ops, angle):
    apart = 3 << 29
    memory = torch.from_numpy(np.zeros(3 * apart + 90, dtype=np.uint8))  # taken where written to
    image = memory.as_strided((4, 30, 3), (apart, 3, 1))
    image.copy_(noise(4, 30))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    m = matrix((c, s, 0), (-6 * s, 6 * c, 2))
    together = image.clone(memory_format=torch.contiguous_format)
    assert torch.equal(ops.crop([image], m, (20, 25)), ops.crop([together], m, (20, 25)))


@IMPLEMENTATIONS
@pytest.mark.parametrize("image_index", [None, torch.empty(0, dtype=torch.int64)])
@pytest.mark.parametrize("images", [0, 1])
def test_nothing_to_crop(ops, images, image_index):
    images, matrices = noise(5, 5).repeat(images, 1, 1, 1), torch.empty(0, 2, 3)
    assert ops.crop(images, matrices, (4, 6), image_index=image_index).shape == (0, 3, 4, 6)
    assert ops.crop_matrices(torch.empty(0, 4), (4, 6)).shape == (0, 2, 3)


@IMPLEMENTATIONS
@pytest.mark.parametrize("bad", [0.0, float("nan"), float("inf")])
def test_matrix_without_inverse_gives_fill(ops, bad):
    crops = ops.crop(noise(5, 5)[None], matrix((bad, 0, 0), (0, bad, 0)), (4, 4), scale=1, fill=9)
    assert torch.equal(crops, torch.full((1, 3, 4, 4), 9.0))


@IMPLEMENTATIONS
@pytest.mark.parametrize("angle", [0.0, 30.0])
@pytest.mark.parametrize("size", [(1, 1), (3, 8)])
def test_a_crop_that_spreads_over_more_than_2_28_pixels_is_all_fill(ops, size, angle):
    """Just below that, its first pixel is the image's."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    limit = 2.0**28 / max(size) / (2 * c + 2 * s)
    image = torch.full((1, 5, 5, 3), 200, dtype=torch.uint8)
    for step, first in ((limit * (1 - 1e-9), 200.0), (limit * (1 + 1e-9), 9.0)):
        matrices = matrix((c / step, s / step, 0), (-s / step, c / step, 0))
        want = torch.full((1, 3, *size), 9.0)
        want[..., 0, 0] = first
        torch.testing.assert_close(ops.crop(image, matrices, size, scale=1, fill=9), want)


@IMPLEMENTATIONS
def test_empty_image_gives_fill(ops):
    image = torch.empty(1, 0, 7, 3, dtype=torch.uint8)
    crops = ops.crop(image, matrix((1, 0, 0), (0, 1, 0)), (2, 2), scale=1, fill=3)
    assert torch.equal(crops, torch.full((1, 3, 2, 2), 3.0))


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "rows",
    [((1.3, 0, 2), (0, 1.1, -1)), ((1.2, 0.7, -11), (-0.6, 1.3, 5)), ((0, 0, 0), (0, 0, 0))],
    ids=["upright", "rotated", "nothing but fill"],
)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (23, 31)])
def test_output_dtype(ops, dtype, rows, size):
    """To the bit what rounding the float32 crop gives, subnormals and overflow included."""
    image, matrices = noise(29, 37), matrix(*rows)
    for options in (
        {"fill": 77, "swap_rb": True, **IMAGENET},
        {"scale": 1e-8},
        {"scale": 1e4, "mean": (-3e38, 0.0, 3e38)},
    ):
        crops = ops.crop(image[None], matrices, size, dtype=dtype, **options)
        want = ops.crop(image[None], matrices, size, **options)
        assert crops.dtype == dtype
        assert torch.equal(crops, want.to(dtype))


@IMPLEMENTATIONS
def test_numbers_may_be_as_large_as_there_are(ops):
    largest = (torch.finfo(torch.float64).max,) * 3
    crops = ops.crop(noise(8, 8)[None], torch.eye(2, 3)[None], (8, 8), mean=largest, std=largest)
    assert (crops == -1).all()


@IMPLEMENTATIONS
def test_results_have_no_gradient(ops):
    """Boxes and rotations may come out of a network that is being trained."""
    boxes, rotation = (
        torch.tensor([[1.0, 1, 7, 9]]).requires_grad_(),
        torch.ones(1).requires_grad_(),
    )
    assert not ops.crop_matrices(boxes, (4, 4), rotation=rotation).requires_grad


@IMPLEMENTATIONS
def test_meta_tensors(ops):
    """Values that nobody has cannot be out of range."""
    images, index = torch.empty(2, 9, 9, 3, dtype=torch.uint8, device="meta"), torch.arange(5)
    matrices = torch.empty(5, 2, 3, device="meta")
    crops = ops.crop(images, matrices, (4, 6), image_index=index.to("meta"), dtype=torch.float16)
    assert (crops.device.type, crops.shape, crops.dtype) == ("meta", (5, 3, 4, 6), torch.float16)


@pytest.mark.skipif(torch.__version__ < "2.13", reason="PyTorch's own message is not at hand")
def test_crops_that_no_memory_holds_are_refused_in_the_words_of_pytorch():
    if rmpe_ext.backend().mode != "native":
        pytest.skip("needs the native library")
    image, matrices = torch.zeros(8, 8, 3, dtype=torch.uint8), torch.eye(2, 3).repeat(300, 1, 1)
    with pytest.raises(RuntimeError, match="memory"):
        rmpe_ext.crop(image, matrices, (40_000, 40_000))


def test_an_image_index_out_of_range_in_a_compiled_graph():
    images, matrices = noise(8, 8)[None], torch.eye(2, 3)[None]
    cut = torch.compile(
        lambda index: rmpe_ext.crop(images, matrices, (4, 4), image_index=index),
        backend="aot_eager",
        fullgraph=True,
    )
    assert cut(torch.tensor([0])).shape == (1, 3, 4, 4)
    with pytest.raises((RuntimeError, ValueError), match="image_index must be in 0..0, got 1"):
        cut(torch.tensor([1]))


@IMPLEMENTATIONS
def test_box_without_area_gives_no_finite_matrix_and_an_empty_crop(ops):
    matrices = ops.crop_matrices(torch.tensor([[5.0, 5.0, 5.0, 5.0]]), (8, 8))
    assert not torch.isfinite(matrices).all()
    assert torch.equal(ops.crop(noise(9, 9)[None], matrices, (8, 8)), torch.zeros(1, 3, 8, 8))


GOOD = dict(images=noise(8, 8)[None], matrices=torch.eye(2, 3)[None], size=(4, 4))


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(images=noise(8, 8)[..., :2]), ValueError, r"images must be \(B, H, W, 3\), \(H, W, 3\), or a list of \(H, W, 3\), got \(8, 8, 2\)"),
        (dict(images=noise(8, 8)[None].float()), TypeError, "images must be uint8, got float32"),
        (dict(images=[]), ValueError, "images must hold at least one image"),
        (dict(images=[noise(8, 8), noise(8, 8)[..., :2]]), ValueError, r"images\[1\] must be \(H, W, 3\), got \(8, 8, 2\)"),
        (dict(images=[np.zeros((8, 8, 3))]), TypeError, r"images\[0\] must be a torch.Tensor, got ndarray"),
        (dict(matrices=torch.eye(3)[None]), ValueError, r"matrices must be \(N, 2, 3\), got \(1, 3, 3\)"),
        (dict(matrices=torch.eye(2, 3)[None].half()), TypeError, "matrices must be float32 or float64, got float16"),
        (dict(matrices=torch.eye(2, 3)[None].requires_grad_()), ValueError, "matrices must not require grad"),
        (dict(size=(0, 4)), ValueError, r"size must be \(height, width\), both at least 1, got \(0, 4\)"),
        (dict(image_index=torch.tensor([0, 0])), ValueError, r"image_index must be \(N,\) like matrices, got \(2,\)"),
        (dict(image_index=torch.tensor([0.0])), TypeError, "image_index must be int64 or int32, got float32"),
        (dict(image_index=torch.tensor([1])), ValueError, "^image_index must be in 0..0, got 1 at position 0"),
        (dict(matrices=torch.eye(2, 3).expand(3, 2, 3), image_index=torch.tensor([0, -1, 5])), ValueError, "^image_index must be in 0..0, got -1 at position 1"),
        (dict(images=noise(8, 8)[None][:0]), ValueError, "images must hold at least one image for 1 crops, got none"),
        (dict(images=noise(8, 8)[None][:0], image_index=torch.tensor([0])), ValueError, "images must hold at least one image for 1 crops, got none"),
        (dict(images=noise(8, 8).expand(3, 8, 8, 3)), ValueError, "image_index is needed to say which of 3 images each of 1 crops"),
        (dict(mean=(0.5,)), ValueError, "mean must have 3 values, one for each channel, got 1"),
        *[
            ({name: values}, TypeError, f"{name} must be 3 numbers, one for each channel, got")
            for name in ("mean", "std")
            for values in (
                [np.True_] * 3, [np.str_("1")] * 3, np.ones(3, bool), np.array(["1"] * 3), [1j] * 3,
                np.array([1j] * 3), torch.ones(3, dtype=torch.bool), torch.ones(3, 1), [None] * 3,
                torch.ones(3, dtype=torch.complex64), memoryview(b"abc"), [np.datetime64(1, "D")] * 3,
            )
        ],
        (dict(std=(1, 0, 1)), ValueError, "std must not contain 0"),
        (dict(scale=float("nan")), ValueError, r"scale must be finite, got nan"),
        (dict(fill=float("inf")), ValueError, r"fill must be finite in float32, got inf"),
        (dict(mean=(0.5, float("-inf"), float("inf"))), ValueError, r"mean must be finite, got \[0.5, -inf, inf\]"),
        (dict(std=(1, 1, float("inf"))), ValueError, r"std must be finite, got \[1.0, 1.0, inf\]"),
        (dict(dtype=torch.int32), TypeError, "dtype must be float32, float16 or bfloat16"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(ops, change, error, message):
    with pytest.raises(error, match=message):
        ops.crop(**(GOOD | change))


def test_opcheck():
    """Schema, fake kernel and dispatch, as PyTorch checks them."""
    assert rmpe_ext.crop  # ops are registered on first use
    image, matrices = noise(9, 9), torch.eye(2, 3).expand(2, 2, 3)
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        flat = (4, 5, [1.0] * 3, [0.0] * 3, False, dtype, 0.0)
        for images, index in (([image[None]], None), ([image, image], torch.tensor([1, 0]))):
            torch.library.opcheck(torch.ops.rmpe_ext.crop.default, (images, matrices, index, *flat))
    boxes = torch.tensor([[0.0, 0, 5, 5]])
    torch.library.opcheck(
        torch.ops.rmpe_ext.crop_matrices.default,
        (boxes, torch.zeros(1), 8, 8, 0.25, 0.0, "asymmetric"),
    )


def test_the_raw_ops_refuse_what_they_do_not_know():
    if rmpe_ext.backend().mode != "native":
        pytest.skip("guards the native library")
    image, matrices = noise(9, 9)[None], torch.eye(2, 3)[None]
    flat = (4, 5, [1.0] * 3, [0.0] * 3, False, torch.float64, 0.0)
    assert rmpe_ext.crop  # ops are registered on first use
    with pytest.raises(RuntimeError, match="dtype must be float32, float16 or bfloat16"):
        torch.ops.rmpe_ext.crop.default([image], matrices, None, *flat)
    with pytest.raises(RuntimeError, match="grid must be asymmetric, half_pixel or align_corners"):
        torch.ops.rmpe_ext.crop_matrices.default(torch.zeros(1, 4), None, 8, 8, 0.25, 0.0, "torch")
