"""Damage to files, for tests that no bytes bring another error than the reader's own."""

import random

from hypothesis import strategies as st


def damaged(content):
    """`content` with a few bytes changed, removed, repeated or put in, or with its end cut off."""
    # One number, and not each choice by hypothesis, which takes longer than most readers do.
    return st.integers(0, 2**64 - 1).map(lambda seed: _damage(content, random.Random(seed)))


def _damage(content, chance):
    content = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(content))
        stop = start + chance.randint(0, 24)
        match chance.choice(["change", "insert", "remove", "repeat", "cut"]):
            case "change" if start < len(content):
                content[start] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
            case "insert":
                content[start:start] = chance.randbytes(chance.randint(0, 12))
            case "remove":
                del content[start:stop]
            case "repeat":
                content[start:start] = content[start:stop]
            case "cut":
                del content[start:]
    return bytes(content)
