"""Text that may come from anywhere, made safe to print."""

from __future__ import annotations

import re

__all__ = ["printable"]

# Controls (escape sequences begin with them), the separators that Unicode counts as line ends, the
# marks that change the direction of the text around them, halves of surrogate pairs (bytes of a
# file name that are not UTF-8), and what Unicode says is not a character.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: object) -> str:
    r"""Write controls and line ends as escapes, so that text stays on its line and is only text.

    The name of a file may hold anything but NUL and the slash: an escape sequence that clears the
    screen, or a line end and a forged message after it. Whoever prints a name, or an error that
    quotes one, passes it through here. Text that is safe stays as it is, so passing it twice
    changes nothing.

    Parameters
    ----------
    text : object
        What is to be printed, by ``str``: a path, an error, one line of a message.

    Returns
    -------
    str
        One line. Backslashes are left alone: the text is for people, not for reading back.

    Examples
    --------
    >>> print(printable("a\x1b[2J\nrmpe: error: forged"))
    a\x1b[2J\nrmpe: error: forged
    >>> print(printable("Zoë und 東京.jpg"))
    Zoë und 東京.jpg
    """
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], str(text))
