"""Convert, and write the reports that were asked for, also where the source was refused."""

from __future__ import annotations

from pathlib import Path

from segdata import reports
from segdata.conversion import Conversion, ConversionRequest, Refused, convert
from segdata.executors import Executor
from segdata.progress import Track, silently
from segdata.reports.unknown_colors import ColorReport, write_colors


def convert_and_report(
    request: ConversionRequest,
    files: tuple[Path, ...] = (),
    *,
    executor: Executor | None = None,
    track: Track = silently,
) -> Conversion:
    """Convert; write what the colors of the masks show, as ``.html`` or ``.json``.

    Raises:
        UserError: the request cannot be carried out.
        Refused: the source needs a fix first; the reports are written.
    """
    for path in files:
        reports.check_suffix(path)
    try:
        result = convert(request, executor=executor, track=track)
    except Refused as refused:
        _write(request, refused, files)
        raise
    _write(request, result, files)
    return result


def _write(
    request: ConversionRequest, outcome: Conversion | Refused, files: tuple[Path, ...]
) -> None:
    report = ColorReport(
        str(request.source), outcome.plan.class_map, outcome.colors, outcome.report
    )
    for path in files:
        write_colors(report, path)
