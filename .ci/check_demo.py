"""Check what the demo leaves behind: the promises of the README, on the report's own numbers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

LEAST_MIOU, OVER_CONSTANT, OVER_MAP, LEAST_RARE = 0.60, 3.0, 1.5, 0.15


def main(out: Path) -> None:
    scores = json.loads((out / "report.json").read_text("utf-8"))
    miou = scores["miou"]
    baselines = {b["name"]: b["miou"] for b in scores["baselines"]}
    iou = {c["name"]: c["iou"] for c in scores["per_class"]}
    print(f"demo: mIoU {miou:.4f}, baselines {baselines}, pole {iou['pole']}, sign {iou['sign']}")
    constant, position = (baselines[k] for k in sorted(baselines, key=baselines.get))
    assert miou >= LEAST_MIOU
    assert miou >= OVER_CONSTANT * constant
    assert miou >= OVER_MAP * position
    assert min(iou["pole"], iou["sign"]) > LEAST_RARE
    page = (out / "report.html").read_text("utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](https?:)?//""", page), "the report loads a page"


main(Path(sys.argv[1]))
