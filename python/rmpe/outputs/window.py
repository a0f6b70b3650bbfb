"""A window in which drawings are seen while they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .contact_sheet import thumbnail
from .drawing import draw
from .drawing_style import DrawingStyle
from .errors import OutputError
from .records import Record, known_skeleton, people_of

if TYPE_CHECKING:
    from ..skeletons import Skeleton

__all__ = ["Viewer", "Window"]

# Of the screen's sides, the most that a picture takes.
_PART = 0.85


class Window:
    """A window that shows one picture after the other, reduced where the screen is smaller.

    Escape, or closing it, ends the window alone; ``q`` asks for more, see `quit`. It belongs to
    the main thread.

    Parameters
    ----------
    title : str
        What stands above it.

    Attributes
    ----------
    is_open : bool
        It can be seen.
    quit : bool
        ``q`` was pressed: whoever shows pictures should stop altogether.

    Raises
    ------
    OutputError
        There is no display, or Python has no tkinter; the message says what to do.

    Examples
    --------
    >>> with Window("camera") as window:  # doctest: +SKIP
    ...     for result in estimator.stream(0):
    ...         if not window.show(result.plot()):
    ...             break
    """

    def __init__(self, title: str) -> None:
        try:
            import tkinter
        except ImportError as error:
            raise OutputError(
                f"a window needs tkinter, which this Python lacks ({error}): install it, as by "
                "`apt install python3-tk`, or show nothing"
            ) from None
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise OutputError(
                f"a window needs a display: {error}; set DISPLAY, log in by `ssh -X`, or show "
                "nothing"
            ) from None
        self.is_open, self.quit = True, False
        self._root.title(title)
        self._label: Any = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._root.protocol("WM_DELETE_WINDOW", self.close)
        self._root.bind("<Escape>", lambda _: self.close())
        for key in ("q", "Q"):
            self._root.bind(key, lambda _: self._quit())

    def show(self, image: np.ndarray) -> bool:
        """Show a picture, (H, W, 3) uint8, RGB, and say whether the window is open after that.

        Keys that were pressed since the last call count now.
        """
        import tkinter

        if not self.is_open:
            return False
        side = _PART * min(self._root.winfo_screenwidth(), self._root.winfo_screenheight())
        small = np.ascontiguousarray(thumbnail(image, max(int(side), 1)))
        header = f"P6 {small.shape[1]} {small.shape[0]} 255 ".encode()
        picture = tkinter.PhotoImage(master=self._root, data=header + small.tobytes())
        self._label.configure(image=picture)
        self._label.image = picture  # Tk itself keeps no reference.
        self._root.update()
        return self.is_open

    def close(self) -> None:
        """Take it away; twice does nothing."""
        if self.is_open:
            self.is_open = False
            self._root.destroy()

    def _quit(self) -> None:
        self.quit = True
        self.close()

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Viewer:
    """Shows the drawing of each image in a window, as a run gets on.

    Parameters
    ----------
    window : Window
        Where.
    style : DrawingStyle
        Who and what is drawn.
    """

    def __init__(self, window: Window, style: DrawingStyle) -> None:
        self.window = window
        self._style = style

    def show(
        self,
        image: np.ndarray,
        entry: Record,
        skeleton: Skeleton | None = None,
        drawn_score: float | None = None,
    ) -> None:
        """Draw the people of a record on its image, and show it if the window is open."""
        if self.window.is_open:
            people = people_of(entry, skeleton or known_skeleton(entry), drawn_score)
            self.window.show(draw(image, people, self._style))
