"""Fix: the remedies that validate's rules propose, applied to a new data set.

``treatment`` says what a remedy is; ``labels``, ``values``, ``descriptor`` and ``folders`` hold one
for each rule that has a safe one. ``planning`` turns findings into work, ``treating`` does it to a
pair, ``operation`` goes in rounds until nothing is left that can be mended.
"""

from segdata.mending.journal import JOURNAL_FILE, Journal
from segdata.mending.operation import FixRequest, Mending, fix
from segdata.mending.treatment import remedies

__all__ = ["JOURNAL_FILE", "FixRequest", "Journal", "Mending", "fix", "remedies"]
