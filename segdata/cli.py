"""The command line. Errors are told once, here; a user's mistake never shows a traceback."""

from __future__ import annotations

import io
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from segdata.errors import BadData

# In the order of a project's life; each is a module of segdata.commands with a command of its name.
COMMANDS = (
    "demo",
    "colors",
    "convert",
    "remap",
    "validate",
    "stats",
    "card",
    "fix",
    "split",
    "register",
    "datasets",
    "shard",
    "import-checkpoint",
    "train",
    "eval",
    "compare",
    "predict",
    "vis",
    "package",
    "worklist",
    "export",
    "doctor",
    "rules",
)
FINDINGS, WRONG, INTERRUPTED, TERMINATED = 1, 2, 130, 143


class _InOrder(click.Group):
    """Lists the commands as they are used, and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"segdata.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            from segdata.original_flags.programs import refuse_program

            refuse_program(args)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from segdata import __version__

        click.echo(f"segdata {__version__}")
        ctx.exit()


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version.",
)  # fmt: skip
def cli() -> None:
    """From labelled images to a trained, measured and understood segmentation model.

    Start with:  segdata demo
    """


def main() -> NoReturn:
    """Run the command line and exit with its documented code."""
    signal.signal(signal.SIGTERM, _terminate)
    _open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal cannot show, such as a file's name in bytes of no alphabet, stops nothing.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def _open_closed_streams() -> None:
    """Give streams that the caller has closed, as daemons do, an empty one: no command needs one
    of them to do its work."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  stays open


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit code."""
    try:
        # Reports say with which line they were made; what the parser leaves of it is not that line.
        line = shlex.join(["segdata", *arguments])
        code = cli.main(args=arguments, prog_name="segdata", standalone_mode=False, obj=line)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        _tell_scripts(error.format_message(), "", WRONG, arguments)
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ninterrupted; run the same command again to go on", err=True)
        _tell_scripts("interrupted", "run the same command again", INTERRUPTED, arguments)
        return INTERRUPTED
    except SystemExit as stop:
        if stop.code == TERMINATED:
            click.echo("terminated; run the same command again to go on", err=True)
        return stop.code if isinstance(stop.code, int) else WRONG
    except BrokenPipeError:
        _leave_reader()
        return 0
    except Exception as error:  # noqa: BLE001  the last place before the user
        return _told(error, arguments)


def _leave_reader() -> None:
    """The reader of our output (head, less) has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _as_far_as_read() -> Iterator[None]:
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_reader()


def _tell_scripts(message: str, fix: str, code: int, arguments: list[str]) -> None:
    """The error on stdout, for those who asked for JSON: what they read is JSON in any case."""
    if not _wants_json(arguments):
        return
    import json

    error = {"error": {"message": message, "fix": fix}, "exit_code": code}
    with _as_far_as_read():
        click.echo(json.dumps(error, indent=1, ensure_ascii=False))


def _wants_json(arguments: list[str]) -> bool:
    """Whether the command line asked for JSON; its parsed form is gone when an error is told."""
    spelled = " ".join(arguments)
    return "--format json" in spelled or "--format=json" in spelled


def _told(error: Exception, arguments: list[str]) -> int:
    from segdata.errors import BadData, UserError

    if isinstance(error, BadData):
        return _bad_data(error, _wants_json(arguments))
    if isinstance(error, UserError):
        message, fix = error.message, error.remedy
    elif isinstance(error, (OSError, MemoryError)):
        message, fix = str(error) or type(error).__name__, ""
    elif os.environ.get("SEGDATA_TRACEBACK"):
        raise error
    else:
        message = f"{type(error).__name__}: {error}"
        fix = "this is a mistake in segdata; SEGDATA_TRACEBACK=1 shows where"
    click.echo(f"error: {message}", err=True)
    if fix:
        click.echo(f"fix:   {fix}", err=True)
    _tell_scripts(message, fix, WRONG, arguments)
    return WRONG


def _bad_data(error: BadData, as_json: bool) -> int:
    from segdata import console

    if as_json:
        with _as_far_as_read():
            console.show(error.report, "json")
    else:
        console.show(error.report, file=sys.stderr)
    click.echo(f"error: {error}", err=True)
    return FINDINGS


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
