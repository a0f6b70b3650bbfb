"""Pictures in a window, and what its keys do to a run; on a display of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageGrab

from rmpe import cli
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.errors import OutputError
from rmpe.outputs.window import Viewer, Window
from rmpe.run import run

from ..fakes import PixelEstimator

BLUE = np.full((90, 120, 3), (10, 60, 250), np.uint8)


@pytest.fixture(scope="module")
def server():
    """An X server without a screen, by the name of its display."""
    pytest.importorskip("tkinter")
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    yield ":" + process.stdout.readline().strip()
    process.terminate()
    process.wait()


@pytest.fixture
def display(server, monkeypatch):
    monkeypatch.setenv("DISPLAY", server)
    return server


def seen(display):
    """How many pixels of the screen have the color of the picture."""
    screen = np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"), int)
    return int((np.abs(screen - BLUE[0, 0]).sum(2) < 30).sum())


def press(window, key):
    """As if somebody pressed a key, which counts with the next picture."""
    window._root.update()
    window._root.focus_force()
    window._root.update()
    window._root.event_generate(key, when="tail")


def test_a_picture_is_seen_and_gone_when_it_is_closed(display):
    with Window("test") as window:
        assert window.show(BLUE)
        assert seen(display) == 90 * 120
    assert not window.show(BLUE)
    assert window.quit is False
    window.close()


def test_a_picture_that_is_larger_than_the_screen_is_reduced(display):
    with Window("test") as window:
        window.show(np.broadcast_to(BLUE[:1, :1], (3000, 4000, 3)))
        assert 200 * 300 < seen(display) < 480 * 640


@pytest.mark.parametrize(("key", "stops"), [("<Escape>", False), ("<q>", True), ("<Q>", True)])
def test_keys_close_the_window(display, key, stops):
    window = Window("test")
    assert window.show(BLUE)
    press(window, key)
    assert not window.show(BLUE)
    assert (window.is_open, window.quit) == (False, stops)


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in range(4):
        Image.fromarray(np.full((24, 32, 3), 41 + number, np.uint8)).save(f"photos/{number}.png")


class Pressing(Window):
    """A key is pressed while the second picture is shown."""

    shown = 0

    def __init__(self, key):
        super().__init__("test")
        self.key = key

    def show(self, image):
        self.shown += 1
        if self.shown == 2:
            press(self, self.key)
        return super().show(image)


def infer(out, viewer=None, **options):
    return run(["photos"], out, PixelEstimator, settings={}, batch_size=1, viewer=viewer, **options)


def files(out):
    return {path.name: path.read_bytes() for path in Path(out).rglob("*") if path.is_file()}


def test_the_run_goes_on_when_the_window_is_closed(display, photos):
    infer("plain")
    window = Pressing("<Escape>")
    tally = infer("seen", Viewer(window, DrawingStyle(min_person_score=0)))
    assert (tally.images, tally.stopped_by, window.shown) == (4, None, 2)
    assert files("seen") == files("plain")


def test_q_ends_the_run_and_it_can_be_resumed(display, photos):
    infer("plain")
    window = Pressing("<q>")
    tally = infer("seen", Viewer(window, DrawingStyle(min_person_score=0)))
    assert (tally.images, tally.left, tally.stopped_by) == (2, 2, 2)
    assert infer("seen", resume=True).images == 2
    assert files("seen") == files("plain")


def test_people_are_shown_as_the_network_wants_them_drawn(monkeypatch, photos):
    """Without a display: what the drawing is made of."""
    shown = []
    monkeypatch.setattr("rmpe.outputs.window.draw", lambda image, people, style: (
        shown.append(people.drawn_score)))  # fmt: skip
    monkeypatch.setattr(PixelEstimator, "drawn_score", 0.15, raising=False)

    class Nowhere:
        is_open, quit = True, False

        def show(self, image):
            return True

    infer("seen", Viewer(Nowhere(), DrawingStyle()))
    assert shown == [0.15] * 4


def test_an_image_that_cannot_be_drawn_does_not_end_the_run(display, photos, monkeypatch):
    reports = []

    def fail(*_):
        raise ValueError("no head")

    monkeypatch.setattr("rmpe.outputs.window.draw", fail)
    window = Window("test")
    tally = infer(
        "seen", Viewer(window, DrawingStyle()), report=lambda line, _: reports.append(line)
    )
    window.close()
    assert tally.images == 4
    assert reports[0] == "not shown: photos/0.png: ValueError: no head"


def test_without_a_display_the_command_says_what_to_do(tmp_path, monkeypatch, capsys):
    pytest.importorskip("tkinter")
    monkeypatch.delenv("DISPLAY", raising=False)
    Image.fromarray(BLUE).save(tmp_path / "a.png")
    out = tmp_path / "out"
    assert cli.main(["infer", str(tmp_path / "a.png"), "--view", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "a window needs a display" in error and "DISPLAY" in error
    assert not out.exists()


def test_without_tkinter_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(OutputError, match="needs tkinter, .*`apt install python3-tk`"):
        Window("test")
