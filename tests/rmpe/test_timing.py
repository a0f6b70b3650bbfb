"""The timer of stages: what it is given is checked."""

import pytest

from rmpe.timing import StageTimer


@pytest.mark.parametrize("device", ["gpu", "cuda:x", 1j, []])
def test_what_is_no_device_is_named(device):
    with pytest.raises(ValueError, match="device must be cpu, cuda or cuda:N, got"):
        StageTimer(device)


@pytest.mark.parametrize("name", [None, 7, ["read"]])
def test_a_stage_has_a_name(name):
    timer = StageTimer("cpu")
    with pytest.raises(TypeError, match="name must be a str, got"), timer.stage(name):
        pass
    assert timer.seconds == {}
