"""What can go wrong between a person and segdata, in the form it is reported.

Broken *data* is not an exception: it is a :class:`~segdata.findings.Finding`. An exception says
that the request cannot be carried out, and carries the remedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segdata.findings import CheckReport


class UserError(Exception):
    """A request that cannot be carried out: what, where and why, and the remedy.

    The command line prints both and exits with 2.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        # The state carries the notes that were added.
        return type(self), (self.message, self.remedy), vars(self)

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class MissingExtra(UserError):
    """A package of an optional extra is not installed.

    The remedy holds wherever segdata came from: pip takes the segdata that is installed, also one
    from a clone, and fetches only what the extra adds.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs {package}, which is not installed",
            f'pip install "segdata[{extra}]"',
        )
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.package, self.extra), vars(self)


class BadData(Exception):
    """The data may not be used as it is; the report says why. The command line exits with 1."""

    def __init__(self, report: CheckReport, refused: str = "") -> None:
        super().__init__(refused or "the data has errors")
        self.report = report
        self.refused = refused

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.report, self.refused), vars(self)
