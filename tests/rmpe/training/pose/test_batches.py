"""Batches: crops, target maps and joints that belong together."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rmpe.method.mixtures import Mixture
from rmpe.method.proposals import Proposals
from rmpe.training.config import ConfigError
from rmpe.training.pose import config as config_of
from rmpe.training.pose.batches import BatchMaker
from rmpe.training.pose.task import PoseTask
from rmpe.training.sampling import DatasetMixture
from rmpe.training.schedule import Schedule

from .test_augmentation import STILL

SIZE = (64, 64)


def maker(config, people, **changes):
    parts = {"rank": 0, "world": 1, "proposals": None} | changes
    return BatchMaker(config, [people], lambda step: SIZE, **parts)


def test_the_target_peaks_where_the_joints_are(config, people):
    batch = maker(config, people)(0)
    assert batch.crops.shape == (4, 3, 64, 64) and batch.target.shape == (4, 17, 16, 16)
    peaks = batch.target.flatten(2).argmax(dim=2)
    places = torch.stack([peaks % 16, peaks // 16], dim=2) * 4 + 1.5
    inside = ((batch.keypoints > 0) & (batch.keypoints < 63)).all(dim=2)
    assert inside.sum() > 20
    assert (places - batch.keypoints)[inside].abs().max() <= 2
    assert batch.joints == batch.labeled.sum() == 4 * 17


def test_joints_are_where_the_crop_shows_them(config, people):
    # Limbs are drawn brightly over noise, whichever way the crop is turned and mirrored.
    for step in range(5):
        batch = maker(config, people)(step)
        bright = batch.crops.amax(dim=1)
        for picture, points in zip(bright, batch.keypoints.round().long(), strict=True):
            inside = ((points >= 0) & (points < 64)).all(dim=1)
            at_joints = picture[points[inside, 1], points[inside, 0]].mean()
            assert at_joints > picture.mean() + picture.std()


def test_left_and_right_change_places_in_a_mirror(config, people):
    still = replace(config, augmentation=STILL)
    mirrored = replace(config, augmentation=replace(STILL, flip=1.0))
    plain, flipped = maker(still, people)(0), maker(mirrored, people)(0)
    torch.testing.assert_close(flipped.crops, plain.crops.flip(3), atol=1e-4, rtol=0)
    swap = torch.tensor([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
    wanted = plain.keypoints[:, swap] * torch.tensor([-1, 1]) + torch.tensor([63, 0])
    torch.testing.assert_close(flipped.keypoints, wanted, atol=1e-4, rtol=0)
    torch.testing.assert_close(flipped.target, plain.target[:, swap].flip(3))


def test_a_batch_depends_on_the_step_alone(config, people):
    make = maker(config, people)
    first = make(7)
    make(8)
    again, other = maker(config, people)(7), make(9)
    assert first.crops.equal(again.crops) and first.target.equal(again.target)
    assert not first.crops.equal(other.crops)


def test_processes_share_the_batch_of_one(config, people):
    whole = maker(config, people)(3)
    parts = [maker(config, people, rank=rank, world=2)(3) for rank in (0, 1)]
    for rank, part in enumerate(parts):
        assert part.crops.equal(whole.crops[rank::2]) and part.target.equal(whole.target[rank::2])
        assert part.joints == whole.joints


def test_proposals_take_the_place_of_the_true_boxes(config, people):
    # Everybody's box moves to the right by a fifth of its width.
    moved = Proposals([Mixture(np.ones(1), np.array([[0.2, 0, 0.2, 0]]), 1e-12 * np.eye(4)[None])])
    still = replace(config, augmentation=STILL)
    proposed, plain = maker(still, people, proposals=moved)(0), maker(still, people)(0)
    row = DatasetMixture([len(people)], [1], config.batch_size, config.seed)(0)[1]
    widths, heights = (people.boxes[row, 2:] - people.boxes[row, :2]).T
    scale = 64 / (1.25 * np.maximum(widths, heights))
    shift = (plain.keypoints - proposed.keypoints)[:, :, 0]
    np.testing.assert_allclose(shift, np.tile((0.2 * widths * scale)[:, None], 17), rtol=1e-3)


def test_mixtures_of_the_package_go_by_name_if_their_poses_have_the_skeleton(
    config, drawn, tmp_path
):
    def task(file):
        chosen = replace(config, proposals=config_of.Proposals("fitted", file))
        return PoseTask(chosen, data=drawn, cache=tmp_path / "cache", folder=tmp_path)

    assert task("coco").batches(Schedule(config.phase, 4), 0, 1)(0).keypoints.isfinite().all()
    with pytest.raises(ConfigError, match="must have poses of coco_17, .* those of mpii_16"):
        task("mpii")


def test_two_sources_are_mixed(config, people):
    config = replace(config, source=(config.source[0], replace(config.source[0], weight=3.0)))
    first = people.select(np.array([0]))
    make = BatchMaker(replace(config, augmentation=STILL), [first, people], lambda step: SIZE)
    joints = make(0).keypoints
    # One of four comes from the first source, which has one person.
    assert joints[0].equal(make(1).keypoints[0]) and not joints[1:].equal(make(1).keypoints[1:])
