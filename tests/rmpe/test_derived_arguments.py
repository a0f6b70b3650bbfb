"""Arguments of what makes results of results: an error that names them, before anything is done."""

import pytest

from rmpe.conversion import convert_results
from rmpe.outputs import RESULT_FORMATS
from rmpe.run import run
from rmpe.smoothing import smooth_results
from rmpe.tracking import track_results


def infer(results, out, **options):
    run([results], out, lambda: None, settings={}, **options)


def convert(results, out, **options):
    convert_results(results, out, **{"formats": ["csv"]} | options)


@pytest.mark.parametrize("make", [track_results, smooth_results, convert, infer])
@pytest.mark.parametrize(
    ("formats", "error", "message"),
    [
        (None, TypeError, "formats must be a list of names, got None"),
        (5, TypeError, "formats must be a list of names, got 5"),
        ("csv", TypeError, "formats must be a list of names, got 'csv'"),
        (["xml"], ValueError, f"formats must be one of {', '.join(RESULT_FORMATS)}, got 'xml'"),
        ([None], ValueError, "formats must be one of .* got None"),
        ([["csv"]], ValueError, r"formats must be one of .* got \['csv'\]"),
    ],
)
def test_formats_that_are_none(tmp_path, make, formats, error, message):
    with pytest.raises(error, match=message):
        make(tmp_path / "results", tmp_path / "out", formats=formats)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", [None, 5, {}, "x"])
@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [
        (track_results, "parameters", "TrackingParameters"),
        (smooth_results, "parameters", "SmoothingParameters"),
        (convert, "skeleton", "Skeleton"),
    ],
)
def test_what_is_of_another_type(tmp_path, make, name, kind, value):
    if name == "skeleton" and value is None:
        pytest.skip("that is what people have")
    with pytest.raises(TypeError, match=f"{name} must be a {kind}, got"):
        make(tmp_path / "results", tmp_path / "out", **{name: value})
    assert not (tmp_path / "out").exists()
