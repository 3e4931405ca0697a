"""Compare two predictors on the same images, and write the reports that were asked for."""

from __future__ import annotations

from dataclasses import replace

from segdata.classes import ClassMap
from segdata.miou_rules import DEFAULT_RULE, miou_rule
from segdata.progress import Silence, Watch
from segdata.reports import check_suffix
from segdata.reports.comparison_files import COMPARISON_SUFFIXES, write_comparison
from segdata.scores import Compared, Comparison, ImageScore, ScoredImages, read_report
from segdata.workflows.compared_sides import (
    FolderSide,
    check_classes,
    check_pixels,
    common_rule,
    folder_side,
    run_side,
)
from segdata.workflows.comparison_passes import Side, score_sides
from segdata.workflows.comparison_request import ComparisonRequest
from segdata.workflows.grouping import grouping


def compare(request: ComparisonRequest, *, watch: Watch | None = None) -> Comparison:
    """Compare B with A and write the reports.

    Raises:
        UserError: one is nothing that can be compared; or they have other classes, labels or
            rules; or no image is in both.
    """
    watch = watch or Silence()
    for path in request.reports:
        check_suffix(path, COMPARISON_SUFFIXES)
    a, b = _sides(request, watch)
    check_classes(a.class_map, b.class_map)
    scored = [side for side in (a, b) if isinstance(side, ScoredImages)]
    rule = common_rule(request.rule, scored, DEFAULT_RULE)
    miou_rule(rule)
    if request.group_by is not None:
        # Groups that cannot be told are an error before the work, not after it.
        grouping(request.group_by)(_keys(a))
    found = score_sides(request, (a, b), rule, watch)
    check_pixels(found.both.scores[0])
    comparison = Comparison(
        class_map=_named(a.class_map, b.class_map),
        a=Compared(str(request.a), a.facts, found.alone[0]),
        b=Compared(str(request.b), b.facts, found.alone[1]),
        scores=_grouped(found.both.scores, request.group_by),
        rule=rule,
        bootstrap=request.bootstrap,
        gains=found.both.gains,
        losses=found.both.losses,
        notes=found.notes,
    )
    for path in request.reports:
        write_comparison(comparison, path)
    return comparison


def _sides(request: ComparisonRequest, watch: Watch) -> tuple[Side, Side]:
    """Both; what says its classes first, for a folder of predictions may not."""
    paths = (request.a, request.b)
    kinds = [request.kind(path) for path in paths]
    request.refuse_idle(kinds)
    sides: dict[int, Side] = {}
    known: ClassMap | None = None
    for i in sorted((0, 1), key=lambda i: kinds[i] == "folder"):
        if kinds[i] == "report":
            sides[i] = read_report(paths[i])
        elif kinds[i] == "run":
            sides[i] = run_side(paths[i], request, watch)
        else:
            sides[i] = folder_side(paths[i], request, known)
        known = known or sides[i].class_map
    return sides[0], sides[1]


def _keys(side: Side) -> list[str]:
    """The names of its images."""
    if isinstance(side, ScoredImages):
        return [image.key for image in side.images]
    if isinstance(side, FolderSide):
        return [pair.key for pair in side.pairs.pairs]
    return side.run.keys(side.split)


def _named(a: ClassMap, b: ClassMap) -> ClassMap:
    """The class map that has names."""
    return a if any(a.name(c.id) != f"class {c.id}" for c in a.trained) else b


def _grouped(
    scores: tuple[tuple[ImageScore, ...], tuple[ImageScore, ...]], how: str | None
) -> tuple[tuple[ImageScore, ...], tuple[ImageScore, ...]]:
    if how is None:
        return scores
    names = grouping(how)([image.key for image in scores[0]])
    a, b = (
        tuple(replace(image, group=name) for image, name in zip(side, names, strict=True))
        for side in scores
    )
    return a, b
