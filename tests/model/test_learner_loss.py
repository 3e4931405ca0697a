"""The loss of one step under each setting that decides it, beside the same loss by hand."""

from copy import deepcopy

import pytest
import torch

from model.training.augment import NO_LABEL

from . import by_hand
from .by_hand import BATCH, a_batch
from .conftest import IGNORE


def logits_of(learner, batch=BATCH):
    """The logits that a step begins with."""
    with torch.no_grad():
        return deepcopy(learner.network).train()(batch.images)


def assert_loss(learner, expected, step=0, batch=BATCH):
    assert learner.step(step, batch) == pytest.approx(float(expected), rel=1e-5)


def test_the_loss_is_the_mean_over_the_pixels_that_are_not_void(learner):
    learner = learner()
    assert_loss(learner, by_hand.loss(logits_of(learner), BATCH))


def test_without_an_ignore_label_all_but_the_padding_counts(learner):
    learner, batch = learner(ignore=None), a_batch()
    batch.labels[batch.labels == IGNORE] = NO_LABEL
    assert_loss(learner, by_hand.loss(logits_of(learner), BATCH), batch=batch)


def test_the_ignore_label_is_the_one_given(learner):
    learner, batch = learner(ignore=1), a_batch()
    batch.labels[batch.labels == IGNORE] = 0
    logits = by_hand.enlarged(logits_of(learner), (33, 49))
    losses = by_hand.pixel_losses(logits, batch.labels, ignore=1)
    assert_loss(learner, losses.sum() / (batch.labels != 1).sum(), batch=batch)


def test_class_weights_multiply_the_losses_but_not_the_number_of_pixels(learner):
    learner = learner("class_weights=1,5,0")
    assert_loss(learner, by_hand.loss(logits_of(learner), BATCH, (1, 5, 0)))


def test_balanced_weights_come_from_the_pixels_of_the_training(learner):
    """Roots of median over frequency, 90 / (900, 90, 10), that average 1 over the pixels."""
    roots = torch.tensor([0.1, 1.0, 9.0]).sqrt()
    weights = roots * 1000 / (roots * torch.tensor([900, 90, 10])).sum()
    learner = learner("class_weights=balanced", pixels=(900, 90, 10))
    assert_loss(learner, by_hand.loss(logits_of(learner), BATCH, weights.tolist()))


@pytest.mark.parametrize(
    ("mining", "step", "share"),
    [(8, 0, 1.0), (8, 1, 0.9), (8, 4, 0.6), (8, 8, 0.2), (8, 9, 0.2), (0, 0, 0.2)],
)
def test_hard_pixels_alone_count_more_strictly_from_step_to_step(learner, mining, step, share):
    """Void ones are among those of which the share is taken, not among those that are averaged."""
    learner = learner(
        "top_k_fraction=0.2", f"hard_example_mining_steps={mining}", "class_weights=1,2,3"
    )
    logits = by_hand.enlarged(logits_of(learner), (33, 49))
    losses = by_hand.pixel_losses(logits, BATCH.labels, weights=(1, 2, 3)).flatten()
    kept = losses.sort(descending=True).values[: int(losses.numel() * share)]
    assert_loss(learner, kept.sum() / (kept > 0).sum(), step)


def test_labels_shrink_where_the_logits_are_not_to_grow(learner):
    learner = learner("upsample_logits=false")
    logits = logits_of(learner)
    labels = by_hand.nearest(BATCH.labels, logits.shape[-2:])
    expected = by_hand.pixel_losses(logits, labels).sum() / (labels != IGNORE).sum()
    assert_loss(learner, expected)


@pytest.mark.parametrize("merge", ["max", "avg"])
def test_of_an_image_pyramid_every_scale_is_learned_beside_the_merger(learner, merge):
    learner = learner("image_pyramid=0.5,1.0", f"merge_method={merge}")
    network = deepcopy(learner.network).train()
    with torch.no_grad():
        small, full = network.at_scales(BATCH.images)
    merged = torch.maximum(small, full) if merge == "max" else (small + full) / 2
    assert_loss(learner, sum(by_hand.loss(logits, BATCH) for logits in (merged, small, full)))
