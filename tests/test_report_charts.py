"""The charts of the report: what they show is what was measured, and it lies where it belongs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scored_reports import scored

from segdata.classes import ClassMap, SegClass
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.reports import TrainingCourse, borders, render
from segdata.reports.comparison_plots import whiskers
from segdata.reports.curves import Axes, Series, line_chart, round_steps
from segdata.reports.places import place_below
from segdata.reports.reliability import calibration_text, class_rows, reliability
from segdata.reports.sizes import size_chart, size_rows
from segdata.reports.training_charts import thin, training_charts
from segdata.scores import Calibration, Difference, EvalReport

TWO = ClassMap((SegClass(0, "a"), SegClass(1, "b")))
finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=20), st.booleans())
def test_every_point_lies_between_the_axes(points: list[tuple[float, float]], named: bool) -> None:
    chart = line_chart([Series("a name", sorted(points), named=named)], Axes(title="t", x="x"))
    assert chart is not None
    for x, y in chart.lines[0].at:
        assert chart.left - 0.1 <= x <= chart.right + 0.1
        assert chart.top - 0.1 <= y <= chart.base + 0.1


@given(finite, st.floats(1e-6, 1e6))
def test_marks_of_an_axis_are_few_and_inside(low: float, span: float) -> None:
    marks = round_steps(low, low + span)
    slack = 1e-6 * (span + abs(low))
    assert len(marks) <= 6
    assert all(low - slack <= mark <= low + span + slack for mark in marks)


def test_names_of_lines_never_lie_over_each_other() -> None:
    series = [Series(f"name {i}", [(1, 0.5), (2, 0.5 + i / 1000)]) for i in range(9)]
    chart = line_chart(series, Axes(title="t", x="x", unit=True))
    assert chart is not None
    heights = sorted(line.name_y for line in chart.lines)
    assert min(np.diff(heights)) >= 14.9
    assert chart.top <= heights[0]
    assert heights[-1] <= chart.base


def test_a_chart_of_nothing_is_none() -> None:
    assert line_chart([Series("a", [(1.0, math.nan)])], Axes(title="t", x="x")) is None


def bordered() -> EvalReport:
    """A square whose prediction is one pixel too small on every side."""
    truth, guess = np.zeros((2, 64, 64), np.uint8)
    truth[16:48, 16:48] = 1
    guess[17:47, 17:47] = 1
    return evaluate([EvalItem("x", truth, guess)], TWO, EvalOptions(boundary=True, objects=True))


def test_curves_near_borders_rise_with_the_band() -> None:
    chart = borders.trimap(bordered())
    assert chart is not None
    mean = next(line for line in chart.lines if line.main)
    heights = [y for _, y in mean.at]
    assert heights == sorted(heights, reverse=True)
    assert [mark.text for mark in chart.across] == ["1", "2", "3", "5", "10", "20", "40"]
    steps = np.diff([mark.at for mark in chart.across])
    assert steps[0] == pytest.approx(math.log10(2) / math.log10(40) * (chart.right - chart.left))


def test_the_class_that_loses_most_at_its_edge_comes_first() -> None:
    report = bordered()
    plot = borders.dumbbells(report)
    assert plot is not None
    losses = [row.iou - row.boundary for row in plot.rows]
    assert losses == sorted(losses, reverse=True)
    for row in plot.rows:
        assert row.iou_x == pytest.approx(plot.left + (plot.end - plot.left) * row.iou)
    assert borders.dumbbells(scored()) is None


def test_objects_are_counted_by_the_sizes_of_coco() -> None:
    report = bordered()
    chart = size_chart(report)
    assert chart is not None
    assert [group.meaning for group in chart.groups] == [
        "below 32² pixels", "32² to 96² pixels", "from 96² pixels on",
    ]  # fmt: skip
    medium = chart.groups[1].bars
    # The square of 32 by 32 and what is around it, all found; the small square is predicted.
    assert (medium[0].of, medium[0].share) == (2, 1.0)
    assert medium[0].width == chart.track
    (row,) = [row for row in size_rows(report) if row.name == "b"]
    assert [cell.objects for cell in row.cells] == [0, 1, 0]
    assert row.cells[1].recall == pytest.approx(30**2 / 32**2)


def test_a_network_that_is_too_sure_is_called_so() -> None:
    found = Calibration(
        np.array([[0, 0, 100], [0, 0, 50]]),
        np.array([[0, 0, 80], [0, 0, 20]]),
        np.array([[0, 0, 95.0], [0, 0, 45.0]]),
    )
    report = scored(2)
    said = calibration_text(report, found)
    assert "93.3\u00a0% sure and right in 66.7\u00a0%" in said
    assert "overconfident by 26.7 percentage points" in said
    assert "“class 1” the gap is largest: 50.0 percentage points, too sure" in said
    assert [row.id for row in class_rows(report, found)] == [1, 0]
    (one,) = reliability(found).bins
    plot = reliability(found)
    assert one.height == pytest.approx((plot.base - plot.top) * 100 / 150)
    assert one.mark_y < one.y
    assert one.pixels_height > 0


def test_a_network_that_knows_how_sure_to_be_is_not_blamed() -> None:
    found = Calibration(np.array([[100]]), np.array([[90]]), np.array([[90.5]]))
    assert "about as sure as it is right" in calibration_text(scored(1), found)


def test_long_trainings_are_drawn_as_means_of_neighbors() -> None:
    course = [(i, float(i % 2)) for i in range(1, 4801)]
    short = thin(course)
    assert len(short) == 240
    assert {value for _, value in short} == {0.5}
    assert list(thin(course[:10])) == course[:10]
    charts = training_charts(TrainingCourse(loss=course, miou=[(100, 0.2), (200, 0.4)]))
    titles = [title for title, _ in charts]
    assert titles == [
        "Loss (mean of neighboring steps)", "Mean IoU on validation images (cityscapes rule)",
    ]  # fmt: skip


def test_sections_are_there_only_if_they_were_measured() -> None:
    plain = render(scored())
    whole = render(
        scored(
            confidence=True, boundary=True, objects=True,
            groups=lambda keys: [key[-1] for key in keys],
        )
    )  # fmt: skip
    for name in ("sizes", "borders", "calibration", "groups"):
        assert f'<section id="{name}">' in whole
        assert f'href="#{name}"' in whole
        assert f'id="{name}"' not in plain
        assert f'href="#{name}"' not in plain
    assert "All intervals on this page are over groups" in whole


@given(st.floats(1e-12, 1.0))
@example(0.0001 / 1.05)
@example(1e-9 / 1.05)
def test_differences_of_any_size_have_a_scale(value: float) -> None:
    plot = whiskers([("a", Difference(0.0, value, None, 0.95, 9, "unclear"))])
    left, zero, right = (tick.x for tick in plot.ticks)
    assert plot.left - 1e-6 <= left < zero < right <= plot.end + 1e-6
    assert right - zero == pytest.approx(zero - left)


def test_a_file_whose_name_begins_with_dots_lies_below_its_folder(tmp_path: Path) -> None:
    assert place_below(str(tmp_path / "..a" / "b.png"), tmp_path) == "..a/b.png"
    outside = str(tmp_path.parent / "b.png")
    assert place_below(outside, tmp_path) == Path(outside).as_posix()
