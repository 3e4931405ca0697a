"""The HTML page of statistics."""

from __future__ import annotations

from segdata import __version__
from segdata.reports import plots
from segdata.reports.frame import hex_color, render_page
from segdata.statistics import FORMULAS, Statistics

# Sizes of photos that are listed.
_SIZES = 12


def render_statistics(statistics: Statistics) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    class_map = statistics.class_map
    return render_page(
        "statistics.html.jinja",
        statistics=statistics,
        splits=statistics.splits or (statistics.whole,),
        learned=statistics.learned,
        whole=statistics.whole,
        colors={entry.id: hex_color(class_map.color(entry.id)) for entry in class_map.trained},
        formulas=FORMULAS,
        shares=plots.shares(statistics),
        meetings=plots.meetings(statistics.whole),
        sizes=statistics.whole.sizes[:_SIZES],
        more_sizes=max(0, len(statistics.whole.sizes) - _SIZES),
        version=__version__,
        data=statistics.to_json(),
    )
