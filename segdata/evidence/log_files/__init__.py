"""Readers of training logs, whoever wrote them.

``read_log`` tells how a log is written by its content, not its name.
"""

from segdata.evidence.log_files.reading import is_original_logdir as is_original_logdir
from segdata.evidence.log_files.reading import read_log as read_log
