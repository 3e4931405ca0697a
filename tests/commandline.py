"""Reading command lines out of texts, and parsing them with the real command line."""

from __future__ import annotations

import re
import shlex

import click

from segdata.cli import cli

_LINE = re.compile(r"^(?:\$ )?(segdata [a-z].*?)(?:\s{2,}#.*|\s+#.*)?$", re.MULTILINE)


def command_lines(text: str) -> list[str]:
    """Lines of a text that begin with ``segdata`` and a command."""
    return [found.group(1).strip() for found in _LINE.finditer(text)]


def parse(line: str) -> None:
    """Parse a command line without running it; raises click's error if it is wrong."""
    _, name, *arguments = shlex.split(line)
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, f"there is no command {name!r}: {line}"
    command.make_context(name, arguments)
