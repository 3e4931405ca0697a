"""``python -m segdata``."""

from __future__ import annotations

import sys
from pathlib import Path

# ``python -m`` puts the working directory first on the path, where a user's own model.py would
# stand in for ours. It is taken off unless segdata itself lies there.
if Path(sys.path[0]).resolve() == Path.cwd() != Path(__file__).resolve().parents[1]:
    del sys.path[0]

from segdata.cli import main

main()
