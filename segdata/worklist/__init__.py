"""Where labels are probably wrong: what a network that never saw them in training contradicts.

Confident learning (Northcutt, Jiang and Chuang 2021) for pixels: a network that was not trained on
these labels predicts them, and where it is as sure of another class as it usually is where that
class is right, the label is suspect. Regions, not images, are ranked, since a person corrects
objects; borders are discounted, since people and networks disagree there everywhere.
"""

from segdata.worklist.looks import Images, Look, Shown
from segdata.worklist.operation import (
    PROGRAMS,
    TABLE,
    Program,
    Worklist,
    WorklistOptions,
    make_worklist,
)
from segdata.worklist.ranking import ClassNoise, Confusion, Entry, Ranking, rank
from segdata.worklist.suspects import Suspect

__all__ = [
    "PROGRAMS",
    "TABLE",
    "ClassNoise",
    "Confusion",
    "Entry",
    "Images",
    "Look",
    "Program",
    "Ranking",
    "Shown",
    "Suspect",
    "Worklist",
    "WorklistOptions",
    "make_worklist",
    "rank",
]
