"""Two threads everywhere: what small machines have, and what the documentation reports."""

import cv2
import pytest
import torch


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])
