"""Networks as files of other tools, each proven to say what the network says.

``deployed`` is the network with what comes before and after it; ``graph`` is that, traced;
``formats`` are the files; ``checking`` compares a file's outputs with the network's.
"""

from model.exporting.deployed import Interface as Interface
from model.exporting.operation import Export as Export
from model.exporting.operation import Exported as Exported
from model.exporting.operation import ExportOptions as ExportOptions
from model.exporting.operation import export as export
