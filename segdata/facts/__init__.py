"""What rules may look at: small, frozen, picklable facts. Every file is decoded once.

``gather_pair`` looks at one photo and its label, in any process; ``FactsCollector`` adds such facts
up into the facts of a data set, whose size does not grow with the pixels.
"""

from segdata.facts.decoders import Histogram, count_values
from segdata.facts.duplicates import Twin, Twins
from segdata.facts.inventory import Inventory, SplitFacts
from segdata.facts.label import Alpha, LabelFacts, LabelForm
from segdata.facts.likeness import Crossing, LikenessFacts
from segdata.facts.looks import Look
from segdata.facts.pair import Gatherer, PairFacts, gather_pair
from segdata.facts.photo import PhotoFacts, Problem
from segdata.facts.totals import (
    DatasetFacts,
    FactsCollector,
    LabelGroup,
    Place,
    Seen,
    combine,
    merge,
)

__all__ = [
    "Alpha",
    "Crossing",
    "DatasetFacts",
    "FactsCollector",
    "Gatherer",
    "Histogram",
    "Inventory",
    "LabelFacts",
    "LabelForm",
    "LabelGroup",
    "LikenessFacts",
    "Look",
    "PairFacts",
    "PhotoFacts",
    "Place",
    "Problem",
    "Seen",
    "SplitFacts",
    "Twin",
    "Twins",
    "combine",
    "count_values",
    "gather_pair",
    "merge",
]
