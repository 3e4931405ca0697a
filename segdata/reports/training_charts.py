"""Charts of a training: loss, learning rate and validation score over the steps."""

from __future__ import annotations

from segdata.reports.context import Course, TrainingCourse
from segdata.reports.curves import Axes, LineChart, Series, line_chart

# Points of a line: more than the pixels of a chart show nothing more.
_POINTS = 240


def training_charts(course: TrainingCourse) -> list[tuple[str, LineChart]]:
    """The charts that there is anything for, with their headings."""
    kinds = (
        ("Loss", course.loss, False, "mean of neighboring steps"),
        ("Learning rate", course.learning_rate, False, ""),
        ("Mean IoU on validation images", course.miou, True, "cityscapes rule"),
    )
    out = []
    for title, values, unit, note in kinds:
        thinned = thin(values)
        axes = Axes(title=f"{title} by step", x="step", unit=unit)
        series = Series(title, thinned, named=False, main=True, dots=len(thinned) <= 30)
        chart = line_chart([series], axes)
        if chart is not None:
            told = f"{title} ({note})" if note and (unit or len(thinned) < len(values)) else title
            out.append((told, chart))
    return out


def thin(course: Course, most: int = _POINTS) -> Course:
    """At most so many points: means of neighbors."""
    size = -(-len(course) // most) or 1
    groups = (course[i : i + size] for i in range(0, len(course), size))
    return [
        (round(sum(s for s, _ in group) / len(group)), sum(v for _, v in group) / len(group))
        for group in groups
    ]
