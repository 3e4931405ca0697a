"""What the first step of a run is shown, and what its shards weigh in the loss."""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from model.network.deeplab import DeepLab
from model.training.data import Batch
from model.training.learner import Learner
from model.training.loop import train
from model.training.sampler import Sampler
from segdata.classes import ClassMap

from . import by_hand
from .conftest import CLASSES, IGNORE, picture, write_shards

# Photos are shown as they are, whole and in the upper left corner.
PLAIN = ["min_scale=1", "max_scale=1", "flip=false", "crop_size=49,65", "batch_size=1"]


@dataclass(frozen=True)
class Step:
    """One step of a run: the network before it, what it was shown, what its loss was."""

    network: DeepLab
    batch: Batch
    loss: float


class Stopped(Exception):
    pass


@pytest.fixture
def first_step(settings, tmp_path_factory, monkeypatch):
    """The first step of a run, which ends with it."""

    def taken(shards, *changes):
        whole, steps = Learner.step, []

        def noted(learner, step, batch):
            before = deepcopy(learner.network)
            steps.append(Step(before, batch, whole(learner, step, batch)))
            raise Stopped

        with monkeypatch.context() as patch:
            patch.setattr(Learner, "step", noted)
            with pytest.raises(Stopped):
                train(shards, tmp_path_factory.mktemp("run"), settings.updated(changes))
        return steps[0]

    return taken


def of_photo(folder, photo, label, class_map=CLASSES):
    return write_shards(folder, {"train": [(photo, label)]}, class_map)


@pytest.mark.parametrize(
    ("variant", "pixel"),
    [("mobilenet_v2", (128, 128, 128)), ("resnet_v1_50", (123, 116, 103))],
)
def test_what_no_photo_covers_is_the_network_s_mean_pixel_and_void(
    first_step, tmp_path, variant, pixel
):
    photo, label = picture(0)
    width = ["depth_multiplier=1"] if variant.startswith("resnet") else []
    shown = first_step(of_photo(tmp_path, photo, label), *PLAIN, *width, f"variant={variant}").batch
    image, ids = shown.images[0].permute(1, 2, 0).numpy(), shown.labels[0].numpy()
    assert np.array_equal(image[:40, :50], photo)
    assert np.array_equal(ids[:40, :50], label)
    for outside in (image[40:], image[:, 50:]):
        assert (outside == pixel).all()
    assert (ids[40:] == IGNORE).all()
    assert (ids[:, 50:] == IGNORE).all()


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        (["min_resize_value=20"], (20, 25)),
        (["min_resize_value=20", "max_resize_value=20"], (16, 20)),
        (["min_resize_value=20", "resize_factor=8"], (25, 25)),
        (["min_scale=0.5", "max_scale=0.5"], (20, 25)),
    ],
)
def test_photo_and_label_are_resized_before_they_are_shown(first_step, tmp_path, changes, size):
    photo, label = picture(0)
    shown = first_step(of_photo(tmp_path, photo, label), *PLAIN, *changes).batch
    expected = by_hand.nearest(torch.from_numpy(label)[None].long(), size)[0]
    assert torch.equal(shown.labels[0, : size[0], : size[1]], expected)
    assert (shown.labels[0, size[0] :] == IGNORE).all()
    assert (shown.labels[0, :, size[1] :] == IGNORE).all()
    planes = torch.from_numpy(photo).permute(2, 0, 1)[None]
    smooth = by_hand.enlarged(planes, size)[0]
    # OpenCV places samples at 32nds of a pixel; neighbors differ by up to 230.
    assert (shown.images[0, :, : size[0], : size[1]] - smooth).abs().max() < 8
    assert (shown.images[0, :, size[0] :] == 128).all()


