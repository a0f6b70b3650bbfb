"""Heatmaps and windows on photographs."""

import numpy as np

from rmpe.outputs.overlays import draw_heatmaps, draw_windows

PHOTO = np.full((120, 160, 3), 90, np.uint8)
TEN = np.array([[[10.0, 0, 5], [0, 10, 5]]])


def changed(drawing):
    """The rows and columns that were drawn on, without the corner with the text."""
    rows, columns = np.nonzero((drawing != PHOTO).any(2)[:100])
    return rows, columns


def peak(x, y, value=1.0, keypoint=0):
    maps = np.zeros((1, 3, 10, 14), np.float32)
    maps[0, keypoint, y, x] = value
    return maps


def test_a_peak_is_drawn_where_its_matrix_leads():
    rows, columns = changed(draw_heatmaps(PHOTO, peak(4, 7), TEN))
    assert (rows.mean(), columns.mean()) == (75, 45)
    assert (rows.min(), rows.max()) > (64, 76)


def test_the_highest_of_all_keypoints_and_people_is_seen():
    one = draw_heatmaps(PHOTO, peak(4, 3), TEN)
    both = draw_heatmaps(
        PHOTO, np.concatenate([peak(4, 3), peak(4, 3, 0.5, keypoint=2)]), np.concatenate([TEN, TEN])
    )
    assert (one == both).all()


def test_what_is_lower_is_fainter_and_nothing_is_nothing():
    maps = peak(2, 2) + peak(9, 2, 0.2)
    drawing = draw_heatmaps(PHOTO, maps, TEN).astype(int)
    strong, weak = (np.abs(drawing[25, x] - 90).sum() for x in (25, 95))
    assert strong > weak > 0
    for nothing in (0 * maps, -maps, maps * np.nan, maps[:0]):
        rows, _ = changed(draw_heatmaps(PHOTO, nothing, TEN[: len(nothing)]))
        assert len(rows) == 0
    rows, _ = changed(draw_heatmaps(PHOTO, maps, TEN * np.nan))
    assert len(rows) == 0


def test_the_image_is_left_as_it_is():
    image = PHOTO.copy()
    draw_heatmaps(image, peak(4, 3), TEN)
    draw_windows(image, np.array([[[2, 2], [20, 2], [20, 30], [2, 30.0]]]))
    assert (image == PHOTO).all()


def test_windows_are_yellow_and_marked_at_their_upper_left_corner():
    crop = np.array([[[20.0, 10], [140, 10], [140, 90], [20, 90]]])
    turned = np.array([[[100.0, 20], [100, 80], [40, 80], [40, 20]]])
    drawing = draw_windows(PHOTO, crop, turned)
    assert drawing[10, 60].min() > 200
    red, green, blue = drawing[50, 100].astype(int)
    assert min(red, green) - blue > 100
    assert (drawing[20, 102] != 90).any() and (drawing[80, 108] == 90).all()
    only = draw_windows(PHOTO, crop)
    assert (only[50, 100] == 90).all()


def test_windows_far_outside_and_none_at_all():
    outside = np.array([[[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [np.nan, 1e9]]])
    assert draw_windows(PHOTO, outside).shape == PHOTO.shape
    assert (draw_windows(PHOTO, np.zeros((0, 4, 2))) == PHOTO).all()
