"""The chain from labels to what a person sees, and the link of it that each rule judges.

A diagnosis names the first broken link; ids of rules are the fault catalogue's, whose letter says
which part of the work they belong to.
"""

from __future__ import annotations

import enum


class Link(enum.Enum):
    """One link, in the chain's order; its value says where a fault in it lies."""

    LABELS = "in the labels"
    PAIRS = "in how photos and labels are paired"
    DESCRIPTOR = "in the descriptor: number of classes, ids, ignore label"
    SHARDS = "in the shards"
    LOADER = "in how photos and labels are loaded"
    LOSS = "in how the network was trained"
    WEIGHTS = "in the weights"
    LOGITS = "in how the network is asked"
    ARGMAX = "in how scores become classes"
    FILE = "in how predictions are saved and scored"
    VIEWER = "in how they are looked at"

    @property
    def label(self) -> str:
        return self.name.lower()


# Links by the letter of a rule's id. M is about the machine, which spoils the training.
_OF_LETTER = {
    "L": Link.LABELS, "P": Link.PAIRS, "D": Link.DESCRIPTOR, "S": Link.SHARDS, "T": Link.LOSS,
    "C": Link.WEIGHTS, "I": Link.LOGITS, "V": Link.VIEWER, "M": Link.LOSS,
}  # fmt: skip
# Rules that judge another link than their letter says.
_OF_RULE = {
    # Masks scaled in the loader; crops, normalization and augmentation; photos that load as black.
    "L09": Link.LOADER, "T10": Link.LOADER, "T16": Link.LOADER, "T17": Link.LOADER,
    "T19": Link.LOADER,
    # Which weights training begins with.
    "T05": Link.WEIGHTS, "T06": Link.WEIGHTS, "T08": Link.WEIGHTS, "T18": Link.WEIGHTS,
    # One channel under softmax, thresholds, wrong axis; one class wins everywhere.
    "D09": Link.ARGMAX, "I04": Link.ARGMAX, "I05": Link.ARGMAX, "I10": Link.ARGMAX,
    "I11": Link.ARGMAX,
    # Exported and converted networks.
    "C06": Link.LOGITS, "C09": Link.LOGITS,
    # Files resized, misread by a score, or set beside the wrong labels.
    "I06": Link.FILE, "I07": Link.FILE, "I08": Link.FILE, "I09": Link.FILE,
    # Probabilities cut to whole numbers, overflow, JPEG, a figure instead of the ids.
    "V03": Link.FILE, "V04": Link.FILE, "V05": Link.FILE, "V09": Link.FILE,
}  # fmt: skip


def link_of(rule: str) -> Link:
    """The link that a rule judges.

    Args:
        rule: an id of the fault catalogue, such as ``L01``.

    Raises:
        KeyError: no part of the work has that letter.
    """
    return _OF_RULE.get(rule) or _OF_LETTER[rule[0]]
