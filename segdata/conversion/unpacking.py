"""Archives as sources: unpacked while they are read, and named as the user named them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from segdata.conversion.request import ConversionRequest
from segdata.errors import BadData, UserError
from segdata.findings import CheckReport
from segdata.sources import Source
from segdata.sources.archives import is_archive, unpacked


@contextmanager
def opened(request: ConversionRequest) -> Iterator[ConversionRequest]:
    """The request with the folder that an archive was unpacked to; a folder's as it is.

    Errors that leave the block name the archive, not the temporary folder.

    Raises:
        UserError: the archive cannot be unpacked safely, or photos in it shall be linked.
    """
    if not is_archive(request.source):
        yield request
        return
    if request.photos in ("hardlink", "symlink"):
        raise UserError(
            f"photos cannot be linked: what {request.source} holds is gone after the conversion",
            "unpack it yourself and name the folder, or copy the photos",
        )
    with unpacked(request.source) as folder:
        try:
            yield replace(request, source=folder)
        except UserError as error:
            error.message = _named(error.message, folder, request.source)
            error.remedy = _named(error.remedy, folder, request.source)
            raise
        except BadData as error:
            error.refused = _named(error.refused, folder, request.source)
            error.report = named_report(error.report, folder, request.source)
            raise


def named_report(report: CheckReport, folder: Path, archive: Path) -> CheckReport:
    """The findings, with places in the archive instead of the temporary folder."""
    if folder == archive:
        return report
    findings = tuple(
        replace(
            finding,
            message=_named(finding.message, folder, archive),
            path=_named(finding.path, folder, archive),
            fix=_named(finding.fix, folder, archive),
            evidence=_named(finding.evidence, folder, archive),
        )
        for finding in report
    )
    return replace(report, findings=findings)


def named_source(source: Source, folder: Path, archive: Path) -> Source:
    """The source, with its folders as places in the archive."""
    if folder == archive:
        return source
    places = (_named(str(path), folder, archive) for path in (source.images, source.labels))
    images, labels = places
    return replace(source, images=Path(images), labels=Path(labels))


def _named(value: Any, folder: Path, archive: Path) -> Any:
    if isinstance(value, str):
        return value.replace(str(folder), str(archive))
    if isinstance(value, Mapping):
        return {key: _named(inner, folder, archive) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_named(inner, folder, archive) for inner in value]
    return value