@pytest.mark.parametrize(("flip", "mirrored"), [("true", {True, False}), ("false", {False})])
def test_crops_are_mirrored_where_they_may_be(first_step, tmp_path, flip, mirrored):
    photo, label = picture(0)
    shown = first_step(
        of_photo(tmp_path, photo, label), *PLAIN, "crop_size=33,50", "batch_size=16", f"flip={flip}"
    ).batch
    assert shown.images.shape == (16, 3, 33, 50)
    seen = set()
    for image, ids in zip(shown.images.permute(0, 2, 3, 1).numpy(), shown.labels, strict=True):
        # A crop shows one of eight places, as it is or mirrored, with its label.
        found = [
            turned
            for turned in (False, True)
            for top in range(8)
            if np.array_equal(image[:, ::-1] if turned else image, photo[top : top + 33])
            and np.array_equal(ids.numpy()[:, ::-1] if turned else ids, label[top : top + 33])
        ]
        assert len(found) == 1
        seen.update(found)
    assert seen == mirrored


def test_a_run_shows_as_many_crops_of_the_split_as_it_is_told_to(first_step, shards):
    keys = first_step(shards, "split=val", "batch_size=4").batch.keys
    assert sorted(keys) == ["val_0", "val_0", "val_1", "val_1"]


def test_which_photos_and_which_parts_of_them_are_shown_is_decided_by_the_seed(
    first_step, shards, tmp_path
):
    shown = [first_step(shards, f"seed={seed}").batch for seed in (4, 5, 4)]
    assert shown[0].keys == shown[2].keys != shown[1].keys
    assert torch.equal(shown[0].images, shown[2].images)
    drawn = Sampler(7, 5).batch(0, 3)
    assert shown[1].keys == tuple(f"train_{draw.index}" for draw in drawn)
    alone = of_photo(tmp_path, *picture(0))
    parts = [first_step(alone, f"seed={seed}").batch.images for seed in (4, 5)]
    assert not torch.equal(*parts)


def test_a_crop_that_nobody_chose_shows_the_largest_photo_whole(first_step, tmp_path):
    small, large = picture(0, (20, 30)), picture(1, (40, 50))
    shards = write_shards(tmp_path, {"train": [large, small], "val": [picture(2, (90, 90))]})
    assert first_step(shards, "crop_size=none").batch.images.shape == (3, 3, 49, 65)


def balanced(labels):
    counts = np.array([(labels == i).sum() for i in range(3)])
    roots = np.sqrt(np.median(counts) / counts)
    return roots * counts.sum() / (roots * counts).sum()


@pytest.mark.parametrize("classes", [3, 5])
def test_classes_are_weighed_by_their_pixels_in_the_split(first_step, tmp_path, classes):
    photo, label = picture(0)
    label[2:12] = 0
    step = first_step(
        write_shards(tmp_path, {"train": [(photo, label)], "val": [picture(1)]}),
        *PLAIN, "class_weights=balanced", "dropout_keep=1", f"num_classes={classes}",
    )  # fmt: skip
    with torch.no_grad():
        logits = step.network.train()(step.batch.images)
    weights = [*balanced(label).tolist(), *[0.0] * (classes - 3)]
    assert step.loss == pytest.approx(float(by_hand.loss(logits, step.batch, weights)), rel=1e-5)


def test_the_label_that_the_shards_ignore_does_not_count(first_step, tmp_path):
    photo, label = picture(0)
    label[label == IGNORE] = 7
    class_map = ClassMap(CLASSES.classes, ignore=7)
    step = first_step(of_photo(tmp_path, photo, label, class_map), *PLAIN, "dropout_keep=1")
    assert (step.batch.labels[0, 40:] == 7).all()
    with torch.no_grad():
        logits = by_hand.enlarged(step.network.train()(step.batch.images), (49, 65))
    losses = by_hand.pixel_losses(logits, step.batch.labels, ignore=7)
    expected = losses.sum() / (step.batch.labels != 7).sum()
    assert step.loss == pytest.approx(float(expected), rel=1e-5)
