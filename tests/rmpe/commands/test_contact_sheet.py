"""``rmpe contact-sheet``, on small pictures of one color."""

import cv2
import numpy as np
import pytest

from rmpe import read_image
from rmpe.cli import main

COLORS = {"a.png": (250, 20, 20), "b.png": (20, 250, 20), "c.jpg": (20, 20, 250)}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, color in COLORS.items():
        cv2.imwrite(str(folder / name), np.full((60, 120, 3), color, np.uint8)[:, :, ::-1])
    return folder


def test_pictures_lie_in_rows_in_order_with_their_names(folder, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    command = ["contact-sheet", str(folder), "--out", str(out), "--columns", "2", "--side", "80"]
    assert main(command) == 0
    assert capsys.readouterr().out.split() == ["pictures", "3", "sheet", str(out)]
    sheet = read_image(out)
    assert sheet.shape == (2 * 86 + 6, 2 * 86 + 6, 3)
    for number, color in enumerate(COLORS.values()):
        row, column = divmod(number, 2)
        left, top = 6 + 86 * column, 6 + 86 * row
        middle = sheet[top + 25 : top + 55, left + 5 : left + 75]
        assert np.abs(middle.astype(int) - color).max() < 12  # JPEG changes colors a little
        assert (sheet[top : top + 15, left : left + 80] == 255).all()  # above a flat picture
        assert (sheet[top + 62 : top + 80, left : left + 12] < 128).any()  # its name
    assert (sheet[92:, 92:] == 255).all()


def test_a_picture_that_cannot_be_read_is_left_out(folder, tmp_path, capsys):
    (folder / "broken.jpg").write_bytes(b"no picture")
    assert main(["contact-sheet", str(folder), "--out", str(tmp_path / "sheet.jpg")]) == 1
    told = capsys.readouterr()
    assert "pictures  3" in told.out and "broken.jpg" in told.err and "skipped" in told.err


def test_the_sheet_is_not_on_the_sheet(folder, capsys):
    command = ["contact-sheet", str(folder), "--out", str(folder / "sheet.png"), "--overwrite"]
    assert [main(command), main(command)] == [0, 0]
    assert capsys.readouterr().out.count("pictures  3") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "sheet.gif"], "--out must end in .jpg or .png, got sheet.gif"),
        (["--out", "there.png"], "there.png is there already: choose --overwrite"),
        (
            ["--out", "no/folder/sheet.png"],
            "cannot write no/folder/sheet.png: there is no such folder",
        ),
        (
            ["--out", "new.png", "--side", "40000", "--columns", "3"],
            "nor all more than 170000000",
        ),
    ],
)
def test_what_cannot_be_is_named(folder, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.png").write_bytes(b"")
    assert main(["contact-sheet", str(folder), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new.png").exists()


def test_nothing_to_see(tmp_path, capsys):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    command = ["contact-sheet", str(tmp_path / "broken.jpg"), "--out", str(tmp_path / "x.png")]
    assert main(command) == 2
    assert "there is no picture that can be read" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--side", "--columns"])
def test_numbers_beyond_all_others(folder, tmp_path, capsys, option):
    """Also where the pictures are small and would be left as they are."""
    with pytest.raises(SystemExit):
        main(["contact-sheet", str(folder), "--out", str(tmp_path / "x.png"), option, "9" * 23])
    rule = f"{option}: must be a whole number from 1 to 9223372036854775807, got 9999"
    assert rule in capsys.readouterr().err
