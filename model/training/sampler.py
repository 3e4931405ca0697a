"""The order of training samples as a function of (seed, position): resuming needs one integer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

# Which part of Philox's counter space a use draws from, so that no two uses share numbers.
_ORDER, _SAMPLE = 0, 1


@dataclass(frozen=True)
class Draw:
    """One sample to show: which record, and in which epoch."""

    epoch: int
    index: int


@dataclass
class Sampler:
    """Epochs of permutations, laid end to end; batches may cross from one into the next.

    Args:
        samples: records in the split.
        seed: the run's seed.
        rank, ranks: this process among those that share each batch.
    """

    samples: int
    seed: int
    rank: int = 0
    ranks: int = 1
    _orders: dict[int, npt.NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def batch(self, step: int, batch_size: int) -> list[Draw]:
        """This rank's part of the batch of a step; all parts together do not depend on ranks."""
        start = step * batch_size
        return [self.draw(start + i) for i in range(self.rank, batch_size, self.ranks)]

    def batches(self, step: int, steps: int, batch_size: int) -> Iterator[list[Draw]]:
        """The batches of the steps from ``step`` up to ``steps``."""
        return (self.batch(s, batch_size) for s in range(step, steps))

    def draw(self, position: int) -> Draw:
        """The sample at a position counted over all epochs."""
        epoch, place = divmod(position, self.samples)
        if epoch not in self._orders:
            self._orders = {epoch: permutation(self.samples, self.seed, epoch)}
        return Draw(epoch, int(self._orders[epoch][place]))


def permutation(samples: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """A permutation that depends on nothing but its arguments.

    Sorted raw random words: unlike ``Generator.permutation``, numpy promises their stream.
    """
    words = np.random.Philox(key=[seed, epoch], counter=[0, 0, _ORDER, 0]).random_raw(samples)
    return np.argsort(words, kind="stable")


def sample_rng(seed: int, draw: Draw) -> np.random.Generator:
    """The random numbers of one sample in one epoch, whichever worker asks for them."""
    counter = [0, 0, _SAMPLE, draw.index]
    return np.random.Generator(np.random.Philox(key=[seed, draw.epoch], counter=counter))
