"""Split: lists for training and measuring that share nothing.

``pictures`` reads what there is, ``grouping`` and ``bundling`` put together what belongs together,
``assigning`` deals it out, ``lists`` writes without writing over anything.
"""

from segdata.splitting.operation import ClassShare, Splitting, split
from segdata.splitting.request import SplitRequest

__all__ = ["ClassShare", "SplitRequest", "Splitting", "split"]
