"""Readers of scripts: commands in shell scripts and notebooks, configurations, Python code.

Nothing of them is ever executed: shell lines are split into words, Python is parsed.
"""

from segdata.evidence.script_files.reading import SCRIPT_SUFFIXES as SCRIPT_SUFFIXES
from segdata.evidence.script_files.reading import read_scripts as read_scripts
