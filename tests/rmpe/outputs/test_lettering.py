"""Texts on drawings stay inside the picture."""

import numpy as np
import pytest

from rmpe.outputs.lettering import label_area, shorten, write_label


def written(size, text, place, height):
    canvas = np.full((*size, 3), 128, np.uint8)
    write_label(canvas, text, place, height)
    return canvas, (canvas != 128).any(-1)


def test_text_is_light_on_dark_and_as_high_as_asked_for():
    canvas, changed = written((200, 300), "12 0.87", (50, 150), 40)
    rows, columns = np.nonzero(changed)
    assert (rows.max(), columns.min()) == (149, 50)
    assert rows.max() - rows.min() + 1 == pytest.approx(40, abs=8)
    assert (canvas[changed] == (22, 22, 26)).all(-1).mean() > 0.5
    assert (canvas[changed] > 200).all(-1).mean() > 0.03


@pytest.mark.parametrize("place", [(-50, -50), (1000, 1000), (-1e9, 40), (290, 5)])
def test_text_is_moved_into_the_picture(place):
    inside, _ = written((200, 300), "7", place, 20)
    _, everywhere = written((200, 300), "7", (100, 100), 20)
    assert (inside != 128).any(-1).sum() == everywhere.sum()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_pictures_smaller_than_the_text(size):
    written(size, "1234", (0, 0), 30)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_middle_of_a_long_text_is_left_out(width):
    canvas = np.zeros((40, width, 3), np.uint8)
    texts = [f"a long name of a video, as people give them_{n:06}.jpg" for n in range(3)]
    short = [shorten(canvas, text, 20) for text in texts]
    assert len(set(short)) == 3
    for text in short:
        assert label_area(canvas, text, (0, 0), 20)[3] <= width
        assert text.startswith("a") and text.endswith("g") and "..." in text
    # One more letter would not fit.
    wider = label_area(canvas, short[0] + "m", (0, 0), 20)[3]
    assert wider > width
    assert shorten(canvas, "ab", 20) == "ab"


def test_different_texts_differ():
    pictures = {written((60, 80), text, (5, 50), 30)[0].tobytes() for text in "0123456789"}
    assert len(pictures) == 10
