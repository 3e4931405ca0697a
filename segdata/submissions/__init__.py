"""Predictions in the forms that the evaluation servers of public benchmarks take."""

from segdata.submissions.names import Expected
from segdata.submissions.operation import PackageOptions, Predictions, Submission, package
from segdata.submissions.servers import COMPETITIONS, SERVERS, Server, server_of

__all__ = [
    "COMPETITIONS",
    "SERVERS",
    "Expected",
    "PackageOptions",
    "Predictions",
    "Server",
    "Submission",
    "package",
    "server_of",
]
