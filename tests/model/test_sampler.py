from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.training.sampler import Draw, Sampler, permutation, sample_rng


@given(st.integers(1, 50), st.integers(0, 2**40), st.integers(0, 100))
def test_every_epoch_shows_every_sample_once(samples, seed, epoch):
    sampler = Sampler(samples, seed)
    draws = [sampler.draw(epoch * samples + i) for i in range(samples)]
    assert sorted(d.index for d in draws) == list(range(samples))
    assert {d.epoch for d in draws} == {epoch}


@given(st.integers(1, 30), st.integers(1, 12), st.sampled_from([1, 2, 3, 4]))
def test_ranks_share_what_one_process_would_draw(samples, batch_size, ranks):
    alone = Sampler(samples, 5)
    together = [Sampler(samples, 5, rank, ranks) for rank in range(ranks)]
    for step in range(4):
        parts = [draw for sampler in together for draw in sampler.batch(step, batch_size)]
        whole = alone.batch(step, batch_size)
        assert Counter(parts) == Counter(whole)


def test_resuming_needs_the_step_alone():
    straight = list(Sampler(7, 3).batches(0, 20, 4))
    resumed = list(Sampler(7, 3).batches(11, 20, 4))
    assert straight[11:] == resumed


def test_order_depends_on_seed_and_epoch():
    orders = {tuple(permutation(30, seed, epoch)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


def test_every_epoch_has_an_order_of_its_own():
    order = [draw.index for draw in Sampler(30, 1).batch(0, 60)]
    assert order[:30] != order[30:]


def test_the_order_is_frozen():
    """A changed order would silently break resuming an older run."""
    assert permutation(10, 7, 2).tolist() == [6, 7, 8, 4, 0, 1, 5, 3, 9, 2]


def test_a_sample_s_numbers_depend_on_nothing_but_seed_epoch_and_index():
    draws = [sample_rng(1, Draw(2, 3)).random(4) for _ in range(2)]
    assert np.array_equal(*draws)
    others = [sample_rng(1, Draw(2, 4)), sample_rng(1, Draw(3, 3)), sample_rng(2, Draw(2, 3))]
    assert all(not np.array_equal(draws[0], rng.random(4)) for rng in others)
