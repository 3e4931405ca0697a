"""Readers of training logs, whoever wrote them.

``read_log`` tells how a log is written by its content, not its name.
"""

from segdata.evidence.log_files.reading import holds_log as holds_log
from segdata.evidence.log_files.reading import is_log as is_log
from segdata.evidence.log_files.reading import is_log_name as is_log_name
from segdata.evidence.log_files.reading import read_log as read_log
