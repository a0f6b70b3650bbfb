"""What the tests of inputs share."""

import numpy as np
import pytest


@pytest.fixture
def pixels():
    """A picture whose corners all differ: smooth, so that JPEG keeps it."""
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([4 * x, 6 * y, 255 - 2 * x - 3 * y], -1).astype(np.uint8)
