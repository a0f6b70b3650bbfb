"""Damage to files, for tests that no bytes bring another error than the reader's own."""

from hypothesis import strategies as st


@st.composite
def damaged(draw, content):
    """`content` with a few bytes changed, removed, repeated or put in, or with its end cut off."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        stop = start + draw(st.integers(0, 24))
        match draw(st.sampled_from(["change", "insert", "remove", "repeat", "cut"])):
            case "change" if start < len(content):
                content[start] = draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
            case "insert":
                content[start:start] = draw(st.binary(max_size=12))
            case "remove":
                del content[start:stop]
            case "repeat":
                content[start:start] = content[start:stop]
            case "cut":
                del content[start:]
    return bytes(content)
